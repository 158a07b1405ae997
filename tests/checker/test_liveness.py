"""Liveness: known answers, both engines alike, and both like an oracle. Sanitizers run this file too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from tests.checker import living_protocols as living
from tests.checker import protocols
from tests.checker.agreement import (
    ENGINES,
    TWO_PHASE_COMMIT,
    agree,
    bounded,
    facts,
    interpreted,
    native,
    needs_core,
    verdicts,
)
from tests.checker.fair_runs import Runs
from tests.checker.protocols import Scope
from tests.strategies import Program, build, living_programs
from tests.strategies import Scope as Nodes
from zabcheck.checker import Limits, Model, Options, Simulation, UsageError, check, require, simulate
from zabcheck.checker.lasso import flaw
from zabcheck.checker.memory import RESERVE
from zabcheck.checker.model import LIVENESS
from zabcheck.checker.search import Problem, Stop, current_memory
from zabcheck.checker.trace import Taken, Unfulfilled, replay
from zabcheck.checker.values import render

if TYPE_CHECKING:
    from pathlib import Path

    from zabcheck.checker.result import CheckResult, Progress, Trace

KNOWN: list[tuple[Model[Any], int, str | None, dict[str, int]]] = [
    # model, size, variant: the level of each violation
    (living.lock, 2, None, {"visited": 1}),
    (living.lock, 3, None, {"visited": 1}),
    (living.lock, 2, "unordered", {"visited": 1, "served": 2}),
    (living.lock, 1, "unordered", {"visited": 1}),
    (living.peterson, 2, None, {}),
    (living.ring, 3, None, {}),
    (living.ring, 3, "lost", {"can_come": 2, "comes_round": 2}),
    (living.wire, 3, None, {}),
    (living.wire, 3, "bad", {"all_arrived": 1}),
    (living.commitment, 3, None, {}),
    (living.commitment, 3, "blocking", {"can_finish": 2, "finishes": 2}),
]
NAMES = [f"{model.name} {size} {variant or ''}".strip() for model, size, variant, _ in KNOWN]


@needs_core
@pytest.mark.parametrize(("model", "size", "variant", "violated"), KNOWN, ids=NAMES)
def test_known_answers(model: Model[Any], size: int, variant: str | None, violated: dict[str, int]) -> None:
    result = agree(model, Scope(size), variant=variant)
    assert result.verdict == ("violated" if violated else "holds")
    assert {name: p.depth for name, p in result.properties.items() if p.verdict == "violated"} == violated
    assert {p.verdict for name, p in result.properties.items() if name not in violated} <= {"holds"}


@needs_core
@pytest.mark.parametrize(("model", "size", "variant", "violated"), KNOWN, ids=NAMES)
def test_each_counterexample_is_shown_and_is_one(
    model: Model[Any], size: int, variant: str | None, violated: dict[str, int]
) -> None:
    for name, depth in violated.items():
        result = agree(model, Scope(size), variant=variant, properties=(name,))
        trace = shown(result)
        assert (trace.property, trace.since) == (name, depth - 1)
        examine(model, Scope(size, bug=variant is not None), trace)


def shown(result: CheckResult) -> Trace:
    assert result.counterexample is not None
    return result.counterexample


def examine(model: Model[Any], scope: Any, trace: Trace) -> None:
    """Run a counterexample again, and look whether it is fair, with nothing but the successors of states."""
    problem = Problem(model, scope, Options())
    evaluator, transitions = problem.evaluator, problem.selection.transitions

    def moves(state: Any, i: Any) -> list[Any]:
        return [after for _, after in evaluator.successors(state, i) if after != state]

    def text(state: Any) -> list[str]:
        return [render(value) for value in state[:-1]]

    root = next(s for s in evaluator.initial if text(s) == [value for _, value in trace.initial])
    states, taken = [root], []
    for step in trace.steps:
        instance = next(
            i
            for i in transitions
            if i.name == step.transition and [render(a) for a in i.arguments] == list(step.arguments.values())
        )
        taken.append(instance)
        states.append(dict(evaluator.successors(states[-1], instance))[step.choices])
    demand = next(
        d
        for d in problem.selection.demands
        if d.prop.name == trace.property
        and [render(a) for a in d.instance.arguments] == list(trace.arguments.values())
    )
    assert trace.since is not None
    goal = problem.selection.predicates[demand.goal]
    assert not any(evaluator.holds(state, *goal) for state in states[trace.since :])
    if demand.when is not None:
        assert evaluator.holds(states[trace.since], *problem.selection.predicates[demand.when])
    if trace.cycle_from is None:
        assert trace.since == len(trace.steps)
        return
    cycle = states[trace.cycle_from :]
    assert cycle[0] == cycle[-1]
    assert not any(model.transitions[i.name].fault for i in taken[trace.since :])
    for instance in transitions:
        declared = model.transitions[instance.name]
        if declared.fair and not declared.fault and instance not in taken[trace.cycle_from :]:
            assert not all(moves(state, instance) for state in cycle), instance


# -- stopping, stuttering, fairness --


@dataclass
class Number:
    n: int = 0
    m: int = 0


def small(*, fair: bool = True, fault: bool = False) -> Model[Any]:
    """Counts to three, and in one transition that may be unfair or a fault, on to four; a third does nothing."""
    model: Model[Any] = Model("small", "counts", Scope)

    @model.initial
    def zero(scope: Any) -> Number:
        return Number()

    @model.transition()
    def count(s: Number) -> None:
        require(s.n < 3)
        s.n += 1

    @model.transition(fair=fair, fault=fault)
    def last(s: Number) -> None:
        require(s.n == 3)
        s.n = 4

    @model.transition()
    def nothing(s: Number) -> None:
        s.m = 0

    @model.eventually()
    def three(s: Number) -> bool:
        return s.n in {3, 4}

    @model.eventually()
    def four(s: Number) -> bool:
        return s.n == 4

    @model.recoverable()
    def can_four(s: Number) -> bool:
        return s.n == 4

    @model.recoverable(when=lambda s: s.n > 3)
    def still_four(s: Number) -> bool:
        return s.n == 4

    return model


HOLDS = {"three": "holds", "four": "holds", "can_four": "holds", "still_four": "holds"}


@needs_core
def test_a_step_that_changes_nothing_is_no_step() -> None:
    assert verdicts(agree(small(), Scope())) == HOLDS


@needs_core
def test_a_run_may_stop_where_only_unfair_steps_are_left() -> None:
    result = agree(small(fair=False), Scope())
    assert verdicts(result) == {**HOLDS, "four": "violated"}
    trace = shown(result)
    assert (trace.since, trace.cycle_from, len(trace.steps)) == (0, 3, 3)


@needs_core
def test_a_run_does_not_wait_for_a_fault() -> None:
    result = agree(small(fault=True), Scope())
    assert verdicts(result) == {**HOLDS, "four": "violated", "can_four": "violated"}
    assert result.properties["can_four"].depth == 1


def test_a_cycle_must_be_fair_to_each_instance_not_just_to_each_transition() -> None:
    """Two counters: a run that turns only one of them takes the transition again and again."""
    result = interpreted(living.lock, Scope(2), variant="unordered", properties=("served",))
    trace = shown(result)
    cycle = trace.steps[trace.cycle_from :]
    assert {step.arguments["i"] for step in cycle} == {"1"} or {step.arguments["i"] for step in cycle} == {
        "0"
    }


@needs_core
def test_a_run_that_may_stop_does_not_go_round() -> None:
    """The lift may stay above for ever; below, whoever waits gets in."""
    model: Model[Any] = Model("lift", "goes up and down as it likes", Scope)
    model.initial(lambda scope: Number())

    @model.transition(fair=False)
    def move(s: Number) -> None:
        require(not s.m)
        s.n = 1 - s.n

    @model.transition()
    def get_in(s: Number) -> None:
        require(s.n == 0)
        s.m = 1

    @model.eventually()
    def inside(s: Number) -> bool:
        return s.m == 1

    trace = shown(agree(model, Scope()))
    assert [step.transition for step in trace.steps] == ["move"]
    assert (trace.since, trace.cycle_from) == (0, 1)


# -- runs that show nothing are not shown --


@pytest.fixture
def starved() -> tuple[Problem, list[Any], list[Taken], Unfulfilled]:
    """A waits; b comes, goes in, leaves, for ever."""
    problem = Problem(living.lock, Scope(2, bug=True), Options(properties=("served",)))
    find = {str(i): i for i in problem.selection.transitions}
    path = [Taken(find[name]) for name in ("come(0)", "come(1)", "go_in(1)", "leave(1)")]
    states = replay(problem.evaluator, problem.evaluator.initial[0], path)
    return problem, states, path, Unfulfilled(problem.selection.demands[0], 1, 1)


def test_the_examiner_of_lassos(starved: tuple[Problem, list[Any], list[Taken], Unfulfilled]) -> None:
    problem, states, path, right = starved

    def judged(wrong: Unfulfilled, steps: int = 4) -> str:
        return flaw(problem.evaluator, wrong, states[: steps + 1], path[:steps])

    other = problem.selection.demands[1]
    assert judged(right) == ""
    assert judged(replace(right, since=0)) == "it is not demanded after step 0"
    assert judged(replace(right, cycle_from=2)) == "the cycle does not close"
    assert judged(replace(right, cycle_from=1), steps=1) == "go_in(0) is always enabled and never taken"
    assert judged(replace(right, demand=other, since=2)) == "it becomes true"


def test_a_lasso_has_no_faults() -> None:
    problem = Problem(living.wire, Scope(1), Options(properties=("all_arrived",)))
    find = {str(i): i for i in problem.selection.transitions}
    path = [Taken(find[name]) for name in ("send()", "drop()", "send()", "drop()")]
    states = replay(problem.evaluator, problem.evaluator.initial[0], path)
    unfulfilled = Unfulfilled(problem.selection.demands[0], 0, 0)
    assert flaw(problem.evaluator, unfulfilled, states, path) == "there is a fault after step 0"


# -- what keeps from deciding --


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("limits", [Limits(depth=3), Limits(states=5)])
def test_a_search_that_left_something_out_decides_no_liveness(engine: str, limits: Limits) -> None:
    result = check(living.ring, Scope(300), Options(limits=limits, cache=False), engine=engine)
    assert result.verdict == "incomplete"
    assert set(verdicts(result).values()) == {"incomplete"}


@needs_core
@pytest.mark.parametrize("megabytes", [28, 45, 60])
def test_memory_that_is_enough_for_the_search_but_not_for_the_graph(megabytes: int) -> None:
    """Too little for the states, for the steps, and for what is noted of each state."""
    limits = Limits(memory=current_memory() + RESERVE + (megabytes << 20))
    result = native(odometer_with_demand(), protocols.Scope(6), limits=limits)
    assert (result.verdict, result.distinct_states) == ("incomplete", 10**6)
    assert result.reason.startswith("the graph that liveness is decided on does not fit into the limit of ")
    assert verdicts(result) == {"few_digits": "holds", "again": "incomplete"}


def odometer_with_demand() -> Model[Any]:
    """Wheels that do not turn back."""
    model: Model[Any] = Model("turning", "wheels", protocols.Scope)
    model.initial(protocols.zeros)
    model.transition(over=protocols.people, name="turn")(protocols.turn)

    @model.invariant(over=protocols.people)
    def few_digits(s: protocols.Odometer, i: int) -> bool:
        return s.wheels[i].digit < protocols.DIGITS

    @model.recoverable()
    def again(s: protocols.Odometer) -> bool:
        """All wheels show 0 again."""
        return all(wheel.digit == 0 for wheel in s.wheels.values())

    return model


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("exception", [Stop, KeyboardInterrupt])
def test_interrupted_while_the_graph_is_built(engine: str, exception: type[BaseException]) -> None:
    def listen(progress: Progress) -> None:
        if progress.phase:
            raise exception

    model, size = (odometer_with_demand(), 5) if engine == "native" else (living.ring, 20)
    options = Options(on_progress=listen, cache=False)
    result = check(model, protocols.Scope(size), options, engine=engine)
    assert (result.verdict, result.reason) == ("incomplete", "interrupted")
    assert {p.verdict for p in result.properties.values() if p.note == "interrupted"} == {"incomplete"}
    assert "few_digits" not in result.properties or result.properties["few_digits"].verdict == "holds"


@pytest.mark.parametrize("engine", ENGINES)
def test_liveness_can_be_left_out(engine: str) -> None:
    options = Options(liveness=False, cache=False)
    result = check(living.ring, Scope(bug=True), options, engine=engine)
    assert result.verdict == "holds"
    assert {(p.verdict, p.note) for p in result.properties.values()} == {
        ("not checked", "--no-liveness leaves it out")
    }
    with pytest.raises(
        UsageError, match=r"^property can_come cannot be decided: --no-liveness leaves it out$"
    ):
        check(living.ring, Scope(), replace(options, properties=("can_come",)), engine=engine)


def test_random_walks_decide_no_liveness() -> None:
    result = simulate(living.ring, Scope(bug=True), Simulation(walks=3))
    assert result.verdict == "incomplete"
    assert set(verdicts(result).values()) == {"not checked"}
    with pytest.raises(UsageError, match="random walks say nothing about all runs"):
        simulate(living.ring, Scope(), Simulation(walks=3), Options(properties=("can_come",)))


@needs_core
def test_a_violation_of_another_kind_comes_first() -> None:
    result = agree(living.peterson, Scope(bug=True))
    assert verdicts(result) == {"exclusive": "violated", "comes_in": "incomplete"}


# -- symmetry --


def symmetric() -> Model[Any]:
    """Two-phase commit, with a demand of each kind."""
    model: Model[Any] = Model("demanding", "two-phase commit", TWO_PHASE_COMMIT.scope)
    model.identities(TWO_PHASE_COMMIT.identities_of)
    model.initial(lambda scope: TWO_PHASE_COMMIT.initial_states(scope)[0])
    for t in TWO_PHASE_COMMIT.transitions.values():
        model.transition(name=t.name, over=t.over)(t.function)

    def decided(s: Any) -> bool:
        return all(manager.state.name in ("COMMITTED", "ABORTED") for manager in s.managers.values())

    def committed(s: Any) -> bool:
        return all(manager.state.name == "COMMITTED" for manager in s.managers.values())

    model.recoverable(name="decided")(decided)
    model.recoverable(name="committed")(committed)
    model.recoverable(name="mine", over=TWO_PHASE_COMMIT.identities_of)(lambda s, rm: decided(s))
    model.eventually(name="sometime")(decided)
    return model


@needs_core
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("rms", [2, 4, 5])
def test_recovery_is_decided_with_symmetry(rms: int, workers: int) -> None:
    model, scope = symmetric(), TWO_PHASE_COMMIT.scope(rms=rms)
    full = native(model, scope)
    assert verdicts(full) == {
        "decided": "holds",
        "committed": "violated",
        "mine": "holds",
        "sometime": "holds",
    }
    reduced = native(model, scope, symmetry=True, workers=workers)
    assert reduced.properties["decided"] == full.properties["decided"]
    assert reduced.properties["committed"] == full.properties["committed"]
    assert len(shown(reduced).steps) == len(shown(full).steps)
    assert reduced.properties["mine"].verdict == reduced.properties["sometime"].verdict == "not checked"
    with pytest.raises(UsageError, match=r"^property sometime cannot be decided: with --symmetry"):
        native(model, scope, symmetry=True, properties=("sometime",))


# -- what is kept between runs --


@needs_core
def test_tables_and_checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    scope = Scope(3, bug=True)
    runs = [check(living.lock, scope, Options(), engine="native") for _ in range(2)]
    assert facts(runs[0]) == facts(runs[1])
    assert runs[0].evaluations > 0
    assert runs[1].evaluations == 0
    path = tmp_path / "checkpoint"
    for limits in (Limits(depth=4), Limits(states=runs[0].distinct_states // 2)):
        native(living.lock, scope, checkpoint=path, limits=limits)
        assert facts(native(living.lock, scope, resume=path)) == facts(runs[0])


# -- random protocols --

NOWHERE = 10**9
"""A level that no state has."""


def compare(program: Program, states: int, configurations: tuple[tuple[int, str], ...]) -> None:
    model, scope = build(program), Nodes(program.nodes)
    limits = bounded(model, scope, states)
    result = agree(model, scope, configurations=configurations, limits=limits)
    if result.counterexample and result.counterexample.since is not None:
        examine(model, scope, result.counterexample)


@needs_core
@settings(
    max_examples=150,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(living_programs())
def test_random_protocols(program: Program) -> None:
    compare(program, 300, ((1, "fingerprint"), (2, "exact")))


@needs_core
@settings(
    max_examples=100,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(living_programs())
def test_random_protocols_recover_alike_with_symmetry(program: Program) -> None:
    assume(program.nodes > 1)
    model, scope = build(program), Nodes(program.nodes)
    limits = bounded(model, scope, 300)
    full = native(model, scope, limits=limits)
    reduced = native(model, scope, limits=limits, symmetry=True, workers=2)
    for name, p in reduced.properties.items():
        assert p.verdict == "not checked" or p == full.properties[name]


@settings(
    max_examples=80,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(living_programs())
def test_random_protocols_are_judged_as_by_the_oracle(program: Program) -> None:
    model, scope = build(program), Nodes(program.nodes)
    result = interpreted(model, scope, limits=Limits(states=100))
    if result.reason or result.properties["Checked"].verdict != "holds":
        return
    runs = Runs(model, scope)
    expected = dict.fromkeys((p.name for p in model.properties.values() if p.kind in LIVENESS), NOWHERE)
    for demand in runs.demands.demands:
        expected[demand.prop.name] = min(expected[demand.prop.name], runs.depth(demand) or NOWHERE)
    assert {name: result.properties[name].depth or NOWHERE for name in expected} == expected


@needs_core
@pytest.mark.slow
@settings(max_examples=400, suppress_health_check=list(HealthCheck))
@given(living_programs())
def test_many_random_protocols(program: Program) -> None:
    compare(program, 3_000, ((1, "fingerprint"), (2, "exact")))
