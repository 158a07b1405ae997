"""A worked example on the terminal: what happens, step by step under each remark, and what is true in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from zabcheck.reports.layout import cut, heading, say
from zabcheck.reports.trace import Labels, step_lines

if TYPE_CHECKING:
    from rich.console import Console

    from zabcheck.checker.result import Performance


def show_performance(console: Console, performance: Performance) -> None:
    """Print a script as it was played: remarks with their steps, then the claims."""
    say(
        console,
        Text(f"{performance.name}: ", style="bold").append(performance.sentence, style="not bold"),
        indent=0,
    )
    labels = Labels(name for name, _ in performance.initial)
    lines = iter(
        step_lines(tuple(step for act in performance.acts for step in act.steps), labels, console.width)
    )
    for act in performance.acts:
        console.print()
        say(console, Text(act.remark), indent=0)
        for _, line in zip(act.steps, lines, strict=False):
            cut(console, line)
    if performance.stopped:
        console.print()
        say(console, Text(f"It goes no further: {performance.stopped}.", style="bold red"), indent=0)
    heading(console, "In the end")
    for claim in performance.claims:
        mark = Text("✓ ", style="green") if claim.holds else Text("✗ ", style="bold red")
        say(console, mark.append(claim.sentence, style="default not bold"), hanging=2)
