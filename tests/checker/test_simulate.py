"""Random walks: reproducible, the same in both engines, never a proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings

from tests.checker import protocols
from tests.checker.agreement import ENGINES, TWO_PHASE_COMMIT, facts, fired, first_goal, needs_core
from tests.strategies import Program, Scope, build, programs
from zabcheck.checker import Limits, Model, Options, Simulation, UsageError, simulate
from zabcheck.checker.search import Problem, Stop
from zabcheck.checker.values import render

if TYPE_CHECKING:
    from zabcheck.checker import CheckResult
    from zabcheck.checker.result import Progress, Trace

SCOPE = TWO_PHASE_COMMIT.scope(rms=4)


def walk(
    model: Model[Any],
    scope: Any,
    simulation: Simulation,
    engine: str,
    variant: str | None = None,
    **options: Any,
) -> CheckResult:
    return simulate(model, scope, simulation, Options(cache=False, **options), engine=engine, variant=variant)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_seed_gives_the_same_walks(engine: str) -> None:
    once, again = (walk(TWO_PHASE_COMMIT, SCOPE, Simulation(5, 50, 30), engine) for _ in range(2))
    assert facts(once) == facts(again)


@pytest.mark.parametrize("engine", ENGINES)
def test_another_seed_gives_other_walks(engine: str) -> None:
    results = [walk(TWO_PHASE_COMMIT, SCOPE, Simulation(seed, 50, 30), engine) for seed in range(4)]
    assert len({str(fired(result)) for result in results}) == 4


@pytest.mark.parametrize("engine", ENGINES)
def test_seed_0_is_the_same_on_every_machine(engine: str) -> None:
    result = walk(TWO_PHASE_COMMIT, SCOPE, Simulation(0, 100, 20), engine)
    assert fired(result) == PINNED
    assert result.generated_states == sum(PINNED.values())


PINNED = {
    "prepare": 170,
    "choose_to_abort": 169,
    "hear_prepared": 124,
    "decide_commit": 0,
    "decide_abort": 100,
    "hear_commit": 0,
    "hear_abort": 1_337,
}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_walk_depends_on_its_number_and_not_on_how_many_there_are(engine: str) -> None:
    some, more = (walk(TWO_PHASE_COMMIT, SCOPE, Simulation(1, walks, 20), engine) for walks in (30, 31))
    difference = {name: fired(more)[name] - count for name, count in fired(some).items()}
    assert min(difference.values()) >= 0
    assert sum(difference.values()) == 19


@needs_core
@pytest.mark.parametrize("seed", [0, 1, 2**32, 2**64 - 1])
@pytest.mark.parametrize(
    ("model", "variant"),
    [
        (protocols.philosophers, None),
        (protocols.philosophers, "crowded"),
        (protocols.alternating_bit, None),
        (protocols.alternating_bit, "credulous"),
        (protocols.gossip, None),
        (protocols.lottery, None),
        (protocols.odometer, "endless"),
    ],
)
def test_both_engines_take_the_same_walks(model: Model[Any], variant: str | None, seed: int) -> None:
    plain, fast = (
        walk(model, model.scope(4), Simulation(seed, 40, 25), engine, variant, witness=first_goal(model))
        for engine in ("interpreted", "native")
    )
    assert (plain.engine, fast.engine) == ("interpreted", "native")
    assert facts(plain) == facts(fast)


@needs_core
@settings(max_examples=60, derandomize=True, database=None)
@given(programs())
def test_random_protocols_in_both_engines(program: Program) -> None:
    model, scope = build(program), Scope(program.nodes)
    plain, fast = (
        walk(model, scope, Simulation(1, 10, 15), engine, witness=first_goal(model))
        for engine in ("interpreted", "native")
    )
    assert facts(plain) == facts(fast)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_verdict_is_never_holds(engine: str) -> None:
    """Even where every state was visited many times over."""
    result = walk(TWO_PHASE_COMMIT, TWO_PHASE_COMMIT.scope(rms=1), Simulation(0, 500, 20), engine)
    assert result.verdict == "incomplete"
    assert result.reason == f"500 random walks with {result.generated_states:,} steps are not a proof"
    assert result.properties["consistent"].verdict == "incomplete"
    assert result.properties["all_committed"].verdict == "reached"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_violation_is_found_and_can_be_replayed(engine: str) -> None:
    result = walk(TWO_PHASE_COMMIT, SCOPE, Simulation(0, 1_000, 40), engine, "hasty")
    assert (result.verdict, result.reason) == ("violated", "")
    trace = result.counterexample
    assert trace is not None
    assert trace.property == "consistent"
    assert len(trace.steps) + 1 == result.properties["consistent"].depth
    assert "has committed" in trace.clause
    scope = TWO_PHASE_COMMIT.variants["hasty"].apply(SCOPE)
    last = followed(Problem(TWO_PHASE_COMMIT, scope, Options()), trace)
    assert {last[f"managers[{trace.arguments[name]}].state"] for name in "ab"} == {"COMMITTED", "ABORTED"}


def followed(problem: Problem, trace: Trace) -> dict[str, str]:
    """The state at the end of a trace, by taking its steps as they are shown."""
    (state,) = problem.evaluator.initial
    for step in trace.steps:
        (instance,) = (
            i
            for i in problem.selection.transitions
            if i.name == step.transition
            and {n: render(v) for n, v in i.named_arguments.items()} == step.arguments
        )
        state = dict(problem.evaluator.successors(state, instance))[step.choices]
    return {field.label: render(value) for field, value in zip(problem.shape.fields, state, strict=True)}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_deadlock_is_found(engine: str) -> None:
    result = walk(protocols.philosophers, protocols.Scope(4), Simulation(0, 1_000, 50), engine, "crowded")
    assert (result.verdict, result.deadlocks, result.terminal_states) == ("violated", 1, 1)
    assert result.counterexample is not None
    assert result.counterexample.property == "Deadlock"


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_final_is_no_deadlock(engine: str) -> None:
    result = walk(protocols.alternating_bit, protocols.Scope(1), Simulation(0, 200, 200), engine)
    assert (result.verdict, result.deadlocks) == ("incomplete", 0)
    assert result.terminal_states > 0


@pytest.mark.parametrize("engine", ENGINES)
def test_a_walk_has_as_many_states_as_its_length(engine: str) -> None:
    for length in (1, 2, 7):
        result = walk(protocols.odometer, protocols.Scope(2), Simulation(3, 20, length), engine, "endless")
        assert result.generated_states == 20 * (length - 1)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_walk_ends_where_nothing_is_enabled(engine: str) -> None:
    result = walk(protocols.odometer, protocols.Scope(2), Simulation(3, 20, 1_000), engine)
    assert result.generated_states == 20 * 18
    assert result.terminal_states == 20


@pytest.mark.parametrize("engine", ENGINES)
def test_each_enabled_step_is_as_likely_as_the_other(engine: str) -> None:
    result = walk(protocols.switches, protocols.Scope(4), Simulation(0, 2_000, 2), engine)
    assert fired(result) == {"switch_on": 2_000, "switch_off": 0}
    result = walk(protocols.switches, protocols.Scope(4), Simulation(0, 2_000, 3), engine)
    assert 450 < fired(result)["switch_off"] < 550  # one in four


@pytest.mark.parametrize("engine", ENGINES)
def test_it_ends_when_time_is_up(engine: str) -> None:
    walks = Simulation(0, 10**9, 100)
    result = walk(TWO_PHASE_COMMIT, SCOPE, walks, engine, limits=Limits(seconds=0.1))
    assert result.reason.startswith("the limit of 0.1 seconds was reached; ")
    assert result.reason.endswith(" are not a proof")


@pytest.mark.parametrize("engine", ENGINES)
def test_it_ends_when_the_listener_says_so(engine: str) -> None:
    def stop(progress: Progress) -> None:
        raise Stop

    result = walk(TWO_PHASE_COMMIT, SCOPE, Simulation(0, 10**9, 100), engine, on_progress=stop)
    assert (result.verdict, result.reason.partition(";")[0]) == ("incomplete", "interrupted")
    assert result.generated_states > 0


@pytest.mark.parametrize(
    "numbers", [{"seed": -1}, {"seed": 2**64}, {"walks": 0}, {"length": 0}, {"length": 2**31}], ids=str
)
def test_numbers_that_make_no_sense(numbers: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="a simulation needs a seed from 0, at least one walk, and a length"):
        Simulation(**numbers)
