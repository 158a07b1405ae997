"""States that a server may be in while it looks for a leader, with the model's own functions for what it reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from zabcheck.model.transaction import NONE
from zabcheck.model.zookeeper.election import beats, candidate, current, on_notification
from zabcheck.model.zookeeper.log import History, Stored
from zabcheck.model.zookeeper.messages import Notification, Role, Vote
from zabcheck.model.zookeeper.server import Handler, Server
from zabcheck.traces.members import is_unset, zxid

if TYPE_CHECKING:
    from zabcheck.model.zookeeper.events import Event as ModelEvent
    from zabcheck.model.zookeeper.messages import Packet
    from zabcheck.traces.event import Notified
    from zabcheck.traces.members import Members

ROLES = {
    "looking": Role.LOOKING,
    "following": Role.FOLLOWING,
    "leading": Role.LEADING,
    "observing": Role.OBSERVING,
}


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
    """A state that a server may be in, and the votes that it sent to itself in this election."""

    server: Server
    announced: tuple[Notification, ...] = ()
    back: int = 0
    """which of them came back last; at first, which will come first"""
    put_back: tuple[tuple[int, Notification], ...] = ()
    """better votes that came when it had a quorum already: they went to the end of the queue (``finalizeWait``)"""

    @property
    def next(self) -> tuple[Notification, ...]:
        """What may come back now: the same again, or the one behind it."""
        return self.announced[self.back : self.back + 2]

    def copy(self) -> Belief:
        """The same, to go another way."""
        me = self.server
        copied = replace(
            me,
            recvset=dict(me.recvset),
            outofelection=dict(me.outofelection),
            tree=History(me.tree.value),
        )
        return Belief(copied, self.announced, self.back, self.put_back)

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
            self.back,
            self.put_back,
        )

    @property
    def decision(self) -> int | None:
        """The leader on which the election may end now."""
        me = self.server
        if me.role is not Role.LOOKING:
            return me.elected.vote.leader if me.elected else None
        return me.proposal.leader if me.finalizing and me.proposal else None

    def read(self, sender: int, vote: Notification) -> list[Belief]:
        """The states after a server has read a notification: what it had put back may come before it, or later."""
        ways = [self]
        if self.put_back:
            first, *others = self.put_back
            ways += replace(self, put_back=tuple(others)).read(*first)
        return [after for way in ways for after in way.then(sender, vote)]

    def then(self, sender: int, vote: Notification) -> list[Belief]:
        """The states when it reads this next; after a server has decided it reads none."""
        if self.server.role is not Role.LOOKING:
            return [self]
        after = self.copy()
        me = after.server
        before = (me.round, me.proposal)
        if me.finalizing and beats(me.scope, vote.vote, candidate(me)):
            me.finalizing = False
            later = replace(after.copy(), put_back=(*self.put_back, (sender, vote)))
            return [later, *after.then(sender, vote)]
        on_notification(me, sender, vote, NOWHERE)
        if me.role is Role.LOOKING and (me.round, me.proposal) != before:
            after.announced += (current(me),)
        if me.role is not Role.LOOKING:
            return [after, self]
        own = me.recvset.get(me.sid)
        if me.finalizing and not (own and own.vote == me.proposal):
            unready = after.copy()
            unready.server.finalizing = False
            return [after, unready]
        return [after]


def looking(members: Members, sid: int, epoch: int, last: int, round_: int) -> Server:
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
    return Notification(vote, round_of(event), ROLES[event.state])


def round_of(event: Notified) -> int:
    """The round as a server has it: who has just started, and has no vote of a round yet, says -1 (``Vote``)."""
    return -1 if is_unset(event.round) else int(event.round)
