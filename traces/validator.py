"""Holding a recording against the model: every event is given to the rules that know its kind, once."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zabcheck.traces.coverage import Coverage
from zabcheck.traces.event import Image, Missing, RoleTaken, Started, Unrecognised
from zabcheck.traces.ledger import Ledger
from zabcheck.traces.outcome import Judged, Outcome
from zabcheck.traces.rules.clients import Clients
from zabcheck.traces.rules.deliveries import Deliveries
from zabcheck.traces.rules.elections import Elections
from zabcheck.traces.rules.epochs import Epochs
from zabcheck.traces.rules.histories import Histories
from zabcheck.traces.rules.membership import Membership
from zabcheck.traces.rules.progress import Progress
from zabcheck.traces.rules.reigns import Reigns
from zabcheck.traces.rules.survival import Survival
from zabcheck.traces.rules.synchronization import Synchronization
from zabcheck.traces.rules.transactions import Transactions
from zabcheck.traces.rules.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zabcheck.traces.event import Base
    from zabcheck.traces.ledger import Property, Rule
    from zabcheck.traces.members import Members
    from zabcheck.traces.outcome import Verdict


def combined(outcomes: list[Outcome]) -> Outcome:
    """One outcome of several that look at the same thing: whatever one of them found stands."""
    if len(outcomes) == 1:
        return outcomes[0]
    order = ("violates", "inconclusive", "conforms")
    worst = min(outcomes, key=lambda o: order.index(o.verdict))
    ranks = ("violated", "inconclusive", "holds", "not decidable")
    judged = tuple(
        min(same, key=lambda j: ranks.index(j.verdict))
        for same in zip(*(o.properties for o in outcomes), strict=True)
    )
    coverage = Coverage()
    for outcome in outcomes:
        coverage.add(outcome.coverage)
    kinds: Counter[str] = Counter()
    for outcome in outcomes:
        kinds |= Counter(outcome.kinds)
    return Outcome(
        verdict=worst.verdict,
        reason=worst.reason,
        properties=judged,
        findings=tuple(
            {(f.property, f.server, f.observed): f for o in outcomes for f in o.findings}.values()
        ),
        anomalies=tuple({(a.kind, a.text): a for o in outcomes for a in o.anomalies}.values()),
        events=sum(o.events for o in outcomes),
        kinds=dict(kinds),
        tracks={name: n for o in outcomes for name, n in o.tracks.items()},
        coverage=coverage.covered(),
        seconds=sum(o.seconds for o in outcomes),
        notes=tuple(dict.fromkeys(note for o in outcomes for note in o.notes)),
    )


LANDMARKS = frozenset({Started, RoleTaken, Image})
"""Kinds of events without which others mean nothing: which life, which role, which disk."""


@dataclass
class Validator:
    """The rules over one recording; feed it events, then ask for the outcome."""

    members: Members
    ledger: Ledger = field(init=False)
    notes: list[str] = field(default_factory=list)
    changed: str | None = None
    """why it is known that the ensemble changed while it was recorded"""
    whole: bool = True
    """whether an event that is missing in a track is missed"""

    def __post_init__(self) -> None:
        self.ledger = ledger = Ledger(self.members)
        epochs, histories = Epochs(ledger), Histories(ledger)
        self._rules: list[Rule] = [
            Elections(ledger),
            Deliveries(ledger),
            epochs,
            Synchronization(ledger),
            Transactions(ledger),
            Wire(ledger),
            Reigns(ledger),
            histories,
            Survival(ledger, epochs, histories),
            Clients(ledger),
            Progress(ledger),
        ]
        self._rules.append(Membership(ledger, self._rules, changed=self.changed))
        self._handlers: dict[type[Base], list[Callable[[Any], None]]] = {}
        self._coverage = Coverage()
        parts: list[Rule | Coverage] = [*self._rules, self._coverage]
        for part in parts:
            for kind, handler in part.handlers().items():
                self._handlers.setdefault(kind, []).append(handler)
        self._begun = time.monotonic()
        self._kinds: Counter[type[Base]] = Counter()
        self.tracks: dict[str, int] = {}
        self.landmarks: list[Base] = []
        self._gaps: list[str] = []

    def feed(self, events: Iterable[Base]) -> None:
        """Take events, in the order of their tracks."""
        handlers, kinds, tracks, latest = self._handlers, self._kinds, self.tracks, self.ledger.latest
        nothing: list[Callable[[Any], None]] = []
        for event in events:
            kind = type(event)
            kinds[kind] += 1
            track = event.track
            expected = tracks.get(track, 0)
            tracks[track] = event.seq + 1
            if not expected:
                self.ledger.first.setdefault(track, event)
            if event.seq != expected and self.whole:
                self._gap(event, expected)
            if kind is Missing or kind is Unrecognised:
                self._note(event)
            if kind in LANDMARKS:
                self.landmarks.append(event)
            for handler in handlers.get(kind, nothing):
                handler(event)
            latest[track] = event

    def _gap(self, event: Base, expected: int) -> None:
        """Events of a track are missing: what they would have shown is not known."""
        lost = event.seq - expected
        evidence = event.track.rpartition("/")[2]
        why = (
            f"{event.track}: {lost} events are missing before number {event.seq}"
            if lost > 0
            else f"{event.track}: event {event.seq} comes after {expected - 1}"
        )
        self.ledger.incomplete.setdefault((evidence, event.server), why)
        self.notes.append(why)
        self._gaps.append(why)
        lost_here = Missing(track=event.track, seq=event.seq, server=event.server, what=why)
        for handler in self._handlers.get(Missing, ()):
            handler(lost_here)

    def _note(self, event: Base) -> None:
        what = getattr(event, "what", "")
        evidence = event.track.rpartition("/")[2] if "/" in event.track else event.track
        if isinstance(event, Missing):
            self.ledger.incomplete.setdefault((evidence, event.server), f"{event.at}: {what}")
        self.notes.append(f"{event.at}: {what}" if event.at else what)

    def outcome(self, unfinished: str | None = None) -> Outcome:
        """Decide what is left, and say what was found; ``unfinished`` says why not all events were taken."""
        heard = {e.server for e in self.landmarks if isinstance(e, (Started, RoleTaken))}
        for sid in self.members.sids:
            if sid not in heard:
                self.ledger.incomplete.setdefault(("log", sid), f"there is no log of server {sid}")
        if unfinished is None:
            for rule in self._rules:
                rule.finish()
        ledger = self.ledger
        judged = tuple(Judged(p, *self._verdict(p)) for rule in self._rules for p in rule.properties)
        verdict, reason = self._overall(judged, unfinished)
        return Outcome(
            verdict=verdict,
            reason=reason,
            properties=judged,
            findings=tuple(ledger.findings),
            anomalies=tuple(ledger.anomalies),
            events=sum(self._kinds.values()),
            kinds={kind.__name__: n for kind, n in self._kinds.items()},
            tracks=dict(self.tracks),
            coverage=self._coverage.covered(),
            seconds=time.monotonic() - self._begun,
            notes=tuple(self.notes),
        )

    def _verdict(self, property_: Property) -> tuple[Any, int]:
        name, ledger = property_.name, self.ledger
        checked = ledger.checked[name]
        if ledger.violated[name]:
            return "violated", checked
        if ledger.doubtful[name]:
            return "inconclusive", checked
        return ("holds" if checked else "not decidable"), checked

    def _overall(self, judged: tuple[Judged, ...], unfinished: str | None) -> tuple[Verdict, str]:
        broken = [j.property.name for j in judged if j.verdict == "violated"]
        if broken:
            return "violates", f"{', '.join(broken)}"
        if unfinished is not None:
            return "inconclusive", unfinished
        doubtful = next((f for f in self.ledger.findings if f.doubt), None)
        if doubtful is not None:
            return "inconclusive", f"{doubtful.property} is not decided: {doubtful.doubt}"
        if not any(j.checked for j in judged):
            return "inconclusive", "nothing in the recording decides any property"
        if self._gaps:
            return "inconclusive", self._gaps[0]
        decided = sum(j.verdict == "holds" for j in judged)
        return "conforms", f"{decided} of {len(judged)} properties could be decided, and hold"
