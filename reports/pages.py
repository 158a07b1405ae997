"""The pages of results: which verdict, diagram, tables and charts each has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.reports.charts import growth
from zabcheck.reports.diagram.page import Chart, Page, Table
from zabcheck.reports.diagram.runs import of_performance, of_trace
from zabcheck.reports.quantities import count
from zabcheck.reports.terminal import described, what_becomes

if TYPE_CHECKING:
    from zabcheck.checker.result import CheckResult, Performance
    from zabcheck.reports.diagram.data import Diagram


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
    states, levels = count(result.distinct_states, "distinct state"), count(result.depth, "level")
    charts = (
        (Chart(f"{states} in {levels}", growth(result.states_by_depth)),) if result.states_by_depth else ()
    )
    return Page(
        verdict=result.verdict,
        question=described(result),
        diagram=diagram_of(result),
        title=f"{result.model}: {result.verdict}",
        summary=result.reason or "every reachable state within these bounds was explored",
        tables=(properties, transitions),
        charts=charts,
    )


def page_of_performance(performance: Performance) -> Page:
    """The page of a worked example."""
    return Page(
        verdict="holds" if performance.holds else "violated",
        question=f"demo {performance.name}",
        diagram=of_performance(performance),
    )
