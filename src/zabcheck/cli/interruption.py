"""Ctrl-C during a search: the first ends it with what it has, the second ends the command.

Before the search has anything to show, the first ends the command too.

SIGTERM is treated alike, so that a time limit around the command still gets the partial result.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, TypeVar

from zabcheck.checker.search import Stop

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SIGNALS = (signal.SIGINT, signal.SIGTERM)
NOTICE = b"zabcheck: stopping; the partial result follows (again: end at once)\n"
BRIEF_NOTICE = b"  stopping (again: at once)"
"""For a terminal, where the cursor stands at the end of the live display."""


class EndNow(BaseException):
    """Ends the command at once, through everything but clean-up."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.status = 128 + signum


class Interruption:
    """While entered, signals are remembered, and `listening` passes them on to the search."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.requests = 0
        self._quiet = quiet
        self._searching = False
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for signum in SIGNALS:
                if signal.getsignal(signum) not in (signal.SIG_IGN, None):
                    self._previous[signum] = signal.signal(signum, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        for signum, handler in self._previous.items():
            signal.signal(signum, handler)

    def _on_signal(self, signum: int, _frame: object) -> None:
        self.requests += 1
        if not self._searching:
            raise KeyboardInterrupt
        if self.requests == 1:
            if not self._quiet:
                with suppress(OSError):
                    os.write(
                        2, BRIEF_NOTICE if os.isatty(2) else NOTICE
                    )  # not print(): a signal may come in the middle of one
        elif self.requests == 2:
            raise EndNow(signum)
        else:
            os._exit(128 + signum)

    def listening(self, report: Callable[[T], None]) -> Callable[[T], None]:
        """A progress listener that reports, and ends the search when that was asked for."""

        def listener(progress: T) -> None:
            self._searching = True
            if self.requests:
                raise Stop
            report(progress)

        return listener
