"""What some run must reach, so that no property holds merely because nothing happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.model.zab.guarantees import GHOSTS
from zabcheck.model.zab.messages import Propose
from zabcheck.model.zab.order import delivered
from zabcheck.model.zab.scope import model, ordered_pair, server, server_and_epoch
from zabcheck.model.zab.state import Phase, Role

if TYPE_CHECKING:
    from zabcheck.checker import Id
    from zabcheck.model.transaction import Txn
    from zabcheck.model.zab.ghosts import Commitments
    from zabcheck.model.zab.messages import Message
    from zabcheck.model.zab.state import Proposal, Server, State


def broadcasts(server: Server, role: Role) -> bool:
    """Whether ``server`` is in the broadcast phase, as leader or as follower."""
    return server.role is role and server.phase is Phase.BROADCAST


@model.goal(name="LeaderInBroadcast", over=server)
def leader_in_broadcast(state: State, leader: Id) -> bool:
    """A leader broadcasts, and so do followers that make a quorum with it."""
    if not broadcasts(state.servers[leader], Role.LEADING):
        return False
    followers = [me for me in state.servers.values() if me.leader == leader and me.phase is Phase.BROADCAST]
    return state.has_quorum(1 + len(followers))


@model.goal(name="CommittedEverywhere")
def committed_everywhere(state: State) -> bool:
    """Every server has delivered a transaction."""
    return all(me.last_committed.index > 0 for me in state.servers.values())


@model.goal(name="CommitSeenByLeaderOnly", over=server)
def commit_seen_by_leader_only(state: State, leader: Id) -> bool:
    """A leader has delivered a transaction of its own epoch that nobody else has."""
    me = state.servers[leader]
    if not broadcasts(me, Role.LEADING) or me.last_committed.zxid.epoch != me.current_epoch:
        return False
    others = [server for name, server in state.servers.items() if name != leader]
    return all(server.last_committed.zxid < me.last_committed.zxid for server in others)


@model.goal(name="LaterEpochDelivers", over=server)
def later_epoch_delivers(state: State, leader: Id) -> bool:
    """A leader of epoch 2 or later has delivered a transaction of an earlier epoch."""
    me = state.servers[leader]
    if not broadcasts(me, Role.LEADING) or me.current_epoch < 2:
        return False
    return any(txn.zxid.epoch < me.current_epoch for txn in delivered(me))


@model.goal(name="DeposedLeaderStays", over=ordered_pair)
def deposed_leader_stays(state: State, deposed: Id, leader: Id) -> bool:
    """A server still takes itself for the leader while another one broadcasts."""
    return broadcasts(state.servers[leader], Role.LEADING) and state.servers[deposed].role is Role.LEADING


@model.goal(name="JoinsDuringBroadcast", over=ordered_pair)
def joins_during_broadcast(state: State, leader: Id, follower: Id) -> bool:
    """A follower synchronizes with a leader that already broadcasts and has a proposal outstanding."""
    me = state.servers[leader]
    if state.servers[follower].leader != leader or me.peers[follower].ackld.connected:
        return False
    return broadcasts(me, Role.LEADING) and me.last_committed.index < me.history.length


def _next_txn(queue: tuple[Message, ...]) -> Txn | None:
    return queue[0].txn if queue and isinstance(queue[0], Propose) else None


@model.goal(name="RedundantProposal", over=ordered_pair, source="issue 2 of the specification")
def redundant_proposal(state: State, follower: Id, leader: Id) -> bool:
    """A follower is about to be proposed a transaction that came with NEWLEADER."""
    txn = state.channels[follower][leader].view(_next_txn)
    return txn is not None and txn in state.servers[follower].history.txns


def _sources(proposals: frozenset[Proposal], epoch: int) -> frozenset[tuple[Id, Txn]]:
    return frozenset((p.source, p.txn) for p in proposals if p.epoch == p.txn.zxid.epoch < epoch)


@model.goal(name="OrphanDiscarded", over=server)
def orphan_discarded(state: State, server: Id) -> bool:
    """A former leader that follows in a later epoch has dropped a proposal that it had broadcast (P2)."""
    me = state.servers[server]
    if not broadcasts(me, Role.FOLLOWING):
        return False
    known = me.history.txns
    sources = state.proposals.view(_sources, me.current_epoch)
    return any(source == server and txn not in known for source, txn in sources)


def _committed_late(known: Commitments, epoch: int) -> frozenset[Txn]:
    return frozenset(c.txn for c in known if c.txn.zxid.epoch < c.epoch == epoch)


@model.goal(name="OldLeaderCommits", over=server_and_epoch, needs=GHOSTS)
def old_leader_commits(state: State, leader: Id, epoch: int) -> bool:
    """A leader fails with a proposal uncommitted, is the first to lead again, and commits it then.

    The legal counterpart of P2: no epoch was established without the proposal.
    """
    me = state.servers[leader]
    if not broadcasts(me, Role.LEADING) or me.current_epoch != epoch:
        return False
    late = state.ghosts.committed.view(_committed_late, epoch)
    return any(txn in late and source == leader for source, txn in state.proposals.view(_sources, epoch))


@model.goal(name="TwoEpochsEstablished", needs=GHOSTS)
def two_epochs_established(state: State) -> bool:
    """Two epochs were established."""
    return sum(initial is not None for initial in state.ghosts.established.values()) >= 2
