"""States from which worked examples begin: logs, epochs and roles that a longer run would have led to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.model.transaction import Zxid
from zabcheck.model.zookeeper import threads
from zabcheck.model.zookeeper.messages import Notification, Role
from zabcheck.model.zookeeper.server import Phase, Stage

if TYPE_CHECKING:
    from zabcheck.model.zookeeper.ensemble import State


def keep_down(state: State, sid: int) -> None:
    """Undo that a server has started, and what it said."""
    threads.crash(state.servers[sid])
    for boxes in state.mail.values():
        if sid in boxes:
            boxes[sid].clear()


def take_last(state: State, *sids: int) -> None:
    """Let these servers lack the last transaction of the first history."""
    before = Zxid(1, state.scope.history - 1)
    for sid in sids:
        me = state.servers[sid]
        me.disk.truncate(before)
        me.tree.truncate(before)
        me.committed_log.value = me.tree.log.txns


def serve(state: State, leader: int, *followers: int, epoch: int = 1) -> None:
    """Let one server lead an epoch that began with what it has, and these followers serve in it.

    All others are about to join: they have accepted the epoch and are not synchronized yet.
    """
    for boxes in state.mail.values():
        for box in boxes.values():
            box.clear()
    begin = max(state.servers[leader].tree.zxid, Zxid(epoch, 0))
    for sid, me in state.servers.items():
        me.accepted_epoch = epoch
        me.proposal = None
        me.elected = Notification(state.servers[leader].vote, me.round, Role.LOOKING)
        me.role, me.phase = Role.FOLLOWING, Phase.SYNCHRONIZATION
        if sid in (leader, *followers):
            me.current_epoch = epoch
            me.phase = Phase.BROADCAST
        if sid != leader:
            me.leader = leader
            me.connected = True
            state.servers[leader].handlers[sid].stage = Stage.ACTIVE if sid in followers else Stage.EPOCH
            state.links[sid][leader].open()
            state.links[leader][sid].open()
    lead = state.servers[leader]
    lead.role = Role.LEADING
    lead.epoch = epoch
    lead.connecting = lead.electing = frozenset({leader, *followers})
    lead.tree.mark(begin)
    lead.last_proposed = lead.last_committed = begin
    state.ghosts.established_epoch = epoch
    state.ghosts.initial_history = lead.tree.log
    state.ghosts.committed.value = frozenset(lead.tree.log)
    state.ghosts.led.add(epoch)
