"""Exit statuses, and the one line that goes with a failure."""

from __future__ import annotations

import sys
from contextlib import suppress
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zabcheck.checker.result import CheckResult


class Status(IntEnum):
    """What the exit status of a command says. A crash must never look like a verdict."""

    HOLDS = 0
    """everything asked holds, in the whole bounded space"""
    VIOLATED = 1
    """a property is violated"""
    BAD_INPUT = 2
    """wrong usage, or input that cannot be read, or output that cannot be written"""
    UNDECIDED = 3
    """a limit was reached, or the search was interrupted"""


def status_of(result: CheckResult) -> Status:
    """The exit status that says what ``result`` says."""
    return {"holds": Status.HOLDS, "violated": Status.VIOLATED, "incomplete": Status.UNDECIDED}[
        result.verdict
    ]


def complain(message: str) -> None:
    """Say what went wrong, in one line on standard error."""
    line = " ".join("".join(c if c.isprintable() else " " for c in message).split())
    tell(f"zabcheck: {line}")


def tell(line: str) -> None:
    """Print a line on standard error, if there is still anybody to read it."""
    with suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)  # noqa: T201 - this is where the command line speaks
