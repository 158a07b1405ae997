"""What holds of elections (properties.md, section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker import because
from zabcheck.model.zookeeper.election import beats
from zabcheck.model.zookeeper.messages import Role
from zabcheck.model.zookeeper.scope import model, ordered_voters, pair
from zabcheck.model.zookeeper.server import Phase

if TYPE_CHECKING:
    from zabcheck.model.zookeeper.ensemble import State
    from zabcheck.model.zookeeper.order import Verdict


@model.invariant(name="VoteOrder", over=pair, source="FLE F1; SandTable NoVoteCircle; ZOOKEEPER-1419")
def vote_order(state: State, one: int, other: int) -> Verdict:
    """Of two different votes, exactly one beats the other."""
    a, b = state.servers[one], state.servers[other]
    if a.role is not Role.LOOKING or b.role is not Role.LOOKING:
        return True
    mine, theirs = a.vote, b.vote
    return beats(state.scope, mine, theirs) != beats(state.scope, theirs, mine) or because(
        f"the votes {mine} and {theirs} beat each other"
    )


@model.invariant(
    name="NoFalseElection", over=ordered_voters, needs={"election": "fine"}, source="FLE F7; ZOOKEEPER-975"
)
def no_false_election(state: State, joiner: int, leader: int) -> Verdict:
    """Nobody is elected in the round in which another server was elected that serves with a quorum."""
    new, old = state.servers[joiner], state.servers[leader]
    if not (new.role is old.role is Role.LEADING and new.phase is Phase.DISCOVERY):
        return True
    if old.phase is not Phase.BROADCAST or new.round != old.round:
        return True
    followers = (
        sid
        for sid in state.scope.voters
        if state.servers[sid].leader == leader and state.servers[sid].phase is Phase.BROADCAST
    )
    return not state.scope.is_quorum(frozenset({leader, *followers})) or because(
        f"{joiner} was elected in round {new.round}, as {leader} was, which a quorum follows"
    )
