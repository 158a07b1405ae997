"""A server in an election: the votes that it hears, and how long it waits for them (``FastLeaderElection``).

What a vote leads to is decided by `zabcheck.model.zookeeper.election`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from zabcheck.implementation import election_messages
from zabcheck.model.zookeeper import election
from zabcheck.model.zookeeper.messages import Role
from zabcheck.traces import event as kinds

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.implementation.diary import Diary
    from zabcheck.implementation.election_channel import ElectionChannel
    from zabcheck.implementation.outbox import Outbox
    from zabcheck.implementation.patience import Patience
    from zabcheck.model.zookeeper.server import Server
    from zabcheck.traces.election_packets import Vote


class Candidate:
    """It owns the timer of the election."""

    def __init__(
        self, me: Server, out: Outbox, diary: Diary, channel: ElectionChannel, patience: Patience
    ) -> None:
        self._me = me
        self._out = out
        self._diary = diary
        self._channel = channel
        self._patience = patience
        self._timer: asyncio.TimerHandle | None = None

    def hear(self, sender: int, vote: Vote, now: float) -> None:
        """A vote has come."""
        notification = election_messages.decoded(vote)
        if notification is None:
            return
        self._diary.heard(self._me, sender, notification)
        if self._me.role is Role.LOOKING:
            self._patience.heard_vote(now)
        election.on_notification(self._me, sender, notification, self._out)

    def arm(self, now: float, wake: Callable[[], None]) -> None:
        """Wake up when the election has waited long enough."""
        self.cancel()
        if self._me.role is Role.LOOKING:
            delay = max(self._patience.election_over(self._me) - now, 0)
            self._timer = asyncio.get_running_loop().call_later(delay, wake)

    def cancel(self) -> None:
        """Wake up no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def waited(self, now: float) -> None:
        """If it has waited long enough: elect who is the best so far, or send the vote again."""
        me = self._me
        if me.role is not Role.LOOKING or now < self._patience.election_over(me):
            return
        if me.finalizing:
            election.finalize(me, self._out)
            return
        if self._channel.has_delivered:
            election.tell_all(me, self._out)
            self._diary.event(kinds.VoteTimeout, milliseconds=int(self._patience.interval * 1000))
            self._diary.own_vote(me)
        else:
            self._channel.connect_all()
        self._patience.back_off(now)
