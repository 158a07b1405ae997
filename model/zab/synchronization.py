"""Phase 2: followers adopt the leader's history; once a quorum has, the epoch is established."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker import require
from zabcheck.model.zab.checks import proposal_consistent, state_consistent
from zabcheck.model.zab.faults import part
from zabcheck.model.zab.ghosts import note_established
from zabcheck.model.zab.messages import Ackld, Commitld, Newleader
from zabcheck.model.zab.scope import model, ordered_pair
from zabcheck.model.zab.state import Committed, Phase, Role

if TYPE_CHECKING:
    from zabcheck.checker import Id
    from zabcheck.model.zab.state import State


@model.transition(over=ordered_pair)
def follower_process_newleader(state: State, follower: Id, leader: Id) -> None:
    """A follower adopts the leader's history and epoch, or leaves if it promised another (f.2.1)."""
    me, rules = state.servers[follower], state.scope.rules
    newleader = state.channels[follower][leader].take(Newleader)
    require(me.role is Role.FOLLOWING)
    require(me.leader == leader)

    if not rules.keeps_promise(newleader.epoch, me.accepted_epoch):
        part(state, leader, follower)
        return

    state_consistent.check(me.phase is Phase.SYNCHRONIZATION)
    me.current_epoch = newleader.epoch
    rules.adopt(me.history, newleader.history)
    state.send(follower, leader, Ackld(me.history.last_zxid))


@model.transition(over=ordered_pair)
def leader_process_ackld(state: State, leader: Id, follower: Id) -> None:
    """A follower has adopted the history; with a quorum of them the epoch is established (l.2.2, l.3.4)."""
    me, rules = state.servers[leader], state.scope.rules
    ackld = state.channels[leader][follower].take(Ackld)
    require(me.role is Role.LEADING)
    require(me.peers[follower].learner)

    decided = state.has_quorum(sum(known.ackld.present for known in me.peers.values()))
    me.peers[follower].ackld.record(None)
    me.history.acknowledge_up_to(ackld.zxid, follower)
    if decided:
        state_consistent.check(me.phase is Phase.BROADCAST)
        zxid = rules.latecomer_delivers_up_to(ackld.zxid, me.last_committed.zxid)
        if rules.announces_establishment():
            state.send(leader, follower, Commitld(zxid))
        return

    state_consistent.check(me.phase is Phase.SYNCHRONIZATION)
    if state.has_quorum(sum(known.ackld.present for known in me.peers.values())):
        zxid = me.history.last_zxid
        me.last_committed = Committed(rules.established_up_to(me), zxid)
        me.phase = Phase.BROADCAST
        note_established(state, me)
        for peer, known in me.peers.items():
            if peer != leader and known.learner and known.ackld.connected and rules.announces_establishment():
                state.send(leader, peer, Commitld(zxid))


@model.transition(over=ordered_pair)
def follower_process_commitld(state: State, follower: Id, leader: Id) -> None:
    """The epoch is established: a follower delivers its history up to the zxid it is told (f.2.2)."""
    me = state.servers[follower]
    commitld = state.channels[follower][leader].take(Commitld)
    require(me.role is Role.FOLLOWING)
    require(me.leader == leader)

    index = me.history.index_of(commitld.zxid)
    proposal_consistent.check(0 <= index <= me.history.length)
    if state.scope.rules.delivers_initial_history():
        me.last_committed = Committed(index, commitld.zxid)
    me.phase = Phase.BROADCAST
