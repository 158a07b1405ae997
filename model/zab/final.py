"""Which states may have no successor: those where all that is unfinished waits for a bound of the scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker import because
from zabcheck.model.zab.messages import Cepoch
from zabcheck.model.zab.scope import model
from zabcheck.model.zab.state import Phase, Role

if TYPE_CHECKING:
    from zabcheck.checker import Id
    from zabcheck.model.zab.order import Verdict
    from zabcheck.model.zab.state import State


@model.final
def at_rest(state: State) -> Verdict:
    """Every server leads or follows, and all that a leader and the followers it has heard can do is done.

    A follower is not heard while its CEPOCH waits at the bound on epochs. A leader that hears no quorum waits
    for one; where timeouts are used up, or all others lead too, it waits for ever.
    """
    for name, server in state.servers.items():
        if server.role is Role.LOOKING:
            return because(f"{name} is looking for a leader")
        if server.role is Role.FOLLOWING and server.leader is None:
            return because(f"{name} follows no leader")
        if server.role is Role.LEADING and not (verdict := _leader_at_rest(state, name)):
            return verdict
    return True


def heard(state: State, leader: Id) -> list[Id]:
    """The followers of ``leader`` that no bound keeps it from hearing."""
    return [
        peer
        for peer, known in state.servers[leader].peers.items()
        if peer != leader
        and known.learner
        and not (state.channels[leader][peer].next_is(Cepoch) and state.spent.epochs >= state.scope.epochs)
    ]


def _missed(state: State, leader: Id, followers: list[Id]) -> bool:
    """Whether the leader missed the moment to commit its first outstanding transaction.

    As the specification has it, a leader tries to commit a transaction when an ACK of that one arrives: not
    when an ACKLD completes the quorum, and not when the transaction before is committed at last. So a
    transaction that a latecomer got with NEWLEADER, and those after it, may stay uncommitted until the next
    epoch, though everyone has them. A follower's log tells how it got an entry: with NEWLEADER come
    acknowledgements, with a proposal none.
    """
    me = state.servers[leader]
    first = me.last_committed.index + 1
    voters = me.history.acks_at(first) - {leader}
    if not voters.issuperset(followers):
        return False
    # Not in the order of the set: two equal sets may differ in that, and so in what is read first.
    return any(
        server.history.came_late(first, me.current_epoch)
        for name, server in state.servers.items()
        if name in voters
    )


def _leader_at_rest(state: State, leader: Id) -> Verdict:
    me, followers = state.servers[leader], heard(state, leader)
    if me.phase is Phase.BROADCAST:
        for peer in followers:
            follower = state.servers[peer]
            if follower.phase is not Phase.BROADCAST:
                return because(f"{leader} broadcasts and its follower {peer} is in {follower.phase.value}")
            if follower.history.txns != me.history.txns or follower.last_committed != me.last_committed:
                return because(f"{peer} has not got or not delivered all that its leader {leader} has")
    if not followers or not state.has_quorum(1 + len(followers)):
        return True  # a leader moves only on what followers answer, even one that is a quorum by itself
    if me.phase is not Phase.BROADCAST:
        return because(f"{leader} hears a quorum and does not broadcast")
    if me.last_committed.index < me.history.length and not _missed(state, leader, followers):
        return because(f"{leader} has not committed all of its log")
    return state.spent.transactions >= state.scope.transactions or because(f"{leader} takes no request")
