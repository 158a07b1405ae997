"""Each connection of a learner with its leader, on the wire: the order of packets, and what they say of one another.

As ``LearnerHandler.run`` and ``Learner.syncWithLeader`` have it: the epoch is agreed on, the learner's history is made
that of the leader, NEWLEADER ends it, and after UPTODATE proposals are acknowledged and committed one by one. Ordered
by the number of the frame, which is right as far as one machine captured all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zabcheck.traces.event import Closed, Missing, Sent, Unrecognised
from zabcheck.traces.finding import Finding
from zabcheck.traces.ledger import Property, Rule
from zabcheck.traces.members import is_unset
from zabcheck.traces.rules.suspicions import Suspicions
from zabcheck.traces.rules.talks import COMMITS, INFO, INFORMS, PROPOSALS, SYNCS, Talk, Talks
from zabcheck.traces.rules.zxid_runs import Firsts, Runs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zabcheck.traces.event import Base
    from zabcheck.traces.ledger import Ledger

PACKETS = "PacketOrder"
PROPOSED = "ProposalConsistent"
COMMITTED = "CommitConsistent"
ACKNOWLEDGED = "AckConsistent"
CONTENT = "SyncContent"
ANSWER = "EpochAnswer"

_HISTORY = PROPOSALS | COMMITS
_BROADCAST = _HISTORY | {"PING", "REVALIDATE", "SYNC"}
LEADER: dict[str, dict[str, str]] = {
    "connected": {"LEADERINFO": "epoch"},
    "epoch": dict.fromkeys(SYNCS, "history"),
    "history": dict.fromkeys(_HISTORY, "history") | {"NEWLEADER": "established"},
    "established": dict.fromkeys(_HISTORY | {"PING"}, "established") | {"UPTODATE": "broadcast"},
    "broadcast": dict.fromkeys(_BROADCAST, "broadcast"),
}
"""What a leader may send at each stage, and the stage after it."""
LEARNER: dict[str, dict[str, str]] = {
    "connecting": dict.fromkeys(INFO, "connected"),
    "connected": {"ACKEPOCH": "promised"},
    "promised": {"ACK": "acknowledged"},
    "acknowledged": dict.fromkeys(("ACK", "PING", "REQUEST", "REVALIDATE"), "acknowledged"),
}
"""The same of a learner."""
NEEDS: dict[str, tuple[str, ...]] = {
    "LEADERINFO": ("connected", "promised", "acknowledged"),
    **dict.fromkeys(SYNCS, ("promised", "acknowledged")),
    "UPTODATE": ("acknowledged",),
    "ACKEPOCH": ("epoch", "history", "established", "broadcast"),
    **dict.fromkeys(("REQUEST", "PING", "REVALIDATE"), ("broadcast",)),
}
"""The stages that the other side must have reached, for packets that answer it."""


@dataclass(eq=False)
class Course(Talk):
    """A connection, and how far its two sides are."""

    leader_stage: str = "connected"
    learner_stage: str = "connecting"
    accepted: int | None = None
    """the epoch that the learner had accepted before"""
    epoch: int | None = None
    """that the leader offers"""
    had: int | None = None
    """the last zxid of the learner"""
    sync: Sent | None = None
    last: int | None = None
    """the zxid that the next proposal must follow"""
    overlaps: bool = False
    """a snapshot was sent and no proposal yet: the first ones may be in it already"""
    sent: Runs = field(default_factory=Runs)
    open: Runs = field(default_factory=Runs)
    """proposed and not committed"""
    committed: int | None = None
    first_ack: bool = False
    """whether there was an acknowledgement"""
    last_event: Sent | None = None


class Wire(Rule):
    """The packets of each connection."""

    properties = (
        Property(
            PACKETS,
            "Leader and learner send each other the packets of discovery, synchronization and broadcast in this order.",
            "a packet capture",
        ),
        Property(
            PROPOSED,
            "A leader proposes to a learner what follows the last zxid that it has, and leaves nothing out.",
            "a packet capture",
        ),
        Property(
            COMMITTED,
            "A leader tells a learner to commit the oldest proposal that it has not committed.",
            "a packet capture",
        ),
        Property(
            ACKNOWLEDGED,
            "A learner acknowledges only what it was sent, and the leader's epoch.",
            "a packet capture",
        ),
        Property(
            CONTENT,
            "DIFF and TRUNC fit the history of the learner, and what follows a DIFF ends where it says.",
            "a packet capture",
        ),
        Property(
            ANSWER,
            "A learner promises an epoch once: with -1 if it had accepted it before, and not if it had a later one.",
            "a packet capture",
        ),
    )

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._talks = Talks(Course)
        self._suspicions = Suspicions(ledger)
        self._firsts = Firsts()

    def handlers(self) -> Mapping[type[Base], Callable[[Any], None]]:
        """By what a capture shows of quorum connections."""
        return {Sent: self._sent, Closed: self._closed, Missing: self._lost, Unrecognised: self._lost}

    def finish(self) -> None:
        """Nothing more comes."""
        self._suspicions.finish()

    def _lost(self, event: Missing | Unrecognised) -> None:
        self._suspicions.lost(event.track)
        if (talk := self._talks.at(event.track)) is not None:
            talk.broken = True

    def _closed(self, event: Closed) -> None:
        self._suspicions.heard(event.track)
        self._talks.close(event.track)

    def _sent(self, event: Sent) -> None:
        self._suspicions.heard(event.track)
        talk = self._talks.of(event)
        if talk.broken:
            return
        by_leader = talk.is_leaders(event)
        if not self._in_order(talk, event, by_leader=by_leader):
            talk.broken = True
            return
        step = (self._STEPS if by_leader else self._ANSWERS).get(event.type)
        if step is not None:
            step(self, talk, event)
        talk.last_event = event

    def _in_order(self, talk: Course, event: Sent, *, by_leader: bool) -> bool:
        """Whether a packet may come at this stage; what must have been said before may come to light later."""
        here, there = talk.leader_stage, talk.learner_stage
        if not by_leader:
            here, there = there, here
        allowed = (LEADER if by_leader else LEARNER)[here]
        after = allowed.get(event.type)
        if not self.ledger.judge(
            PACKETS,
            after is not None,
            lambda: Finding(
                property=PACKETS,
                server=event.server,
                observed=f"{event.type} between {talk}, sent when the sender had reached the stage {here!r}",
                allowed=f"one of {', '.join(sorted(allowed))}",
                guard=f"{event.type} belongs to the stage {here!r}: it does not",
                events=_events(talk.last_event, event),
            ),
        ):
            return False
        both = by_leader and event.type in ("PING", "REVALIDATE")
        needs = () if both else NEEDS.get(event.type, ())
        self._suspicions.judge(
            PACKETS,
            not needs or there in needs,
            lambda: Finding(
                property=PACKETS,
                server=event.server,
                observed=f"{event.type} between {talk}, sent when the other side had only reached the stage {there!r}",
                allowed=f"{event.type} when the other side has reached the stage {needs[0]!r}",
                guard=f"stage of the other side, {there!r}, is one of {', '.join(needs)}",
                events=_events(talk.last_event, event),
            ),
            [talk.learner_track if by_leader else talk.leader_track],
        )
        if by_leader:
            talk.leader_stage = str(after)
        else:
            talk.learner_stage = str(after)
        return True

    # Discovery

    def _info(self, talk: Course, event: Sent) -> None:
        talk.accepted = None if event.zxid is None else event.zxid >> 32

    def _leaderinfo(self, talk: Course, event: Sent) -> None:
        talk.epoch = None if event.zxid is None else event.zxid >> 32

    def _ackepoch(self, talk: Course, event: Sent) -> None:
        if event.zxid is not None and not is_unset(event.zxid):
            talk.had = event.zxid
        accepted, epoch = talk.accepted, talk.epoch
        if accepted is None or epoch is None or event.epoch is None:
            return
        again = event.epoch == -1
        self.ledger.judge(
            ANSWER,
            accepted <= epoch and again == (accepted == epoch),
            lambda: Finding(
                property=ANSWER,
                server=talk.learner,
                observed=f"server {talk.learner} had accepted epoch {accepted} and answers epoch {epoch} "
                f"with current epoch {event.epoch}",
                allowed="no answer"
                if accepted > epoch
                else "current epoch -1"
                if accepted == epoch
                else "its current epoch",
                guard=f"epoch -1 if and only if offered == accepted, and offered >= accepted: {epoch}, {accepted}",
                events=_events(talk.last_event, event),
            ),
        )

    # Synchronization

    def _synchronize(self, talk: Course, event: Sent) -> None:
        talk.sync = event
        zxid = event.zxid
        talk.last = talk.had if event.type == "DIFF" else zxid
        talk.overlaps = event.type == "SNAP"
        if talk.had is None or zxid is None or event.type == "SNAP":
            return
        had = talk.had
        # A learner at zxid epoch:0 has no record of that, so it may be ahead without having anything to cut off.
        fits = zxid < had if event.type == "TRUNC" else zxid >= had or had & 0xFFFFFFFF == 0
        self.ledger.judge(
            CONTENT,
            fits,
            lambda: Finding(
                property=CONTENT,
                server=talk.leader,
                observed=f"{event.type} {zxid} for server {talk.learner}, whose last zxid is {hex(had)}",
                allowed="TRUNC to an earlier zxid, DIFF to a later one, or SNAP",
                guard=f"end of the {event.type} is {'before' if event.type == 'TRUNC' else 'not before'} the last "
                f"zxid: {zxid}, {hex(had)}",
                events=(event,),
            ),
        )

    def _newleader(self, talk: Course, event: Sent) -> None:
        end = None if talk.sync is None else talk.sync.zxid
        if talk.epoch is not None and event.zxid is not None:
            expected = talk.epoch << 32
            self.ledger.judge(
                CONTENT,
                event.zxid == expected,
                lambda: Finding(
                    property=CONTENT,
                    server=talk.leader,
                    observed=f"NEWLEADER {event.zxid} for server {talk.learner} after LEADERINFO {hex(expected)}",
                    allowed=f"NEWLEADER {hex(expected)}",
                    guard=f"zxid of NEWLEADER is that of LEADERINFO: {event.zxid} == {hex(expected)}",
                    events=(event,),
                ),
            )
        if (
            talk.sync is None
            or talk.sync.type != "DIFF"
            or talk.had is None
            or end is None
            or end <= talk.had
        ):
            return
        reached = talk.had if talk.committed is None else talk.committed
        sync = talk.sync
        self.ledger.judge(
            CONTENT,
            reached >= end,
            lambda: Finding(
                property=CONTENT,
                server=talk.leader,
                observed=f"DIFF {end} for server {talk.learner} is followed by transactions up to {hex(reached)} only",
                allowed=f"all committed transactions up to {end} before NEWLEADER",
                guard=f"last transaction committed before NEWLEADER is not before {end}: {hex(reached)}",
                events=(sync, event),
            ),
        )

    # Proposals and what becomes of them

    def _proposal(self, talk: Course, event: Sent) -> None:
        if event.zxid is None:
            return
        zxid, last = event.zxid, talk.last
        known = last is None or (talk.overlaps and zxid <= last) or self._firsts.follows(last, zxid)
        talk.overlaps = False
        self.ledger.judge(
            PROPOSED,
            known,
            lambda: Finding(
                property=PROPOSED,
                server=talk.leader,
                observed=f"{event.type} {zxid} for server {talk.learner} comes after {hex(last or 0)}",
                allowed=f"{hex((last or 0) + 1)}, or the first of a later epoch",
                guard=f"zxid is the one before and 1, or the first of a later epoch: {zxid}, {hex(last or 0)}",
                events=_events(talk.sync, talk.last_event, event),
            ),
        )
        self._of_epoch(talk, event)
        if last is not None and self._firsts.is_odd(last, zxid):
            text = f"the first proposal of epoch {zxid >> 32} to server {talk.learner} is {zxid}"
            self.ledger.remark("epoch does not begin at 1", text, event)
        talk.last = zxid
        talk.sent.add(zxid)
        if event.type in INFORMS:
            self._commit(talk, event)
        else:
            talk.open.add(zxid)

    def _of_epoch(self, talk: Course, event: Sent) -> None:
        """After NEWLEADER all is of the leader's epoch, and nothing ever of a later one."""
        if talk.epoch is None or event.zxid is None:
            return
        epoch, of = talk.epoch, event.zxid >> 32
        old = talk.leader_stage == "history"
        self.ledger.judge(
            PROPOSED,
            of <= epoch if old else of == epoch,
            lambda: Finding(
                property=PROPOSED,
                server=talk.leader,
                observed=f"{event.type} {event.zxid} for server {talk.learner} in epoch {epoch}",
                allowed=f"proposals of epoch {epoch}{' or earlier' if old else ''}",
                guard=f"epoch of the proposal {'<=' if old else '=='} epoch of the leader: {of}, {epoch}",
                events=(event,),
            ),
        )

    def _commit(self, talk: Course, event: Sent) -> None:
        if event.zxid is None:
            return
        zxid = event.zxid
        inform = event.type in INFORMS
        oldest = talk.open.first
        self.ledger.judge(
            COMMITTED,
            oldest is None if inform else zxid == oldest,
            lambda: Finding(
                property=COMMITTED,
                server=talk.leader,
                observed=f"{event.type} {zxid} for server {talk.learner}, whose oldest uncommitted proposal is "
                f"{'none' if oldest is None else hex(oldest)}",
                allowed="nothing to commit" if oldest is None else f"COMMIT {hex(oldest)}",
                guard=f"zxid is that of the oldest uncommitted proposal: {zxid}, "
                f"{'none' if oldest is None else hex(oldest)}",
                events=_events(talk.last_event, event),
            ),
        )
        if zxid in talk.open:
            talk.open.drop_until(zxid)
        talk.committed = max(zxid, talk.committed or 0)

    def _ack(self, talk: Course, event: Sent) -> None:
        if event.zxid is None:
            return
        zxid = event.zxid
        newleader = talk.epoch is not None and zxid == talk.epoch << 32
        sent = talk.leader_stage in ("established", "broadcast") if newleader else zxid in talk.sent
        self._suspicions.judge(
            ACKNOWLEDGED,
            sent,
            lambda: Finding(
                property=ACKNOWLEDGED,
                server=talk.learner,
                observed=f"server {talk.learner} acknowledges {zxid}, which leader {talk.leader} had not sent it",
                allowed="ACK of the leader's epoch after NEWLEADER, or of a proposal that was sent",
                guard=f"{zxid} is among what was sent on this connection: it is not",
                events=_events(talk.last_event, event),
            ),
            [talk.leader_track],
        )
        if not talk.first_ack:
            talk.first_ack = True
            if not newleader:
                text = (
                    f"the first acknowledgement of server {talk.learner} in epoch {talk.epoch} is of {zxid}, "
                    "not of NEWLEADER, so the leader does not count it (ZOOKEEPER-4685)"
                )
                self.ledger.remark("acknowledged before NEWLEADER", text, event)

    _STEPS: Mapping[str, Callable[[Wire, Course, Sent], None]] = {
        "LEADERINFO": _leaderinfo,
        **dict.fromkeys(SYNCS, _synchronize),
        "NEWLEADER": _newleader,
        **dict.fromkeys(PROPOSALS, _proposal),
        **dict.fromkeys(COMMITS, _commit),
    }
    _ANSWERS: Mapping[str, Callable[[Wire, Course, Sent], None]] = {
        **dict.fromkeys(INFO, _info),
        "ACKEPOCH": _ackepoch,
        "ACK": _ack,
    }


def _events(*events: Sent | None) -> tuple[Sent, ...]:
    """Those that there are, each once."""
    return tuple({id(e): e for e in events if e is not None}.values())
