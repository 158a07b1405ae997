"""Turning runs of Python functions into tables: what the native core is taught.

A function is run on a *tracking* tree that notes which fields it reads, in which order, with which values, and what
it writes. It is deterministic, so its outcome depends on nothing else: the reads are a path in a decision tree,
the writes its leaf. Every other state that agrees on those reads is then handled without Python.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise, permutations
from typing import TYPE_CHECKING, Any, Protocol

from zabcheck.checker.errors import ContractError, UsageError
from zabcheck.checker.evaluate import (
    Choices,
    Evaluator,
    ReadOnly,
    State,
    admit,
    admit_arguments,
    admit_result,
    answer,
    blaming,
    line_of,
)
from zabcheck.checker.values import Id, content_hash, permute
from zabcheck.checker.vocabulary import NotEnabled, _with, set_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.checker._core import Core
    from zabcheck.checker.model import Declared, Instance

Path = tuple[int, ...]
"""Flattened (slot, value id) pairs; a choice among n options is (-n, option)."""

FALSE, TRUE = -1, -2
"""Outcomes of a path that are not leaves: disabled or false, and true."""

MANY, PAYS = 2000, 0.05
"""A transition with more evaluations than this, and more than this share of its firings, gains little."""

SURELY_TWICE, SAMPLES = 256, 512
"""So many evaluations at first are run twice, later ones now and then; so many are run again at the end."""

MAX_PERMUTED = 6
"""More ids than this have too many permutations to be worth it."""


def group(evaluator: Evaluator, *, symmetry: bool) -> list[dict[Id, Id]]:
    """The permutations of ids that the search may apply, the identity first."""
    ids = evaluator.model.identities_of(evaluator.scope)
    if not symmetry:
        return [{}]
    if not ids:
        raise UsageError(f"model {evaluator.model.name} declares no symmetry; leave out --symmetry")
    if len(ids) > MAX_PERMUTED:
        raise UsageError(f"--symmetry works up to {MAX_PERMUTED} ids, not {len(ids)}")
    for one, other in pairwise(ids):
        _require_alike(evaluator, {one: other, other: one})
    return [dict(zip(ids, image, strict=True)) for image in permutations(ids)]


def _require_alike(evaluator: Evaluator, swap: dict[Id, Id]) -> None:
    """Refuse a model that singles out one of two ids, in the initial states or in what a function ranges over.

    The order of arguments is left aside: a property of two servers may be stated for each pair in one order only.
    """
    shape, selection = evaluator.shape, evaluator.selection
    places = shape.permutation(swap)
    for state in evaluator.initial:
        image = [None] * len(state)
        for index, value in enumerate(state):
            image[places[index]] = permute(value, swap)
        if tuple(image) not in evaluator.initial:
            raise UsageError("the initial states are not the same for all ids, so --symmetry would be wrong")
    ranged: dict[str, set[frozenset[Any]]] = {}
    for instance in (*selection.transitions, *(i for _, i in selection.predicates + selection.steps)):
        ranged.setdefault(instance.name, set()).add(frozenset(Counter(instance.arguments).items()))
    for name, members in ranged.items():
        if {permute(member, swap) for member in members} != members:
            raise UsageError(f"{name} is not the same for all ids, so --symmetry would be wrong")


class Memory(Protocol):
    """What knows the values that the ids of a `TrackingTree` stand for."""

    values: list[list[Any]]
    """by field, then id"""

    def admit(self, index: int, value: Any) -> None:
        """Refuse a value that a field may not hold."""

    def admit_arguments(self, index: int, args: tuple[Any, ...]) -> None:
        """Refuse arguments of a view or operation that are not values."""

    def effect_of(
        self, index: int, chain: list[tuple[Callable[..., Any], tuple[Any, ...]]], value: Any
    ) -> Any:
        """What a chain of operations makes of a value of field ``index``."""

    def project(
        self, key: tuple[int, Callable[..., Any], tuple[Any, ...]], identity: int
    ) -> tuple[int, int, Any]:
        """The slot of a projection, the id of its result for a value, and that result."""


class TrackingTree:
    """The fields of one state, given as value ids, with a record of what was read and written."""

    def __init__(self, teacher: Memory) -> None:
        self._teacher = teacher
        self.ids: tuple[int, ...] = ()
        self.path: list[int] = []
        self.whole: set[int] = set()
        self.projected: dict[Any, Any] = {}
        self.sets: dict[int, Any] = {}
        self.applied: dict[int, list[tuple[Callable[..., Any], tuple[Any, ...]]]] = {}
        self.touched = False

    def begin(self, ids: tuple[int, ...]) -> None:
        """Forget the previous run and start one in the state ``ids``."""
        self.ids = ids
        self.path = []
        self.whole = set()
        self.projected = {}
        self.sets = {}
        self.applied = {}

    def original(self, index: int) -> Any:
        """The value of a field before the step, noting that it was read."""
        identity = self.ids[index]
        if index not in self.whole:
            self.whole.add(index)
            self.path += (index, identity)
        return self._teacher.values[index][identity]

    def original_projection(self, index: int, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """A view of a field before the step, noting that only its result was read."""
        if index in self.whole:
            return function(self._teacher.values[index][self.ids[index]], *args)
        self._teacher.admit_arguments(index, args)
        key = (index, function, args)
        if key in self.projected:
            return self.projected[key]
        slot, identity, result = self._teacher.project(key, self.ids[index])
        self.projected[key] = result
        self.path += (slot, identity)
        return result

    def _current(self, index: int) -> Any:
        """The value of a field that may have been written."""
        if index in self.applied:
            self.sets[index] = self._teacher.effect_of(index, self.applied.pop(index), self.original(index))
        if index in self.sets:
            self.touched = True
            return self.sets[index]
        return self.original(index)

    read = _current

    def write(self, index: int, value: Any) -> None:
        """Give a field a new value."""
        self._teacher.admit(index, value)
        self.applied.pop(index, None)
        self.sets[index] = value

    def project(self, index: int, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """A view of a field that may have been written."""
        if index in self.sets or index in self.applied:
            return function(self._current(index), *args)
        return self.original_projection(index, function, args)

    def apply(self, index: int, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """An operation on a field, without reading it unless it was read or set before."""
        if index in self.sets or index in self.whole:
            self.write(index, function(self._current(index), *args))
        else:
            self._teacher.admit_arguments(index, args)
            self.applied.setdefault(index, []).append((function, args))


class Before:
    """The state before the step, as a read-only tree, for step properties."""

    def __init__(self, tree: TrackingTree) -> None:
        self.read = tree.original
        self.project = tree.original_projection


class Teacher:
    """Evaluates instances on states given by value ids and teaches a core what came out."""

    def __init__(
        self, evaluator: Evaluator, core: Core, mappings: list[dict[Id, Id]], blocks: list[int]
    ) -> None:
        self.evaluator = evaluator
        self.shape = evaluator.shape
        self.selection = evaluator.selection
        self.core = core
        self.journal: list[tuple[Any, ...]] = []
        self.evaluations: dict[str, int] = {}
        self.learned = 0
        self.values: list[list[Any]] = [[] for _ in self.shape.fields]
        self._ids: list[dict[Any, int]] = [{} for _ in self.shape.fields]
        self._mappings = mappings
        self._blocks = blocks
        self._images = [
            [self.shape.fields[i].key for i in self.shape.permutation(mapping)] for mapping in mappings
        ]
        self._fit: set[Any] = set()
        self._slots: dict[Any, tuple[int, int]] = {}
        self._results: dict[int, dict[Any, int]] = {}
        self._projections: dict[tuple[int, int], tuple[int, Any]] = {}
        self._effects: dict[Any, int] = {}
        self._effect_known: set[tuple[int, int]] = set()
        self._ops: dict[Any, int] = {}
        self._leaves: dict[Any, int] = {}
        self._tree = TrackingTree(self)
        self._view = self.shape.view(self._tree)
        self._read_only = self.shape.view(ReadOnly(self._tree))
        self._before = self.shape.view(ReadOnly(Before(self._tree)))
        self._choices = Choices()
        self._write_set, self._write_apply = core_constant("WRITE_SET"), core_constant("WRITE_APPLY")
        self._samples: list[tuple[int, tuple[int, ...], list[tuple[Path, int]]]] = []

    # -- what the tracking tree asks for --

    def admit(self, index: int, value: Any) -> None:
        """Refuse a value that a field may not hold."""
        admit(self.shape, self._fit, index, value)

    def admit_arguments(self, index: int, args: tuple[Any, ...]) -> None:
        """Refuse arguments of a view or operation that are not values."""
        admit_arguments(self.shape, self._fit, index, args)

    def effect_of(
        self, index: int, chain: list[tuple[Callable[..., Any], tuple[Any, ...]]], value: Any
    ) -> Any:
        """What a chain of operations makes of a value of field ``index``."""
        for function, args in chain:
            value = function(value, *args)
            admit(self.shape, self._fit, index, value, line_of(function))
        return value

    def intern(self, index: int, value: Any) -> int:
        """The id of ``value`` among the values of field ``index``."""
        known = self._ids[index]
        identity = known.get(value)
        if identity is None:
            identity = self._add_value(index, value)
            self.journal.append(("value", index, value))
        return identity

    def _add_value(self, index: int, value: Any) -> int:
        hashes = b"".join(
            content_hash(keys[index], permute(value, mapping) if mapping else value).to_bytes(16, "little")
            for keys, mapping in zip(self._images, self._mappings, strict=True)
        )
        identity = self.core.add_value(index, hashes)
        self._ids[index][value] = identity
        self.values[index].append(value)
        return identity

    def project(
        self, key: tuple[int, Callable[..., Any], tuple[Any, ...]], identity: int
    ) -> tuple[int, int, Any]:
        """The slot of a projection, the id of its result for a value, and that result."""
        index, function, args = key
        name = (index, _name(function), args)
        if name not in self._slots:
            self._add_projection(*name)
            self.journal.append(("projection", *name))
        slot, table = self._slots[name]
        known = self._projections.get((slot, identity))
        if known is None:
            result = function(self.values[index][identity], *args)
            admit_result(self._fit, function, result)
            number = self._result(slot, result)
            self.core.set_map(table, identity, number)
            self.journal.append(("result", slot, table, identity, result))
            known = self._projections[slot, identity] = (number, result)
        return slot, *known

    def _add_projection(self, index: int, function: str, args: tuple[Any, ...]) -> None:
        slot, table = self.core.add_projection(index)
        self._slots[index, function, args] = (slot, table)
        self._results[slot] = {}

    def _result(self, slot: int, result: Any) -> int:
        return self._results[slot].setdefault(result, len(self._results[slot]))

    def _effect(
        self, index: int, chain: list[tuple[Callable[..., Any], tuple[Any, ...]]], identity: int
    ) -> int:
        """The table of a chain of operations on a field, with an entry for the value ``identity``."""
        name = (index, tuple((_name(function), args) for function, args in chain))
        table = self._effects.get(name)
        if table is None:
            table = self._effects[name] = self.core.add_apply(index)
            self.journal.append(("effect", name))
        if (table, identity) not in self._effect_known:
            after = self.intern(index, self.effect_of(index, chain, self.values[index][identity]))
            self.core.set_map(table, identity, after)
            self._effect_known.add((table, identity))
            self.journal.append(("entry", table, identity, after))
        return table

    # -- evaluation --

    def choose(self, count: int) -> int:
        """Take an option on behalf of the transition under way."""
        option = self._choices.choose(count)
        self._tree.path += (-count, option)
        return option

    def fail(self, name: str) -> None:
        """Note that an assertion failed in the transition under way."""
        if name in self.selection.assertions:
            self._tree.apply(self.shape.failed, _with, (name,))

    def _transition(self, instance: Instance, ids: tuple[int, ...]) -> list[tuple[Path, int]]:
        declared = self.evaluator.model.transitions[instance.name]
        outcomes = []
        tree = self._tree
        self._choices = Choices()
        previous = set_run(self)
        try:
            for _ in self._choices.paths():
                tree.begin(ids)
                try:
                    with blaming(declared):
                        Evaluator.check_guard_result(
                            declared, instance.function(self._view, *instance.arguments)
                        )
                        self._check_steps()
                except NotEnabled:
                    outcomes.append((tuple(tree.path), FALSE))
                    continue
                with blaming(declared):
                    leaf = self._leaf(ids)
                outcomes.append((tuple(tree.path), leaf))
        finally:
            set_run(previous)
        return outcomes

    def _check_steps(self) -> None:
        """Evaluate the step properties on the step made; those that read nothing it changed hold by stuttering."""
        tree = self._tree
        for prop, instance in self.selection.steps:
            path, whole, projected = list(tree.path), set(tree.whole), dict(tree.projected)
            tree.touched = False
            said = answer(prop, instance, self._before, self._read_only)
            if not tree.touched:
                tree.path, tree.whole, tree.projected = path, whole, projected
                if not said:
                    raise ContractError(
                        f"{prop.name} is false of a step that changes nothing it reads",
                        where=prop.where,
                        remedy="a step property must allow stuttering: answer true when nothing changed",
                    )
            elif not said:
                tree.apply(self.shape.failed, _with, (prop.name,))

    def _leaf(self, ids: tuple[int, ...]) -> int:
        tree = self._tree
        core = self.core
        by_block: dict[int, list[int]] = {}
        for index in sorted({*tree.sets, *tree.applied}):
            if index in tree.sets:
                identity = self.intern(index, tree.sets[index])
                if index in tree.whole and identity == ids[index]:
                    continue
                write = (index, self._write_set, identity)
            else:
                write = (
                    index,
                    self._write_apply,
                    self._effect(index, tree.applied[index], ids[index]),
                )
            by_block.setdefault(self._blocks[index], []).extend(write)
        ops = []
        for block, writes in by_block.items():
            key = (block, *writes)
            if key not in self._ops:
                self._ops[key] = core.add_op(block, writes)
                self.journal.append(("op", key))
            ops.append(self._ops[key])
        leaf_key = tuple(ops)
        if leaf_key not in self._leaves:
            self._leaves[leaf_key] = core.add_leaf(leaf_key)
            self.journal.append(("leaf", leaf_key))
        return self._leaves[leaf_key]

    def _predicate(self, number: int, ids: tuple[int, ...]) -> list[tuple[Path, int]]:
        prop, instance = self.selection.predicates[number]
        self._tree.begin(ids)
        said = answer(prop, instance, self._read_only)
        return [(tuple(self._tree.path), TRUE if said else FALSE)]

    def _evaluate(self, tree: int, ids: tuple[int, ...]) -> list[tuple[Path, int]]:
        transitions = self.selection.transitions
        if tree < len(transitions):
            return self._transition(transitions[tree], ids)
        return self._predicate(tree - len(transitions), ids)

    def learn(self, tree: int, ids: tuple[int, ...]) -> None:
        """Evaluate an instance, transitions first and then predicates, and teach the core every path of it."""
        outcomes = self._evaluate(tree, ids)
        name = self._declared(tree).name
        self.evaluations[name] = self.evaluations.get(name, 0) + 1
        self.learned += 1
        if self.learned < SURELY_TWICE or self.learned % 64 == 0:
            self._recheck(tree, ids, outcomes)
            if len(self._samples) < SAMPLES:
                self._samples.append((tree, ids, outcomes))
        for path, outcome in outcomes:
            if not self.core.learn(tree, path, outcome):
                raise self._nondeterministic(tree)
            self.journal.append(("learn", tree, path, outcome))

    def _recheck(self, tree: int, ids: tuple[int, ...], outcomes: list[tuple[Path, int]]) -> None:
        if self._evaluate(tree, ids) != outcomes:
            raise self._nondeterministic(tree)

    def recheck_samples(self) -> None:
        """Run some of the evaluations again: a function that keeps state of its own answers differently."""
        for sample in self._samples:
            self._recheck(*sample)

    def _declared(self, tree: int) -> Declared:
        transitions = self.selection.transitions
        if tree < len(transitions):
            return self.evaluator.model.transitions[transitions[tree].name]
        return self.selection.predicates[tree - len(transitions)][0]

    def _nondeterministic(self, tree: int) -> ContractError:
        declared = self._declared(tree)
        return ContractError(
            f"{declared.name} gave two different outcomes in the same situation",
            where=declared.where,
            remedy="it must depend on the state and its parameters only: no globals, clocks, randomness or hidden "
            "attributes; use choose() for nondeterminism",
        )

    # -- states --

    def ids_of(self, state: State) -> tuple[int, ...]:
        """The value ids of a state."""
        return tuple(self.intern(index, value) for index, value in enumerate(state))

    def state_of(self, ids: tuple[int, ...]) -> State:
        """The values behind value ids."""
        return tuple(self.values[index][identity] for index, identity in enumerate(ids))

    def advice(self, fired: dict[str, int]) -> dict[str, str]:
        """For each transition whose tables do not pay: which fields it distinguishes too finely."""
        result = {}
        for name, evaluations in self.evaluations.items():
            if evaluations > MANY and evaluations > PAYS * fired.get(name, 0) and name in fired:
                widest = sorted(self._reads_of(name), key=lambda index: -len(self.values[index]))[:3]
                fields = ", ".join(
                    f"{self.shape.fields[i].label} ({len(self.values[i]):,} values)" for i in widest
                )
                result[name] = (
                    f"its tables do not pay: {evaluations:,} evaluations for {fired[name]:,} firings; "
                    f"read less of {fields}, through view() and apply()"
                )
        return result

    def _reads_of(self, name: str) -> set[int]:
        """The fields that the instances of a transition read whole."""
        numbers = {i for i, instance in enumerate(self.selection.transitions) if instance.name == name}
        count = len(self.shape.fields)
        return {
            slot
            for word, *rest in self.journal
            if word == "learn" and rest[0] in numbers
            for slot in rest[1][::2]
            if 0 <= slot < count
        }

    # -- journal --

    def teach_again(self, journal: list[tuple[Any, ...]]) -> None:
        """Teach the core, which must be new, what an earlier run learned."""
        core = self.core
        for word, *rest in journal:
            if word == "learn":
                core.learn(*rest)
            elif word == "value":
                self._add_value(*rest)
            elif word == "projection":
                self._add_projection(*rest)
            elif word == "result":
                slot, table, identity, result = rest
                number = self._result(slot, result)
                core.set_map(table, identity, number)
                self._projections[slot, identity] = (number, result)
            elif word == "effect":
                self._effects[rest[0]] = core.add_apply(rest[0][0])
            elif word == "entry":
                table, identity, after = rest
                core.set_map(table, identity, after)
                self._effect_known.add((table, identity))
            elif word == "op":
                self._ops[rest[0]] = core.add_op(rest[0][0], rest[0][1:])
            else:
                self._leaves[rest[0]] = core.add_leaf(rest[0])
        self.journal = list(journal)


def core_constant(name: str) -> int:
    """A constant of the compiled core."""
    from zabcheck.checker import _core  # noqa: PLC0415 - the core may be absent

    value: int = getattr(_core, name)
    return value


def _name(function: Callable[..., Any]) -> str:
    """The name by which a view or operation is known in tables; refuses functions that are made anew each time."""
    name = f"{function.__module__}:{function.__qualname__}"
    if "<" in name:
        raise ContractError(
            f"{function.__qualname__} is given to view() or apply()",
            where=line_of(function),
            remedy="use a module-level function, so that what was learned of it can be remembered",
        )
    return name
