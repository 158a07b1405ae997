"""The reigns of leaders on the wire: what a leader does on all its connections together, and what is left to the next.

A leader needs quorums: of servers that come to it, that promise its epoch, that acknowledge NEWLEADER, and that
acknowledge each proposal. Its own word never crosses the wire and counts as given. Who cannot be heard in the capture
may have given it as well; then nothing is decided.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zabcheck.traces.event import Ballot, Closed, Handshake, Hex, Missing, Sent, Unrecognised
from zabcheck.traces.finding import Finding
from zabcheck.traces.ledger import Property, Rule
from zabcheck.traces.rules.suspicions import Suspicions, capture_of
from zabcheck.traces.rules.talks import ACTIVATIONS, COMMITS, INFO, INFORMS, PROPOSALS, SYNCS, Talk, Talks
from zabcheck.traces.transactions import differ_by_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from zabcheck.traces.event import Base
    from zabcheck.traces.ledger import Ledger

OFFERED = "EpochSupport"
ACTIVATED = "ActivationSupport"
COMMITTED = "CommitSupport"
SAME = "ProposalAgreement"
ONE = "Leadership2"
INITIAL = "InitialHistoryIntegrity"

REMEMBERED = 20_000
"""Proposals whose bodies, or acknowledgements, are remembered."""
SECRET = ("TLS", "SASL")
"""Words that tell that a connection could not be understood, but may be one of servers."""
UNCHANGED = "the ensemble"
"""What is awaited until the end: that the ensemble which is known is that of the whole capture."""
REIGNS = 1000
"""Reigns that are remembered."""


@dataclass(eq=False)
class Member(Talk):
    """A connection, and what the learner brought."""

    info: Sent | None = None
    position: int = 0
    """where its FOLLOWERINFO was, among all packets"""
    reign: Reign | None = None
    offer: Sent | None = None
    """LEADERINFO, if it was not known then who the leader is"""
    sync: Sent | None = None
    end: int = 0
    """the last zxid of the history that it was given so far"""


@dataclass(eq=False)
class Reign:
    """A leader's time with one epoch."""

    capture: str
    leader: int
    epoch: int
    offered: Sent
    position: int
    whole: bool = False
    """whether its beginning was seen: a quorum came to it"""
    members: list[Member] = field(default_factory=list)
    promised: set[int] = field(default_factory=set)
    synchronizes: bool = False
    """whether a learner was synchronized"""
    given: dict[int, int] = field(default_factory=dict)
    """the end of the history with which a server got NEWLEADER"""
    supporters: dict[int, int] = field(default_factory=dict)
    """where each server's acknowledgement of NEWLEADER was"""
    active: bool = False
    initial: Sent | None = None
    """the DIFF or SNAP with the latest zxid of an earlier epoch: what the leader began with"""
    acks: OrderedDict[int, dict[int, int]] = field(default_factory=OrderedDict)
    """who acknowledged a proposal, and where"""
    committed: int = 0
    last: Sent | None = None
    """what showed that so much is committed"""
    told: set[str] = field(default_factory=set)
    """properties of which it was told that they are not decided"""


