"""Phase 3: the leader turns requests into transactions, followers log them, a quorum of logs commits them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker import require
from zabcheck.model.transaction import Txn, Zxid
from zabcheck.model.zab.checks import ack_consistent, commit_consistent, proposal_consistent
from zabcheck.model.zab.ghosts import note_broadcast, note_commit
from zabcheck.model.zab.history import Logged
from zabcheck.model.zab.messages import Ack, Commit, Propose
from zabcheck.model.zab.scope import model, ordered_pair, server
from zabcheck.model.zab.state import Committed, Phase, Proposal, Role

if TYPE_CHECKING:
    from zabcheck.checker import Id
    from zabcheck.model.zab.state import Server, State


@model.transition(over=server)
def leader_process_request(state: State, leader: Id) -> None:
    """A leader logs a client's request as the next transaction of its epoch (LeaderProcessRequest)."""
    me, spent = state.servers[leader], state.spent
    require(me.role is Role.LEADING)
    require(me.phase is Phase.BROADCAST)
    require(spent.transactions < state.scope.transactions)
    zxid = state.scope.rules.next_zxid(me.history.last_zxid, me.current_epoch)
    me.history.append(Logged(Txn(zxid, spent.requests), frozenset({leader})))
    spent.requests += 1
    spent.transactions = max(server.history.length for server in state.servers.values())


@model.transition(over=server)
def leader_broadcast_propose(state: State, leader: Id) -> None:
    """A leader broadcasts the next transaction of its epoch (l.3.1)."""
    me = state.servers[leader]
    require(me.role is Role.LEADING)
    require(me.phase is Phase.BROADCAST)
    last, counter = me.history.last_zxid, me.send_counter + 1
    require(last.epoch == me.current_epoch)
    require(counter <= last.counter)
    txn = me.history.txn_with(Zxid(me.current_epoch, counter))
    me.send_counter = counter
    for peer, known in me.peers.items():
        if peer != leader and known.learner and state.scope.rules.hears_proposals(known):
            state.send(leader, peer, Propose(txn))
    state.proposals.add(Proposal(leader, me.current_epoch, txn))
    note_broadcast(state, me)


@model.transition(over=ordered_pair)
def follower_process_propose(state: State, follower: Id, leader: Id) -> None:
    """A follower logs a proposal and acknowledges it; one that it has already it drops (f.3.2)."""
    me, rules = state.servers[follower], state.scope.rules
    txn = state.channels[follower][leader].take(Propose).txn
    require(me.role is Role.FOLLOWING)
    require(me.leader == leader)

    if rules.is_next(me.history.last_zxid, txn.zxid):
        rules.log(me.history, txn)
        state.send(follower, leader, Ack(txn.zxid))
        return

    known = 0 < me.history.index_of(txn.zxid) <= me.history.length
    proposal_consistent.check(known and rules.redundant_proposal_is_legal())
    if rules.acknowledges_redundant_proposal():
        state.send(follower, leader, Ack(txn.zxid))


@model.transition(over=ordered_pair)
def leader_process_ack(state: State, leader: Id, follower: Id) -> None:
    """A leader counts an acknowledgement, and commits what a quorum has (l.3.2)."""
    me = state.servers[leader]
    zxid = state.channels[leader][follower].take(Ack).zxid
    require(me.role is Role.LEADING)
    require(me.peers[follower].learner)

    index, length = me.history.index_of(zxid), me.history.length
    before = me.history.last_acked(follower)
    legal = 1 <= index <= length and before in (-1, index - 1)
    ack_consistent.check(legal)
    if legal:
        acks = me.history.ack_count_with(index, follower)
        me.history.acknowledge(index, follower)
        committed = me.last_committed
        outstanding = committed.index < length and zxid > committed.zxid
        if outstanding and state.scope.rules.may_commit(index, committed.index, acks, state.scope.servers):
            commit_consistent.check(committed.index + 1 == index)
            commit(state, leader, me, Committed(index, zxid))


def commit(state: State, leader: Id, me: Server, upto: Committed) -> None:
    """Deliver up to a transaction, and tell the followers that take part in the epoch to."""
    me.last_committed = upto
    for peer, known in me.peers.items():
        if peer != leader and known.learner and state.scope.rules.hears_commits(known):
            state.send(leader, peer, Commit(upto.zxid))
    note_commit(state, me, upto.index)


@model.transition(over=ordered_pair)
def follower_process_commit(state: State, follower: Id, leader: Id) -> None:
    """A follower delivers the next transaction of its log, which is the committed one (f.3.3)."""
    me = state.servers[follower]
    zxid = state.channels[follower][leader].take(Commit).zxid
    require(me.role is Role.FOLLOWING)
    require(me.leader == leader)

    index = me.last_committed.index + 1
    pending = me.history.txn_at(index)
    if pending is not None:
        commit_consistent.check(pending.zxid == zxid)
        if pending.zxid == zxid:
            me.last_committed = Committed(index, zxid)
