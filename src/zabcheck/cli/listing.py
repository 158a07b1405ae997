"""Lists on the terminal: a name, facts about it, and sentences under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from zabcheck.cli.output import printing
from zabcheck.reports.console import console_for
from zabcheck.reports.layout import heading, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console


class Listing:
    """Prints entries one below the other."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def entry(self, name: str, facts: str, lines: Iterable[str] = ()) -> None:
        """Print a name with a few words beside it, and sentences below."""
        line = Text(name, style="bold cyan")
        if facts:
            line.append(f"  {facts}", style="not bold dim")
        say(self._console, line, indent=0)
        for text in lines:
            if text:
                say(self._console, Text(text), indent=4)

    def table(self, title: str, rows: Iterable[tuple[str, str]]) -> None:
        """Print names and sentences in two columns."""
        rows = list(rows)
        if not rows:
            return
        heading(self._console, title)
        wide = max(len(name) for name, _ in rows)
        for name, sentence in rows:
            room = max(self._console.width - wide - 4, 20)
            lines = Text(sentence).wrap(self._console, room) or [Text()]
            for i, part in enumerate(lines):
                shown = Text("  ").append(f"{'' if i else name:<{wide}}", style="cyan").append("  ")
                part.rstrip()
                self._console.print(shown.append_text(part), no_wrap=True, crop=True)


def print_listing(entries: Iterable[tuple[str, str, Iterable[str]]]) -> None:
    """Print a list of entries on standard output."""
    with printing() as stream:
        listing = Listing(console_for(stream))
        for name, facts, lines in entries:
            listing.entry(name, facts, lines)
