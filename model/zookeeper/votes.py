"""What holds of elections (properties.md, section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker import because
from zabcheck.model.zookeeper.election import beats
from zabcheck.model.zookeeper.messages import Role
from zabcheck.model.zookeeper.scope import model, pair

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
