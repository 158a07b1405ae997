"""Steps by their names, and what is true in the states that they lead to."""

from __future__ import annotations

import pytest

from tests.models.two_phase_commit import Scope, model
from zabcheck.checker.errors import UsageError
from zabcheck.checker.walk import Impossible, Judgement, Walk

BAD = ("prepare(rm1)", "choose_to_abort(rm2)", "hear_prepared(rm1)", "decide_commit()", "hear_commit(rm1)")


def follow(walk: Walk, *names: str) -> tuple[object, ...]:
    state = walk.initial[0]
    for name in names:
        state = walk.move(state, name).after
    return state


def judged(walk: Walk, state: tuple[object, ...]) -> dict[str, Judgement]:
    return {judgement.prop.name: judgement for judgement in walk.judgements(state)}


def test_moves_are_found_by_the_names_that_they_have() -> None:
    walk = Walk(model, Scope())
    state = follow(walk, *BAD[:3])
    names = [move.name for move in walk.moves(state)]
    assert "prepare(rm3)" in names
    assert "decide_commit()" not in names
    for move in walk.moves(state):
        assert walk.move(state, move.name) == move


def test_a_violation_says_for_whom() -> None:
    walk = Walk(model, Scope(), variants=["hasty"])
    consistent = judged(walk, follow(walk, *BAD))["consistent"]
    assert consistent.violated
    assert str(consistent) == "consistent is false for a = rm1, b = rm2: rm1 has committed, rm2 has aborted"
    assert not judged(walk, follow(walk, *BAD[:4]))["consistent"].violated


def test_a_goal_is_no_demand() -> None:
    walk = Walk(model, Scope(rms=1))
    assert not judged(walk, walk.initial[0])["all_committed"].holds
    assert not judged(walk, walk.initial[0])["all_committed"].violated
    done = follow(walk, "prepare(rm1)", "hear_prepared(rm1)", "decide_commit()", "hear_commit(rm1)")
    assert judged(walk, done)["all_committed"].holds


def test_a_step_that_is_not_possible_says_which_guard_is_false() -> None:
    walk = Walk(model, Scope())
    with pytest.raises(Impossible, match=r"promised == len\(s.managers\)"):
        follow(walk, *BAD)


def test_a_step_that_the_model_does_not_have() -> None:
    walk = Walk(model, Scope())
    with pytest.raises(UsageError, match="has no step prepare\\(rm9\\) in this scope"):
        follow(walk, "prepare(rm9)")
