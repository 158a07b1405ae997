"""The consoles that results and progress are written to.

Colour, width and cursor control follow the terminal and ``NO_COLOR``; a pipe or file gets plain text.
"""

from __future__ import annotations

import os
from typing import TextIO

from rich.console import Console

PIPE_WIDTH = 100
"""Columns for output that no terminal limits and no ``COLUMNS`` sets."""


class PlainConsole(Console):
    """A console that prints text as it is, without markup or guesses at what to colour."""

    def __init__(self, stream: TextIO, width: int | None) -> None:
        super().__init__(file=stream, width=width, highlight=False, markup=False, emoji=False)

    def on_broken_pipe(self) -> None:
        """Leave it to the caller: the default ends the process, with the status of a violation."""
        raise  # noqa: PLE0704 - rich calls this while it handles the BrokenPipeError


def console_for(stream: TextIO, width: int | None = None) -> Console:
    """A console on ``stream``; its width is that of the terminal, or enough for a log."""
    if width is None and not stream.isatty() and not os.environ.get("COLUMNS", "").isdigit():
        width = PIPE_WIDTH
    return PlainConsole(stream, width)
