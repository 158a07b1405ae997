"""FastLeaderElection, server by server: the model's own functions are fed what a server received.

What a server received is in its log, its own votes among it, since a server also votes to itself. So the candidates it
must have had are known, but for two things that no log shows: how many of the received notifications it had read when
it decided, and whether its own vote had come back to it by then. All states that agree with the log so far are kept.

A vote of its own that comes back when it is in a later round it answers, to itself, as it answers others
(``WorkerReceiver.run``). That answer may be made while the round is the new one and the candidate still the old one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from zabcheck.model.transaction import NONE
from zabcheck.model.zookeeper.election import begin, current, has_quorum, on_notification
from zabcheck.model.zookeeper.log import History, Stored
from zabcheck.model.zookeeper.messages import Notification, Role, Vote
from zabcheck.model.zookeeper.server import Handler, Server
from zabcheck.traces.event import (
    ElectionBegan,
    Missing,
    Notified,
    RoleTaken,
    Started,
)
from zabcheck.traces.finding import Finding
from zabcheck.traces.ledger import Property, Rule
from zabcheck.traces.members import is_unset, zxid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zabcheck.model.zookeeper.events import Event as ModelEvent
    from zabcheck.model.zookeeper.messages import Packet
    from zabcheck.traces.event import Base
    from zabcheck.traces.ledger import Ledger
    from zabcheck.traces.members import Members

ROLES = {
    "looking": Role.LOOKING,
    "following": Role.FOLLOWING,
    "leading": Role.LEADING,
    "observing": Role.OBSERVING,
}
BALLOTS = "VoteOrder"
DECISION = "DecisionSupport"
MOST_BELIEFS = 64
"""States of one server that are kept. More were never needed; beyond, an election is not decided."""


class Nowhere:
    """The outbox of a server whose messages are known from elsewhere."""

    def send(self, to: int, packet: Packet) -> None:
        """A packet is not part of an election."""

    def open(self, leader: int) -> None:
        """Nor is a connection."""

    def close(self, peer: int) -> None:
        """Nor its end."""

    def notify(self, to: int, notification: Notification) -> None:
        """Votes are seen in the log of who gets them."""

    def observe(self, event: ModelEvent) -> None:
        """Nothing of an election is a fact of the whole ensemble."""


NOWHERE = Nowhere()


@dataclass
class Belief:
    """A state that a server may be in, and the votes that it sent to itself and that have not come back yet."""

    server: Server
    announced: tuple[Notification, ...] = ()

    def copy(self) -> Belief:
        """The same, to go another way."""
        me = self.server
        copied = replace(
            me,
            recvset=dict(me.recvset),
            outofelection=dict(me.outofelection),
            tree=History(me.tree.value),
        )
        return Belief(copied, self.announced)

    def key(self) -> tuple[object, ...]:
        """Equal for states that behave alike from here on."""
        me = self.server
        return (
            me.round,
            me.proposal,
            me.finalizing,
            me.role,
            tuple(me.recvset.values()),
            tuple(me.outofelection.values()),
            self.announced,
        )

    @property
    def decision(self) -> int | None:
        """The leader on which the election may end now."""
        me = self.server
        if me.role is not Role.LOOKING:
            return me.elected.vote.leader if me.elected else None
        return me.proposal.leader if me.finalizing and me.proposal else None


@dataclass
class Candidate:
    """What is known of one server that looks for a leader."""

    rounds: frozenset[int] | None = frozenset({0})
    """the last round it was in is one of these; unknown when its log begins in the middle"""
    began: ElectionBegan | None = None
    waiting: list[Notified] = field(default_factory=list)
    """received before its first vote is seen"""
    late: Notified | None = None
    """the last one received before it looked for a leader. It may be read all the same: whether to read it is decided
    a moment after it is logged (``WorkerReceiver.run``)"""
    heard: list[Notified] = field(default_factory=list)
    beliefs: list[Belief] = field(default_factory=list)
    decisions: set[int] = field(default_factory=set)
    """on which leaders the election may have ended by now"""
    answered: int = 0
    """the last round that it gave its candidate of the round before as an answer to itself"""
    lost: bool = False
    """not followed any more, until the next election begins"""


class Elections(Rule):
    """Votes and decisions of every server whose log is there."""

    properties = (
        Property(
            BALLOTS,
            "A server votes for itself first, then only for better candidates that it was told of, as the model "
            "does on the same notifications.",
            "logs of servers",
        ),
        Property(
            DECISION,
            "A server ends an election only with a quorum of votes for its candidate, or on the word of a leader "
            "and a quorum that follows it.",
            "logs of servers",
        ),
    )

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._candidates: dict[int, Candidate] = {}

    def handlers(self) -> Mapping[type[Base], Callable[[Any], None]]:
        """By what happens to a server that looks for a leader."""
        return {
            Missing: self._missing,
            Started: self._started,
            ElectionBegan: self._began,
            Notified: self._notified,
            RoleTaken: self._decided,
        }

    def _of(self, event: Base) -> Candidate:
        return self._candidates.setdefault(event.server or 0, Candidate(rounds=None))

    def _missing(self, event: Missing) -> None:
        if event.track.endswith("/log"):
            self._candidates[event.server or 0] = Candidate(rounds=None, lost=True)

    def _started(self, event: Started) -> None:
        self._candidates[event.server or 0] = Candidate()

    def _began(self, event: ElectionBegan) -> None:
        me = self._of(event)
        me.began, me.beliefs, me.lost = event, [], False
        me.decisions = set()
        me.heard = []
        me.answered = 0
        if event.server not in self.members.voters:
            self._enter(me, event.server or 0, epoch=-1)

    def _notified(self, event: Notified) -> None:
        me = self._of(event)
        if me.lost or event.sender not in self.members.voters:
            return
        if event.my_state not in (None, "looking"):
            me.late = event
            return
        if me.began is None or (not me.beliefs and event.sender != event.server):
            me.waiting.append(event)
        elif not me.beliefs:
            self._first_vote(me, event)
        else:
            self._hear(me, event)

    def _first_vote(self, me: Candidate, event: Notified) -> None:
        """The first vote for itself tells a server's epoch, and its round if that was unknown.

        Rounds begin at 1 again when the election is started anew, after its configuration changed
        (``QuorumPeer.restartLeaderElection``).
        """
        if me.began is None:
            return
        if me.rounds is None or event.round == 1 or event.round - 1 in me.rounds:
            me.rounds = frozenset({event.round - 1})
        self._enter(me, event.server or 0, event.epoch)
        for earlier in me.waiting:
            self._hear(me, earlier)
        me.waiting.clear()
        self._hear(me, event)

    def _enter(self, me: Candidate, sid: int, epoch: int) -> None:
        """The server's state as it begins a round."""
        if me.began is None:
            return
        server = candidate(self.members, sid, epoch, me.began.zxid, max(me.rounds or (0,)))
        begin(server, NOWHERE)
        me.beliefs = [Belief(server, (current(server),))]
        if me.late is not None:
            me.beliefs += self._read(me.beliefs[0], me.late)
            me.late = None

    def _hear(self, me: Candidate, event: Notified) -> None:
        me.heard.append(event)
        if event.sender == event.server and event.state == "looking":
            self._own_vote(me, event)
        after: dict[tuple[object, ...], Belief] = {}
        for belief in me.beliefs:
            for follower in self._read(belief, event):
                after.setdefault(follower.key(), follower)
        me.beliefs = list(after.values())
        if len(me.beliefs) > MOST_BELIEFS:
            self._give_up(me)
            return
        me.decisions.update(d for belief in me.beliefs if (d := belief.decision) is not None)
        if me.beliefs:
            me.rounds = frozenset(belief.server.round for belief in me.beliefs)

    def _own_vote(self, me: Candidate, event: Notified) -> None:
        """A vote that a server sent to itself has come back: it must be one that the model sent."""
        vote = notification(event)
        agreeing = []
        for belief in me.beliefs:
            if belief.announced and same(belief.announced[0], vote):
                agreeing.append(belief)
            elif len(belief.announced) > 1 and same(belief.announced[1], vote):
                agreeing.append(replace(belief, announced=belief.announced[1:]))
        if not agreeing and _answers_itself(me, event):
            me.answered = int(event.round)
            return
        ok = self.ledger.judge(BALLOTS, bool(agreeing), lambda: self._wrong_vote(me, event))
        if ok:
            me.beliefs = agreeing
            me.decisions = set()
        else:
            self._give_up(me)

    def _give_up(self, me: Candidate) -> None:
        me.beliefs, me.lost = [], True

    def _read(self, belief: Belief, event: Notified) -> list[Belief]:
        """The states after a server has read a notification; after it has decided it reads none."""
        if belief.server.role is not Role.LOOKING:
            return [belief]
        after = belief.copy()
        me = after.server
        before = (me.round, me.proposal)
        on_notification(me, event.sender, notification(event), NOWHERE)
        if me.role is Role.LOOKING and (me.round, me.proposal) != before:
            after.announced += (current(me),)
        if me.role is not Role.LOOKING:
            return [after, belief]
        own = me.recvset.get(me.sid)
        if me.finalizing and not (own and own.vote == me.proposal):
            unready = after.copy()
            unready.server.finalizing = False
            return [after, unready]
        return [after]

    def _decided(self, event: RoleTaken) -> None:
        me = self._of(event)
        began, beliefs, decisions, heard = me.began, me.beliefs, me.decisions, me.heard
        me.began, me.beliefs, me.heard = None, [], []
        me.decisions = set()
        me.waiting.clear()
        if began is None or not beliefs or event.server is None:
            return
        leads = event.role == "leading"
        possible = {d for d in decisions if (d == event.server) == leads}
        if event.leader is not None:
            possible &= {event.leader}
        self.ledger.judge(DECISION, bool(possible), lambda: self._unsupported(event, began, beliefs, heard))
        me.rounds = frozenset(b.server.round for b in beliefs if b.decision in possible) or me.rounds

    def _wrong_vote(self, me: Candidate, event: Notified) -> Finding:
        expected = sorted({str(n.vote) for b in me.beliefs for n in b.announced[:2]})
        rounds = sorted({n.round for b in me.beliefs for n in b.announced[:2]})
        others = [n for n in me.heard if n.sender != event.server and n.state == "looking"]
        shown = ([me.began] if me.began else []) + _last_of_each(others) + [event]
        return Finding(
            property=BALLOTS,
            server=event.server,
            observed=f"server {event.server} votes {notification(event).vote} in round {int(event.round)}",
            allowed=f"a vote for {' or '.join(expected) or 'nobody'} in round {_words(rounds)}",
            guard=f"the vote must be the one that follows from what it was told: {_words(expected)}; "
            f"it is {notification(event).vote}",
            events=tuple(shown),
            doubt=self.ledger.lacks("log", event.server),
        )

    def _unsupported(
        self, event: RoleTaken, began: ElectionBegan, beliefs: list[Belief], heard: list[Notified]
    ) -> Finding:
        me = beliefs[0].server
        votes = {sid: n for sid, n in me.recvset.items() if n is not None}
        told = ", ".join(f"{sid} {n.role.name} for {n.vote.leader}" for sid, n in sorted(votes.items()))
        return Finding(
            property=DECISION,
            server=event.server,
            observed=f"server {event.server} ends its election {event.role}"
            + (f" with leader {event.leader}" if event.leader is not None else ""),
            allowed=f"going on to look: its candidate is {me.proposal.leader if me.proposal else 'none'}"
            f" and it has heard {told or 'nobody'}",
            guard=f"a quorum must support its candidate: {has_quorum(me, me.recvset)}",
            events=(began, *_last_of_each(heard), event),
            doubt=self.ledger.lacks("log", event.server),
        )


