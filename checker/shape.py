"""From a state made of ordinary Python objects to a numbered list of fields, and back to something like it.

A state is a tree: mutable dataclasses are records, dicts are families with fixed keys, cells and anything
immutable are fields. `Shape` numbers the fields of that tree once; a state is then the tuple of their values. A
*view* has the attributes of the original objects, methods included, and asks a `Tree` for the values behind
them. Which tree decides what reading and writing means: plain evaluation, or learning.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NoReturn

from zabcheck.checker.errors import ContractError
from zabcheck.checker.values import Id, canonical, field_names, permute, unfit
from zabcheck.checker.vocabulary import Cell, Tree

FAILED = "failed assertions"
"""The field that every state has besides the model's own: the names of the assertions that failed on the way."""


@dataclasses.dataclass(frozen=True)
class Field:
    """One field of the state: its path from the root, for people and for permuting, and its block.

    A block is what belongs together: a record in a family, or all the single fields at the root. The native
    engine stores states block by block.
    """

    path: tuple[Any, ...]
    block: tuple[Any, ...]
    in_transit: Callable[[Any], tuple[Any, ...]] = Cell.in_transit
    """of a value of the field, the messages that are on their way in it"""
    durable: bool = False
    """whether it was declared with `durable`, or is below something that was"""

    @property
    def key(self) -> bytes:
        """The path in canonical form: different for different fields, and the same in every process."""
        return canonical(self.path)

    @property
    def label(self) -> str:
        """The path as one would write it: ``servers[s1].role``."""
        first, *rest = self.path
        return str(first) + "".join(f".{p}" if isinstance(p, str) else f"[{p}]" for p in rest)


def _is_record(value: object) -> bool:
    parameters = getattr(type(value), "__dataclass_params__", None)
    return parameters is not None and not parameters.frozen


def _is_inner(value: object) -> bool:
    """Whether ``value`` is a node of the tree with something of its own below it or on it, not a plain field."""
    return _is_record(value) or isinstance(value, (dict, Cell))


def _constants(cls: type) -> frozenset[str]:
    """The names of the fields of a record that were declared with `constant`."""
    return frozenset(f.name for f in dataclasses.fields(cls) if f.metadata.get("constant"))


class Shape:
    """The numbering of the fields of one model's states in one scope."""

    def __init__(self, state: Any, scope: object, where: str) -> None:
        self._where = where
        self._scope = scope
        self.fields: list[Field] = []
        self._constants: dict[tuple[Any, ...], Any] = {}
        self._durable: set[tuple[Any, ...]] = set()
        self._root = state
        if not _is_record(state):
            raise ContractError(
                f"the initial state is a {type(state).__name__}",
                where=where,
                remedy="make it an instance of an ordinary (not frozen) dataclass",
            )
        for path, block, node in self._walk(state, (), ()):
            in_transit = node.in_transit if isinstance(node, Cell) else Cell.in_transit
            self.fields.append(Field(path, block, in_transit, self._is_durable(path)))
        self.fields.append(Field((FAILED,), (FAILED,)))
        self.failed = len(self.fields) - 1
        self.index = {f.path: i for i, f in enumerate(self.fields)}

    def _walk(
        self, node: Any, path: tuple[Any, ...], block: tuple[Any, ...]
    ) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...], Any]]:
        """Every field below ``node``: path, block (the family member nearest the root), and the cell or value."""
        if _is_record(node):
            constants = _constants(type(node))
            self._durable |= {(*path, name) for name in getattr(type(node), "__durable__", ())}
            for name in field_names(type(node)):
                child = getattr(node, name)
                if name in constants:
                    self._require_constant((*path, name), child)
                elif child is not self._scope:
                    yield from self._walk(child, (*path, name), block)
        elif isinstance(node, dict):
            for key, child in node.items():
                if reason := unfit(key):
                    raise ContractError(
                        f"a key of {Field(path, ()).label} is {reason}",
                        where=self._where,
                        remedy="use ints, strings, enum members or Ids as keys",
                    )
                yield from self._walk(child, (*path, key), path if block else (*path, key))
        else:
            yield path, block, node

    def _is_durable(self, path: tuple[Any, ...]) -> bool:
        return any(path[: length + 1] in self._durable for length in range(len(path)))

    def _require_constant(self, path: tuple[Any, ...], value: Any) -> None:
        if self._constants.setdefault(path, value) != value:
            raise ContractError(
                f"{Field(path, ()).label} is constant, but initial states differ in it",
                where=self._where,
                remedy="make it an ordinary field",
            )

    def flatten(self, state: Any) -> tuple[Any, ...]:
        """The values of ``state``'s fields, checked."""
        values: list[Any] = []
        expected = iter(self.fields[:-1])
        for path, _, node in self._walk(state, (), ()):
            value = node.value if isinstance(node, Cell) else node
            if next(expected, Field((), ())).path != path:
                raise ContractError(
                    f"an initial state has another shape at {Field(path, ()).label}",
                    where=self._where,
                    remedy="all initial states of a scope must have the same fields and keys",
                )
            self.check(len(values), value, self._where)
            values.append(value)
        if next(expected, None):
            raise ContractError(
                "an initial state lacks fields",
                where=self._where,
                remedy="all initial states of a scope must have the same fields and keys",
            )
        return (*values, frozenset())

    def check(self, index: int, value: object, where: str) -> None:
        """Refuse a value that a field may not hold."""
        if reason := unfit(value):
            raise ContractError(
                f"{self.fields[index].label} was given {reason}",
                where=where,
                remedy="use ints, strings, enums, tuples, frozensets or frozen dataclasses of these",
            )

    def view(self, tree: Tree) -> Any:
        """An object with the attributes of a state, backed by ``tree``."""
        return self._view(self._root, (), tree)

    def _view(self, node: Any, path: tuple[Any, ...], tree: Tree) -> Any:
        if _is_record(node):
            cls = type(node)
            namespace: dict[str, Any] = {
                "__slots__": (),
                "__setattr__": _set_declared(cls),
                "__eq__": _equal_fields(cls),
                "__hash__": None,
            }
            constants = _constants(cls)
            for name in field_names(cls):
                child = getattr(node, name)
                if child is self._scope or name in constants:
                    namespace[name] = _constant(child)
                elif _is_inner(child):
                    namespace[name] = _constant(self._view(child, (*path, name), tree))
                else:
                    namespace[name] = _field(tree, self.index[*path, name])
            return object.__new__(type(cls.__name__, (cls,), namespace))
        if isinstance(node, dict):
            if len({_is_inner(child) for child in node.values()}) > 1:
                raise ContractError(
                    f"{Field(path, ()).label} mixes plain values with records, cells or families",
                    where=self._where,
                    remedy="make all members of a family of one kind",
                )
            if all(map(_is_inner, node.values())):
                return Family({key: self._view(child, (*path, key), tree) for key, child in node.items()})
            return FieldFamily({key: self.index[*path, key] for key in node}, tree)
        if isinstance(node, Cell):
            return _bind(type(node), tree, self.index[path])
        raise AssertionError(node)

    def permutation(self, mapping: Mapping[Id, Id]) -> list[int]:
        """Where each field goes when the ids in the paths are replaced through ``mapping``."""
        return [self.index[permute(f.path, mapping)] for f in self.fields]


