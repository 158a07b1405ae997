"""A run that is written down: what happens, act by act, and what must be true at its end.

A script is an example that people read. It is played with the model's own transitions from a prepared state, one
named step after the other, and every property of the model is checked after each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zabcheck.checker.evaluate import Evaluator, select
from zabcheck.checker.model import Instance, Kind, Property
from zabcheck.checker.result import ActResult, ClaimResult, Performance, Step
from zabcheck.checker.trace import Taken, initial_fields, replay, step
from zabcheck.checker.traffic import actors, messages
from zabcheck.checker.values import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zabcheck.checker.evaluate import State
    from zabcheck.checker.model import Model
    from zabcheck.checker.result import Message

MOST_STEPS = 1_000
"""After so many steps, a `Let` counts as one that does not come to rest."""


@dataclass(frozen=True)
class Do:
    """One step: a transition with its arguments."""

    transition: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Let:
    """Everything that can happen among ``members``, in the order of the model's transitions, until nothing can.

    What is named in ``without`` does not happen.
    """

    members: frozenset[Any]
    without: frozenset[str]

    def allows(self, instance: Instance) -> bool:
        """Whether this is a step among the members that may happen."""
        return instance.name not in self.without and self.members.issuperset(_flat(instance.arguments))


def _flat(arguments: tuple[Any, ...]) -> Iterator[Any]:
    for argument in arguments:
        if isinstance(argument, tuple):
            yield from _flat(argument)
        else:
            yield argument


@dataclass(frozen=True)
class Act:
    """Steps that belong together, and a remark on them."""

    remark: str
    moves: tuple[Do | Let, ...] = ()


@dataclass(frozen=True)
class Claim:
    """What is true at the end of a script."""

    sentence: str
    holds: Callable[[Any], object]


@dataclass(frozen=True)
class Script:
    """A worked example: a scope, how its initial state is prepared, what happens, and what is true in the end."""

    name: str
    sentence: str
    scope: Any
    prepare: Callable[[Any], None]
    """changes the initial state of the scope, in place"""
    acts: tuple[Act, ...]
    claims: tuple[Claim, ...]


class _Stopped(Exception):  # noqa: N818 - an outcome, not an error
    """The script cannot go on, or what it led to must not be."""


class _Stage:
    """Where a script is played: a state, and the steps of the act under way."""

    def __init__(self, model: Model[Any], scope: Any, prepare: Callable[[Any], None]) -> None:
        self._evaluator = Evaluator(model, scope, select(model, scope))
        root = model.initial_states(scope)[0]
        prepare(root)
        self._state: State = self._evaluator.shape.flatten(root)
        self._root = self._state
        self._path: list[Taken] = []
        self.initial = initial_fields(self._evaluator, self._state)
        self.steps: list[Step] = []

    def play(self, move: Do | Let) -> None:
        """Make one move of a script."""
        if isinstance(move, Do):
            self._do(move)
        else:
            for _ in range(MOST_STEPS):
                if not any(move.allows(instance) and self._take(instance) for instance in self._instances):
                    return
            raise _Stopped(f"it does not come to rest in {MOST_STEPS:,} steps")

    @property
    def _instances(self) -> tuple[Instance, ...]:
        return self._evaluator.selection.transitions

    def _do(self, move: Do) -> None:
        for instance in self._instances:
            if (instance.name, instance.arguments) == (move.transition, move.arguments):
                if not self._take(instance):
                    raise _Stopped(f"{instance} is not possible after step {len(self._path)}")
                return
        raise _Stopped(f"there is no {move.transition}({', '.join(map(str, move.arguments))})")

    def _take(self, instance: Instance) -> bool:
        """Take a step if it is enabled, and check the state that it leads to."""
        way = next(self._evaluator.successors(self._state, instance), None)
        if way is None:
            return False
        choices, after = way
        self._path.append(Taken(instance, choices))
        self.steps.append(step(self._evaluator, self._path[-1], self._state, after))
        self._state = after
        self._check()
        return True

    def _check(self) -> None:
        """Stop where a property of the model is false; whether goals are reached is no matter here."""
        for name in sorted(self._state[self._evaluator.shape.failed]):
            raise _Stopped(f"{name} is false in step {len(self._path)}")
        for prop, instance in self._evaluator.selection.predicates:
            if prop.kind is Kind.INVARIANT:
                said = self._evaluator.holds(self._state, prop, instance)
                if not said:
                    reason = f": {said}" if isinstance(said, str) else ""
                    raise _Stopped(f"{prop.name} is false after step {len(self._path)}{reason}")

    @property
    def lanes(self) -> tuple[str, ...]:
        """All who act."""
        return tuple(map(render, actors(self._evaluator)))

    @property
    def messages(self) -> tuple[Message, ...]:
        """What was sent in all the steps."""
        return messages(self._evaluator, replay(self._evaluator, self._root, self._path), self._path)

    def holds(self, claim: Claim) -> bool:
        """Whether a claim is true in the state that was reached."""
        prop = Property(claim.sentence, claim.holds, None, Kind.INVARIANT)
        return bool(self._evaluator.holds(self._state, prop, Instance(prop.name, claim.holds, ())))


def play(model: Model[Any], script: Script, scope: Any = None) -> Performance:
    """Play ``script``, in a ``scope`` of its own or in a changed one, as far as that can be done."""
    stage = _Stage(model, scope or script.scope, script.prepare)
    acts: list[ActResult] = []
    stopped = ""
    for act in script.acts:
        try:
            for move in act.moves:
                stage.play(move)
        except _Stopped as reason:
            stopped = str(reason)
        acts.append(ActResult(act.remark, tuple(stage.steps)))
        stage.steps.clear()
        if stopped:
            break
    return Performance(
        name=script.name,
        sentence=script.sentence,
        initial=stage.initial,
        acts=tuple(acts),
        stopped=stopped,
        claims=tuple(ClaimResult(claim.sentence, stage.holds(claim)) for claim in script.claims),
        lanes=stage.lanes,
        messages=stage.messages,
    )
