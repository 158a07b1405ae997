"""A counterexample that was taken again: what became of it in the model, and what the servers have on disk."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.text import Text

from zabcheck.reports.json import trace_document
from zabcheck.reports.layout import cut, heading, say
from zabcheck.reports.quantities import count
from zabcheck.reports.trace import show_clause

if TYPE_CHECKING:
    from rich.console import Console

    from zabcheck.checker.result import Replay
    from zabcheck.implementation.reenacted import OnDisk, Reenactment
    from zabcheck.traces.outcome import Outcome


def show_replay(
    console: Console,
    again: Replay,
    played: Reenactment | None,
    outcome: Outcome | None,
    folder: str | None,
) -> None:
    """Print whether it is a violation again, where it parts from what was written down, and the disks."""
    said = Text().append(f"{again.property} ", style="bold")
    if again.trace:
        said.append("is violated again", style="bold red")
    else:
        said.append("is not violated any more", style="green")
    said.append(f": {again.model}, {_progress(again.taken, again.steps)}")
    say(console, said, indent=0)
    if again.trace:
        show_clause(console, again.trace, again.sentence, "is false")
    if again.reason:
        say(console, Text(again.reason), hanging=2)
    if again.parted and again.parted != again.reason:
        console.print()
        say(console, Text(f"It is not the run that was written down: {again.parted}.", style="yellow"))
    if played is not None:
        _show_servers(console, again, played)
    if outcome is not None:
        _show_outcome(console, outcome, folder)


def _progress(taken: int, asked: int) -> str:
    return count(asked, "step") if taken == asked else f"{taken} of {count(asked, 'step')}"


def _show_servers(console: Console, again: Replay, played: Reenactment) -> None:
    heading(console, "The same by servers", "files, databases and packets are real, only time is not")
    same = f"{_progress(played.steps, again.taken)}, and after each of them all was as in the model"
    say(console, Text(same, style="green" if played.agrees else "default"))
    if played.difference:
        say(console, Text(f"not any more in {played.difference}", style="bold red"), hanging=2)
    console.print()
    what = max(len(row.what) for row in played.rows)
    model = max(len("in the model"), *(len(row.model) for row in played.rows))
    cut(
        console,
        Text(f"  {'server':<8}{'on disk':<{what}}  {'in the model':<{model}}  in the files", style="dim"),
    )
    before = None
    for row in played.rows:
        line = Text(f"  {row.server if row.server != before else '':<8}{row.what:<{what}}  ")
        line.append(f"{row.model:<{model}}  ").append(row.files, style=_style(row))
        cut(console, line)
        before = row.server


def _style(row: OnDisk) -> str:
    return "green" if row.model == row.files else "bold red"


def _show_outcome(console: Console, outcome: Outcome, folder: str | None) -> None:
    heading(console, "Their recording", f"zabcheck validate {folder}" if folder else "--data DIR keeps it")
    say(console, Text(f"{outcome.verdict}: {outcome.reason}"), hanging=2)
    for finding in outcome.findings:
        say(console, Text(f"{finding.property}: ", style="bold").append(finding.observed, style="not bold"))


def replay_document(
    again: Replay,
    played: Reenactment | None,
    outcome: Outcome | None,
    folder: str | None,
) -> dict[str, Any]:
    """The same as plain JSON values."""
    return {
        "model": again.model,
        "property": again.property,
        "verdict": "violated" if again.trace else "holds",
        "reason": again.reason,
        "steps": again.steps,
        "taken": again.taken,
        "parted": again.parted,
        "counterexample": trace_document(again.trace),
        "servers": None
        if played is None
        else {
            "agree": played.agrees,
            "taken": played.steps,
            "difference": played.difference,
            "failed": sorted(played.failed),
            "disk": [asdict(row) for row in played.rows],
            "data": folder,
        },
        "recording": None
        if outcome is None
        else {
            "verdict": outcome.verdict,
            "reason": outcome.reason,
            "violated": [each.property.name for each in outcome.properties if each.verdict == "violated"],
        },
    }
