"""An election that a run takes in one step, held with votes: what the step leaves out, done by FastLeaderElection.

In the coarse grain of elections the model says who is elected and nothing of votes. Here those who take part exchange
notifications until they agree, each as a candidate beside its record, which stays as the model has it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from zabcheck.model.zookeeper import election
from zabcheck.model.zookeeper.ensemble import new_server
from zabcheck.model.zookeeper.log import Stored
from zabcheck.model.zookeeper.messages import Notification, Role
from zabcheck.model.zookeeper.server import Phase
from zabcheck.traces.members import LARGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zabcheck.implementation.staged_server import StagedServer
    from zabcheck.model.zookeeper.events import Event
    from zabcheck.model.zookeeper.messages import Packet
    from zabcheck.model.zookeeper.server import Server


class _Ballot:
    """The outbox of a candidate: all that leaves it are votes."""

    def __init__(self, sid: int, cast: Callable[[int, int, Notification], None]) -> None:
        self._sid = sid
        self._cast = cast

    def send(self, to: int, packet: Packet) -> None:
        """A candidate has no connection yet."""

    def open(self, leader: int) -> None:
        """Nor makes one."""

    def close(self, peer: int) -> None:
        """Nor ends one."""

    def notify(self, to: int, notification: Notification) -> None:
        """Send a vote."""
        self._cast(self._sid, to, notification)

    def observe(self, event: Event) -> None:
        """The record says what happens, when it takes the role."""


class HeldElection:
    """The candidates, and the votes that are on their way."""

    def __init__(
        self, processes: Iterable[StagedServer], transmitted: Callable[[int, Notification], Notification]
    ) -> None:
        self._processes = {process.me.sid: process for process in processes}
        self._transmitted = transmitted
        self._candidates = {sid: _candidate(process) for sid, process in self._processes.items()}
        self._votes: deque[tuple[int, int, Notification]] = deque()

    def hold(self) -> None:
        """Let who looks for a leader begin a round, and all answer until nobody has anything to say."""
        for sid, me in self._candidates.items():
            if me.role is Role.LOOKING:
                election.begin(me, self._ballot(sid))
                self._processes[sid].diary.compare(me)
        while self._votes:
            sender, to, notification = self._votes.popleft()
            me, diary = self._candidates[to], self._processes[to].diary
            diary.heard(me, sender, notification)
            election.on_notification(me, sender, notification, self._ballot(to))
            if me.role is Role.LOOKING:
                diary.compare(me)

    def _ballot(self, sid: int) -> _Ballot:
        return _Ballot(sid, self._cast)

    def _cast(self, sender: int, to: int, notification: Notification) -> None:
        if to in self._candidates:
            self._votes.append((sender, to, self._transmitted(sender, notification)))

    def has_won(self, leader: int, *sids: int) -> bool:
        """Whether these servers found this leader; then they answer with it from now on."""
        for sid in sids:
            me = self._candidates[sid]
            if me.role is Role.LOOKING and me.finalizing:
                election.finalize(me, self._ballot(sid))
            if me.elected is None or me.elected.vote.leader != leader:
                return False
        for sid in sids:
            self._processes[sid].round, self._processes[sid].elected = (
                self._candidates[sid].round,
                self._candidates[sid].elected,
            )
        return True


def _candidate(process: StagedServer) -> Server:
    """A server in its part as a candidate, or as one that answers candidates."""
    record = process.me
    me = new_server(replace(record.scope, election="fine", rounds=LARGE, reduced=False), record.sid)
    me.tree.value = Stored(zxid=record.tree.zxid)
    me.accepted_epoch, me.current_epoch, me.round = (
        record.accepted_epoch,
        record.current_epoch,
        process.round,
    )
    me.role, me.leader = record.role, record.leader
    if record.role is not Role.LOOKING:
        me.elected = process.elected
        if record.phase is Phase.BROADCAST:
            me.renew_vote(record.epoch if record.is_leading else record.promised_epoch)
    return me
