"""What the validator says of a recording, on the terminal: the verdict first, then all that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from zabcheck.reports.events import sentence
from zabcheck.reports.layout import cut, flow, heading, say
from zabcheck.reports.quantities import count, duration, rate
from zabcheck.traces.finding import cut as cut_of

if TYPE_CHECKING:
    from rich.console import Console

    from zabcheck.traces.finding import Finding
    from zabcheck.traces.outcome import Covered, Outcome

_STYLES = {
    "conforms": "green",
    "violates": "bold red",
    "inconclusive": "yellow",
    "holds": "green",
    "violated": "bold red",
    "not decidable": "dim",
}
_SHOWN = 8
"""Findings and anomalies that are shown; the JSON report has all of them."""
_EVENTS = 12
"""Events of a finding that are shown."""


def show_validation(console: Console, outcome: Outcome, names: tuple[str, ...]) -> None:
    """Print what was found out about the recording made of ``names``."""
    line = Text(outcome.verdict, style=_STYLES[outcome.verdict])
    line.append(f": {' '.join(names)}", style="bold")
    say(console, line, indent=0, hanging=2)
    say(console, Text(outcome.reason), hanging=2)
    flow(
        console,
        count(outcome.events, "event"),
        count(len(outcome.tracks), "track"),
        duration(outcome.seconds),
        rate(outcome.events, outcome.seconds, "events"),
    )
    for note in outcome.notes[:_SHOWN]:
        say(console, Text(f"note: {note}", style="dim"), hanging=2)
    _say_more(console, len(outcome.notes) - _SHOWN, "notes")
    _show_properties(console, outcome)
    for finding in outcome.findings[:_SHOWN]:
        _show_finding(console, finding)
    _say_more(console, len(outcome.findings) - _SHOWN, "findings")
    if outcome.anomalies:
        heading(console, "Anomalies", "no violations, but worth a look")
        for anomaly in outcome.anomalies[:_SHOWN]:
            say(console, Text(f"{anomaly.kind}: {anomaly.text}"), hanging=2)
        _say_more(console, len(outcome.anomalies) - _SHOWN, "anomalies")
    show_coverage(console, outcome.coverage)


def _show_properties(console: Console, outcome: Outcome) -> None:
    heading(console, "Properties", "and at how many places each was decided")
    wide = max(len(j.property.name) for j in outcome.properties)
    for judged in outcome.properties:
        line = Text(f"  {judged.property.name:<{wide}}  ")
        line.append(f"{judged.verdict:<13}", style=_STYLES[judged.verdict])
        if judged.checked:
            line.append(f" {judged.checked:>11,}")
        else:
            line.append(f" needs {judged.property.needs}", style="dim")
        cut(console, line)


def _show_finding(console: Console, finding: Finding) -> None:
    kind = "Not decided" if finding.doubt else "Violation"
    heading(console, f"{kind} of {finding.property}")
    for label, words in (
        ("observed", finding.observed),
        ("allowed", finding.allowed),
        ("because", finding.guard),
        ("unless", finding.doubt),
        ("looks like", finding.known_bug),
    ):
        if words:
            line = Text(f"{label:<11}", style="bold")
            line.append(words)
            say(console, line, hanging=11)
    reached = ", ".join(f"{track} {seq}" for track, seq in cut_of(finding).items())
    say(console, Text(f"{'consistent':<11}up to event {reached}", style="dim"), hanging=11)
    shown = "the smallest set of events that shows it:" if finding.minimal else "what shows it:"
    say(console, Text(shown, style="dim"), indent=4)
    for event in finding.events[-_EVENTS:]:
        line = Text(f"{event.at or event.track}  ", style="cyan")
        line.append(sentence(event), style="default")
        say(console, line, indent=4, hanging=2)


def show_coverage(console: Console, covered: Covered) -> None:
    """Print what of the model was shown, and what never was."""
    seen, never = covered.seen, covered.never
    heading(
        console, "Coverage", f"{len(seen)} of {len(seen) + len(never)} transitions of the model are shown"
    )
    if never:
        say(console, Text(f"never: {', '.join(never)}", style="dim"), hanging=2)
    if covered.never_in:
        pairs = ", ".join(f"{role} in {phase}" for role, phase in covered.never_in)
        say(console, Text(f"no server was seen {pairs}", style="dim"), hanging=2)


def _say_more(console: Console, hidden: int, what: str) -> None:
    if hidden > 0:
        say(console, Text(f"… and {hidden} more {what}, which --json FILE lists", style="dim"))
