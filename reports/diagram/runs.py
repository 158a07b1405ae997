"""Diagrams of runs of a model: counterexamples, witnesses and worked examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.reports.diagram.data import Arrow, Changed, Diagram, Row
from zabcheck.reports.legible import bounded, named
from zabcheck.reports.trace import Labels, clause_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zabcheck.checker.result import Message, Performance, Step, Trace


def of_trace(trace: Trace, sentence: str = "", what: str = "is false") -> Diagram:
    """The diagram of a counterexample or witness; ``what`` becomes of its property, which says ``sentence``."""
    made = _Maker(trace.lanes, trace.initial)
    facts = [("property", bounded(sentence))] if sentence and trace.clause else []
    facts += [(made.field(name), bounded(value)) for name, value in trace.evidence]
    return Diagram(
        headline=f"{named(trace.property)} {what}",
        clause=bounded(clause_of(trace, sentence, what)),
        facts=tuple(facts),
        lanes=made.titles,
        initial=made.initial,
        rows=tuple(made.row(step) for step in trace.steps),
        arrows=made.arrows(trace.messages),
        evidence=frozenset(made.field(name) for name, _ in trace.evidence),
        cycle_from=trace.cycle_from,
        since=trace.since,
    )


def of_performance(performance: Performance) -> Diagram:
    """The diagram of a worked example; each act's remark stands in front of its first step."""
    made = _Maker(performance.lanes, performance.initial)
    rows = [
        made.row(step, act.remark if place == 0 else "")
        for act in performance.acts
        for place, step in enumerate(act.steps)
    ]
    claims = [("✓" if claim.holds else "✗", bounded(claim.sentence)) for claim in performance.claims]
    return Diagram(
        headline=named(performance.name),
        clause=bounded(performance.stopped or performance.sentence),
        facts=tuple(claims),
        lanes=made.titles,
        initial=made.initial,
        rows=tuple(rows),
        arrows=made.arrows(performance.messages),
    )


class _Maker:
    """Turns names of lanes and fields into those that are shown."""

    def __init__(self, lanes: tuple[str, ...], initial: tuple[tuple[str, str], ...]) -> None:
        self._lanes = {lane: place for place, lane in enumerate(lanes)}
        self._labels = Labels(name for name, _ in initial)
        self.titles = tuple(lane_title(lane) for lane in lanes)
        self.initial = tuple((self.field(name), bounded(value)) for name, value in initial)

    def field(self, label: str) -> str:
        """The short name of a field."""
        return named(self._labels[label])

    def row(self, step: Step, remark: str = "") -> Row:
        """A step as a row."""
        return Row(
            name=named(step.transition),
            detail=bounded(", ".join(f"{name} = {value}" for name, value in step.arguments.items())),
            sentence=bounded(step.sentence),
            kind="environment" if step.environment else "fault" if step.fault else "step",
            lanes=tuple(self._lanes[lane] for lane in step.lanes),
            fault=step.fault,
            changes=tuple(
                Changed(self.field(c.field), bounded(c.before), bounded(c.after), c.field in step.durable)
                for c in step.changes
            ),
            down=frozenset(self._lanes[lane] for lane in step.down),
            remark=bounded(remark),
        )

    def arrows(self, messages: Iterable[Message]) -> tuple[Arrow, ...]:
        """Messages as arrows."""
        return tuple(
            Arrow(
                self._lanes.get(m.sender),
                self._lanes.get(m.receiver),
                bounded(m.text),
                m.sent,
                m.ended,
                m.received,
            )
            for m in messages
        )


def lane_title(name: str) -> str:
    """The name of a lane: a bare number is that of a server."""
    return f"s{name}" if name.isdecimal() else named(name)