def _constant(value: Any) -> property:
    return property(lambda _self: value)


def _field(tree: Tree, index: int) -> property:
    return property(lambda _self: tree.read(index), lambda _self, value: tree.write(index, value))


def _set_declared(cls: type) -> Any:
    """A ``__setattr__`` that lets only declared fields be assigned, so that nothing is kept outside the state."""
    names = frozenset(field_names(cls))

    def set_attribute(self: Any, name: str, value: Any) -> None:
        descriptor = getattr(type(self), name, None) if name in names else None
        if not isinstance(descriptor, property) or descriptor.fset is None:
            raise TypeError(
                f"{cls.__name__}.{name} cannot be assigned: only fields that hold values can (a record, family or "
                "cell is changed through its parts)"
            )
        descriptor.fset(self, value)

    return set_attribute


def _equal_fields(cls: type) -> Any:
    """An ``__eq__`` that compares field by field: every view has a class of its own."""

    def equal(self: Any, other: object) -> bool:
        return isinstance(other, cls) and all(
            getattr(self, name) == getattr(other, name) for name in field_names(cls)
        )

    return equal


def _refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
    raise TypeError("the keys of a family are fixed by the initial state; assign to the fields below it")


class Family(dict[Any, Any]):
    """A view of a dict whose values are records, cells or families."""

    __slots__ = ()
    __setitem__ = __delitem__ = pop = popitem = clear = update = setdefault = __ior__ = _refuse


class FieldFamily(Mapping[Any, Any]):
    """A view of a dict whose values are fields."""

    __slots__ = ("_indices", "_tree")

    def __init__(self, indices: dict[Any, int], tree: Tree) -> None:
        self._tree = tree
        self._indices = MappingProxyType(indices)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._indices)

    def __len__(self) -> int:
        return len(self._indices)

    def __repr__(self) -> str:
        return repr(dict(self))

    def __getitem__(self, key: Any) -> Any:
        return self._tree.read(self._indices[key])

    def __setitem__(self, key: Any, value: Any) -> None:
        if key not in self._indices:
            _refuse()
        self._tree.write(self._indices[key], value)


def _set_value_only(self: Any, name: str, value: Any) -> None:
    """A ``__setattr__`` for cells: only the value may be assigned, so that nothing is kept outside the state."""
    if name != "value":
        raise TypeError(f"{name} cannot be assigned: a cell has nothing but its value")
    type(self).value.fset(self, value)


def _bind(cls: type[Cell[Any]], tree: Tree, index: int) -> Any:
    """A cell of class ``cls`` whose value is field ``index`` of ``tree``."""
    project, apply = tree.project, tree.apply
    namespace = {
        "__slots__": (),
        "__setattr__": _set_value_only,
        "value": property(lambda _self: tree.read(index), lambda _self, value: tree.write(index, value)),
        "view": lambda _self, function, /, *args: project(index, function, args),
        "apply": lambda _self, function, /, *args: apply(index, function, args),
    }
    return object.__new__(type(cls.__name__, (cls,), namespace))
