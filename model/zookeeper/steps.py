"""The steps of the protocol: who may act, on what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.checker import require
from zabcheck.model.transaction import Zxid
from zabcheck.model.zookeeper import election, threads
from zabcheck.model.zookeeper import leader as leading
from zabcheck.model.zookeeper import learner as learning
from zabcheck.model.zookeeper.checks import state_consistent
from zabcheck.model.zookeeper.messages import (
    Ack,
    AckEpoch,
    Commit,
    Diff,
    End,
    FollowerInfo,
    Inform,
    LeaderInfo,
    NewLeader,
    Proposal,
    Role,
    Snap,
    Trunc,
    UpToDate,
)
from zabcheck.model.zookeeper.scope import (
    leader_and_learner,
    leader_and_supporters,
    learner_and_leader,
    model,
    server,
    voter,
)
from zabcheck.model.zookeeper.server import Phase, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.model.zookeeper.ensemble import State
    from zabcheck.model.zookeeper.messages import Packet
    from zabcheck.model.zookeeper.server import Outbox, Server

HANDLERS: dict[type[Packet], Callable[[Server, int, Any, Outbox], None]] = {
    FollowerInfo: leading.on_followerinfo,
    AckEpoch: leading.on_ackepoch,
    Ack: leading.on_ack,
    LeaderInfo: learning.on_leaderinfo,
    Diff: learning.on_diff,
    Trunc: learning.on_trunc,
    Snap: learning.on_snap,
    Proposal: learning.on_proposal,
    Commit: learning.on_commit,
    Inform: learning.on_inform,
    NewLeader: learning.on_newleader,
    UpToDate: learning.on_uptodate,
}
"""Who handles which packet: the one table from the wire to the functions of a server."""


def receive(me: Server, sender: int, packet: Packet, out: Outbox) -> None:
    """Let a server handle a packet; a learner first finishes what the one before made it do."""
    require(not me.steps)
    HANDLERS[type(packet)](me, sender, packet, out)


def deliver(state: State, receiver: int, sender: int, kind: type[Packet]) -> None:
    """The next packet on a link arrives, if it is of class ``kind``."""
    packet = state.links[receiver][sender].take(kind)
    state.act(receiver, lambda me, out: receive(me, sender, packet, out))


# Election


@model.transition(over=leader_and_supporters)
def elect(state: State, leader: int, supporters: tuple[int, ...]) -> None:
    """A quorum of servers that reach each other elects its best; the outcome of FastLeaderElection in one step."""
    require(state.scope.election == "coarse")
    servers = [state.servers[sid] for sid in supporters]
    require(all(me.role is Role.LOOKING for me in servers))
    best = state.servers[leader]
    require(election.beats(state.scope, best.vote, election.NOBODY))
    require(all(election.beats(state.scope, best.vote, me.vote) for me in servers if me is not best))
    require(not any(state.are_apart(a, b) for a in supporters for b in supporters if a < b))
    require(all(me.promised_epoch < state.scope.epochs for me in servers))
    for sid in supporters:
        if sid != leader:
            state.act(sid, lambda me, _: learning.follow(me, leader))
    state.act(leader, leading.lead)
    introduce(state, leader, tuple(sid for sid in supporters if sid != leader))


@model.transition(over=learner_and_leader)
def join(state: State, learner: int, leader: int) -> None:
    """A server that looks for a leader learns of one that a quorum follows."""
    require(state.scope.election == "coarse")
    require(state.servers[learner].role is Role.LOOKING)
    require(state.servers[leader].is_leading)
    require(not state.are_apart(learner, leader))
    followers = {
        sid
        for sid in state.scope.voters
        if state.servers[sid].leader == leader and not state.servers[sid].is_leading
    }
    require(state.scope.is_quorum(frozenset(followers | {leader})))
    state.act(learner, lambda me, _: learning.follow(me, leader))
    if state.servers[leader].handlers[learner].stage is Stage.ABSENT:
        introduce(state, leader, (learner,))


def introduce(state: State, leader: int, learners: tuple[int, ...]) -> None:
    """Let learners connect and go through discovery, if that is not to be seen step by step."""
    if state.scope.discovery == "fine" or state.scope.phases == "election":
        return
    for learner in learners:
        state.act(learner, learning.connect)
    packets: tuple[tuple[type[Packet], bool], ...] = (
        (FollowerInfo, True),
        (LeaderInfo, False),
        (AckEpoch, True),
    )
    for kind, to_leader in packets:
        for learner in learners:
            receiver, sender = (leader, learner) if to_leader else (learner, leader)
            if state.links[receiver][sender].next_is(kind):
                deliver(state, receiver, sender, kind)


# Discovery


@model.transition(over=learner_and_leader)
def connect(state: State, learner: int, leader: int) -> None:
    """A learner connects to its leader and sends FOLLOWERINFO."""
    require(state.scope.phases == "all")
    require(state.servers[learner].leader == leader)
    require(not state.servers[learner].connected)
    require(state.servers[leader].is_leading)
    require(state.servers[leader].handlers[learner].stage is Stage.ABSENT)
    require(not state.are_apart(learner, leader))
    state.act(learner, learning.connect)


@model.transition(over=leader_and_learner)
def leader_process_followerinfo(state: State, leader: int, learner: int) -> None:
    """A leader gets FOLLOWERINFO; with a quorum it decides on a new epoch and sends LEADERINFO."""
    deliver(state, leader, learner, FollowerInfo)


@model.transition(over=learner_and_leader)
def learner_process_leaderinfo(state: State, learner: int, leader: int) -> None:
    """A learner gets LEADERINFO, accepts the epoch, and sends ACKEPOCH."""
    deliver(state, learner, leader, LeaderInfo)


@model.transition(over=leader_and_learner)
def leader_process_ackepoch(state: State, leader: int, learner: int) -> None:
    """A leader gets ACKEPOCH; with a quorum it begins to synchronize its learners."""
    deliver(state, leader, learner, AckEpoch)


# Synchronization


@model.transition(over=learner_and_leader)
def learner_process_diff(state: State, learner: int, leader: int) -> None:
    """A learner gets DIFF."""
    deliver(state, learner, leader, Diff)


@model.transition(over=learner_and_leader)
def learner_process_trunc(state: State, learner: int, leader: int) -> None:
    """A learner gets TRUNC and cuts its log."""
    deliver(state, learner, leader, Trunc)


@model.transition(over=learner_and_leader)
def learner_process_snap(state: State, learner: int, leader: int) -> None:
    """A learner gets SNAP and replaces its tree."""
    deliver(state, learner, leader, Snap)


@model.transition(over=leader_and_learner)
def leader_send_newleader(state: State, leader: int, learner: int) -> None:
    """A leader's handler closes the initial history of a learner with NEWLEADER."""
    state.act(leader, lambda me, out: leading.send_newleader(me, learner, out))


