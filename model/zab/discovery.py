"""Phase 1: a prospective leader and a quorum agree on a new epoch, and the leader learns their histories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker import require
from zabcheck.model.zab.checks import state_consistent
from zabcheck.model.zab.faults import part
from zabcheck.model.zab.history import owned
from zabcheck.model.zab.messages import Ackepoch, Cepoch, Newepoch, Newleader
from zabcheck.model.zab.scope import model, ordered_pair
from zabcheck.model.zab.state import Phase, Proposal, Reported, Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zabcheck.checker import Id
    from zabcheck.model.zab.state import State


@model.transition(over=ordered_pair)
def connect_and_follower_send_cepoch(state: State, leader: Id, follower: Id) -> None:
    """A follower connects to the leader the oracle names, with its accepted epoch (f.1.1)."""
    me, known = state.servers[follower], state.servers[leader].peers[follower]
    require(state.oracle == leader)
    require(me.role is Role.FOLLOWING)
    require(me.leader is None)
    require(state.servers[leader].role is Role.LEADING)
    require(not known.learner)
    known.learner = True
    me.leader = leader
    state.send(follower, leader, Cepoch(me.accepted_epoch))


@model.transition(over=ordered_pair)
def leader_process_cepoch(state: State, leader: Id, follower: Id) -> None:
    """A leader hears a follower's epoch; with a quorum of them it proposes a new one (l.1.1, l.3.3)."""
    me = state.servers[leader]
    cepoch = state.channels[leader][follower].take(Cepoch)
    require(me.role is Role.LEADING)
    require(state.spent.epochs < state.scope.epochs)
    require(me.peers[follower].learner)

    decided = state.has_quorum(sum(known.cepoch.present for known in me.peers.values()))
    me.peers[follower].cepoch.record(cepoch.epoch)
    if decided:
        state.send(leader, follower, Newepoch(me.accepted_epoch))
        return

    state_consistent.check(me.phase is Phase.DISCOVERY)
    answers = [known.cepoch.content for known in me.peers.values()]
    heard = tuple(epoch for epoch in answers if epoch is not None)
    if state.has_quorum(len(heard)):
        epoch = state.scope.rules.new_epoch(heard)
        me.accepted_epoch = epoch
        # Accepted epochs never fall, so this is the highest of all servers', as the specification has it.
        state.spent.epochs = max(state.spent.epochs, epoch)
        for peer, known in me.peers.items():
            if peer != leader and known.learner and known.cepoch.connected:
                state.send(leader, peer, Newepoch(epoch))


@model.transition(over=ordered_pair)
def follower_process_newepoch(state: State, follower: Id, leader: Id) -> None:
    """A follower accepts the epoch and reports its history, or leaves if it knows a later epoch (f.1.2)."""
    me, rules = state.servers[follower], state.scope.rules
    newepoch = state.channels[follower][leader].take(Newepoch)
    require(me.role is Role.FOLLOWING)
    require(me.leader == leader)

    if not rules.may_accept(newepoch.epoch, me.accepted_epoch):
        part(state, leader, follower)
        return

    expected = me.phase is Phase.DISCOVERY
    state_consistent.check(expected)
    if expected:
        me.accepted_epoch = rules.promise(newepoch.epoch, me.accepted_epoch)
        me.phase = Phase.SYNCHRONIZATION
        state.send(follower, leader, Ackepoch(me.current_epoch, me.history.value))


@model.transition(over=ordered_pair)
def leader_process_ackepoch(state: State, leader: Id, follower: Id) -> None:
    """A leader learns a follower's history; with a quorum of them it chooses one (l.1.2, l.2.1, l.3.3)."""
    me, rules = state.servers[leader], state.scope.rules
    ackepoch = state.channels[leader][follower].take(Ackepoch)
    require(me.role is Role.LEADING)
    require(me.peers[follower].learner)

    decided = state.has_quorum(sum(known.acke.present for known in me.peers.values()))
    me.peers[follower].acke.record(Reported(ackepoch.epoch, ackepoch.history))
    if decided:
        send_newleader(state, leader, (follower,))
        return

    state_consistent.check(me.phase is Phase.DISCOVERY)
    reports = {peer: known.acke for peer, known in me.peers.items() if known.acke.present}
    if state.has_quorum(len(reports)):
        epoch = me.accepted_epoch
        me.current_epoch = epoch
        if epoch in state.epoch_leaders:
            state.epoch_leaders[epoch].add(leader)
        me.history.value = owned(rules.initial_history(leader, reports), leader)
        me.phase = Phase.SYNCHRONIZATION
        connected = (
            peer
            for peer, known in me.peers.items()
            if peer != leader and known.learner and known.acke.connected
        )
        send_newleader(state, leader, connected)


def send_newleader(state: State, leader: Id, followers: Iterable[Id]) -> None:
    """Propose the leader's history as the initial history of its epoch."""
    me = state.servers[leader]
    history = state.scope.rules.history_to_send(me)
    for follower in followers:
        state.send(leader, follower, Newleader(me.accepted_epoch, history))
    for entry in history:
        state.proposals.add(Proposal(leader, me.accepted_epoch, entry.txn))
