"""DIFF, TRUNC or SNAP: every decision of a leader against its inputs, and against what the learner got.

A leader's log prints what it decides by, but not which proposals it keeps between the oldest and the newest. So the
model's decision is taken for each way that can be, and what was done must be one of those.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zabcheck.model.transaction import Txn, Zxid
from zabcheck.model.zookeeper.log import Stored
from zabcheck.model.zookeeper.messages import Diff, Snap, Trunc
from zabcheck.model.zookeeper.synchronization import decide
from zabcheck.traces.event import ElectionBegan, Hex, Notified, SyncInputs, SyncReceived, SyncSent
from zabcheck.traces.finding import Finding
from zabcheck.traces.ledger import Property, Rule
from zabcheck.traces.members import UNSET, number, zxid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from zabcheck.model.zookeeper.switches import Switches
    from zabcheck.traces.event import Base
    from zabcheck.traces.ledger import Ledger

DECISION = "SyncDecision"
AGREEMENT = "SyncAgreement"


@dataclass(frozen=True)
class Choice:
    """A way to synchronize a learner; ``least`` and ``most`` bound the zxid that is sent."""

    mode: str
    least: int
    most: int

    def fits(self, mode: str, sent: int | None) -> bool:
        """Whether this is what was done."""
        return mode == self.mode and (sent is None or self.least <= sent <= self.most)

    def __str__(self) -> str:
        exact = hex(self.least) if self.least == self.most else f"{hex(self.least)} to {hex(self.most)}"
        return f"{self.mode.upper()} {exact}"


class Synchronization(Rule):
    """How learners are brought up to date."""

    properties = (
        Property(
            DECISION,
            "A leader synchronizes a learner as the model decides on the same inputs.",
            "logs of servers that led",
        ),
        Property(
            AGREEMENT,
            "A learner reports the last zxid that it had, and gets what a leader decided for it.",
            "logs of all servers",
        ),
    )

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._latest: dict[tuple[int | None, int], tuple[SyncInputs, set[Choice]]] = {}
        self._decided: dict[int, list[tuple[SyncInputs, set[Choice]]]] = defaultdict(list)
        self._leaders: dict[int | None, set[int]] = defaultdict(set)
        """by learner, whom it may follow now: who it voted for, or who said that it leads"""
        self._received: dict[int, list[tuple[SyncReceived, set[int]]]] = defaultdict(list)
        """by learner, what it got, and from whom it may have it"""
        self._had: dict[int, set[int]] = defaultdict(set)

    def handlers(self) -> Mapping[type[Base], Callable[[Any], None]]:
        """By what leaders and learners print."""
        return {
            SyncInputs: self._inputs,
            SyncSent: self._sending,
            Notified: self._notified,
            SyncReceived: lambda e: self._received[e.server].append((e, {*self._leaders[e.server]})),
            ElectionBegan: self._began,
        }

    def _began(self, event: ElectionBegan) -> None:
        self._had[event.server or 0].add(int(event.zxid))
        self._leaders[event.server].clear()

    def _notified(self, event: Notified) -> None:
        """The last vote for another, and all that lead, by their own word."""
        leaders = self._leaders[event.server]
        if event.state == "leading" or (event.sender == event.server and event.leader != event.server):
            leaders.add(event.leader)

    def _inputs(self, event: SyncInputs) -> None:
        decided = event, set(allowed(self.members.switches, event))
        self._latest[event.server, event.learner] = decided
        self._decided[event.learner].append(decided)

    def _sending(self, event: SyncSent) -> None:
        decided = self._latest.get((event.server, event.learner))
        if decided is None:
            return
        inputs, choices = decided
        fits = any(c.fits(event.mode, event.zxid) for c in choices)
        self.ledger.judge(DECISION, fits, lambda: self._wrong(inputs, choices, event))

    def _wrong(self, inputs: SyncInputs, choices: set[Choice], event: SyncSent) -> Finding:
        return Finding(
            property=DECISION,
            server=event.server,
            observed=f"leader {event.server} sends learner {event.learner} {shown(event.mode, event.zxid)}",
            allowed=f"{_words(choices)}",
            guard=f"the decision for last zxid {inputs.peer_last} with proposals from {inputs.min_committed} to "
            f"{inputs.max_committed} and database at {inputs.last_processed} is {_words(choices)}",
            events=(inputs, event),
        )

    def finish(self) -> None:
        """Compare learners with leaders, if all that may have led are heard."""
        heard = all(self.ledger.lacks("log", sid) is None for sid in self.members.voters)
        for learner, received in self._received.items():
            if heard:
                self._matched(learner, received)
        for learner, decided in self._decided.items():
            if learner in self.members.voters and not self.ledger.lacks("log", learner):
                for inputs, _ in decided:
                    self._reported(learner, inputs)

    def _matched(self, learner: int, received: list[tuple[SyncReceived, set[int]]]) -> None:
        """Each sync that a learner got was decided by a leader, once.

        A decision may fit several of them, since the inputs leave something open; so all are matched at once.
        """
        decided = self._decided.get(learner, [])
        fitting = [
            [
                other
                for other, (_, choices) in enumerate(decided)
                if any(c.fits(e.mode, e.zxid) for c in choices)
            ]
            for e, _ in received
        ]
        matched = matching(fitting)
        left = set(range(len(decided))) - set(matched.values())
        options = sorted({str(choice) for other in left for choice in decided[other][1]})
        for place, (got, known) in enumerate(received):
            leaders = known or self.members.voters
            doubt = next(filter(None, (self.ledger.outside(sid, got) for sid in leaders)), None)
            self.ledger.judge(
                AGREEMENT,
                place in matched,
                lambda got=got, doubt=doubt: Finding(  # type: ignore[misc]
                    property=AGREEMENT,
                    server=learner,
                    observed=f"server {learner} gets {shown(got.mode, got.zxid)}",
                    allowed=f"what a leader decided for it: {' or '.join(options) or 'nothing else was'}",
                    guard="a leader decided so for this learner: none did",
                    events=(*(inputs for inputs, _ in decided), got),
                    doubt=doubt,
                ),
            )

    def _reported(self, learner: int, inputs: SyncInputs) -> None:
        had = self._had[learner]
        last = int(inputs.peer_last)
        self.ledger.judge(
            AGREEMENT,
            last in had or last >= UNSET,
            lambda: Finding(
                property=AGREEMENT,
                server=learner,
                observed=f"leader {inputs.server} hears that server {learner} has {inputs.peer_last}",
                allowed=f"what server {learner} had: {_words(map(hex, had))}",
                guard=f"last zxid of the learner is one that it began an election with: {inputs.peer_last}",
                events=(inputs,),
                doubt=self.ledger.outside(learner, inputs),
            ),
        )


def matching(fitting: list[list[int]]) -> dict[int, int]:
    """To as many places of the list as possible, one of the numbers that fit there, each number to one place."""
    taken: dict[int, int] = {}
    used: set[int] = set()
    for place, numbers in enumerate(fitting):
        if (free := next((n for n in numbers if n not in used), None)) is None:
            break
        taken[place] = free
        used.add(free)
    else:
        return taken
    import networkx as nx  # noqa: PLC0415 - slow to import, and hardly ever needed

    beyond = len(fitting)
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(beyond))
    graph.add_edges_from((place, beyond + n) for place, numbers in enumerate(fitting) for n in numbers)
    found = nx.bipartite.hopcroft_karp_matching(graph, range(beyond))
    return {place: n - beyond for place, n in found.items() if place < beyond}


def allowed(switches: Switches, inputs: SyncInputs) -> Iterator[Choice]:
    """What the model decides, for every content that the kept proposals can have."""
    least, most, last, peer = (
        zxid(n) for n in (inputs.min_committed, inputs.max_committed, inputs.last_processed, inputs.peer_last)
    )
    tree = Stored(zxid=last)
    if inputs.peer_last >= UNSET:
        yield Choice("snap", number(last), UNSET)
        return
    for window in windows(least, most, peer):
        first = decide(switches, tree, window, peer).packets[0]
        match first:
            case Diff(sent):
                yield Choice("diff", number(sent), number(sent))
            case Trunc() if least <= peer <= most:
                yield Choice("trunc", 0, number(peer) - 1)
            case Trunc(cut):
                yield Choice("trunc", number(cut), number(cut))
            case Snap():
                # The database goes on while it is written, so a later zxid may be in it.
                yield Choice("snap", int(inputs.last_processed), UNSET)
    if peer < (least if inputs.max_committed else last):
        # From the log on disk, if that is not too large for it (LearnerHandler.syncFollower).
        end = number(most) or number(last)
        yield Choice("diff", end, end)
        yield Choice("trunc", 0, number(peer) - 1)


def windows(least: Zxid, most: Zxid, peer: Zxid) -> Iterator[tuple[Txn, ...]]:
    """The proposals that a leader may keep, as far as the decision can tell them apart."""
    if number(most) == 0:
        yield ()
        return
    ends = {least, most}
    yield _proposals(ends)
    if least < peer < most:
        yield _proposals(ends | {peer})
        if peer.counter + 1 < 1 << 32:
            yield _proposals(ends | {Zxid(peer.epoch, peer.counter + 1)})


def _proposals(zxids: set[Zxid]) -> tuple[Txn, ...]:
    return tuple(Txn(z, 0) for z in sorted(zxids))


def shown(mode: str, sent: Hex | None) -> str:
    """A decision in words."""
    return mode.upper() + ("" if sent is None else f" {sent}")


def _words(items: Any) -> str:
    return " or ".join(sorted(map(str, items)))
