"""The entry point: from arguments to an exit status, whatever happens in between.

Nothing but `sys` is imported before an interruption is handled, so that Ctrl-C never shows a traceback.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command of ``zabcheck`` and return its exit status."""
    try:
        if arguments is None:
            _fix_set_order()
        from zabcheck.cli.commands import run

        status = run(sys.argv[1:] if arguments is None else list(arguments))
        if arguments is None:
            _end_quietly()
        return status
    except KeyboardInterrupt:
        from zabcheck.cli.status import Status, complain

        complain("interrupted")
        if arguments is None:
            _end_at_once(Status.UNDECIDED)
        return Status.UNDECIDED


def _fix_set_order() -> None:
    """Start the process again with a fixed hash seed, unless it has one.

    Python goes through a set of strings in another order in every process. A model may let that decide what it
    reads first, and then what one run learned would not fit the next.
    """
    import os

    if sys.flags.hash_randomization and os.environ.get("PYTHONHASHSEED", "random") == "random":
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - ourselves, no shell


def _end_at_once(status: int) -> None:
    """End the process with this status and no other.

    Python forgets an interruption that was handled, unless it came while code was being executed that is made as a
    module is imported: then it kills itself at the end, as if nobody had handled it.
    """
    import os
    from contextlib import suppress

    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(status)


def _end_quietly() -> None:
    """Let a Ctrl-C while the interpreter shuts down end the process without a word."""
    import signal

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
