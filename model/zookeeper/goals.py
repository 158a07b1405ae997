"""What some run must reach, so that no property holds merely because nothing happens (properties.md, section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.model.zookeeper.messages import Role
from zabcheck.model.zookeeper.order import delivered
from zabcheck.model.zookeeper.scope import learner_and_leader, model, ordered_voters, server, voter
from zabcheck.model.zookeeper.server import Phase, Stage

if TYPE_CHECKING:
    from zabcheck.model.zookeeper.ensemble import State
    from zabcheck.model.zookeeper.messages import End, Packet
    from zabcheck.model.zookeeper.server import Server


ZAB: dict[str, int | str] = {"phases": "all"}


def serves(server: Server, role: Role) -> bool:
    """Whether a server is in the broadcast phase, in this role."""
    return server.role is role and server.phase is Phase.BROADCAST


@model.goal(name="LeaderElected", over=voter)
def leader_elected(state: State, leader: int) -> bool:
    """A server leads, and so many follow it that they are a quorum."""
    followers = (sid for sid in state.scope.voters if state.servers[sid].leader == leader)
    return state.servers[leader].is_leading and state.scope.is_quorum(frozenset({leader, *followers}))


@model.goal(name="LeaderInBroadcast", over=voter, needs=ZAB)
def leader_in_broadcast(state: State, leader: int) -> bool:
    """A leader broadcasts, and so do followers that make a quorum with it."""
    if not serves(state.servers[leader], Role.LEADING):
        return False
    followers = (sid for sid in state.scope.voters if state.servers[sid].leader == leader)
    return state.scope.is_quorum(
        frozenset({leader, *(sid for sid in followers if serves(state.servers[sid], Role.FOLLOWING))})
    )


@model.goal(name="CommittedEverywhere", needs=ZAB)
def committed_everywhere(state: State) -> bool:
    """Every server has delivered a transaction that was proposed in this run."""
    return all(any(txn.value > 0 for txn in delivered(me)) for me in state.servers.values())


@model.goal(name="LaterEpochEstablished", needs=ZAB)
def later_epoch_established(state: State) -> bool:
    """A second epoch was established, after the one that the servers first elected a leader for."""
    return state.ghosts.established_epoch >= (3 if state.scope.history else 2)


def _kinds(queue: tuple[Packet | End, ...]) -> tuple[str, ...]:
    return tuple(type(packet).__name__ for packet in queue)


def _is_sent(state: State, learner: int, leader: int, *kinds: str) -> bool:
    return state.links[learner][leader].view(_kinds)[: len(kinds)] == kinds


@model.goal(name="EmptyDiff", over=learner_and_leader, needs=ZAB)
def empty_diff(state: State, learner: int, leader: int) -> bool:
    """A learner that has everything is sent an empty DIFF."""
    return _is_sent(state, learner, leader, "Diff", "NewLeader")


@model.goal(name="Diff", over=learner_and_leader, needs=ZAB)
def diff(state: State, learner: int, leader: int) -> bool:
    """A learner that lags behind is sent what it lacks."""
    return _is_sent(state, learner, leader, "Diff", "Proposal", "Commit")


@model.goal(name="Trunc", over=learner_and_leader, needs=ZAB)
def trunc(state: State, learner: int, leader: int) -> bool:
    """A learner is told to cut what only it has."""
    return _is_sent(state, learner, leader, "Trunc", "NewLeader")


@model.goal(name="TruncAndDiff", over=learner_and_leader, needs=ZAB)
def trunc_and_diff(state: State, learner: int, leader: int) -> bool:
    """A learner is told to cut what only it has, and is sent what it lacks."""
    return _is_sent(state, learner, leader, "Trunc", "Proposal", "Commit")


@model.goal(name="Snap", over=learner_and_leader, needs=ZAB)
def snap(state: State, learner: int, leader: int) -> bool:
    """A learner is sent a snapshot."""
    return _is_sent(state, learner, leader, "Snap")


@model.goal(name="CommitBeforeOwnLog", over=voter, needs=ZAB | {"grain": "fine"})
def commit_before_own_log(state: State, leader: int) -> bool:
    """A leader has committed a transaction that its own log thread has not written."""
    me = state.servers[leader]
    return me.role is Role.LEADING and any(txn in me.to_log for txn in (*me.to_apply, *me.tree.log.txns[-1:]))


@model.goal(name="ApplyBeforeOwnLog", over=voter, needs=ZAB | {"grain": "fine"})
def apply_before_own_log(state: State, follower: int) -> bool:
    """A follower has applied a transaction that its own log thread has not written."""
    me = state.servers[follower]
    return me.role is Role.FOLLOWING and any(txn in me.to_log for txn in me.tree.log.txns[-1:])


@model.goal(name="OrphanDiscarded", over=voter, needs=ZAB)
def orphan_discarded(state: State, server: int) -> bool:
    """A follower serves in an epoch that was established without a proposal of an earlier one (P2)."""
    me, ghosts = state.servers[server], state.ghosts
    if not serves(me, Role.FOLLOWING) or me.current_epoch != ghosts.established_epoch:
        return False
    known = ghosts.initial_history
    return any(txn.zxid.epoch < me.current_epoch and txn not in known for txn in ghosts.proposed.value)


@model.goal(name="OldProposalCommitted", needs=ZAB)
def old_proposal_committed(state: State) -> bool:
    """A proposal that its own leader never committed is part of a later epoch: the legal counterpart of P2."""
    ghosts = state.ghosts
    last = ghosts.initial_history.last
    return last is not None and last.value > 0 and last.zxid.epoch < ghosts.established_epoch


@model.goal(name="JoinsDuringBroadcast", over=learner_and_leader, needs=ZAB)
def joins_during_broadcast(state: State, learner: int, leader: int) -> bool:
    """A learner synchronizes with a leader that broadcasts and has a proposal outstanding."""
    me = state.servers[leader]
    joining = me.handlers[learner].stage in (Stage.SYNCED, Stage.NEWLEADER)
    return joining and me.phase is Phase.BROADCAST and bool(me.outstanding)


@model.goal(name="DeposedLeaderStays", over=ordered_voters, needs=ZAB)
def deposed_leader_stays(state: State, deposed: int, leader: int) -> bool:
    """A server still takes itself for the leader while another one serves in a later epoch."""
    old, new = state.servers[deposed], state.servers[leader]
    return serves(old, Role.LEADING) and serves(new, Role.LEADING) and old.epoch < new.epoch


@model.goal(name="ObserverServes", over=server, needs=ZAB | {"observers": 1})
def observer_serves(state: State, server: int) -> bool:
    """An observer has delivered a transaction that was proposed in this run."""
    me = state.servers[server]
    return serves(me, Role.OBSERVING) and any(txn.value > 0 for txn in me.tree.log)
