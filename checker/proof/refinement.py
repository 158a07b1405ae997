"""Whether an executable model does only what a theory allows: a forward simulation, checked edge by edge.

A run of the model is followed by a run of the theory. Each step of the model is mapped to steps of the theory, perhaps
none; their guards must be true, and afterwards the two states must agree. What the theory remembers and the model does
not (who promised what, the history of an epoch that has ended) is carried along, so what is explored are pairs of
states. Every state of the theory that is met is held against its invariant and its safety.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, Protocol

from zabcheck.checker.errors import UsageError
from zabcheck.checker.evaluate import PlainTree, ReadOnly
from zabcheck.checker.proof.finite import taken

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zabcheck.checker.evaluate import State
    from zabcheck.checker.model import Instance
    from zabcheck.checker.proof.finite import Structure
    from zabcheck.checker.proof.theory import Theory
    from zabcheck.checker.search import Problem


class Refinement(Protocol):
    """How the states and steps of a model are those of a theory."""

    def start(self, theory: Theory, scope: Any) -> Structure:
        """The state of the theory that goes with every initial state of the model."""

    def steps(self, before: Any, after: Any, instance: Instance) -> Iterable[tuple[str, ...]]:
        """The steps of the theory that a step of the model is, each a transition and the names of its arguments."""

    def differences(self, state: Any, structure: Structure) -> list[str]:
        """In what a state of the model and one of the theory disagree."""


@dataclass(frozen=True)
class Failure:
    """A step of the model that the theory does not allow, with the way to it."""

    path: tuple[str, ...]
    step: str
    reasons: tuple[str, ...]


@dataclass
class Checked:
    """How far a refinement was checked."""

    edges: int = 0
    pairs: int = 0
    structures: int = 0
    complete: bool = False
    taken: dict[str, int] = field(default_factory=dict)
    """how often each transition of the theory was taken"""
    failure: Failure | None = None


def check_refinement(problem: Problem, theory: Theory, refinement: Refinement, edges: int) -> Checked:
    """Follow the model breadth first for so many edges, or to the end, or to the first failure."""
    return _Check(problem, theory, refinement).run(edges)


def walk_refinement(
    problem: Problem, theory: Theory, refinement: Refinement, edges: int, seed: int = 0
) -> Checked:
    """Follow random walks through the model for so many edges, or to the first failure; they get deeper sooner."""
    return _Check(problem, theory, refinement).walk(edges, Random(seed))


Pair = tuple["State", int]


class _Check:
    def __init__(self, problem: Problem, theory: Theory, refinement: Refinement) -> None:
        self._problem = problem
        self._theory = theory
        self._refinement = refinement
        self._before, self._after = PlainTree(problem.shape), PlainTree(problem.shape)
        self._before_view = problem.shape.view(ReadOnly(self._before))
        self._after_view = problem.shape.view(ReadOnly(self._after))
        self._structures: list[Structure] = []
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._truths: dict[tuple[Any, ...], bool] = {}
        self._parents: dict[Pair, tuple[Pair, str] | None] = {}
        self._checked = Checked()

    def run(self, edges: int) -> Checked:
        """Explore pairs breadth first."""
        start = self._number(self._refinement.start(self._theory, self._problem.scope))
        frontier: deque[Pair] = deque()
        for root in self._problem.evaluator.initial:
            self._parents[root, start] = None
            frontier.append((root, start))
        while frontier and self._checked.failure is None and self._checked.edges < edges:
            self._expand(frontier.popleft(), frontier)
        self._checked.complete = not frontier and self._checked.failure is None
        self._checked.pairs, self._checked.structures = len(self._parents), len(self._structures)
        return self._checked

    def walk(self, edges: int, random: Random) -> Checked:
        """Walk from an initial state until there is no step, again and again."""
        evaluator, transitions = self._problem.evaluator, list(self._problem.selection.transitions)
        start = self._refinement.start(self._theory, self._problem.scope)
        while self._checked.failure is None and self._checked.edges < edges:
            state, structure, path = random.choice(evaluator.initial), start, list[str]()
            while self._checked.failure is None and self._checked.edges < edges:
                random.shuffle(transitions)
                options = ((i, after) for i in transitions for _, after in evaluator.successors(state, i))
                instance, after = next(options, (None, state))
                if instance is None:
                    break
                self._checked.edges += 1
                reasons, structure = self._follow(state, after, instance, structure)
                self._number(structure)
                if reasons:
                    self._checked.failure = Failure(tuple(path), str(instance), tuple(reasons))
                state = after
                path.append(str(instance))
        self._checked.structures = len(self._structures)
        return self._checked

    def _expand(self, pair: Pair, frontier: deque[Pair]) -> None:
        state, number = pair
        for instance in self._problem.selection.transitions:
            for _, after in self._problem.evaluator.successors(state, instance):
                self._checked.edges += 1
                reasons, following = self._follow(state, after, instance, self._structures[number])
                if reasons:
                    path = tuple(self._path(pair))
                    self._checked.failure = Failure(path, str(instance), tuple(reasons))
                    return
                reached = after, self._number(following)
                if reached not in self._parents:
                    self._parents[reached] = pair, str(instance)
                    frontier.append(reached)

    def _follow(
        self, before: State, after: State, instance: Instance, structure: Structure
    ) -> tuple[list[str], Structure]:
        """What is wrong with a step, if anything, and the state of the theory that it leads to."""
        self._before.values, self._after.values = list(before), list(after)
        for name, *arguments in self._refinement.steps(self._before_view, self._after_view, instance):
            try:
                step = taken(self._theory, structure.domain, name, arguments)
            except UsageError as error:
                return [str(error)], structure
            self._checked.taken[name] = self._checked.taken.get(name, 0) + 1
            closed = step.false_in(structure, (*step.transition.guards, *step.transition.assertions))
            structure = step.after(structure)
            if closed:
                return [f"{step.shown(structure.domain)}: {reason}" for reason in closed], structure
        return [
            *self._refinement.differences(self._after_view, structure),
            *self._violated(structure),
        ], structure

    def _violated(self, structure: Structure) -> list[str]:
        """The conjuncts and properties that are false in a state of the theory."""
        if self._key(structure) in self._numbers:
            return []
        return [
            f.name for f in (*self._theory.invariant, *self._theory.safety) if not self._is_true(f, structure)
        ]

    def _is_true(self, claim: Any, structure: Structure) -> bool:
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

    def _path(self, pair: Pair) -> list[str]:
        path = []
        while (parent := self._parents[pair]) is not None:
            pair, step = parent
            path.append(step)
        return path[::-1]
