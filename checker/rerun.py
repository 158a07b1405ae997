"""A counterexample that was written down, taken again: does the model still go there, and is it still a violation?

What was written down are words: names of transitions, arguments as people see them, and what changed. They are
matched with the instances that the model has now, so a model that was changed since parts from the run at some step,
and that step is the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zabcheck.checker.evaluate import Evaluator, select
from zabcheck.checker.model import LIVENESS, Kind, validate
from zabcheck.checker.result import Replay
from zabcheck.checker.trace import ReplayError, Taken, Unfulfilled, changes, explain, initial_fields, shown

if TYPE_CHECKING:
    from zabcheck.checker.evaluate import State
    from zabcheck.checker.model import Model, Property
    from zabcheck.checker.result import Step, Trace


@dataclass(frozen=True)
class Rerun:
    """A run that was taken again, for who wants to take it elsewhere too."""

    evaluator: Evaluator
    path: tuple[Taken, ...]
    states: tuple[State, ...]
    """the initial state, and the one after each step"""
    result: Replay


def rerun(model: Model[Any], scope: Any, written: Trace) -> Rerun:
    """Take the steps of ``written`` in ``model``, as far as that can be done, and decide its property.

    Raises:
        UsageError: the model does not have the property, or the scope makes no sense.
    """
    validate(scope)
    evaluator = Evaluator(model, scope, select(model, scope, (written.property,)))
    root, parted = _root(evaluator, written)
    path: list[Taken] = []
    states = [root]
    reason = ""
    for number, step in enumerate(written.steps, 1):
        taken, after, wrong = _take(evaluator, states[-1], step)
        if taken is None or after is None:
            reason = f"step {number}, {_words(step)}, {wrong}"
            break
        if not parted and changes(evaluator, states[-1], after) != step.changes:
            parted = f"step {number}, {_words(step)}, has another effect"
        path.append(taken)
        states.append(after)
    prop, trace = model.properties[written.property], None
    if not reason:
        trace, reason = _judge(evaluator, prop, written, path, states)
    result = Replay(
        model.name,
        prop.name,
        prop.sentence,
        len(written.steps),
        len(path),
        trace,
        parted or reason,
        reason,
    )
    return Rerun(evaluator, tuple(path), tuple(states), result)


def _root(evaluator: Evaluator, written: Trace) -> tuple[State, str]:
    """The initial state in which the run began; the first one if there is none like it."""
    for root in evaluator.initial:
        if initial_fields(evaluator, root) == written.initial:
            return root, ""
    return evaluator.initial[0], "the initial state is another one"


def _take(evaluator: Evaluator, state: State, step: Step) -> tuple[Taken | None, State | None, str]:
    for instance in evaluator.selection.transitions:
        if instance.name == step.transition and shown(instance.named_arguments) == step.arguments:
            after = dict(evaluator.successors(state, instance)).get(step.choices)
            return Taken(instance, step.choices), after, "is not possible there"
    return None, None, "is none that the model has"


def _judge(
    evaluator: Evaluator, prop: Property, written: Trace, path: list[Taken], states: list[State]
) -> tuple[Trace | None, str]:
    """The violation at the end of the run, or why there is none."""
    unfulfilled = None
    if prop.kind in LIVENESS:
        unfulfilled = _unfulfilled(evaluator, prop, written)
        if unfulfilled is None or unfulfilled.since >= len(states):
            return None, f"{prop.name} is not demanded there"
    try:
        trace = explain(evaluator, prop, states[0], path, unfulfilled)
    except ReplayError:
        return None, f"{prop.name} is not violated at the end"
    if prop.kind is Kind.FINAL and any(
        True for each in evaluator.selection.transitions for _ in evaluator.successors(states[-1], each)
    ):
        return None, "the run can go on from its end"
    return trace, ""


def _unfulfilled(evaluator: Evaluator, prop: Property, written: Trace) -> Unfulfilled | None:
    for demand in evaluator.selection.demands:
        if demand.prop is prop and shown(demand.instance.named_arguments) == written.arguments:
            cycle = written.cycle_from if prop.kind is Kind.EVENTUALLY else None
            if prop.kind is Kind.EVENTUALLY and (cycle is None or cycle > len(written.steps)):
                return None
            return Unfulfilled(demand, written.since or 0, cycle)
    return None


def _words(step: Step) -> str:
    return f"{step.transition}({', '.join(step.arguments.values())})"