@model.transition(over=learner_and_leader)
def learner_process_newleader(state: State, learner: int, leader: int) -> None:
    """A learner gets NEWLEADER."""
    deliver(state, learner, leader, NewLeader)


@model.transition(over=learner_and_leader)
def learner_process_uptodate(state: State, learner: int, leader: int) -> None:
    """A learner gets UPTODATE."""
    deliver(state, learner, leader, UpToDate)


@model.transition(over=server)
def learner_continue_sync(state: State, learner: int) -> None:
    """A learner takes the next step of its answer to NEWLEADER or UPTODATE."""
    state.act(learner, learning.continue_sync)


# Broadcast


@model.transition(over=voter)
def leader_process_request(state: State, leader: int) -> None:
    """A leader proposes a client's write."""
    require(state.servers[leader].phase is Phase.BROADCAST)
    require(state.spent.transactions < state.scope.transactions)
    state.spent.transactions += 1
    value = state.requested(state.spent.transactions)
    state.act(leader, lambda me, out: leading.propose(me, value, out))


@model.transition(over=learner_and_leader)
def learner_process_proposal(state: State, learner: int, leader: int) -> None:
    """A follower gets PROPOSAL, from the broadcast or while synchronizing."""
    deliver(state, learner, leader, Proposal)


@model.transition(over=learner_and_leader)
def learner_process_commit(state: State, learner: int, leader: int) -> None:
    """A follower gets COMMIT, from the broadcast or while synchronizing."""
    deliver(state, learner, leader, Commit)


