"""What goes wrong, each within a budget: crashes, partitions, and impatience."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker import require
from zabcheck.model.zookeeper import election, threads
from zabcheck.model.zookeeper import leader as leading
from zabcheck.model.zookeeper import learner as learning
from zabcheck.model.zookeeper.messages import LeaderInfo, Role
from zabcheck.model.zookeeper.scope import (
    leader_and_learner,
    learner_and_leader,
    model,
    ordered_pair,
    pair,
    server,
)
from zabcheck.model.zookeeper.server import Stage

if TYPE_CHECKING:
    from zabcheck.model.zookeeper.ensemble import State


@model.runs
def runs(state: State, server: int) -> bool:
    """Whether a server runs."""
    return state.servers[server].role is not Role.DOWN


@model.transition(over=server, fault=True)
def crash(state: State, server: int) -> None:
    """A server crashes: what is not on disk is lost, and so is what is in transit to and from it."""
    require(state.servers[server].role is not Role.DOWN)
    require(state.spent.crashes < state.scope.crashes)
    state.spent.crashes += 1
    for peer in state.scope.sids:
        if peer != server:
            state.links[peer][server].cut()
            state.links[server][peer].cut()
            if state.scope.resets:
                state.last_votes[peer][server] = None
    threads.crash(state.servers[server])


@model.transition(over=server)
def restart(state: State, server: int) -> None:
    """A server that crashed starts again, if its data directory lets it."""
    require(server not in state.scope.missing)
    if state.scope.election == "fine":
        state.ghosts.late[server] = any(state.serves(sid) for sid in state.scope.voters)
    state.act(server, lambda me, _: threads.start(me))


@model.transition(over=pair, fault=True, environment=True)
def partition(state: State, one: int, other: int) -> None:
    """Two servers are cut off from each other; each will notice by itself."""
    require(not state.apart[one, other])
    require(state.spent.partitions < state.scope.partitions)
    state.spent.partitions += 1
    state.apart[one, other] = True
    state.links[one][other].cut()
    state.links[other][one].cut()


@model.transition(over=pair, environment=True)
def heal(state: State, one: int, other: int) -> None:
    """Two servers can reach each other again."""
    require(state.apart[one, other])
    state.apart[one, other] = False


@model.transition(over=ordered_pair, fault=True)
def election_connection_reset(state: State, receiver: int, sender: int) -> None:
    """The connection for votes between two servers breaks in the middle of one; over a new one each sends its last.

    The last vote may have arrived before (``QuorumCnxManager.SendWorker``), so this is also how one is doubled.
    """
    require(state.spent.resets < state.scope.resets)
    require(not state.are_apart(receiver, sender))
    require(all(state.servers[sid].role is not Role.DOWN for sid in (receiver, sender)))
    require(state.last_votes[receiver][sender] is not None)
    state.spent.resets += 1
    election.on_cut_notification(state.servers[receiver])
    for to, other in ((receiver, sender), (sender, receiver)):
        last = state.last_votes[to][other]
        if last is not None and state.mail[to][other].is_empty:
            state.mail[to][other].put(last)
            state.drop_futile(to)


@model.transition(over=server, fault=True)
def log_write_fail(state: State, server: int) -> None:
    """A record cannot be written to the log, where a release goes on after that."""
    state.act(server, lambda me, _: threads.fail_to_write(me))


@model.transition(over=learner_and_leader, fault=True)
def epoch_write_fail(state: State, learner: int, leader: int) -> None:
    """A learner cannot write the epoch of a LEADERINFO to its file, and leaves the leader."""
    require(state.spent.write_failures < state.scope.write_failures)
    packet = state.links[learner][leader].take(LeaderInfo)
    require(packet.epoch > state.servers[learner].promised_epoch)
    state.spent.write_failures += 1
    state.act(learner, lambda me, out: learning.fail_to_accept(me, packet, out))


@model.transition(over=learner_and_leader, fault=True)
def learner_time_out(state: State, learner: int, leader: int) -> None:
    """A learner gives up a leader that is only slow."""
    require(state.servers[learner].leader == leader)
    require(state.spent.timeouts < state.scope.timeouts)
    state.spent.timeouts += 1
    state.act(learner, learning.leave)


@model.transition(over=leader_and_learner, fault=True)
def leader_time_out(state: State, leader: int, learner: int) -> None:
    """A leader gives up a learner that is only slow."""
    require(state.servers[leader].handlers[learner].stage is not Stage.ABSENT)
    require(state.spent.timeouts < state.scope.timeouts)
    state.spent.timeouts += 1
    state.act(leader, lambda me, out: leading.drop(me, learner, out))
