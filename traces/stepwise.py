"""Is a recording of a model's steps a run of the model, with the steps that were not observed filled in?

`plan` makes a recording into tracks, `stepsearch` looks for a run, `stuck` explains why there is none. A property is
judged on the run that was found, and not on what the search tried on the way; it is violated only if every run that
explains the recording violates it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from zabcheck.checker.evaluate import Evaluator, select
from zabcheck.checker.model import Kind
from zabcheck.checker.remembered import Remembering
from zabcheck.checker.search import Limits
from zabcheck.checker.trace import Taken, replay
from zabcheck.traces.plan import Plan
from zabcheck.traces.stepsearch import BoundError, Search
from zabcheck.traces.stuck import Rejection, explain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zabcheck.checker.evaluate import State
    from zabcheck.checker.model import Model, Property
    from zabcheck.checker.remembered import Ids
    from zabcheck.traces.event import Base

Verdict = Literal["accepted", "violates", "rejected", "inconclusive"]
LIMITS = Limits(states=1_000_000, seconds=60, memory=None)
"""Where to stop when nothing else is said."""


@dataclass(frozen=True)
class Outcome:
    """What the search found.

    ``accepted``: a run of the model explains the recording. ``violates``: so it does, and every such run violates one
    of ``properties``. ``rejected``: no run does. ``inconclusive``: ``reason`` says why it is not known.
    """

    verdict: Verdict
    reason: str
    tracks: dict[str, int]
    """how many steps each has, the unobserved ones too"""
    states: int
    """pairs of a cut and a state that were visited"""
    seconds: float
    path: tuple[Taken, ...] = ()
    """a run that explains the recording"""
    root: int = 0
    """the initial state that it begins in"""
    properties: dict[str, str] = field(default_factory=dict)
    """those that the run violates, each with where and why"""
    rejection: Rejection | None = None


def validate_steps(
    model: Model[Any],
    scope: Any,
    events: Iterable[Base],
    limits: Limits = LIMITS,
    *,
    properties: bool = True,
    reduced: bool = True,
) -> Outcome:
    """Look for a run of ``model`` that explains a recording of its steps.

    The recording may name bounds of its own, which replace those of ``scope``. ``properties`` says whether invariants,
    step properties and assertions are judged on the run. Without ``reduced`` every order of steps is tried; the
    verdict is the same.
    """
    started = time.monotonic()
    plan = Plan(model, scope, events)
    search = Search(plan, limits, reduced=reduced)
    tracks = {name: len(items) for name, items in zip(plan.names, plan.tracks, strict=True)}

    def outcome(verdict: Verdict, reason: str, **more: Any) -> Outcome:
        return Outcome(verdict, reason, tracks, search.states, time.monotonic() - started, **more)

    try:
        found = search.run()
    except BoundError as bound:
        return outcome("inconclusive", f"{bound} before a run was found that explains the recording")
    if found is None:
        rejection = explain(plan, search)
        return outcome("rejected", rejection.headline, rejection=rejection)
    number, path = found
    run = {"path": tuple(path), "root": number}
    judge = Judge(plan)
    violated = judge.judge(number, path) if properties else {}
    if not violated:
        return outcome("accepted", "", **run)
    for name, where in violated.items():
        try:
            other = judge.without(plan.model.properties[name], limits)
        except BoundError as bound:
            return outcome(
                "inconclusive",
                f"the run that was found violates {name} ({where}); {bound} before it was known whether all do",
                properties=violated,
                **run,
            )
        if not other:
            return outcome(
                "violates",
                f"every run that explains the recording violates {name} ({where})",
                properties={name: where},
                **run,
            )
    names = ", ".join(violated)
    return outcome(
        "inconclusive",
        f"some behaviours consistent with the recording violate {names}",
        properties=violated,
        **run,
    )


class Judge:
    """Holds runs against the properties of a model."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._evaluator = Evaluator(plan.model, plan.scope, plan.selection)
        self._remembering = Remembering(self._evaluator)
        self._invariants = [
            (prop, instance) for prop, instance in plan.selection.predicates if prop.kind is Kind.INVARIANT
        ]

    def judge(self, root: int, path: list[Taken]) -> dict[str, str]:
        """The properties that a run violates, each with where it does first, and what the property says of it."""
        states = replay(self._evaluator, self._evaluator.initial[root], path)
        violated: dict[str, str] = {}
        for number, state in enumerate(states):
            after = f"after step {number}, {path[number - 1].instance}" if number else "in the initial state"
            for name in sorted(state[self._evaluator.shape.failed]):
                violated.setdefault(name, after)
            ids = self._remembering.ids_of(state)
            for prop, instance in self._invariants:
                if prop.name not in violated and not (said := self._remembering.holds(prop, instance, ids)):
                    violated[prop.name] = f"{after}: {said}" if isinstance(said, str) else after
        return violated

    def without(self, prop: Property, limits: Limits) -> bool:
        """Whether some run explains the recording and does not violate ``prop``."""
        plan = self._plan
        selection = select(plan.model, plan.scope, (prop.name,))
        evaluator = Evaluator(plan.model, plan.scope, selection)
        invariants = [pair for pair in selection.predicates if pair[0].kind is Kind.INVARIANT]

        def violates(state: State) -> bool:
            return bool(state[evaluator.shape.failed]) or not all(
                evaluator.holds(state, declared, instance) for declared, instance in invariants
            )

        def forbids(before: Ids, taken: Taken, after: Ids) -> bool:
            if invariants:
                return violates(search.remembering.state_of(after))
            ways = dict(evaluator.successors(search.remembering.state_of(before), taken.instance))
            return violates(ways[taken.choices])

        search = Search(plan, limits, forbids=forbids)
        return not all(map(violates, evaluator.initial)) and search.run() is not None
