"""The functions of a model on single states, with what each answered remembered by what it had read.

For who goes through a model step by step in Python, where the native core has nothing to explore. A function that
reads the same again answers the same, and is not run. What an answer rests on, and what a step changes, is known
besides: two steps of which neither changes what the other reads or changes can be taken in either order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zabcheck.checker.evaluate import (
    Choices,
    ReadOnly,
    admit,
    admit_arguments,
    admit_result,
    answer,
    blaming,
    line_of,
)
from zabcheck.checker.learning import TrackingTree
from zabcheck.checker.values import render
from zabcheck.checker.vocabulary import NotEnabled, set_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.checker.evaluate import Evaluator, State
    from zabcheck.checker.model import Instance, Property

Ids = tuple[int, ...]
"""A state: for each field, the number of its value."""

Operation = tuple["Callable[..., Any]", tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Footprint:
    """Which fields something reads and which it changes, each set as the bits of a number."""

    reads: int = 0
    writes: int = 0

    def __or__(self, other: Footprint) -> Footprint:
        return Footprint(self.reads | other.reads, self.writes | other.writes)

    def __and__(self, other: Footprint) -> Footprint:
        return Footprint(self.reads & other.reads, self.writes & other.writes)


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which a step can be taken: the options it takes, and what it does to the fields."""

    choices: tuple[int, ...]
    sets: tuple[tuple[int, int], ...]
    """fields with the number of their new value"""
    applies: tuple[tuple[int, tuple[Operation, ...]], ...]
    """fields with the operations on their old one"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a transition answers wherever it reads the same: the ways to take it, none if it is not enabled."""

    footprint: Footprint
    ways: tuple[Way, ...]