def candidate(members: Members, sid: int, epoch: int, last: int, round_: int) -> Server:
    """A server of the model that is about to look for a leader."""
    return Server(
        scope=members,
        handlers={peer: Handler() for peer in members.sids if peer != sid},
        recvset=dict.fromkeys(members.voters),
        outofelection=dict.fromkeys(members.voters),
        sid=sid,
        current_epoch=epoch,
        tree=History(Stored(zxid=zxid(last))),
        round=round_,
    )


def notification(event: Notified) -> Notification:
    """A recorded notification as the model has it."""
    vote = Vote(event.leader, zxid(event.zxid), int(event.epoch))
    if is_unset(event.leader):
        vote = Vote(0, NONE, -1)
    return Notification(vote, int(event.round), ROLES[event.state])


def _answers_itself(me: Candidate, event: Notified) -> bool:
    """Whether a vote may be such an answer: its last one of the rounds before, in a round that it entered."""
    earlier = [
        n for n in me.heard if n.sender == event.server and n.state == "looking" and n.round < event.round
    ]
    return (
        bool(earlier)
        and me.answered < event.round
        and notification(earlier[-1]).vote == notification(event).vote
        and any(n.round == event.round for belief in me.beliefs for n in belief.announced)
    )


def same(announced: Notification, seen: Notification) -> bool:
    """Whether a vote that comes back is this one; the round is that of its sending."""
    return announced.vote == seen.vote and announced.round == seen.round


def _last_of_each(heard: list[Notified]) -> list[Notified]:
    """The last notification of each sender, in the order they came."""
    last = {n.sender: n for n in heard}
    return sorted(last.values(), key=lambda n: n.seq)


def _words(items: list[Any]) -> str:
    return " or ".join(map(str, items)) or "none"