@model.transition(over=learner_and_leader)
def observer_process_inform(state: State, learner: int, leader: int) -> None:
    """An observer gets INFORM."""
    deliver(state, learner, leader, Inform)


@model.transition(over=leader_and_learner)
def leader_process_ack(state: State, leader: int, learner: int) -> None:
    """A leader gets ACK: of NEWLEADER, of UPTODATE, or of a proposal."""
    me, ghosts = state.servers[leader], state.ghosts
    active = me.handlers[learner].stage is Stage.ACTIVE
    packet = state.links[leader][learner].take(Ack)
    if active and packet.zxid == Zxid(me.epoch, 0) and ghosts.established_epoch == me.epoch:
        state_consistent.check(ghosts.initial_history.begins(state.servers[learner].tree.log))
    state.act(leader, lambda me, out: receive(me, learner, packet, out))


@model.transition(over=server)
def log_thread_write(state: State, server: int) -> None:
    """The log thread of a server writes the next record, flushes, and acknowledges."""
    state.act(server, threads.write_next)


@model.transition(over=server)
def orphaned_log_thread_write(state: State, server: int) -> None:
    """A log thread that outlived its server writes its next record."""
    state.act(server, lambda me, _: threads.write_orphan(me))


@model.transition(over=server)
def commit_thread_apply(state: State, server: int) -> None:
    """The commit thread of a server applies the next committed transaction."""
    state.act(server, threads.apply_next)


# Connections that end, leaders that are left


@model.transition(over=learner_and_leader)
def learner_notice_end(state: State, learner: int, leader: int) -> None:
    """A learner notices that the connection with its leader has ended, and looks for another leader."""
    me = state.servers[learner]
    require(me.leader == leader)
    require(me.connected)
    require(state.links[learner][leader].next_is(End))
    state.act(learner, learning.leave)


@model.transition(over=leader_and_learner)
def leader_notice_end(state: State, leader: int, learner: int) -> None:
    """A leader notices that the connection with a learner has ended."""
    require(state.servers[leader].handlers[learner].stage is not Stage.ABSENT)
    require(state.links[leader][learner].next_is(End))
    state.act(leader, lambda me, out: leading.drop(me, learner, out))


@model.transition(over=learner_and_leader)
def learner_find_no_leader(state: State, learner: int, leader: int) -> None:
    """A learner cannot connect to the leader it was told of, and looks again."""
    me = state.servers[learner]
    require(me.leader == leader)
    require(not me.connected)
    require(not state.servers[leader].is_leading or state.are_apart(learner, leader))
    state.act(learner, learning.leave)


@model.transition(over=voter)
def leader_lose_quorum(state: State, leader: int) -> None:
    """A leader without a quorum, or whose quorum has come to a standstill, gives up."""
    me = state.servers[leader]
    require(me.is_leading)
    contacts = {sid for sid in state.scope.voters if sid == leader or _may_follow(state, leader, sid)}
    require(not leading.keeps_quorum(me, frozenset(contacts)) or _is_stuck(state, leader))
    state.act(leader, leading.resign)


def _may_follow(state: State, leader: int, sid: int) -> bool:
    """Whether a server is connected to ``leader``, or about to be."""
    if state.servers[leader].handlers[sid].stage is not Stage.ABSENT:
        return True
    return state.servers[sid].leader == leader and not state.are_apart(leader, sid)


def _is_stuck(state: State, leader: int) -> bool:
    """Whether nothing is under way that could complete a quorum before the epoch is established."""
    me = state.servers[leader]
    if me.phase is Phase.BROADCAST:
        return False
    for sid in state.scope.sids:
        if sid != leader and _may_follow(state, leader, sid):
            idle = state.links[leader][sid].is_empty and state.links[sid][leader].is_empty
            if (
                not idle
                or not state.servers[sid].connected
                or state.servers[sid].steps
                or state.servers[sid].to_log
            ):
                return False
            if me.handlers[sid].stage is Stage.SYNCED:
                return False
    return True
