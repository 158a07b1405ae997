"""What goes wrong: connections break and servers restart, both within bounds; and how servers give up.

There is no crash: a restarted server that takes no further step is a crashed one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker import require
from zabcheck.model.zab.checks import message_legal
from zabcheck.model.zab.messages import TO_FOLLOWER, TO_LEADER
from zabcheck.model.zab.scope import model, ordered_pair, server
from zabcheck.model.zab.state import Phase, Role

if TYPE_CHECKING:
    from zabcheck.checker import Id
    from zabcheck.model.zab.state import Server, State


@model.transition(over=ordered_pair, environment=True)
def timeout(state: State, leader: Id, follower: Id) -> None:
    """The connection between a leader and a follower breaks, and both notice (Timeout)."""
    require(state.servers[follower].leader == leader)
    require(state.spent.timeouts < state.scope.timeouts)
    state.spent.timeouts += 1
    lose_follower(state, leader, follower)


@model.transition(over=server)
def restart(state: State, server: Id) -> None:
    """A server crashes and starts again, looking; its connections break (Restart)."""
    require(state.spent.restarts < state.scope.restarts)
    require(state.spent.timeouts < state.scope.timeouts)
    state.spent.restarts += 1
    state.spent.timeouts += 1
    me = state.servers[server]
    if me.role is Role.LEADING:
        stop_leading(state, server)
    elif me.role is Role.FOLLOWING:
        if me.leader is not None:
            lose_follower(state, me.leader, server)
        else:
            look(me)
            forget_messages_to(state, server)
    state.scope.rules.restart(me)


def lose_follower(state: State, leader: Id, follower: Id) -> None:
    """A follower gives up; so does the leader with all its followers, if it has no quorum left."""
    peers = state.servers[leader].peers
    learners = sum(known.learner for peer, known in peers.items() if peer != follower)
    if state.has_quorum(learners):
        part(state, leader, follower)
    else:
        stop_leading(state, leader)


def part(state: State, leader: Id, follower: Id) -> None:
    """A follower leaves a leader, who goes on and keeps its answers as those of a disconnected server."""
    known = state.servers[leader].peers[follower]
    known.learner = False
    known.cepoch.disconnect()
    known.acke.disconnect()
    known.ackld.disconnect()
    look(state.servers[follower])
    if state.scope.rules.forgets_messages_of_broken_connection():
        state.channels[leader][follower].clear()
        state.channels[follower][leader].clear()


def stop_leading(state: State, leader: Id) -> None:
    """A leader and its followers start looking; what the leader was answered it keeps (LeaderShutdown)."""
    for peer, known in state.servers[leader].peers.items():
        if known.learner:
            known.learner = False
            look(state.servers[peer])
            forget_messages_to(state, peer)


def look(server: Server) -> None:
    """Start looking for a leader."""
    server.role = Role.LOOKING
    server.phase = Phase.ELECTION
    server.leader = None


def forget_messages_to(state: State, receiver: Id) -> None:
    """Lose all that is in transit to ``receiver`` (CleanInputBuffer)."""
    if state.scope.rules.forgets_messages_of_broken_connection():
        for channel in state.channels[receiver].values():
            channel.clear()


@model.transition(over=ordered_pair)
def filter_nonexistent_message(state: State, receiver: Id, sender: Id) -> None:
    """A message that its receiver can never handle is dropped; never fires (FilterNonexistentMessage)."""
    channel, me = state.channels[receiver][sender], state.servers[receiver]
    require(channel.next_is(*TO_LEADER, *TO_FOLLOWER))
    if me.role is Role.LEADING:
        require(channel.next_is(*TO_FOLLOWER) or not me.peers[sender].learner)
    elif me.role is Role.FOLLOWING:
        require(channel.next_is(*TO_LEADER) or me.leader != sender)
    message_legal.check(condition=False)
    channel.receive()
