"""A counterexample is produced by the model's own functions, or not shown at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.checker import protocols
from tests.checker.agreement import ENGINES, TWO_PHASE_COMMIT, interpreted
from zabcheck.checker import Model, Options, because, check, choose, option, require
from zabcheck.checker.result import Change
from zabcheck.checker.search import Problem
from zabcheck.checker.trace import ReplayError, Taken, explain, shown

if TYPE_CHECKING:
    from zabcheck.checker.result import Trace

HASTY = TWO_PHASE_COMMIT.variants["hasty"].apply(TWO_PHASE_COMMIT.scope())


def run(model: Model[Any], scope: Any, engine: str, **options: Any) -> Any:
    return check(model, scope, Options(cache=False, **options), engine=engine)


def taken(problem: Problem, trace: Trace) -> list[Taken]:
    """The path that a trace shows."""
    instances = {(i.name, str(shown(i.named_arguments))): i for i in problem.selection.transitions}
    return [Taken(instances[step.transition, str(step.arguments)], step.choices) for step in trace.steps]


# -- what is shown --


@pytest.mark.parametrize("engine", ENGINES)
def test_what_a_counterexample_says(engine: str) -> None:
    trace = run(TWO_PHASE_COMMIT, HASTY, engine).counterexample
    assert trace.property == "consistent"
    committed, aborted = trace.arguments["a"], trace.arguments["b"]
    assert trace.clause == f"{committed} has committed, {aborted} has aborted"
    assert set(trace.evidence) == {
        (f"managers[{committed}].state", "COMMITTED"),
        (f"managers[{aborted}].state", "ABORTED"),
    }
    assert dict(trace.initial) == {
        "managers[rm1].state": "WORKING",
        "managers[rm2].state": "WORKING",
        "managers[rm3].state": "WORKING",
        "decision": "init",
        "prepared": "{}",
        "messages": "{}",
    }
    assert sorted(step.transition for step in trace.steps) == [
        "choose_to_abort",
        "decide_commit",
        "hear_commit",
        "hear_prepared",
        "prepare",
    ]
    commit = next(step for step in trace.steps if step.transition == "decide_commit")
    assert commit.arguments == {}
    assert commit.changes[0] == Change("decision", "init", "commit")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_witness_is_a_shortest_run_to_the_goal(engine: str) -> None:
    result = run(TWO_PHASE_COMMIT, TWO_PHASE_COMMIT.scope(rms=2), engine, witness="all_committed")
    assert (result.verdict, result.counterexample) == ("holds", None)
    assert [step.transition for step in result.witness.steps].count("hear_commit") == 2
    assert len(result.witness.steps) + 1 == result.properties["all_committed"].depth == 8
    assert result.witness.property == "all_committed"


@pytest.mark.parametrize("engine", ENGINES)
def test_there_is_no_witness_of_a_goal_that_is_not_reached(engine: str) -> None:
    result = run(protocols.lottery, protocols.Scope(2), engine, witness="reversed_order")
    assert result.witness is None


@pytest.mark.parametrize("engine", ENGINES)
def test_a_witness_of_an_initial_state_has_no_steps(engine: str) -> None:
    result = run(start, Scope(), engine, witness="anything")
    assert result.witness is not None
    assert result.witness.steps == ()
    assert result.properties["anything"].depth == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_the_options_chosen_are_part_of_the_run(engine: str) -> None:
    trace = run(protocols.lottery, protocols.Scope(5), engine).counterexample
    assert trace.property == "fair"
    assert trace.clause == "the last step checks it, and it is false there"
    assert all(len(step.choices) in (2, 3) for step in trace.steps)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_earliest_violation_is_shown_whatever_the_order_of_declaration(engine: str) -> None:
    result = run(start, Scope(), engine)
    assert {name: p.depth for name, p in result.properties.items() if p.verdict == "violated"} == {
        "small": 3,
        "steady": 3,
        "guarded": 3,
    }
    assert result.counterexample.property == "small"
    again = run(start, Scope(), engine, properties=("steady",))
    assert again.counterexample.property == "steady"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_step_property_says_what_is_false_of_the_last_step(engine: str) -> None:
    trace = run(start, Scope(), engine, properties=("steady",)).counterexample
    assert trace.clause == "from 3 to 6"
    assert trace.arguments == {"jump": "2"}
    assert trace.steps[-1].changes == (Change("n", "3", "6"),)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_guard_in_a_property_is_a_clause_without_words(engine: str) -> None:
    trace = run(start, Scope(), engine, properties=("guarded",)).counterexample
    assert (trace.property, trace.clause, trace.evidence) == ("guarded", "", (("n", "6"),))


@dataclass(frozen=True)
class Scope:
    most: int = option(9, "where to stop")


@dataclass
class State:
    n: int = 0


start = Model("start", "goes on by one or by three", Scope)


@start.initial
def initial(scope: Scope) -> State:
    return State()


@start.transition()
def go(s: State) -> None:
    require(s.n < 9)
    s.n += choose((1, 3))


@start.invariant()
def far(s: State) -> bool:
    return s.n < 9


@start.invariant()
def small(s: State) -> bool | because:
    return s.n < 4 or because(f"{s.n} is not small")


@start.step_property(over=lambda scope: (3, 2))
def steady(before: State, after: State, jump: int) -> bool | because:
    return before.n == 0 or after.n - before.n <= jump or because(f"from {before.n} to {after.n}")


@start.goal()
def anything(s: State) -> bool:
    return True


@start.invariant()
def guarded(s: State) -> bool:
    require(s.n < 4)
    return True


# -- what is not shown --

RESULT = interpreted(TWO_PHASE_COMMIT, HASTY, witness="all_committed")
PROBLEM = Problem(TWO_PHASE_COMMIT, HASTY, Options())
(ROOT,) = PROBLEM.evaluator.initial


def explained(path: list[Taken], name: str = "consistent") -> Trace:
    return explain(PROBLEM.evaluator, TWO_PHASE_COMMIT.properties[name], ROOT, path)


def path_to_violation() -> list[Taken]:
    assert RESULT.counterexample is not None
    return taken(PROBLEM, RESULT.counterexample)


def test_the_path_itself_is_explained() -> None:
    assert explained(path_to_violation()) == RESULT.counterexample


@pytest.mark.parametrize("position", range(5))
def test_a_path_that_lacks_a_step(position: int) -> None:
    path = path_to_violation()
    del path[position]
    with pytest.raises(ReplayError, match=r"is not enabled at step|does not have the reported verdict"):
        explained(path)


def test_a_path_in_another_order() -> None:
    path = path_to_violation()[::-1]
    with pytest.raises(ReplayError, match=r"\(.*\) is not enabled at step 1 of the replayed path"):
        explained(path)


def test_a_path_with_a_step_too_many() -> None:
    path = path_to_violation()
    with pytest.raises(ReplayError, match="is not enabled at step 6 of the replayed path"):
        explained([*path, path[0]])


@pytest.mark.parametrize("position", range(5))
def test_a_path_with_an_option_that_there_is_not(position: int) -> None:
    path = path_to_violation()
    path[position] = replace(path[position], choices=(0,))
    with pytest.raises(ReplayError, match=f"is not enabled at step {position + 1} of the replayed path"):
        explained(path)


def test_a_path_to_somewhere_else() -> None:
    with pytest.raises(ReplayError, match="consistent does not have the reported verdict at the end"):
        explained([])
    with pytest.raises(ReplayError, match="all_committed does not have the reported verdict at the end"):
        explained(path_to_violation(), "all_committed")


def test_a_step_property_or_assertion_that_did_not_fail() -> None:
    for model, scope, name in (
        (protocols.gossip, protocols.Scope(), "nothing_is_forgotten"),
        (protocols.lottery, protocols.Scope(), "fair"),
    ):
        problem = Problem(model, scope, Options())
        with pytest.raises(ReplayError, match=f"{name} did not fail in the replayed path"):
            explain(problem.evaluator, model.properties[name], problem.evaluator.initial[0], [])
