"""Whether an executable model does only what a theory allows: a forward simulation, checked edge by edge.

A run of the model is followed by a run of the theory. Each step of the model is mapped to steps of the theory, perhaps
none; their guards must be true, and afterwards the two states must agree. What the theory remembers and the model does
not (who promised what, the history of an epoch that has ended) is carried along, so what is explored are pairs of
states. Every state of the theory that is met is held against its invariant and its safety.
"""

from __future__ import annotations

import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any, Protocol

from zabcheck.checker.disabled import Disabled
from zabcheck.checker.errors import UsageError
from zabcheck.checker.evaluate import PlainTree, ReadOnly
from zabcheck.checker.model import options
from zabcheck.checker.proof.finite import taken
from zabcheck.checker.proof.result import Misstep, RefinementResult
from zabcheck.checker.result import Progress
from zabcheck.checker.search import Stop, current_memory
from zabcheck.checker.trace import Taken, replay, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from zabcheck.checker.evaluate import State
    from zabcheck.checker.model import Instance
    from zabcheck.checker.proof.finite import Structure
    from zabcheck.checker.proof.finite import Taken as Step
    from zabcheck.checker.proof.theory import Named, Theory
    from zabcheck.checker.search import Problem

CLAIM = "Refinement"
OFTEN = 128
"""After so many steps, progress is told."""
INTERRUPTED = "interrupted"


class Refinement(Protocol):
    """How the states and steps of a model are those of a theory."""

    def start(self, theory: Theory, scope: Any) -> Structure:
        """The state of the theory that goes with every initial state of the model."""

    def steps(self, before: Any, after: Any, instance: Instance) -> Iterable[tuple[str, ...]]:
        """The steps of the theory that a step of the model is, each a transition and the names of its arguments."""

    def differences(self, state: Any, structure: Structure) -> list[str]:
        """In what a state of the model and one of the theory disagree."""


@dataclass(frozen=True)
class Bounds:
    """Where to stop, each ``None`` for never."""

    edges: int | None = None
    seconds: float | None = None


def check_refinement(
    problem: Problem,
    theory: Theory,
    refinement: Refinement,
    bounds: Bounds | None = None,
    listener: Callable[[Progress], None] = lambda _: None,
) -> RefinementResult:
    """Follow every step of the model, breadth first, to the end, to the first that is wrong, or to a bound."""
    check = _Check(problem, theory, refinement, bounds or Bounds(), listener)
    return check.conclude(check.breadth_first)


def walk_refinement(
    problem: Problem, theory: Theory, refinement: Refinement, edges: int, seed: int = 0
) -> RefinementResult:
    """Follow random walks through the model for so many steps; they get deeper sooner, and are never complete."""
    check = _Check(problem, theory, refinement, Bounds(edges), lambda _: None)
    return check.conclude(lambda: check.walk(Random(seed)))


def follow_run(
    problem: Problem, theory: Theory, refinement: Refinement, root: State, path: Sequence[Taken]
) -> RefinementResult:
    """Follow one run of the model, to its end or to the first step that is wrong; this is never complete."""
    check = _Check(problem, theory, refinement, Bounds(), lambda _: None)
    return check.conclude(lambda: check.follow(root, path))


Pair = tuple["State", int]
"""a state of the model, and the number of a state of the theory"""


@dataclass(frozen=True)
class _Wrong:
    root: State
    path: tuple[Taken, ...]
    reasons: tuple[str, ...]


