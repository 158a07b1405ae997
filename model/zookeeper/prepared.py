"""States from which worked examples begin: logs, epochs and roles that a longer run would have led to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.model.transaction import Zxid
from zabcheck.model.zookeeper import threads
from zabcheck.model.zookeeper.messages import Notification, Role
from zabcheck.model.zookeeper.server import Phase, Stage

if TYPE_CHECKING:
    from zabcheck.model.zookeeper.ensemble import State


def start_without(state: State, absent: int) -> None:
    """Let all servers but one begin to look for a leader, with what is on their disks by now."""
    for boxes in state.mail.values():
        for box in boxes.values():
            box.clear()
    for sid, me in state.servers.items():
        threads.crash(me)
        if sid != absent:
            state.act(sid, lambda me, _: threads.start(me))


def lose_leader(state: State, epoch_of_others: int) -> None:
    """Leader 2 has just died: 1 has a transaction that 3 has not; 2 and 3 were in this epoch."""
    last = Zxid(1, state.scope.history)
    before = Zxid(1, last.counter - 1)
    state.servers[3].disk.truncate(before)
    for sid in (2, 3):
        state.servers[sid].accepted_epoch = state.servers[sid].current_epoch = epoch_of_others
    if epoch_of_others > 1:
        log = state.servers[3].disk.log
        state.servers[2].disk.truncate(before)
        state.ghosts.established_epoch = epoch_of_others
        state.ghosts.initial_history = log
        state.ghosts.committed.value = frozenset(log)
        state.ghosts.led.add(epoch_of_others)
    start_without(state, 2)


def serve(state: State, leader: int) -> None:
    """Let one server lead epoch 1, in which nothing was proposed yet, and all others follow it."""
    for sid, me in state.servers.items():
        me.accepted_epoch = me.current_epoch = 1
        me.phase = Phase.BROADCAST
        me.role = Role.LEADING if sid == leader else Role.FOLLOWING
        me.elected = Notification(state.servers[leader].vote, 1, Role.LOOKING)
        if sid != leader:
            me.leader = leader
            me.connected = True
            state.servers[leader].handlers[sid].stage = Stage.ACTIVE
            state.links[sid][leader].open()
            state.links[leader][sid].open()
    lead = state.servers[leader]
    lead.epoch = 1
    lead.connecting = lead.electing = frozenset(state.scope.voters)
    lead.tree.mark(Zxid(1, 0))
    lead.last_proposed = lead.last_committed = Zxid(1, 0)
    state.ghosts.established_epoch = 1
    state.ghosts.led.add(1)
