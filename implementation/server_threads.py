"""What a server does by itself, without an input: a step of one of its threads at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.model.zookeeper import election, leader, learner, threads
from zabcheck.model.zookeeper.messages import Role
from zabcheck.model.zookeeper.server import Stage
from zabcheck.model.zookeeper.switches import Sync
from zabcheck.traces import event as kinds

if TYPE_CHECKING:
    from zabcheck.implementation.diary import Diary
    from zabcheck.implementation.outbox import Outbox
    from zabcheck.implementation.packet_reader import PacketReader
    from zabcheck.implementation.request_processors import CommitProcessor
    from zabcheck.model.zookeeper.server import Server


class ServerThreads:
    """It owns nothing: which thread has something to do is in the record, and in what has arrived."""

    def __init__(
        self, me: Server, out: Outbox, diary: Diary, commit: CommitProcessor, packets: PacketReader
    ) -> None:
        self._me = me
        self._out = out
        self._diary = diary
        self._commit = commit
        self._packets = packets

    def step(self) -> bool:
        """Take the next step; whether there was one."""
        me, out = self._me, self._out
        self._commit.process()
        if me.steps:
            step = me.steps[0]
            learner.continue_sync(me, out)
            if step is Sync.ACK_NEWLEADER:
                self._diary.event(kinds.NewleaderAcked, epoch=kinds.Hex(me.accepted_epoch))
        elif synced := me.handled(Stage.SYNCED):
            leader.send_newleader(me, synced[0], out)
        elif me.orphans:
            threads.write_orphan(me)
        elif me.role is Role.LOOKING and me.proposal is None:
            election.look(me, out)
        else:
            return self._packets.read()
        return True
