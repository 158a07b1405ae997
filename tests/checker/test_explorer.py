"""Places of a model: where a path leads, what can be done there, and how to get somewhere."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.models.two_phase_commit import Scope, model
from zabcheck.checker import Model, require
from zabcheck.checker.errors import UsageError
from zabcheck.checker.explorer import Explorer


@dataclass
class Counter:
    n: int = 0


BAD = ("prepare(rm1)", "choose_to_abort(rm2)", "hear_prepared(rm1)", "decide_commit()", "hear_commit(rm1)")


@pytest.fixture
def explorer() -> Explorer:
    return Explorer(model, Scope(), variants=["hasty"])


def test_a_place(explorer: Explorer) -> None:
    place = explorer.place(0, BAD[:1])
    assert place.taken == BAD[:1]
    assert dict(place.fields)["managers[rm1].state"] == "PREPARED"
    assert [change.field for change in place.changed] == ["managers[rm1].state", "messages"]
    assert "hear_prepared(rm1)" in [step.name for step in place.enabled]
    (step,) = (step for step in place.enabled if step.name == "decide_abort()")
    assert ("decision", "init", "abort") in [(c.field, c.before, c.after) for c in step.changes]


def test_a_path_is_followed_as_far_as_it_goes(explorer: Explorer) -> None:
    place = explorer.place(0, (*BAD[:2], "prepare(rm2)", "prepare(rm3)"))
    assert place.taken == BAD[:2]
    assert place.stopped.startswith("step 3, prepare(rm2), is not possible: require(")
    assert explorer.place(0, ("nonsense()",)).stopped.endswith("has no step nonsense() in this scope")


def test_random_steps_can_be_taken_and_end_at_a_violation(explorer: Explorer) -> None:
    for seed in range(20):
        steps = explorer.wander(0, BAD[:1], 30, seed)
        assert steps == explorer.wander(0, BAD[:1], 30, seed)
        place = explorer.place(0, (*BAD[:1], *steps))
        assert not place.stopped
        assert len(steps) == 30 or not place.enabled or any(j.violated for j in place.judgements)


def test_a_violation_is_found_from_a_place_on(explorer: Explorer) -> None:
    for begin in ((), BAD[:2]):
        sought = explorer.seek(0, begin, "consistent", 60)
        assert sought.steps is not None
        assert len(sought.steps) == len(BAD) - len(begin)
        place = explorer.place(0, (*begin, *sought.steps))
        assert [j.prop.name for j in place.judgements if j.violated] == ["consistent"]


def test_a_goal_is_found_from_a_place_on(explorer: Explorer) -> None:
    sought = explorer.seek(0, ("prepare(rm1)",), "all_committed", 60)
    assert sought.steps is not None
    place = explorer.place(0, ("prepare(rm1)", *sought.steps))
    assert next(j for j in place.judgements if j.prop.name == "all_committed").holds
    assert explorer.seek(0, ("prepare(rm1)", *sought.steps), "all_committed", 60).steps == ()


def test_a_goal_with_a_guard_is_not_there_where_the_guard_is_false() -> None:
    guarded = Model("guarded", "a guard in a goal", Scope)
    guarded.initial(lambda _: Counter())

    @guarded.transition()
    def count(s: Counter) -> None:
        require(s.n < 3)
        s.n += 1

    @guarded.goal()
    def third(s: Counter) -> bool:
        require(s.n > 2)
        return True

    assert Explorer(guarded, Scope()).seek(0, (), "third", 60).steps == ("count()",) * 3


def test_what_is_not_there_is_not_found(explorer: Explorer) -> None:
    sought = explorer.seek(0, ("decide_abort()",), "all_committed", 60)
    assert sought.steps is None
    assert sought.reason == "there is no such state from here on within this scope"


def test_a_search_that_is_given_up_says_so() -> None:
    large = Explorer(model, Scope(rms=12))
    assert "limit of 0 seconds" in large.seek(0, (), "consistent", 0).reason


def test_what_makes_no_sense_is_refused(explorer: Explorer) -> None:
    with pytest.raises(UsageError, match="no property nonsense"):
        explorer.seek(0, (), "nonsense", 1)
    with pytest.raises(UsageError, match="no initial state 1"):
        explorer.place(1, ())
