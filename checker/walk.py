"""A model gone through one step at a time: what can be done in a state, what it leads to, and what is true there.

For whoever chooses the steps: a person who explores, a schedule that is written down, a test that draws them. Steps
have names that outlive a run, so that a path can be kept as text. A model that has changed since may lack one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from zabcheck.checker.errors import UsageError
from zabcheck.checker.evaluate import Evaluator, select
from zabcheck.checker.guards import false_guard
from zabcheck.checker.model import Kind, validate
from zabcheck.checker.result import step_name
from zabcheck.checker.trace import Taken, initial_fields, shown
from zabcheck.checker.values import render

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zabcheck.checker.evaluate import State
    from zabcheck.checker.model import Instance, Model, Property

_KEPT = 4096
"""States whose steps and judgements are remembered."""


def instance_name(instance: Instance) -> str:
    """The name of the step that an instance is, whatever it chooses."""
    return step_name(instance.name, map(render, instance.arguments))


@dataclass(frozen=True)
class Move:
    """A step that can be taken in a state."""

    taken: Taken
    after: State

    @property
    def name(self) -> str:
        """The step's name, as `step_name` makes it."""
        instance = self.taken.instance
        return step_name(instance.name, map(render, instance.arguments), self.taken.choices)


@dataclass(frozen=True)
class Judgement:
    """What a property says of a state, or of the steps on the way there.

    Liveness and goals are no demand on a single state: for them, ``holds`` says whether the predicate is true now.
    """

    prop: Property
    holds: bool
    arguments: dict[str, str]
    """for whom it is false; for a goal, for whom it is true"""
    clause: str

    @property
    def violated(self) -> bool:
        """Whether this contradicts the property."""
        return not self.holds and self.prop.kind in DEMANDS

    def __str__(self) -> str:
        whom = ", ".join(f"{name} = {value}" for name, value in self.arguments.items())
        said = f": {self.clause or self.prop.sentence}" if self.clause or self.prop.sentence else ""
        return f"{self.prop.name} is {str(self.holds).lower()}{whom and f' for {whom}'}{said}"


DEMANDS = (Kind.INVARIANT, Kind.STEP, Kind.ASSERTION, Kind.FINAL)
"""The kinds that a single state or step can violate."""


class Impossible(Exception):  # noqa: N818 - an outcome of following a path, not a mistake
    """A step that the model has, but not in the state that a path has come to."""


class Walk:
    """A model in a scope, with the properties that are named or else all, to be gone through step by step."""

    def __init__(
        self, model: Model[Any], scope: Any, properties: Iterable[str] = (), variants: Iterable[str] = ()
    ) -> None:
        scope = model.varied(scope, variants)
        validate(scope)
        self.model = model
        self.evaluator = Evaluator(model, scope, select(model, scope, properties))
        self.initial: list[State] = self.evaluator.initial
        self._instances: dict[str, list[Instance]] = {}
        for instance in self.evaluator.selection.transitions:
            self._instances.setdefault(instance_name(instance), []).append(instance)
        self.moves = lru_cache(_KEPT)(self._moves)
        self.judgements = lru_cache(_KEPT)(self._judgements)

    def root_of(self, initial: tuple[tuple[str, str], ...]) -> int | None:
        """The number of the initial state with these fields, as a trace shows them; none if there is no such."""
        roots = (initial_fields(self.evaluator, root) for root in self.initial)
        return next((number for number, fields in enumerate(roots) if fields == initial), None)

    def _moves(self, state: State) -> tuple[Move, ...]:
        """Every step that can be taken in ``state``, in the order of the model's transitions."""
        return tuple(
            Move(Taken(instance, choices), after)
            for instance in self.evaluator.selection.transitions
            for choices, after in self.evaluator.successors(state, instance)
        )

    def move(self, state: State, name: str) -> Move:
        """The step called ``name`` in ``state``.

        Raises:
            UsageError: the model has no such step in this scope.
            Impossible: it has, but not in this state; the message says which guard is false.
        """
        instances = self.require(name)
        for instance in instances:
            for choices, after in self.evaluator.successors(state, instance):
                move = Move(Taken(instance, choices), after)
                if move.name == name:
                    return move
        guard = false_guard(self.evaluator, state, instances[0])
        raise Impossible(str(guard) if guard else "the options among which it chose are not there")

    def require(self, name: str) -> list[Instance]:
        """The instances that the step called ``name`` may be of; a `UsageError` if there is none in this scope."""
        instances = self._instances.get(name.rpartition(" #")[0]) or self._instances.get(name)
        if not instances:
            raise UsageError(f"model {self.model.name} has no step {name} in this scope")
        return instances

    def judgement(self, state: State, name: str) -> Judgement:
        """What the property called ``name`` says of ``state`` and of the step that led there."""
        for judgement in self.judgements(state):
            if judgement.prop.name == name:
                return judgement
        why = self.evaluator.selection.unchecked.get(name, "the model does not have it")
        raise UsageError(f"property {name} cannot be decided: {why}")

    def _judgements(self, state: State) -> tuple[Judgement, ...]:
        """What each property says of ``state`` and of the step that led there."""
        return tuple(self._judge(state, prop) for prop in self.evaluator.selection.checked)

    def _judge(self, state: State, prop: Property) -> Judgement:
        if prop.kind in (Kind.STEP, Kind.ASSERTION):
            return Judgement(prop, prop.name not in state[self.evaluator.shape.failed], {}, "")
        if prop.kind is Kind.FINAL and self.moves(state):
            return Judgement(prop, True, {}, "")
        wanted = prop.kind is Kind.GOAL
        for candidate, instance in self.evaluator.selection.predicates:
            if candidate is prop:
                said = self.evaluator.holds(state, prop, instance)
                if bool(said) == wanted:
                    clause = str(said) if isinstance(said, str) else ""
                    return Judgement(prop, wanted, shown(instance.named_arguments), clause)
        return Judgement(prop, not wanted, {}, "")