class _Check:
    def __init__(
        self,
        problem: Problem,
        theory: Theory,
        refinement: Refinement,
        bounds: Bounds,
        listener: Callable[[Progress], None],
    ) -> None:
        self._problem, self._theory, self._refinement = problem, theory, refinement
        self._bounds, self._listener = bounds, listener
        self._known = Disabled(problem.evaluator)
        self._before, self._after = PlainTree(problem.shape), PlainTree(problem.shape)
        self._before_view = problem.shape.view(ReadOnly(self._before))
        self._after_view = problem.shape.view(ReadOnly(self._after))
        self._structures: list[Structure] = []
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._steps: dict[tuple[int, tuple[tuple[str, ...], ...]], tuple[tuple[str, ...], int]] = {}
        self._truths: dict[tuple[Any, ...], bool] = {}
        self._parents: dict[Pair, tuple[Pair, Taken] | None] = {}
        self._levels: list[int] = []
        self._edges = 0
        self._taken: dict[str, int] = {}
        self._started = time.monotonic()
        self._start = self._number(refinement.start(theory, problem.scope))

    def conclude(self, explore: Callable[[], _Wrong | str]) -> RefinementResult:
        """What an exploration came to: a wrong step, or why it is not complete, or nothing."""
        outcome: _Wrong | str = INTERRUPTED
        with suppress(Stop, KeyboardInterrupt):
            outcome = explore()
        wrong = outcome if isinstance(outcome, _Wrong) else None
        return RefinementResult(
            model=self._problem.model.name,
            scope={f.name: getattr(self._problem.scope, f.name) for f in options(type(self._problem.scope))},
            variants=self._problem.variants,
            theory=self._theory.name,
            verdict="violated" if wrong else "incomplete" if outcome else "holds",
            reason=outcome if isinstance(outcome, str) else "",
            edges=self._edges,
            pairs=len(self._parents),
            structures=len(self._structures),
            taken=self._taken,
            misstep=self._misstep(wrong) if wrong else None,
            seconds=time.monotonic() - self._started,
        )

    def _misstep(self, wrong: _Wrong) -> Misstep:
        evaluator = self._problem.evaluator
        run = told(evaluator, replay(evaluator, wrong.root, wrong.path), wrong.path)
        trace = replace(run, property=CLAIM, clause="; ".join(wrong.reasons))
        return Misstep(str(wrong.path[-1].instance), wrong.reasons, trace)

    def breadth_first(self) -> _Wrong | str:
        """Explore pairs."""
        frontier: deque[Pair] = deque((root, self._start) for root in self._problem.evaluator.initial)
        self._parents = dict.fromkeys(frontier)
        while frontier:
            self._levels.append(len(frontier))
            for _ in range(len(frontier)):
                pair = frontier.popleft()
                for step, after, reasons, number in self._expand(*pair):
                    if reasons:
                        root, path = self._path(pair)
                        return _Wrong(root, (*path, step), reasons)
                    if (after, number) not in self._parents:
                        self._parents[after, number] = pair, step
                        frontier.append((after, number))
                    if limit := self._limit(len(frontier)):
                        return limit
        return ""

    def walk(self, random: Random) -> _Wrong | str:
        """Walk from an initial state until there is no step, again and again."""
        while True:
            root = random.choice(self._problem.evaluator.initial)
            state, number, path = root, self._start, list[Taken]()
            while options := list(self._known.steps(state)):
                instance, choices, after = random.choice(options)
                path.append(Taken(instance, choices))
                reasons, number = self._follow(state, after, instance, number)
                if reasons:
                    return _Wrong(root, tuple(path), reasons)
                if limit := self._limit():
                    return limit
                state = after

    def follow(self, root: State, path: Sequence[Taken]) -> _Wrong | str:
        """Follow a run."""
        number = self._start
        states = replay(self._problem.evaluator, root, path)
        for i, step in enumerate(path):
            reasons, number = self._follow(states[i], states[i + 1], step.instance, number)
            if reasons:
                return _Wrong(root, tuple(path[: i + 1]), reasons)
        return "only one run was followed"

    def _limit(self, waiting: int = 0) -> str:
        """Tell how far this is, and say whether a bound is reached."""
        seconds = time.monotonic() - self._started
        if self._edges % OFTEN == 0:
            self._listener(
                Progress(
                    seconds=seconds,
                    distinct_states=len(self._parents),
                    generated_states=self._edges,
                    depth=len(self._levels),
                    frontier=waiting,
                    memory_bytes=current_memory(),
                    states_by_depth=self._levels,
                )
            )
        if self._bounds.edges is not None and self._edges >= self._bounds.edges:
            return f"the limit of {self._bounds.edges:,} steps was reached"
        if self._bounds.seconds is not None and seconds >= self._bounds.seconds:
            return f"the limit of {self._bounds.seconds:g} seconds was reached"
        return ""

    def _expand(self, state: State, number: int) -> Iterator[tuple[Taken, State, tuple[str, ...], int]]:
        """Each step of a pair: where it leads, and what is wrong with it."""
        for instance, choices, after in self._known.steps(state):
            yield Taken(instance, choices), after, *self._follow(state, after, instance, number)

    def _follow(
        self, before: State, after: State, instance: Instance, number: int
    ) -> tuple[tuple[str, ...], int]:
        """What is wrong with a step, if anything, and the state of the theory that it leads to."""
        self._edges += 1
        self._before.values, self._after.values = list(before), list(after)
        steps = tuple(self._refinement.steps(self._before_view, self._after_view, instance))
        for name, *_ in steps:
            self._taken[name] = self._taken.get(name, 0) + 1
        if (number, steps) not in self._steps:
            self._steps[number, steps] = self._take(number, steps)
        reasons, reached = self._steps[number, steps]
        return reasons or tuple(
            self._refinement.differences(self._after_view, self._structures[reached])
        ), reached

    def _take(self, number: int, steps: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], int]:
        """Take steps of the theory; if one cannot be taken, or leads out of the invariant, say why."""
        structure = self._structures[number]
        for name, *arguments in steps:
            try:
                step = taken(self._theory, structure.domain, name, arguments)
            except UsageError as error:
                return (str(error),), number
            if wrong := _wrong_in(structure, step):
                return wrong, number
            structure = step.after(structure)
        return tuple(self._violated(structure)), self._number(structure)

    def _violated(self, structure: Structure) -> list[str]:
        """The conjuncts and properties that are false in a state of the theory."""
        if self._key(structure) in self._numbers:
            return []
        claims = (*self._theory.invariant, *self._theory.safety)
        return [
            f"{claim.name} is false: {claim.sentence}"
            for claim in claims
            if not self._is_true(claim, structure)
        ]

    def _is_true(self, claim: Named, structure: Structure) -> bool:
        """Whether a formula is true; states that differ elsewhere share the answer."""
        key = (claim.name, *(structure.relations[name] for name in claim.relations))
        known = self._truths.get(key)
        if known is None:
            known = self._truths[key] = structure.holds(claim.formula)
        return known

    @staticmethod
    def _key(structure: Structure) -> tuple[Any, ...]:
        return tuple(structure.relations.values())

    def _number(self, structure: Structure) -> int:
        number = self._numbers.setdefault(self._key(structure), len(self._structures))
        if number == len(self._structures):
            self._structures.append(structure)
        return number

    def _path(self, pair: Pair) -> tuple[State, list[Taken]]:
        """The initial state and the steps that lead to a pair."""
        path = []
        while (parent := self._parents[pair]) is not None:
            pair, step = parent
            path.append(step)
        return pair[0], path[::-1]


def _wrong_in(structure: Structure, step: Step) -> tuple[str, ...]:
    """Why a step of the theory cannot be taken, or what it must not do."""
    shown, transition = step.shown(structure.domain), step.transition
    closed = step.false_in(structure, transition.guards)
    if closed:
        return tuple(f"{shown} needs “{guard}”: {transition.sentence}" for guard in closed)
    broken = step.false_in(structure, transition.assertions)
    return tuple(
        f"{shown} breaks {claim.name}: {claim.sentence}"
        for claim in transition.assertions
        if claim.name in broken
    )
