"""From a path of steps to a trace that people can read, by replaying it in plain Python.

An engine hands over which instance was taken at each step; the replay runs exactly those, so that what is shown was
produced by the model's own functions and by nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zabcheck.checker.errors import CheckerError
from zabcheck.checker.lasso import flaw
from zabcheck.checker.model import Instance, Kind, Property
from zabcheck.checker.result import Change, Step, Trace
from zabcheck.checker.traffic import actors, messages
from zabcheck.checker.values import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zabcheck.checker.evaluate import Demand, Evaluator, State


@dataclass(frozen=True)
class Taken:
    """One step of a path: which instance, and which options it chose."""

    instance: Instance
    choices: tuple[int, ...] = ()


@dataclass(frozen=True)
class Unfulfilled:
    """What is wrong with a run in which a goal is demanded after step ``since``, and never true from there on."""

    demand: Demand
    since: int
    cycle_from: int | None = None
    """for "eventually": after how many steps the cycle begins"""


class ReplayError(CheckerError):
    """A path that the plain functions do not follow: a defect of the engine, never shown as a counterexample."""


def replay(evaluator: Evaluator, root: State, path: Sequence[Taken]) -> list[State]:
    """All the states of the run that starts in ``root`` and takes ``path``."""
    states = [root]
    for taken in path:
        successors = dict(evaluator.successors(states[-1], taken.instance))
        if taken.choices not in successors:
            raise ReplayError(f"{taken.instance} is not enabled at step {len(states)} of the replayed path")
        states.append(successors[taken.choices])
    return states


def explain(
    evaluator: Evaluator,
    prop: Property,
    root: State,
    path: Sequence[Taken],
    unfulfilled: Unfulfilled | None = None,
) -> Trace:
    """The trace that shows ``prop`` false (a goal: true) at the end of ``path``, after replaying it.

    For liveness, ``unfulfilled`` says what the path shows instead.
    """
    states = replay(evaluator, root, path)
    if unfulfilled and (wrong := flaw(evaluator, unfulfilled, states, path)):
        raise ReplayError(f"the run does not show that {prop.name} is violated: {wrong}")
    arguments, clause, evidence = _verdict(evaluator, prop, states, unfulfilled)
    return Trace(
        property=prop.name,
        arguments=arguments,
        clause=clause,
        evidence=evidence,
        since=unfulfilled.since if unfulfilled else None,
        cycle_from=unfulfilled.cycle_from if unfulfilled else None,
        **_run(evaluator, states, path),
    )


def leading_to(evaluator: Evaluator, root: State, path: Sequence[Taken], claim: str, clause: str) -> Trace:
    """The trace of a run at whose end something is false that is no property of the model."""
    return Trace(claim, {}, clause, (), **_run(evaluator, replay(evaluator, root, path), path))


def _run(evaluator: Evaluator, states: list[State], path: Sequence[Taken]) -> dict[str, Any]:
    """What a trace says of its run."""
    return {
        "initial": initial_fields(evaluator, states[0]),
        "steps": tuple(
            step(evaluator, taken, before, after)
            for taken, before, after in zip(path, states, states[1:], strict=False)
        ),
        "lanes": tuple(map(render, actors(evaluator))),
        "messages": messages(evaluator, states, path),
    }


def step(evaluator: Evaluator, taken: Taken, before: State, after: State) -> Step:
    """A step for people: what it is, who takes it, and what it changes."""
    instance, fields = taken.instance, evaluator.shape.fields
    declared = evaluator.model.transitions[instance.name]
    everybody, actor = actors(evaluator), declared.actor(instance)
    concerned = instance.arguments if actor is None else (actor,)
    return Step(
        transition=instance.name,
        arguments=shown(instance.named_arguments),
        changes=changes(evaluator, before, after),
        choices=taken.choices,
        sentence=declared.sentence,
        lanes=tuple(render(one) for one in concerned if one in everybody),
        environment=actor is None,
        fault=declared.fault,
        durable=tuple(
            field.label
            for field, old, new in zip(fields, before, after, strict=True)
            if field.durable and old != new
        ),
        down=tuple(render(one) for one in everybody if not evaluator.is_running(after, one)),
    )


def initial_fields(evaluator: Evaluator, root: State) -> tuple[tuple[str, str], ...]:
    """All fields of an initial state, by their labels."""
    return tuple(
        (field.label, render(value)) for field, value in zip(evaluator.shape.fields[:-1], root, strict=False)
    )


def shown(arguments: dict[str, Any]) -> dict[str, str]:
    """Arguments as people see them."""
    return {name: render(value) for name, value in arguments.items()}


def changes(evaluator: Evaluator, before: State, after: State) -> tuple[Change, ...]:
    """The fields that differ between two states."""
    return tuple(
        Change(field.label, render(old), render(new))
        for field, old, new in zip(evaluator.shape.fields[:-1], before, after, strict=False)
        if old != new
    )


def _verdict(
    evaluator: Evaluator, prop: Property, states: list[State], unfulfilled: Unfulfilled | None
) -> tuple[dict[str, str], str, tuple[tuple[str, str], ...]]:
    last = states[-1]
    if prop.kind is Kind.STEP or prop.kind is Kind.ASSERTION:
        if prop.name not in last[evaluator.shape.failed]:
            raise ReplayError(f"{prop.name} did not fail in the replayed path")
        found = evaluator.explain_step(states[-2], last, prop) if prop.kind is Kind.STEP else None
        if found is None:
            return {}, "the last step checks it, and it is false there", ()
        instance, answer = found
        return shown(instance.named_arguments), _clause(answer), ()
    for candidate, instance in evaluator.selection.predicates:
        if unfulfilled.demand.instance is instance if unfulfilled else candidate is prop:
            answer = evaluator.holds(last, prop, instance)
            if bool(answer) == (prop.kind is Kind.GOAL):
                evidence = tuple(
                    (evaluator.shape.fields[i].label, render(last[i]))
                    for i in evaluator.fields_read(last, instance)
                )
                return shown(instance.named_arguments), _clause(answer), evidence
    raise ReplayError(f"{prop.name} does not have the reported verdict at the end of the replayed path")


def _clause(answer: object) -> str:
    return str(answer) if isinstance(answer, str) else ""