class Reigns(Rule):
    """Quorums, epochs and histories over all connections."""

    properties = (
        Property(
            OFFERED,
            "A leader offers an epoch that a quorum had not accepted, and synchronizes when a quorum has promised it.",
            "a packet capture of all connections of a leader, from the beginning of its epoch",
        ),
        Property(
            ACTIVATED,
            "A leader serves and proposes only after a quorum has acknowledged NEWLEADER.",
            "a packet capture of all connections of a leader, from the beginning of its epoch",
        ),
        Property(
            COMMITTED,
            "A leader commits a proposal only after a quorum has acknowledged exactly that one.",
            "a packet capture of all connections of a leader, from the beginning of its epoch",
        ),
        Property(
            SAME,
            "A zxid stands for the same transaction on all connections.",
            "a packet capture",
        ),
        Property(
            ONE,
            "No epoch is begun twice, and a leader has one epoch at a time.",
            "a packet capture",
        ),
        Property(
            INITIAL,
            "The history that a leader begins with contains all that was committed in earlier epochs.",
            "a packet capture of two epochs",
        ),
    )

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._talks = Talks(Member)
        self._suspicions = Suspicions(ledger)
        self._reigns: OrderedDict[tuple[str, int, int], Reign] = OrderedDict()
        self._latest: dict[tuple[str, int], Reign] = {}
        self._waiting: dict[tuple[str, int], dict[str, Member]] = {}
        self._meetings: set[tuple[str, frozenset[int | None]]] = set()
        self._unheard: dict[tuple[str, int | None], int] = {}
        """servers with a connection that cannot be read, by capture, and where; ``None`` for one of unknown servers"""
        self._bodies: OrderedDict[int, Sent] = OrderedDict()
        self._begun: dict[int, tuple[int, Sent]] = {}
        self._position = 0
        self._reconfigured = False

    def handlers(self) -> Mapping[type[Base], Callable[[Any], None]]:
        """By what a capture shows of servers."""
        return {
            Sent: self._sent,
            Closed: self._closed,
            Missing: self._lost,
            Unrecognised: self._lost,
            Ballot: self._met,
            Handshake: lambda e: self._suspicions.heard(e.track),
        }

    def finish(self) -> None:
        """Nothing more comes."""
        self._suspicions.finish()

    # What is seen

    def _met(self, event: Ballot | Sent) -> None:
        if event.server is not None and event.to is not None and len(self._meetings) < REMEMBERED:
            self._meetings.add((capture_of(event.track), frozenset((event.server, event.to))))

    def _lost(self, event: Missing | Unrecognised) -> None:
        self._suspicions.lost(event.track)
        talk = self._talks.at(event.track)
        if talk is not None:
            talk.broken = True
        elif event.track.count("/") > 1 and (
            isinstance(event, Missing) or any(w in event.what for w in SECRET)
        ):
            self._hush(capture_of(event.track), event.server)

    def _hush(self, capture: str, sid: int | None) -> None:
        """From now on it is known that a server said something that cannot be read; ``None`` is any server."""
        self._unheard[capture, sid] = self._position
        for each in self.members.voters if sid is None else (sid,):
            self._suspicions.lost(_silence(capture, each))

    def _closed(self, event: Closed) -> None:
        self._suspicions.heard(event.track)
        talk = self._talks.at(event.track)
        if talk is not None and talk.leader is not None:
            self._waiting.get((capture_of(event.track), talk.leader), {}).pop(talk.connection, None)
        self._talks.close(event.track)

    def _unseen(self, reign: Reign) -> frozenset[int]:
        """Voters that may have given their word without being heard."""
        capture, leader = reign.capture, reign.leader
        broken = {m.learner for m in reign.members if m.broken}
        heard = self._heard(reign)
        return frozenset(
            sid
            for sid in self.members.voters
            if sid in broken
            or any(self._unheard.get((capture, who), -1) >= reign.position for who in (sid, None))
            or (sid not in heard and not self._would_be_heard(capture, sid, leader))
        )

    @staticmethod
    def _heard(reign: Reign) -> set[int | None]:
        """Who has a connection with the leader that can be read."""
        return {m.learner for m in reign.members} - {m.learner for m in reign.members if m.broken}

    def _would_be_heard(self, capture: str, sid: int, leader: int) -> bool:
        """Whether a connection of the two would have been captured and understood: it was in other cases."""
        met = (capture, frozenset((sid, leader))) in self._meetings
        return met and not any((capture, who) in self._unheard for who in (sid, None))

    def _quorum(self, name: str, reign: Reign, given: Iterable[int], event: Sent, what: str) -> None:
        """Decide whether enough servers gave their word, if all that may have are heard."""
        inside = frozenset((*given, reign.leader))
        if self.members.is_quorum(inside):
            self.ledger.checked[name] += 1
            return
        unseen = self._unseen(reign)
        if self._reconfigured:
            self._undecided(name, reign, event, "the ensemble was reconfigured")
            return
        if self.members.is_quorum(inside | unseen) or (event.type != "LEADERINFO" and not reign.whole):
            lacks = f"what {_sids(unseen - inside)} said" if unseen - inside else "its beginning"
            self._undecided(name, reign, event, f"the capture does not show {lacks}")
            return
        self._suspicions.judge(
            name,
            False,
            lambda: Finding(
                property=name,
                server=reign.leader,
                observed=f"leader {reign.leader} of epoch {reign.epoch} sends {event.type} {_zxid(event)} when "
                f"{_sids(inside)} {what}, itself counted",
                allowed=f"{event.type} after a quorum {what}",
                guard=f"a quorum of {_sids(self.members.voters)} is within {_sids(inside)}",
                events=(reign.offered, event),
            ),
            [m.learner_track for m in reign.members if not m.broken and m.learner not in inside]
            + [
                m.learner_track
                for m in self._waiting.get((reign.capture, reign.leader), {}).values()
                if m.learner not in inside
            ]
            + [_silence(reign.capture, sid) for sid in self.members.voters if sid not in self._heard(reign)]
            + [UNCHANGED],
        )

    def _undecided(self, name: str, reign: Reign, event: Sent, why: str) -> None:
        if name not in reign.told:
            reign.told.add(name)
            text = f"{name} of epoch {reign.epoch} is not decided: {why}"
            self.ledger.remark("undecided", text, event)

    def _sent(self, event: Sent) -> None:
        self._position += 1
        self._suspicions.heard(event.track)
        if event.type in ACTIVATIONS and not self._reconfigured:
            self._reconfigured = True
            self._suspicions.lost(UNCHANGED, "the ensemble was reconfigured")
        talk = self._talks.of(event)
        if talk.broken:
            return
        by_leader = talk.is_leaders(event)
        if talk.leader is None or talk.learner is None:
            self._same(event)
            if event.type == "LEADERINFO":
                talk.offer = event
            return
        self._met(event)
        if talk.offer is not None and talk.reign is None:
            self._bind(talk, talk.leader, talk.offer)
        if talk.reign is None and event.type in ("ACKEPOCH", "ACK"):
            # The answer to a LEADERINFO that was not seen.
            self._hush(capture_of(event.track), talk.learner)
        step = (self._STEPS if by_leader else self._ANSWERS).get(event.type)
        if step is not None:
            step(self, talk, event)

    def _bind(self, talk: Member, leader: int, offer: Sent) -> None:
        """Only now it is known whose epoch was offered; what was said in between has passed."""
        if offer.zxid is not None:
            reign = self._reign(capture_of(offer.track), leader, offer.zxid >> 32, offer)
            reign.whole = False
            talk.reign = reign
            reign.members.append(talk)

    def _reign(self, capture: str, leader: int, epoch: int, offer: Sent) -> Reign:
        reign = self._reigns.get((capture, leader, epoch))
        if reign is None:
            reign = Reign(capture, leader, epoch, offer, self._position)
            self._reigns[capture, leader, epoch] = reign
            if len(self._reigns) > REIGNS:
                self._reigns.popitem(last=False)
            latest = self._latest.get((capture, leader))
            if latest is None or epoch > latest.epoch:
                self._latest[capture, leader] = reign
        return reign

    # What learners say

    def _info(self, talk: Member, event: Sent) -> None:
        talk.info, talk.position = event, self._position
        if talk.leader is not None:
            self._waiting.setdefault((capture_of(event.track), talk.leader), {})[talk.connection] = talk

    def _ackepoch(self, talk: Member, event: Sent) -> None:
        if talk.reign is not None and event.epoch != -1 and talk.learner is not None and not talk.observer:
            talk.reign.promised.add(talk.learner)

    def _ack(self, talk: Member, event: Sent) -> None:
        reign = talk.reign
        if reign is None or event.zxid is None or talk.learner is None or talk.observer:
            return
        if event.zxid == reign.epoch << 32:
            reign.supporters.setdefault(talk.learner, self._position)
        elif event.zxid > reign.committed:
            reign.acks.setdefault(event.zxid, {}).setdefault(talk.learner, self._position)
            if len(reign.acks) > REMEMBERED:
                reign.acks.popitem(last=False)

    # What leaders do

    def _leaderinfo(self, talk: Member, event: Sent) -> None:
        if event.zxid is None or talk.leader is None:
            return
        capture, leader, epoch = capture_of(event.track), talk.leader, event.zxid >> 32
        waiting = self._waiting.setdefault((capture, leader), {})
        latest = self._latest.get((capture, leader))
        if latest is not None and epoch < latest.epoch and talk.position > latest.position:
            self._two_epochs(latest, epoch, event)
        fresh = (capture, leader, epoch) not in self._reigns
        reign = self._reign(capture, leader, epoch, event)
        if fresh:
            came = [m for m in waiting.values() if not m.observer and m.info is not None]
            below = {
                m.learner for m in came if m.info and m.info.zxid is not None and m.info.zxid >> 32 < epoch
            }
            given = {sid for sid in below if sid is not None}
            reign.whole = self.members.is_quorum(frozenset((*given, leader)))
            if not talk.observer:
                self._quorum(OFFERED, reign, given, event, "had come to it with an earlier epoch")
        waiting.pop(talk.connection, None)
        talk.reign = reign
        reign.members.append(talk)

    def _two_epochs(self, later: Reign, epoch: int, event: Sent) -> None:
        self.ledger.judge(
            ONE,
            False,
            lambda: Finding(
                property=ONE,
                server=later.leader,
                observed=f"server {later.leader} acts as leader of epoch {epoch} ({event.type} {_zxid(event)}) after "
                f"it had offered epoch {later.epoch}",
                allowed=f"nothing in an epoch before {later.epoch}",
                guard=f"epoch is the latest that the leader offered: {epoch} == {later.epoch}",
                events=(later.offered, event),
            ),
        )

    def _alone(self, reign: Reign, cause: int | None, event: Sent) -> None:
        """A leader that acts on what it read after it had offered a later epoch has two at once.

        Without such a cause, the bytes may be of an ended process, which the kernel sends for a long time.
        """
        latest = self._latest.get((reign.capture, reign.leader))
        if (
            latest is not None
            and latest.epoch > reign.epoch
            and cause is not None
            and cause > latest.position
        ):
            self._two_epochs(latest, reign.epoch, event)

    def _synchronize(self, talk: Member, event: Sent) -> None:
        reign = talk.reign
        talk.sync, talk.end = event, event.zxid or 0
        if reign is None:
            return
        if not reign.synchronizes and not talk.observer:
            reign.synchronizes = True
            self._quorum(OFFERED, reign, reign.promised, event, "had promised its epoch")
        earlier = event.zxid is not None and event.zxid >> 32 < reign.epoch and event.type != "TRUNC"
        if earlier and (reign.initial is None or (reign.initial.zxid or 0) < (event.zxid or 0)):
            reign.initial = event
            self._establish(reign, event)

    def _newleader(self, talk: Member, event: Sent) -> None:
        reign = talk.reign
        if reign is None or talk.learner is None:
            return
        if not talk.observer:
            other = self._begun.setdefault(reign.epoch, (reign.leader, event))
            self.ledger.judge(
                ONE,
                other[0] == reign.leader,
                lambda: Finding(
                    property=ONE,
                    server=reign.leader,
                    observed=f"servers {other[0]} and {reign.leader} both send NEWLEADER of epoch {reign.epoch}",
                    allowed="one leader of an epoch",
                    guard=f"leader of epoch {reign.epoch} is the same: {other[0]}, {reign.leader}",
                    events=(other[1], event),
                ),
            )
            reign.given[talk.learner] = max(talk.end, reign.given.get(talk.learner, 0))
        self._initial(talk, reign, event)

    def _initial(self, talk: Member, reign: Reign, event: Sent) -> None:
        """What is given to a learner contains what was committed before."""
        earlier = [
            r for r in self._reigns.values() if r.epoch < reign.epoch and r.last is not None and r.committed
        ]
        if not earlier or talk.sync is None:
            return
        lost = max(earlier, key=lambda r: r.committed)
        self.ledger.judge(
            INITIAL,
            talk.end >= lost.committed,
            lambda: Finding(
                property=INITIAL,
                server=reign.leader,
                observed=f"leader {reign.leader} of epoch {reign.epoch} gives server {talk.learner} a history that "
                f"ends at {hex(talk.end)}, but {hex(lost.committed)} was committed in epoch {lost.epoch}",
                allowed=f"a history with {hex(lost.committed)} in it",
                guard=f"end of the initial history is not before what was committed: {hex(talk.end)}, "
                f"{hex(lost.committed)}",
                events=tuple(e for e in (lost.last, talk.sync, event) if e is not None),
                known_bug=self._bug(reign, lost.committed),
            ),
        )

    def _bug(self, reign: Reign, committed: int) -> str | None:
        """The bug by which the leader lost what an earlier one had given it.

        Had that one become active by its acknowledgement, or had it only taken over the epoch?
        """
        before = [r for r in self._reigns.values() if r.epoch < reign.epoch]
        had = [r for r in before if r.given.get(reign.leader, 0) >= committed]
        if any(r.active and reign.leader in r.supporters for r in had):
            return "ZOOKEEPER-4646"
        return "ZOOKEEPER-4643" if had else None

    def _establish(self, reign: Reign, event: Sent) -> None:
        """The history of an active leader is committed."""
        initial = reign.initial
        if (
            reign.active
            and initial is not None
            and initial.zxid is not None
            and initial.zxid > reign.committed
        ):
            reign.committed, reign.last = initial.zxid, event

    def _active(self, reign: Reign, event: Sent) -> None:
        if reign.active:
            return
        reign.active = True
        self._quorum(ACTIVATED, reign, reign.supporters, event, "had acknowledged NEWLEADER")
        self._establish(reign, event)

    def _uptodate(self, talk: Member, event: Sent) -> None:
        reign = talk.reign
        if reign is None or talk.learner is None:
            return
        if not talk.observer:
            self._active(reign, event)
            self._alone(reign, reign.supporters.get(talk.learner), event)

    def _proposal(self, talk: Member, event: Sent) -> None:
        self._same(event)
        reign = talk.reign
        if event.zxid is None:
            return
        talk.end = max(talk.end, event.zxid)
        if reign is not None and not talk.observer and event.zxid >> 32 == reign.epoch:
            self._active(reign, event)
        if event.type in INFORMS:
            self._commit(talk, event)

    def _commit(self, talk: Member, event: Sent) -> None:
        reign, zxid = talk.reign, event.zxid
        if reign is None or zxid is None or zxid >> 32 != reign.epoch or zxid <= reign.committed:
            return
        acks = reign.acks.get(zxid, {})
        self._quorum(COMMITTED, reign, acks, event, f"had acknowledged {zxid}")
        self._alone(reign, self._completed(reign, acks), event)
        reign.committed, reign.last = zxid, event
        while reign.acks and next(iter(reign.acks)) <= zxid:
            reign.acks.popitem(last=False)
        reign.acks.pop(zxid, None)

    def _completed(self, reign: Reign, acks: dict[int, int]) -> int | None:
        """Where the acknowledgement was that made a quorum."""
        inside = {reign.leader}
        for sid, position in sorted(acks.items(), key=lambda item: item[1]):
            inside.add(sid)
            if self.members.is_quorum(frozenset(inside)):
                return position
        return None

    def _same(self, event: Sent) -> None:
        if event.zxid is None or event.body is None or event.type not in PROPOSALS:
            return
        first = self._bodies.setdefault(event.zxid, event)
        if len(self._bodies) > REMEMBERED:
            self._bodies.popitem(last=False)
        if first is event or first.body is None:
            return
        body, other = event.body, first.body
        if differ_by_digest(body, other):
            text = f"proposal {event.zxid} is sent with and without a digest"
            self.ledger.remark("digest left out", text, first, event)
            return
        self.ledger.judge(
            SAME,
            body == other,
            lambda: Finding(
                property=SAME,
                server=event.server,
                observed=f"{event.type} {event.zxid} of server {event.server} to {event.to} has other bytes than that "
                f"of server {first.server} to {first.to}",
                allowed="the same bytes for the same zxid",
                guard=f"checksum and length are the same: {other}, {body}",
                events=(first, event),
            ),
        )

    _STEPS: Mapping[str, Callable[[Reigns, Member, Sent], None]] = {
        "LEADERINFO": _leaderinfo,
        **dict.fromkeys(SYNCS, _synchronize),
        "NEWLEADER": _newleader,
        "UPTODATE": _uptodate,
        **dict.fromkeys(PROPOSALS, _proposal),
        **dict.fromkeys(COMMITS, _commit),
    }
    _ANSWERS: Mapping[str, Callable[[Reigns, Member, Sent], None]] = {
        **dict.fromkeys(INFO, _info),
        "ACKEPOCH": _ackepoch,
        "ACK": _ack,
    }


def _silence(capture: str, sid: int) -> str:
    """What stands for the connections of a server that were not seen."""
    return f"{capture}: server {sid}"


def _zxid(event: Sent) -> str:
    return "" if event.zxid is None else str(Hex(event.zxid))


def _sids(sids: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(sids))) or "nobody"