class Remembering:
    """Evaluates instances on states given by the numbers of their values."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.values: list[list[Any]] = [[] for _ in evaluator.shape.fields]
        self.evaluations = 0
        self._fields = len(self.values)
        self._ids: list[dict[Any, int]] = [{} for _ in self.values]
        self._slots: dict[Any, int] = {}
        self._projections: list[tuple[int, Callable[..., Any], tuple[Any, ...]]] = []
        self._results: list[dict[int, tuple[int, Any]]] = []
        self._numbers: list[dict[Any, int]] = []
        self._effects: dict[Any, int] = {}
        self._known: dict[Any, Any] = {}
        self._shown: dict[tuple[int, int], str] = {}
        self._fit: set[Any] = set()
        self._tree = TrackingTree(self)
        self._view = evaluator.shape.view(self._tree)
        self._read_only = evaluator.shape.view(ReadOnly(self._tree))
        self._choices = Choices()

    # -- states --

    def ids_of(self, state: State) -> Ids:
        """The numbers of a state's values."""
        return tuple(self._intern(index, value) for index, value in enumerate(state))

    def state_of(self, ids: Ids) -> State:
        """The values that these are the numbers of."""
        return tuple(known[identity] for known, identity in zip(self.values, ids, strict=True))

    def shown(self, ids: Ids, index: int) -> str:
        """The value of a field as people see it."""
        key = (index, ids[index])
        if key not in self._shown:
            self._shown[key] = render(self.values[index][ids[index]])
        return self._shown[key]

    def _intern(self, index: int, value: Any) -> int:
        known = self._ids[index]
        identity = known.get(value)
        if identity is None:
            identity = known[value] = len(known)
            self.values[index].append(value)
        return identity

    # -- what the tracking tree asks for --

    def admit(self, index: int, value: Any) -> None:
        """Refuse a value that a field may not hold."""
        admit(self.evaluator.shape, self._fit, index, value)

    def admit_arguments(self, index: int, args: tuple[Any, ...]) -> None:
        """Refuse arguments of a view or operation that are not values."""
        admit_arguments(self.evaluator.shape, self._fit, index, args)

    def effect_of(self, index: int, chain: list[Operation] | tuple[Operation, ...], value: Any) -> Any:
        """What a chain of operations makes of a value of field ``index``."""
        for function, args in chain:
            value = function(value, *args)
            admit(self.evaluator.shape, self._fit, index, value, line_of(function))
        return value

    def project(
        self, key: tuple[int, Callable[..., Any], tuple[Any, ...]], identity: int
    ) -> tuple[int, int, Any]:
        """The slot of a projection, the number of its result for a value, and that result."""
        slot = self._slots.get(key)
        if slot is None:
            slot = self._slots[key] = len(self._projections)
            self._projections.append(key)
            self._results.append({})
            self._numbers.append({})
        return (self._fields + slot, *self._result(slot, identity))

    def _result(self, slot: int, identity: int) -> tuple[int, Any]:
        results = self._results[slot]
        known = results.get(identity)
        if known is None:
            index, function, args = self._projections[slot]
            value = function(self.values[index][identity], *args)
            admit_result(self._fit, function, value)
            numbers = self._numbers[slot]
            known = results[identity] = (numbers.setdefault(value, len(numbers)), value)
        return known

    # -- transitions --

    def choose(self, count: int) -> int:
        """Take an option on behalf of the transition under way."""
        return self._choices.choose(count)

    def fail(self, name: str) -> None:
        """Leave it: assertions are for who judges a run, and this says which runs there are."""

    def answer(self, instance: Instance, ids: Ids) -> Answer:
        """How ``instance`` can be taken in a state."""
        known: Answer | None = self._recall(instance, ids)
        if known is None:
            path, known = self._run(instance, ids)
            self._learn(instance, path, known)
        return known

    def after(self, ids: Ids, way: Way) -> Ids:
        """The state that a step leads to."""
        changed = list(ids)
        for index, identity in way.sets:
            changed[index] = identity
        for index, chain in way.applies:
            key = (index, ids[index], chain)
            identity = self._effects.get(key, -1)
            if identity < 0:
                value = self.effect_of(index, chain, self.values[index][ids[index]])
                identity = self._effects[key] = self._intern(index, value)
            changed[index] = identity
        return tuple(changed)

    def holds(self, prop: Property, instance: Instance, ids: Ids) -> object:
        """What a predicate says of a state."""
        known = self._recall(instance, ids)
        if known is None:
            self._tree.begin(ids)
            said = answer(prop, instance, self._read_only)
            known = (said,)
            self._learn(instance, self._tree.path, known)
        return known[0]

    def _recall(self, instance: Instance, ids: Ids) -> Any:
        """What was answered when the same was read, or nothing."""
        node = self._known.get(id(instance))
        fields = self._fields
        while node.__class__ is list:
            slot, children = node
            if slot < fields:
                node = children.get(ids[slot])
            else:
                index = self._projections[slot - fields][0]
                node = children.get(self._result(slot - fields, ids[index])[0])
        return node

    def _learn(self, instance: Instance, path: list[int], known: Any) -> None:
        """Remember an answer under what was read on the way, which decides it."""
        self.evaluations += 1
        where, key = self._known, id(instance)
        for slot, identity in _once(path):
            node = where.get(key)
            if node is None:
                node = where[key] = [slot, {}]
            where, key = node[1], identity
        where[key] = known

    def _run(self, instance: Instance, ids: Ids) -> tuple[list[int], Answer]:
        declared, tree = self.evaluator.model.transitions[instance.name], self._tree
        path: list[int] = []
        ways: list[Way] = []
        writes = 0
        self._choices = Choices()
        previous = set_run(self)
        try:
            for _ in self._choices.paths():
                tree.begin(ids)
                try:
                    with blaming(declared):
                        self.evaluator.check_guard_result(
                            declared, instance.function(self._view, *instance.arguments)
                        )
                    ways.append(self._way())
                    for index in (*tree.sets, *tree.applied):
                        writes |= 1 << index
                except NotEnabled:
                    pass
                path += tree.path
        finally:
            set_run(previous)
        reads = 0
        for slot, _ in _once(path):
            reads |= 1 << (slot if slot < self._fields else self._projections[slot - self._fields][0])
        return path, Answer(Footprint(reads, writes), tuple(ways))

    def _way(self) -> Way:
        tree = self._tree
        return Way(
            self._choices.taken,
            tuple((index, self._intern(index, value)) for index, value in tree.sets.items()),
            tuple((index, tuple(chain)) for index, chain in tree.applied.items()),
        )


def _once(path: list[int]) -> list[tuple[int, int]]:
    """The slots of a path with what they held, each where it is first; options are no slots."""
    read = dict(zip(path[::2], path[1::2], strict=True))
    return [(slot, identity) for slot, identity in read.items() if slot >= 0]
