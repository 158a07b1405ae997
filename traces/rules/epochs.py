"""Epochs: who activates them, with whom, and what a server that took part must have afterwards.

An activation names the leader, the epoch and who had acknowledged NEWLEADER. It commits the whole history that the
leader had then. So from its supporters, after a restart, at least that history must come back (ZOOKEEPER-4646, 4643).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zabcheck.traces.event import (
    Activated,
    ElectionBegan,
    EpochSet,
    LearnerCame,
    Loaded,
    Looking,
    Missing,
    NewleaderReceived,
    Notified,
    RoleTaken,
    Started,
    SyncInputs,
    SyncReceived,
)
from zabcheck.traces.finding import Finding
from zabcheck.traces.ledger import Property, Rule
from zabcheck.traces.members import is_unset

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zabcheck.traces.event import Base
    from zabcheck.traces.ledger import Ledger

ONE_LEADER = "Leadership1"
SUPPORT = "ActivationQuorum"
ORDER = "EpochOrder"
TRUTH = "VoteTruth"
KEPT = "AckDurability"


@dataclass
class Reign:
    """A server's time as leader, from its log."""

    leader: int
    vote: Notified | None
    """its last vote for itself: with the history that it leads with"""
    began: Base
    learners: dict[int, LearnerCame] = field(default_factory=dict)
    inputs: SyncInputs | None = None
    """the first decision on a learner: with the last zxid that the leader had then"""
    activated: Activated | None = None

    @property
    def history(self) -> int | None:
        """The last zxid of the history that it leads with."""
        if self.inputs is not None:
            return int(self.inputs.last_processed)
        return None if self.vote is None else int(self.vote.zxid)


@dataclass
class Life:
    """What is known of a server since its process began."""

    known: bool = True
    """whether its beginning was seen"""
    loaded: Loaded | None = None
    began: ElectionBegan | None = None
    first: bool = True
    """no vote since the database was loaded at the start"""
    vote: Notified | None = None
    """the last vote for itself at the beginning of an election"""
    heard: int = 0
    """the highest round that it was told of since its last election was over"""
    reached: int = 0
    """the highest round that it may have been in by then; votes of these may still come back"""
    reign: Reign | None = None
    in_role: bool = False
    truncated: bool = False
    """it was cut back, or got a snapshot, since its last vote"""


@dataclass(frozen=True)
class Return:
    """The first vote of a server after its database was read from disk."""

    loaded: Loaded
    began: ElectionBegan
    vote: Notified


