"""Looking around in a model: a place is an initial state and the names of the steps from there.

No answer depends on the questions before it, so a place can be shared as text, and means the same in another process
with the same model and scope.
"""

from __future__ import annotations

import copy
import dataclasses
import random
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from zabcheck.checker.errors import UsageError
from zabcheck.checker.model import Kind
from zabcheck.checker.run import search
from zabcheck.checker.search import Limits, Options, Problem, Stop
from zabcheck.checker.trace import changes, initial_fields, told
from zabcheck.checker.vocabulary import NotEnabled
from zabcheck.checker.walk import DEMANDS, Impossible, Judgement, Move, Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from zabcheck.checker.evaluate import State
    from zabcheck.checker.model import Model, Property
    from zabcheck.checker.result import Change, Trace

_KEPT = 4096
"""Steps of paths that are remembered: from one question to the next, a path is mostly the same."""


@dataclass(frozen=True)
class Enabled:
    """A step that can be taken, and what it would change."""

    name: str
    transition: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Place:
    """Where a path leads, as far as it can be followed."""

    taken: tuple[str, ...]
    stopped: str
    """why the path goes no further than ``taken``; empty if all of it was taken"""
    fields: tuple[tuple[str, str], ...]
    changed: tuple[Change, ...]
    """what the last step changed"""
    enabled: tuple[Enabled, ...]
    judgements: tuple[Judgement, ...]


@dataclass(frozen=True)
class Sought:
    """What came of looking for a state: the steps that lead there from a place, or why there are none to show."""

    steps: tuple[str, ...] | None
    reason: str = ""


class Explorer:
    """Answers questions about places of one model in one scope."""

    def __init__(
        self, model: Model[Any], scope: Any, properties: Iterable[str] = (), variants: Iterable[str] = ()
    ) -> None:
        variants = tuple(variants)
        self.walk = Walk(model, scope, properties, variants)
        self._move = lru_cache(_KEPT)(self.walk.move)
        self.model = model
        self._scope = model.varied(scope, variants)

    def place(self, root: int, path: Sequence[str]) -> Place:
        """What is so after ``path`` from the initial state number ``root``."""
        states, _, stopped = self._follow(root, path)
        evaluator, state = self.walk.evaluator, states[-1]
        return Place(
            taken=tuple(path[: len(states) - 1]),
            stopped=stopped,
            fields=initial_fields(evaluator, state),
            changed=changes(evaluator, states[-2], state) if len(states) > 1 else (),
            enabled=tuple(self._enabled(state, move) for move in self.walk.moves(state)),
            judgements=self.walk.judgements(state),
        )

    def _enabled(self, state: State, move: Move) -> Enabled:
        return Enabled(move.name, move.taken.instance.name, changes(self.walk.evaluator, state, move.after))

    def run(self, root: int, path: Sequence[str]) -> Trace:
        """The run to a place, with its messages: what a diagram shows."""
        states, moves, _ = self._follow(root, path)
        return told(self.walk.evaluator, states, [move.taken for move in moves])

    def _follow(self, root: int, path: Sequence[str]) -> tuple[list[State], list[Move], str]:
        """The states along a path, the moves between them, and why it could not be followed further."""
        if not 0 <= root < len(self.walk.initial):
            raise UsageError(f"there is no initial state {root}; there are {len(self.walk.initial)}")
        states, moves = [self.walk.initial[root]], []
        for number, name in enumerate(path, 1):
            try:
                moves.append(self._move(states[-1], name))
            except (Impossible, UsageError) as reason:
                return states, moves, f"step {number}, {name}, is not possible: {reason}"
            states.append(moves[-1].after)
        return states, moves, ""

    def wander(self, root: int, path: Sequence[str], steps: int, seed: int) -> tuple[str, ...]:
        """At most ``steps`` random steps from a place on: less where nothing is enabled or a property is violated."""
        state, names = self._follow(root, path)[0][-1], []
        chance = random.Random(seed)
        for _ in range(steps):
            moves = self.walk.moves(state)
            if not moves:
                break
            move = chance.choice(moves)
            names.append(move.name)
            state = move.after
            if any(judgement.violated for judgement in self.walk.judgements(state)):
                break
        return tuple(names)

    def seek(
        self, root: int, path: Sequence[str], name: str, seconds: float, stopped: Callable[[], bool] = bool
    ) -> Sought:
        """A shortest way from a place to a state that violates property ``name``, or in which that goal is true.

        The search is given up after ``seconds``, or when ``stopped`` says so.
        """
        prop = self.model.properties.get(name)
        if prop is None or prop not in self.walk.evaluator.selection.checked:
            raise UsageError(f"model {self.model.name} has no property {name} that is decided in this scope")

        def listen(_: object) -> None:
            if stopped():
                raise Stop

        sought = copy.copy(self.model)
        sought.properties = {name: prop if prop.kind in DEMANDS else _never(prop)}
        limits = Limits(seconds=seconds)
        options = Options(limits=limits, liveness=False, cache=False, on_progress=listen)
        problem = Problem(sought, self._scope, options)
        problem.evaluator.initial = [self._follow(root, path)[0][-1]]
        tally = search(problem)
        if name not in tally.found:
            return Sought(None, tally.reason or "there is no such state from here on within this scope")
        _, way = tally.found[name].path()
        return Sought(tuple(Move(taken, ()).name for taken in way))


def _never(prop: Property) -> Property:
    """The claim that what a goal describes is never so: the search ends where that is violated."""

    def never(*arguments: Any) -> bool:
        try:
            return not prop.function(*arguments)
        except NotEnabled:  # a guard that is false makes a predicate false
            return True

    return dataclasses.replace(prop, function=never, kind=Kind.INVARIANT, when=None, text=prop.sentence)
