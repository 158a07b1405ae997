"""What holds of elections (properties.md, section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker import because
from zabcheck.model.zookeeper.election import beats
from zabcheck.model.zookeeper.messages import Role
from zabcheck.model.zookeeper.scope import model, ordered_voters, pair

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
    """A server that starts while a quorum follows a leader is not elected while they still do.

    Of servers that looked for a leader at the same time, one may well be elected by votes that have changed since.
    """
    if not (state.ghosts.late[joiner] and state.servers[joiner].is_leading and state.serves(leader)):
        return True
    return because(f"{joiner} has started and was elected, while a quorum follows {leader}")
