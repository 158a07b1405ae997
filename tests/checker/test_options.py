"""What is asked must make sense, in both engines alike."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.checker import protocols
from tests.checker.agreement import ENGINES, TWO_PHASE_COMMIT, verdicts
from zabcheck.checker import (
    ContractError,
    Limits,
    Model,
    Options,
    UsageError,
    check,
    constant,
    option,
    require,
)

SENSELESS: dict[str, tuple[dict[str, Any], str]] = {
    "no workers": ({"workers": 0}, "worker"),
    "negative workers": ({"workers": -1}, "worker"),
    "unknown store": ({"store": "memory"}, "unknown store memory: choose fingerprint or exact"),
    "negative depth": ({"limits": Limits(depth=-1)}, "depth"),
    "negative states": ({"limits": Limits(states=-1)}, "states"),
    "negative seconds": ({"limits": Limits(seconds=-1)}, "seconds"),
    "negative memory": ({"limits": Limits(memory=-1)}, "memory"),
    "unknown property": (
        {"properties": ("loud",)},
        "has no property loud; it has: consistent, all_committed",
    ),
    "unknown witness": ({"witness": "loud"}, "all_committed"),
    "witness of an invariant": ({"witness": "consistent"}, "all_committed"),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", SENSELESS)
def test_options_that_make_no_sense(case: str, engine: str) -> None:
    options, message = SENSELESS[case]
    with pytest.raises(UsageError, match=message) as refused:
        check(TWO_PHASE_COMMIT, TWO_PHASE_COMMIT.scope(), Options(**options, cache=False), engine=engine)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("engine", ENGINES)
def test_no_states_at_all_is_not_a_whole_space(engine: str) -> None:
    options = Options(limits=Limits(states=0), cache=False)
    result = check(TWO_PHASE_COMMIT, TWO_PHASE_COMMIT.scope(), options, engine=engine)
    assert result.verdict == "incomplete"


@pytest.mark.parametrize("rms", [0, -1, "3", 2.0, None])
def test_numbers_of_a_scope_that_make_no_sense(rms: Any) -> None:
    with pytest.raises(UsageError, match="rms must be a whole number, at least 1, not "):
        check(TWO_PHASE_COMMIT, TWO_PHASE_COMMIT.scope(rms=rms), engine="interpreted")


def test_unknown_variant() -> None:
    with pytest.raises(UsageError, match="model two-phase-commit has no variant lazy; it has: hasty"):
        check(TWO_PHASE_COMMIT, TWO_PHASE_COMMIT.scope(), variant="lazy")


def test_unknown_engine() -> None:
    with pytest.raises(UsageError, match="unknown engine steam: choose native or interpreted"):
        check(TWO_PHASE_COMMIT, TWO_PHASE_COMMIT.scope(), engine="steam")


@pytest.mark.parametrize(
    "option", [{"symmetry": True}, {"checkpoint": Path("x")}, {"resume": Path("x")}], ids=str
)
def test_options_of_the_native_engine_only(option: dict[str, Any]) -> None:
    (name,) = option
    with pytest.raises(UsageError, match=f"--{name} needs the native engine"):
        check(TWO_PHASE_COMMIT, TWO_PHASE_COMMIT.scope(), Options(**option), engine="interpreted")


@pytest.mark.parametrize("engine", ENGINES)
def test_only_what_was_asked_for_is_checked(engine: str) -> None:
    options = Options(properties=("all_committed",), cache=False)
    result = check(TWO_PHASE_COMMIT, TWO_PHASE_COMMIT.scope(), options, engine=engine, variant="hasty")
    assert verdicts(result) == {"all_committed": "reached"}
    assert result.verdict == "holds"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("asked", "verdict"), [((), "holds"), (("reversed_order",), "violated")])
def test_a_goal_that_is_not_reached_is_a_failure_if_it_was_asked_for(
    engine: str, asked: tuple[str, ...], verdict: str
) -> None:
    options = Options(properties=asked, cache=False)
    result = check(protocols.lottery, protocols.Scope(2), options, engine=engine)
    assert result.verdict == verdict
    assert result.properties["reversed_order"].verdict == "unreached"
    assert result.counterexample is None


@pytest.mark.parametrize("engine", ENGINES)
def test_a_property_that_the_scope_cannot_evaluate_is_not_checked(engine: str) -> None:
    model = Model("needy", "has a property that needs a ghost variable", protocols.Scope)
    model.initial(protocols.zeros)
    model.transition(over=protocols.people)(protocols.turn)
    model.invariant(name="ghostly", needs={"size": 2})(lambda s: s.no_such_variable)
    result = check(model, protocols.Scope(1), Options(cache=False), engine=engine)
    assert result.verdict == "holds"
    assert (result.properties["ghostly"].verdict, result.properties["ghostly"].note) == (
        "not checked",
        "needs --size 2",
    )
    with pytest.raises(ContractError, match="ghostly raised AttributeError"):
        check(model, protocols.Scope(2), Options(cache=False), engine=engine)


@dataclass(frozen=True)
class Worded:
    """A scope with an option that is a word."""

    speed: str = option("slow", "how fast", choices=("slow", "fast"))


@dataclass
class Runner:
    number: int = constant()
    steps: int = 0


@dataclass
class Race:
    scope: Worded
    runners: dict[int, Runner]


race = Model("race", "two runners", Worded)


@race.initial
def start(scope: Worded) -> Race:
    return Race(scope, {n: Runner(n) for n in (1, 2)})


@race.transition(over=lambda _: (1, 2))
def run(s: Race, n: int) -> None:
    me = s.runners[n]
    require(me.steps < me.number)
    me.steps += 2 if s.scope.speed == "fast" else 1


@race.goal(needs={"speed": "fast"})
def jumped(s: Race) -> bool:
    return any(me.steps > me.number for me in s.runners.values())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("speed", "states", "verdict"), [("slow", 6, "not checked"), ("fast", 4, "reached")])
def test_words_and_constants(engine: str, speed: str, states: int, verdict: str) -> None:
    result = check(race, Worded(speed), engine=engine)
    assert (result.distinct_states, result.properties["jumped"].verdict) == (states, verdict)
    assert result.scope == {"speed": speed}


def test_a_word_that_is_not_among_the_choices() -> None:
    with pytest.raises(UsageError, match="speed must be one of slow, fast, not middling"):
        check(race, Worded("middling"))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_constant_cannot_be_assigned(engine: str) -> None:
    broken = Model("broken", "assigns to a constant", Worded)
    broken.initial(start)

    @broken.transition()
    def renumber(s: Race) -> None:
        s.runners[1].number = 7

    with pytest.raises(ContractError, match="number cannot be assigned"):
        check(broken, Worded(), engine=engine)


def test_initial_states_must_agree_on_a_constant() -> None:
    broken = Model("broken", "two initial states that differ in a constant", Worded)
    broken.initial(lambda scope: [Race(scope, {1: Runner(n)}) for n in (1, 2)])
    broken.transition()(lambda s: None)
    with pytest.raises(ContractError, match="is constant, but initial states differ in it"):
        check(broken, Worded())
