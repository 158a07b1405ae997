"""A counterexample that was written down is taken again, or one is told where the model parts from it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.checker.living_protocols import lock, ring
from tests.checker.protocols import Scope, alternating_bit, philosophers
from zabcheck.checker import Options, UsageError, check
from zabcheck.checker.rerun import rerun

if TYPE_CHECKING:
    from zabcheck.checker.model import Model
    from zabcheck.checker.result import Trace


def found(model: Model[Any], scope: Scope, *properties: str) -> Trace:
    result = check(model, scope, Options(properties=properties), engine="interpreted")
    assert result.counterexample is not None, result.properties
    return result.counterexample


@pytest.mark.parametrize(
    ("model", "scope"),
    [
        pytest.param(philosophers, Scope(bug=True), id="deadlock"),
        pytest.param(alternating_bit, Scope(bug=True), id="invariant"),
        pytest.param(lock, Scope(bug=True), id="eventually"),
        pytest.param(ring, Scope(bug=True), id="recoverable"),
    ],
)
def test_the_run_is_a_violation_again(model: Model[Any], scope: Scope) -> None:
    trace = found(model, scope)
    again = rerun(model, scope, trace)
    assert again.result.trace == trace
    assert (again.result.parted, again.result.reason) == ("", "")
    assert len(again.states) == len(trace.steps) + 1


def test_a_mended_model_parts_from_the_run_and_says_where() -> None:
    trace = found(alternating_bit, Scope(bug=True))
    again = rerun(alternating_bit, Scope(), trace)
    assert again.result.trace is None
    assert again.result.reason
    assert again.result.parted.startswith("step ")


def test_a_run_that_ends_early_is_no_deadlock() -> None:
    trace = found(philosophers, Scope(bug=True))
    again = rerun(philosophers, Scope(bug=True), replace(trace, steps=trace.steps[:-1]))
    assert again.result.trace is None
    assert again.result.reason == "the run can go on from its end"


def test_another_beginning_or_effect_is_told_and_does_not_decide() -> None:
    trace = found(philosophers, Scope(bug=True))
    changed = replace(trace, initial=(("x", "1"), *trace.initial))
    again = rerun(philosophers, Scope(bug=True), changed)
    assert again.result.trace is not None
    assert again.result.parted == "the initial state is another one"
    step = replace(trace.steps[1], changes=())
    again = rerun(
        philosophers, Scope(bug=True), replace(trace, steps=(trace.steps[0], step, *trace.steps[2:]))
    )
    assert again.result.trace is not None
    assert again.result.parted.startswith("step 2, ")


def test_a_step_that_is_none_ends_the_run() -> None:
    trace = found(philosophers, Scope(bug=True))
    step = replace(trace.steps[0], transition="fly")
    again = rerun(philosophers, Scope(bug=True), replace(trace, steps=(step,)))
    assert again.result.trace is None
    assert again.result.reason.startswith("step 1, fly(")
    assert again.path == ()


def test_a_property_that_the_model_lost_is_a_usage_error() -> None:
    trace = found(philosophers, Scope(bug=True))
    with pytest.raises(UsageError, match="has no property Gone"):
        rerun(philosophers, Scope(bug=True), replace(trace, property="Gone"))
