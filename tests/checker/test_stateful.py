"""Models as state machines of Hypothesis."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.models.two_phase_commit import model as two_phase_commit
from zabcheck.checker import Model, UsageError, choose, require, state_machine

BRIEF = settings(
    max_examples=20,
    stateful_step_count=20,
    derandomize=True,
    database=None,
    phases=(Phase.generate, Phase.shrink),
)


def run(machine: Any, chosen: settings = BRIEF) -> None:
    run_state_machine_as_test(machine, settings=chosen)


def test_a_correct_model_passes() -> None:
    run(state_machine(two_phase_commit))


def test_a_run_that_fails_is_short() -> None:
    many = settings(BRIEF, max_examples=300)
    with pytest.raises(AssertionError, match=r"has committed, .* has aborted") as caught:
        run(state_machine(two_phase_commit, variant="hasty", properties=["consistent"]), many)
    steps = [note for note in caught.value.__notes__ if ".take(" in note]
    assert 1 <= len(steps) <= BRIEF.stateful_step_count // 2  # five suffice; not every shrinking gets there


@dataclass(frozen=True)
class Scope:
    """No bounds."""


@dataclass
class State:
    n: int = 0


def counter(*, deadlock: bool) -> Model[Scope]:
    """A counter with two initial states that chooses by how much it grows, and that stops at 4 or beyond."""
    model = Model("counter", "counts", Scope)
    model.initial(lambda _: [State(0), State(1)])

    @model.transition()
    def grow(s: State) -> None:
        require(s.n < 4)
        s.n += choose((1, 2))

    @model.step_property()
    def grows(before: State, after: State) -> bool:
        return after.n >= before.n

    @model.final
    def done(s: State) -> bool:
        return s.n == 4 or not deadlock

    return model


def test_choices_initial_states_and_ends() -> None:
    run(state_machine(counter(deadlock=False)))


def test_a_deadlock_is_found() -> None:
    with pytest.raises(AssertionError, match="Deadlock is false"):
        run(state_machine(counter(deadlock=True)))


def test_without_hypothesis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(UsageError, match="pip install hypothesis"):
        state_machine(two_phase_commit)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(UsageError, match="no property Nonsense"):
        state_machine(two_phase_commit, properties=["Nonsense"])
    with pytest.raises(UsageError, match="no variant nonsense"):
        state_machine(two_phase_commit, variant="nonsense")
