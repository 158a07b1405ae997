"""FastLeaderElection, server by server: the model's own functions are fed what a server received.

What a server received is in its log, its own votes among it, since a server also votes to itself. So the candidates it
must have had are known, but for two things that no log shows: how many of the received notifications it had read when
it decided, and whether its own vote had come back to it by then. All states that agree with the log so far are kept.

The thread that logs notifications is not the one that looks for a leader. So a line may stand where the election that
it belongs to is over already, and a notification may come into the queue when that has been emptied: then it is read
in the next election. A vote of its own may come back in a later one.

A vote of its own that comes back when it is in a later round it answers, to itself, as it answers others
(``WorkerReceiver.run``). That answer may be sent when the candidate is another one already, and made while the round is
the new one and the candidate still the old one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from zabcheck.model.zookeeper.election import begin, current, has_quorum
from zabcheck.traces.event import (
    ElectionBegan,
    Missing,
    Notified,
    RoleTaken,
    Started,
)
from zabcheck.traces.finding import Finding
from zabcheck.traces.ledger import Property, Rule
from zabcheck.traces.rules.beliefs import NOWHERE, Belief, looking, notification, round_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zabcheck.model.zookeeper.messages import Notification
    from zabcheck.traces.event import Base
    from zabcheck.traces.ledger import Ledger

BALLOTS = "VoteOrder"
DECISION = "DecisionSupport"
MOST_BELIEFS = 64
"""States of one server that are kept. More were never needed; beyond, an election is not decided."""


@dataclass
class Candidate:
    """What is known of one server that looks for a leader."""

    rounds: frozenset[int] | None = frozenset({0})
    """the last round it was in is one of these; unknown when its log begins in the middle"""
    began: ElectionBegan | None = None
    waiting: list[Notified] = field(default_factory=list)
    """received before its first vote is seen"""
    last: Notified | None = None
    """the last one received while it looks for a leader"""
    left: Notified | None = None
    """the last one that it received in its election before. It may be read in this one: it may have come into the queue
    when that was emptied already (``leaveInstance``)"""
    late: Notified | None = None
    """the last one received before it looked for a leader. It may be read all the same: whether to read it is decided
    a moment after it is logged (``WorkerReceiver.run``)"""
    past: frozenset[Notification] = frozenset()
    """what it voted, or was told, in its election before: this may come back, as its vote or answer, in this one"""
    settled: bool = False
    """nothing was received since its election was over, so what comes may have been logged before that"""
    heard: list[Notified] = field(default_factory=list)
    beliefs: list[Belief] = field(default_factory=list)
    decisions: set[int] = field(default_factory=set)
    """on which leaders the election may have ended by now"""
    answers: int = 0
    """how many answers to itself may still come: one for each vote of its own that came back in a later round"""
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
        me.began, me.beliefs, me.lost, me.settled = event, [], False, False
        me.decisions = set()
        me.heard = []
        me.answers = 0
        if event.server not in self.members.voters:
            self._enter(me, event.server or 0, epoch=-1)

    def _notified(self, event: Notified) -> None:
        me = self._of(event)
        if me.lost or event.sender not in self.members.voters:
            return
        if me.settled or event.my_state not in (None, "looking"):
            me.late, me.settled = event, False
            return
        me.last = event
        if me.beliefs:
            self._hear(me, event)
        elif me.began is not None and _is_own(event) and not _is_old(me, me.began, event):
            self._first_vote(me, event)
        else:
            me.waiting.append(event)

    def _first_vote(self, me: Candidate, event: Notified) -> None:
        """The first vote for itself tells a server's epoch, and its round if that was unknown.

        Rounds begin at 1 again when the election is started anew, after its configuration changed
        (``QuorumPeer.restartLeaderElection``).
        """
        if me.rounds is None or event.round == 1 or event.round - 1 in me.rounds:
            me.rounds = frozenset({event.round - 1})
        self._enter(me, event.server or 0, event.epoch)
        for earlier in me.waiting:
            self._take(me, earlier)
        me.waiting.clear()
        self._hear(me, event)

    def _enter(self, me: Candidate, sid: int, epoch: int) -> None:
        """The server's state as it begins a round."""
        if me.began is None:
            return
        server = looking(self.members, sid, epoch, me.began.zxid, max(me.rounds or (0,)))
        begin(server, NOWHERE)
        me.beliefs = [Belief(server, (current(server),))]
        if (latest := me.late or me.left) is not None:
            me.answers += _is_own(latest)
        for uncertain in filter(None, (me.left, me.late)):
            vote = notification(uncertain)
            me.beliefs += [after for before in me.beliefs for after in before.read(uncertain.sender, vote)]
        me.left = me.late = None

    def _hear(self, me: Candidate, event: Notified) -> None:
        if _is_own(event) and not self._own_vote(me, event):
            self._give_up(me)
            return
        self._take(me, event)

    def _take(self, me: Candidate, event: Notified) -> None:
        """It reads a notification, in every state that it may be in."""
        me.heard.append(event)
        if _is_own(event) and any(event.round < belief.server.round for belief in me.beliefs):
            me.answers += 1
        after: dict[tuple[object, ...], Belief] = {}
        for belief in me.beliefs:
            for follower in belief.read(event.sender, notification(event)):
                after.setdefault(follower.key(), follower)
        me.beliefs = list(after.values())
        if len(me.beliefs) > MOST_BELIEFS:
            self._give_up(me)
            return
        me.decisions.update(d for belief in me.beliefs if (d := belief.decision) is not None)
        if me.beliefs:
            me.rounds = frozenset(belief.server.round for belief in me.beliefs)

    def _own_vote(self, me: Candidate, event: Notified) -> bool:
        """A vote that a server sent to itself has come back: it must be one that the model sent."""
        vote = notification(event)
        agreeing = [
            replace(belief, back=belief.back + step)
            for belief in me.beliefs
            for step, announced in enumerate(belief.next)
            if same(announced, vote)
        ]
        if agreeing:
            me.decisions = set()
        elif me.answers and (agreeing := [b for b in me.beliefs if _may_answer(me, b, vote)]):
            me.answers -= 1
        elif any(same(n, vote) for n in me.past):
            agreeing = me.beliefs
        ok = self.ledger.judge(BALLOTS, bool(agreeing), lambda: self._wrong_vote(me, event))
        me.beliefs = agreeing
        return ok

    def _give_up(self, me: Candidate) -> None:
        me.beliefs, me.lost = [], True

    def _decided(self, event: RoleTaken) -> None:
        me = self._of(event)
        began, beliefs, decisions, heard = me.began, me.beliefs, me.decisions, me.heard
        read = [*filter(None, (me.left, me.late)), *me.waiting, *heard]
        if me.lost:
            me.rounds = None
        elif began is not None and not beliefs and me.rounds is not None:
            me.rounds = frozenset({*(r + 1 for r in me.rounds), *map(round_of, read)})
        me.past = frozenset(n for belief in beliefs for n in belief.announced) | {*map(notification, read)}
        me.left, me.last, me.settled = me.last, None, True
        me.began, me.beliefs, me.heard, me.late = None, [], [], None
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
        expected = sorted({str(n.vote) for b in me.beliefs for n in b.next})
        rounds = sorted({n.round for b in me.beliefs for n in b.next})
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


def _is_own(event: Notified) -> bool:
    """Whether this is a vote of the server itself that comes back."""
    return event.sender == event.server and event.state == "looking"


def _is_old(me: Candidate, began: ElectionBegan, event: Notified) -> bool:
    """Whether a vote of its own is of an election before, when the first of this one has not come back yet."""
    if me.rounds is None or event.round > max(me.rounds):
        return False
    follows = event.round - 1 in me.rounds or (event.round == 1 and 1 not in me.rounds)
    return not (follows and event.leader == event.server and event.zxid == began.zxid)


def _may_answer(me: Candidate, belief: Belief, vote: Notification) -> bool:
    """Whether it may have answered itself with this: a candidate that it had, in that round or a later one."""
    had = (*me.past, *belief.announced)
    return vote.round <= belief.server.round and any(
        n.vote == vote.vote and n.round <= vote.round for n in had
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
