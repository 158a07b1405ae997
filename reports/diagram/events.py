"""Diagrams of what is wrong in a recording: the events that show it, what is around them, and who sent what to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.reports.diagram.data import Arrow, Changed, Diagram, Row
from zabcheck.reports.diagram.runs import lane_title
from zabcheck.reports.events import kind_of, observed
from zabcheck.reports.legible import bounded, named
from zabcheck.traces import event as kinds
from zabcheck.traces.finding import cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zabcheck.traces.event import Base
    from zabcheck.traces.finding import Finding

_ON_DISK = (
    kinds.EpochSet,
    kinds.Logged,
    kinds.LoggedAgain,
    kinds.SnapshotTaken,
    kinds.LogFileOpened,
    kinds.Record,
)


def of_finding(finding: Finding, around: Sequence[Base] = ()) -> Diagram:
    """The diagram of a finding. ``around`` has its events and others next to them; its own alone where it is empty."""
    events = around or finding.events
    own = {(event.track, event.seq) for event in finding.events}
    place = finding.events[-1]
    lanes = _lanes(events)
    titles = {lane: i for i, lane in enumerate(lanes)}
    reached = ", ".join(f"{track} {seq}" for track, seq in cut(finding).items())
    facts = (
        ("observed", finding.observed),
        ("allowed", finding.allowed),
        ("because", finding.guard),
        ("unless", finding.doubt),
        ("looks like", finding.known_bug),
        ("consistent", f"up to event {reached}"),
        ("shown by", "the smallest set of events" if finding.minimal else "these events"),
    )
    return Diagram(
        headline=f"{named(finding.property)} is {'not decided' if finding.doubt else 'violated'}",
        clause=bounded(finding.observed),
        facts=tuple((name, bounded(words)) for name, words in facts[1:] if words),
        lanes=tuple(lane_title(lane) for lane in lanes),
        initial=(),
        rows=tuple(
            _row(event, titles[_lane(event)], own=(event.track, event.seq) in own, is_place=event == place)
            for event in events
        ),
        arrows=tuple(_arrows(events, titles)),
    )


def _lane(event: Base) -> str:
    return event.track if event.server is None else str(event.server)


def _lanes(events: Sequence[Base]) -> list[str]:
    """All servers that took part, by number, then whatever else has a track."""
    named = {str(sid) for event in events for sid in _ends(event) if sid is not None}
    return sorted(named, key=int) + sorted({e.track for e in events if e.server is None})


def _row(event: Base, lane: int, *, own: bool, is_place: bool) -> Row:
    detail = bounded(observed(event))
    return Row(
        name=named(f"sent {event.type}" if isinstance(event, kinds.Sent) else kind_of(event)),
        detail=detail,
        sentence=bounded(event.at or event.track),
        kind="event" if own else "context",
        lanes=(lane,),
        fault=is_place,
        changes=(Changed("on disk", "", detail, durable=True),) if isinstance(event, _ON_DISK) else (),
        remark="the place of the violation" if is_place else "shows the violation" if own else "",
    )


def _ends(event: Base) -> tuple[int | None, ...]:
    """The servers that an event is about."""
    other: Any = next(
        (getattr(event, name) for name in ("to", "sender", "learner") if hasattr(event, name)), None
    )
    return (event.server, other)


def _arrows(events: Sequence[Base], lanes: dict[str, int]) -> list[Arrow]:
    """What the events say was sent; from the row that sent it, where that is one of them."""
    made: list[Arrow] = []
    sent: dict[object, int] = {}
    for row, event in enumerate(events, 1):
        server, other = _ends(event)
        if server is None or other is None or server == other:
            continue
        said = _message(event)
        if isinstance(event, kinds.NotificationSent | kinds.SyncSent):
            sent[said, server, other] = row
        elif isinstance(event, kinds.Notified | kinds.Counted | kinds.LearnerCame):
            begin = sent.pop((said, other, server), row)
            made.append(
                Arrow(lanes[str(other)], lanes[str(server)], bounded(said), begin, row, received=True)
            )
        elif isinstance(event, kinds.Sent | kinds.Ballot):
            made.append(Arrow(lanes[str(server)], lanes[str(other)], bounded(said), row, row, received=True))
    return made


def _message(event: Base) -> str:
    """The message that an event tells of, the same for who sends it and who receives it."""
    if isinstance(event, kinds.Notified | kinds.NotificationSent | kinds.Ballot):
        return f"vote {event.leader} zxid={event.zxid} epoch={event.epoch} round={event.round}"
    if isinstance(event, kinds.Counted):
        return f"ack {event.zxid}"
    if isinstance(event, kinds.Sent):
        return event.type if event.zxid is None else f"{event.type} {event.zxid}"
    return kind_of(event)
