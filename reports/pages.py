"""The pages of results: which verdict, diagram, tables and charts each has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.reports.diagram.events import of_finding
from zabcheck.reports.diagram.page import Page, Table
from zabcheck.reports.diagram.runs import of_performance, of_trace
from zabcheck.reports.differences import difference
from zabcheck.reports.quantities import count
from zabcheck.reports.refinement import claim
from zabcheck.reports.statistics import charts_of, facts_of
from zabcheck.reports.terminal import described, what_becomes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zabcheck.checker.proof.result import RefinementResult
    from zabcheck.checker.result import CheckResult, Performance
    from zabcheck.reports.diagram.data import Changed, Diagram
    from zabcheck.traces.event import Base
    from zabcheck.traces.finding import Finding
    from zabcheck.traces.outcome import Outcome


def diagram_of(result: CheckResult) -> Diagram | None:
    """The diagram of the counterexample, or else of the witness, if there is one."""
    trace = result.counterexample or result.witness
    if trace is None:
        return None
    return of_trace(trace, result.properties[trace.property].sentence, what_becomes(trace, result))


def page_of(result: CheckResult) -> Page:
    """The page of a search or simulation."""
    properties = Table(
        "Properties",
        ("verdict", "property", "level", "what it says"),
        tuple(
            (p.verdict, name, "" if p.depth is None else str(p.depth), p.note or p.sentence)
            for name, p in result.properties.items()
        ),
    )
    transitions = Table(
        "Transitions",
        ("transition", "fired", "what it is"),
        tuple((name, count(c.fired), c.sentence) for name, c in result.transitions.items()),
    )
    search = Table("The search", ("what", "how many"), facts_of(result))
    diagram = diagram_of(result)
    return Page(
        verdict=result.verdict,
        question=described(result),
        diagram=diagram,
        title=f"{result.model}: {result.verdict}",
        summary=result.reason or "every reachable state within these bounds was explored",
        tables=(*_steps_of(diagram), properties, transitions, search),
        charts=charts_of(result),
    )


def diagram_of_refinement(result: RefinementResult) -> Diagram | None:
    """The diagram of the run that leads to a step which the protocol does not allow, if there is one."""
    if result.misstep is None:
        return None
    return of_trace(result.misstep.trace, "", "is false")


def page_of_refinement(result: RefinementResult) -> Page:
    """The page of a model that was followed with the abstract protocol."""
    diagram = diagram_of_refinement(result)
    return Page(
        verdict=result.verdict,
        question=claim(result),
        diagram=diagram,
        title=f"{result.model}: {result.verdict}",
        summary=result.reason or "every step within these bounds was followed",
        tables=_steps_of(diagram),
    )


def page_of_performance(performance: Performance) -> Page:
    """The page of a worked example."""
    return Page(
        verdict="holds" if performance.holds else "violated",
        question=f"demo {performance.name}",
        diagram=(diagram := of_performance(performance)),
        tables=_steps_of(diagram),
    )


def page_of_outcome(
    outcome: Outcome, names: Sequence[str], finding: Finding | None, around: Sequence[Base]
) -> Page:
    """The page of a validation; ``finding`` is drawn, with what is ``around`` it."""
    findings = Table(
        "Findings",
        ("property", "observed", "allowed", "because"),
        tuple((f.property, f.observed, f.allowed, f.guard) for f in outcome.findings),
    )
    anomalies = Table("Anomalies", ("kind", "what"), tuple((a.kind, a.text) for a in outcome.anomalies))
    properties = Table(
        "Properties",
        ("verdict", "property", "places", "what it says"),
        tuple(
            (j.verdict, j.property.name, count(j.checked), j.property.sentence) for j in outcome.properties
        ),
    )
    notes = Table(
        "Notes", ("what was not understood, or is lacking",), tuple((note,) for note in outcome.notes)
    )
    diagram = of_finding(finding, around) if finding else None
    tables = (*_steps_of(diagram), findings, anomalies, properties, notes)
    return Page(
        verdict=outcome.verdict,
        question=" ".join(names),
        diagram=diagram,
        title=f"The recording {outcome.verdict}" if outcome.verdict != "inconclusive" else "Not decided",
        summary=outcome.reason,
        tables=tuple(table for table in tables if table.rows),
    )


def _steps_of(diagram: Diagram | None) -> tuple[Table, ...]:
    """The rows of a diagram as a table: for paper, and for whoever cannot see the picture."""
    if diagram is None:
        return ()
    told: list[tuple[str, ...]]
    if diagram.is_run:
        title, head = "Steps", ("#", "step", "who", "what changes")
        told = [("; ".join(_change(c) for c in row.changes),) for row in diagram.rows]
    else:
        title, head = "Events", ("#", "event", "who", "observed and where")
        told = [(f"{row.detail} ({row.sentence})",) for row in diagram.rows]
    rows = tuple(
        (str(place), row.name, ", ".join(diagram.lanes[lane] for lane in row.lanes), *rest)
        for place, (row, rest) in enumerate(zip(diagram.rows, told, strict=True), 1)
    )
    return (Table(title, head, rows),)


def _change(changed: Changed) -> str:
    return f"{changed.field} {difference(changed.before, changed.after)}"
