"""How lines are laid out on a console: indented, wrapped under their indent, or cut at the edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from zabcheck.reports.legible import LONGEST_PASSAGE, bounded

if TYPE_CHECKING:
    from rich.console import Console


def say(console: Console, text: Text, *, indent: int = 2, hanging: int = 0) -> None:
    """Print a sentence, wrapped where it must be; lines after the first are indented by ``hanging`` more."""
    text.plain = bounded(text.plain, LONGEST_PASSAGE)
    for i, line in enumerate(text.wrap(console, console.width - indent - hanging)):
        line.rstrip()
        console.print(Text(" " * (indent + hanging * (i > 0))).append_text(line), no_wrap=True, crop=True)


def flow(console: Console, *facts: str) -> None:
    """Print short facts side by side, as many on a line as fit; empty ones are left out."""
    line = ""
    for fact in filter(None, facts):
        if line and len(line) + len(fact) + 5 > console.width:
            say(console, Text(line))
            line = ""
        line += f" · {fact}" if line else fact
    say(console, Text(line))


def cut(console: Console, line: Text) -> None:
    """Print one line of a table, cut at the edge of the console with ``…``."""
    line.plain = bounded(line.plain)
    line.rstrip()
    line.truncate(console.width, overflow="ellipsis")
    console.print(line, no_wrap=True, crop=True)


def heading(console: Console, title: str, explanation: str = "") -> None:
    """Print an empty line and the heading of a part."""
    console.print()
    line = Text(title, style="bold")
    if explanation:
        line.append(f"  {explanation}", style="not bold dim")
    cut(console, line)