class Epochs(Rule):
    """Activations, and the votes of those that took part in them."""

    properties = (
        Property(ONE_LEADER, "No epoch is activated by two servers.", "logs of servers"),
        Property(
            SUPPORT,
            "An epoch is activated by its leader and enough voters to be a quorum, each of which had come to it.",
            "logs of servers that led",
        ),
        Property(
            ORDER,
            "The epochs that a server activates, writes and votes with never go down.",
            "logs of servers",
        ),
        Property(
            TRUTH,
            "A server's first vote of an election is for itself, with the last zxid it has: after a start, what it "
            "read from disk.",
            "logs of servers",
        ),
        Property(
            KEPT,
            "A server that acknowledged NEWLEADER of an epoch has the epoch's initial history on disk: after a "
            "restart it votes with no less.",
            "logs of servers: an activation, and a restart of one of its supporters",
        ),
    )

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._lives: dict[int, Life] = {}
        self._activations: dict[int, Reign] = {}
        self._returns: dict[int, list[Return]] = {}
        self._epochs: dict[int, tuple[int, Base]] = {}
        self._earliest: dict[int, int] = {}
        """by server: the first epoch it was seen in"""
        self._voted: dict[int, list[tuple[Notified, int]]] = {}
        """by server: its first votes of elections, each with how often it had got NEWLEADER by then"""
        self._joined: dict[int, int] = {}
        """by server: how often it got NEWLEADER"""
        self._counted: dict[int, list[Activated]] = {}
        """by server: the activations that counted it, other than its own"""

    def handlers(self) -> Mapping[type[Base], Callable[[Any], None]]:
        """By what the log of a server says."""
        return {
            Missing: self._missing,
            Started: self._started,
            Loaded: self._loaded,
            Looking: self._looking,
            ElectionBegan: self._began,
            Notified: self._notified,
            RoleTaken: self._role,
            LearnerCame: self._learner,
            SyncInputs: self._inputs,
            Activated: self._activated,
            SyncReceived: self._synchronized,
            NewleaderReceived: self._newleader,
            EpochSet: lambda e: self._epoch(e, int(e.epoch)),
        }

    def _life(self, event: Base) -> Life:
        return self._lives.setdefault(event.server or 0, Life(known=False))

    def _missing(self, event: Missing) -> None:
        if event.track.endswith("/log"):
            self._lives[event.server or 0] = Life(known=False)

    def _started(self, event: Started) -> None:
        self._lives[event.server or 0] = Life()

    def _loaded(self, event: Loaded) -> None:
        life = self._life(event)
        if life.known and not life.in_role:
            life.loaded, life.first = event, True

    def _looking(self, event: Looking) -> None:
        life = self._life(event)
        life.in_role, life.reign = False, None

    def _began(self, event: ElectionBegan) -> None:
        life = self._life(event)
        life.began = event
        if life.loaded is not None and life.first:
            loaded = life.loaded
            self.ledger.judge(
                TRUTH,
                loaded.zxid == event.zxid or is_unset(event.zxid),
                lambda: Finding(
                    property=TRUTH,
                    server=event.server,
                    observed=f"server {event.server} votes with zxid {event.zxid}",
                    allowed=f"a vote with {loaded.zxid}, the last zxid that it read from disk",
                    guard=f"proposed zxid == highest zxid on disk: {event.zxid} == {loaded.zxid}",
                    events=(loaded, event),
                ),
            )

    def _notified(self, event: Notified) -> None:
        life = self._life(event)
        if event.my_state in (None, "looking") and not is_unset(event.round):
            life.heard = max(life.heard, event.round)
        began = life.began
        if event.sender != event.server or event.state != "looking" or began is None:
            return
        truthful = event.leader == event.server and event.zxid == began.zxid
        if not truthful and event.round <= life.reached:
            return
        life.began = None
        ok = self.ledger.judge(
            TRUTH,
            truthful,
            lambda: Finding(
                property=TRUTH,
                server=event.server,
                observed=f"the first vote of server {event.server} is for {event.leader} with {event.zxid}",
                allowed=f"a vote for itself with {began.zxid}, the zxid it begins the election with",
                guard=f"leader, zxid == {event.server}, {began.zxid}: they are {event.leader}, {event.zxid}",
                events=(began, event),
            ),
        )
        self._voted.setdefault(event.server, []).append((event, self._joined.get(event.server, 0)))
        if ok:
            self._compare(life, event)
            if life.first and life.loaded is not None:
                self._returns.setdefault(event.server or 0, []).append(Return(life.loaded, began, event))
            life.vote, life.first, life.truncated = event, False, False
        self._epoch(event, int(event.epoch))

    def _compare(self, life: Life, event: Notified) -> None:
        """Within one process memory only grows, unless a leader cut it back."""
        last = life.vote
        if last is None or life.truncated:
            return
        self.ledger.judge(
            TRUTH,
            event.zxid >= last.zxid,
            lambda: Finding(
                property=TRUTH,
                server=event.server,
                observed=f"server {event.server} votes with {event.zxid}",
                allowed=f"a vote with {last.zxid} or more: it voted with that before, and was not cut back since",
                guard=f"proposed zxid >= the one before: {event.zxid} >= {last.zxid}",
                events=(last, event),
                doubt=self.ledger.lacks("log", event.server),
            ),
        )

    def _epoch(self, event: Base, epoch: int) -> None:
        """An epoch that a server was seen in."""
        server = event.server or 0
        if is_unset(epoch):
            return
        self._earliest.setdefault(server, epoch)
        before = self._epochs.get(server)
        if before is not None:
            self.ledger.judge(
                ORDER,
                epoch >= before[0],
                lambda: Finding(
                    property=ORDER,
                    server=event.server,
                    observed=f"server {server} is in epoch {epoch}",
                    allowed=f"epoch {before[0]} or later, in which it was before",
                    guard=f"epoch >= the one before: {epoch} >= {before[0]}",
                    events=(before[1], event),
                ),
            )
        if before is None or epoch > before[0]:
            self._epochs[server] = (epoch, event)

    def _role(self, event: RoleTaken) -> None:
        life = self._life(event)
        life.in_role, life.first = True, False
        life.reached, life.heard = max(life.reached + 1, life.heard), 0
        if life.began is not None:
            life.began = life.vote = None
        if event.role == "leading":
            life.reign = Reign(event.server or 0, life.vote, event)

    def _learner(self, event: LearnerCame) -> None:
        reign = self._life(event).reign
        if reign is not None:
            reign.learners[event.learner] = event

    def _inputs(self, event: SyncInputs) -> None:
        reign = self._life(event).reign
        if reign is None or reign.inputs is not None or reign.activated is not None:
            return
        reign.inputs = event
        vote = reign.vote
        if vote is not None:
            self.ledger.judge(
                TRUTH,
                event.last_processed == vote.zxid,
                lambda: Finding(
                    property=TRUTH,
                    server=event.server,
                    observed=f"leader {event.server} synchronizes from {event.last_processed}",
                    allowed=f"from {vote.zxid}, with which it was elected",
                    guard=f"lastProcessedZxid == zxid of its vote: {event.last_processed} == {vote.zxid}",
                    events=(vote, event),
                    doubt=self.ledger.lacks("log", event.server),
                ),
            )

    def _activated(self, event: Activated) -> None:
        epoch, life = int(event.epoch), self._life(event)
        reign = life.reign or Reign(event.server or 0, life.vote, event)
        first = self._activations.get(epoch)
        ok = self.ledger.judge(
            ONE_LEADER,
            first is None,
            lambda: Finding(
                property=ONE_LEADER,
                server=event.server,
                observed=f"server {event.server} activates epoch {epoch}",
                allowed=f"another epoch: server {first.leader if first else 0} activated {epoch}",
                guard=f"no epoch is activated twice; {epoch} was",
                events=(*((first.activated,) if first and first.activated else ()), event),
            ),
        )
        self._support(event, reign, known=life.known and life.reign is not None)
        self._epoch(event, epoch)
        reign.activated = event
        if ok:
            self._activations[epoch] = reign
            for sid in event.supporters:
                if sid != event.server:
                    self._counted.setdefault(sid, []).append(event)

    def _support(self, event: Activated, reign: Reign, *, known: bool) -> None:
        inside = frozenset(event.supporters)
        lacking = None if known else "the beginning of its log is missing"
        self.ledger.judge(
            SUPPORT,
            self.members.is_quorum(inside) and event.server in inside,
            lambda: Finding(
                property=SUPPORT,
                server=event.server,
                observed=f"server {event.server} activates epoch {event.epoch} with {_set(inside)}",
                allowed="an activation by the leader and a quorum of voters",
                guard=f"supporters must contain a quorum of {_set(self.members.voters)} and {event.server}: "
                f"they are {_set(inside)}",
                events=(event,),
            ),
        )
        absent = inside - {event.server} - reign.learners.keys()
        self.ledger.judge(
            SUPPORT,
            not absent,
            lambda: Finding(
                property=SUPPORT,
                server=event.server,
                observed=f"epoch {event.epoch} is activated with {_set(absent)}, who never came to the leader",
                allowed=f"supporters among {_set(reign.learners.keys() | {event.server})}",
                guard=f"each supporter sent FOLLOWERINFO first; {_set(absent)} did not",
                events=(reign.began, event),
                doubt=lacking,
            ),
        )

    def _synchronized(self, event: SyncReceived) -> None:
        if event.mode != "diff":
            self._life(event).truncated = True

    def _newleader(self, event: NewleaderReceived) -> None:
        self._joined[event.server or 0] = self._joined.get(event.server or 0, 0) + 1

    def finish(self) -> None:
        """Compare what supporters had after a restart with what they had acknowledged."""
        for sid, returns in self._returns.items():
            for back in returns:
                self._kept(sid, back)
        for sid, activations in self._counted.items():
            self._took_part(sid, activations)
            self._wrote(sid, activations)

    def _kept(self, sid: int, back: Return) -> None:
        """A server votes with the epoch on its disk: so it has what that epoch, and those before it, began with."""
        epoch = int(back.vote.epoch)
        acknowledged = [
            reign
            for number, reign in self._activations.items()
            if number <= epoch and reign.activated and sid in reign.activated.supporters
        ]
        for reign in acknowledged:
            activated, history = reign.activated, reign.history
            if activated is None or history is None:
                continue
            self.ledger.judge(
                KEPT,
                back.vote.zxid >= history,
                lambda activated=activated, history=history, reign=reign: Finding(  # type: ignore[misc]
                    property=KEPT,
                    server=sid,
                    observed=f"after a restart server {sid} votes with {back.vote.zxid} in epoch {epoch}",
                    allowed=f"a vote with {hex(history)} or more: it acknowledged epoch {activated.epoch}, whose "
                    f"initial history ends there",
                    guard=f"zxid after the restart >= end of the initial history: {back.vote.zxid} >= {hex(history)}",
                    events=tuple(
                        e
                        for e in (reign.inputs or reign.vote, activated, back.loaded, back.began, back.vote)
                        if e
                    ),
                    known_bug="ZOOKEEPER-4646",
                ),
            )

    def _took_part(self, sid: int, activations: list[Activated]) -> None:
        """A supporter got NEWLEADER, at least as often as it was counted."""
        if sid not in self._lives or self.ledger.lacks("log", sid):
            return
        joined = self._joined.get(sid, 0)
        self.ledger.judge(
            SUPPORT,
            joined >= len(activations),
            lambda: Finding(
                property=SUPPORT,
                server=sid,
                observed=f"server {sid} supports {len(activations)} activations, and got NEWLEADER {joined} times",
                allowed="an activation counts who acknowledged NEWLEADER",
                guard=f"NEWLEADER received >= activations that count it: {joined} >= {len(activations)}",
                events=tuple(activations),
                doubt=next(filter(None, (self.ledger.outside(sid, a) for a in activations)), None),
            ),
        )

    def _wrote(self, sid: int, activations: list[Activated]) -> None:
        """A supporter has written the epoch, and votes with it from then on.

        So the activations of later epochs than that of a vote are due to what the server got after that vote.
        """
        if sid not in self._lives or self.ledger.lacks("log", sid):
            return
        for vote, before in self._voted.get(sid, ()):
            later = [a for a in activations if a.epoch > vote.epoch]
            joined = self._joined.get(sid, 0) - before
            self.ledger.judge(
                KEPT,
                joined >= len(later),
                lambda vote=vote, later=later, joined=joined: Finding(  # type: ignore[misc]
                    property=KEPT,
                    server=sid,
                    observed=f"server {sid} votes in epoch {int(vote.epoch)}, supports {len(later)} activations of "
                    f"later ones, and gets NEWLEADER {joined} times after that vote",
                    allowed="a vote in the latest epoch whose NEWLEADER it acknowledged before",
                    guard=f"NEWLEADER received after the vote >= activations of later epochs: {joined} >= {len(later)}",
                    events=(*later, vote),
                    doubt=next(filter(None, (self.ledger.outside(sid, a) for a in later)), None),
                ),
            )

    def never_began(self, epoch: int) -> str | None:
        """Whether no server activated an epoch, by the logs of all; if so, what could explain that, or nothing.

        A leader votes in an epoch only after it has led it. So a log that begins with votes in earlier epochs, and
        goes on to votes in this or a later one, would have the activation.
        """
        voters = self.members.voters
        if epoch in self._activations or not self._activations:
            return None
        if any(self._earliest.get(sid, epoch) >= epoch or self.ledger.lacks("log", sid) for sid in voters):
            return None
        behind = [sid for sid in voters if self._epochs[sid][0] < epoch]
        return f"the log of server {behind[0]} may end before" if behind else ""

    def activations(self) -> Mapping[int, Reign]:
        """The activated epochs, each with its leader's time as such."""
        return self._activations


def _set(sids: Any) -> str:
    return "{" + ", ".join(map(str, sorted(sids))) + "}"
