"""What a field may hold: immutable, hashable values, and four pure functions over them.

Values are interned, hashed by content, permuted (for symmetry) and shown to people. All four walk the same
grammar: ``None``, ``bool``, ``int``, ``str``, ``bytes``, enum members, `Id`, tuples and frozensets of values,
and frozen dataclasses whose fields are values. Anything else could change under the checker's feet, or would
compare by identity, and is refused.
"""

from __future__ import annotations

import dataclasses
from enum import Enum
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SCALARS = (bool, int, str, bytes, type(None))


class Id:
    """An opaque name, such as that of a server, which may be permuted with its peers under ``--symmetry``.

    It can be compared for equality only. That it has no order is what makes symmetry sound: a model cannot
    decide by "the larger id" without the interpreter refusing.
    """

    __slots__ = ("_hash", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._hash = hash(("Id", name))

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Id) and other.name == self.name)

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple[type[Id], tuple[str]]:
        return (Id, (self.name,))


def field_names(cls: type) -> tuple[str, ...]:
    """The names of a dataclass's fields, in declaration order."""
    names = _field_names.get(cls)
    if names is None:
        names = _field_names[cls] = tuple(f.name for f in dataclasses.fields(cls))
    return names


_field_names: dict[type, tuple[str, ...]] = {}


def is_frozen_dataclass(value: object) -> bool:
    """Whether ``value`` is an instance of a ``@dataclass(frozen=True)``."""
    parameters = getattr(type(value), "__dataclass_params__", None)
    return parameters is not None and bool(parameters.frozen)


def unfit(value: object) -> str | None:
    """Why ``value`` may not be held by a field, or ``None`` when it may."""
    if isinstance(value, (*SCALARS, Id, Enum)):
        return None
    if isinstance(value, (tuple, frozenset)):
        return next((reason for item in value if (reason := unfit(item))), None)
    if is_frozen_dataclass(value):
        if type(value).__eq__ is object.__eq__:
            return f"a {type(value).__name__}, which compares by identity"
        for name in field_names(type(value)):
            if reason := unfit(getattr(value, name)):
                return f"{type(value).__name__}.{name} is {reason}"
        return None
    kind = type(value).__name__
    if isinstance(value, (list, set, dict, bytearray)) or dataclasses.is_dataclass(type(value)):
        return f"a mutable {kind}"
    return f"a {kind}, which is not a value the checker knows"


def canonical(value: object) -> bytes:
    """A byte string that is equal exactly for equal values, in every process and on every machine."""
    if isinstance(value, Enum) and not isinstance(value, (int, str)):
        body = str(value.name).encode() + (b"" if unfit(value.value) else canonical(value.value))
        tag = f"e{type(value).__qualname__}"
    elif isinstance(value, Id):
        body, tag = value.name.encode(), "i"
    elif isinstance(value, tuple):
        body, tag = b"".join(map(canonical, value)), "t"
    elif isinstance(value, frozenset):
        body, tag = b"".join(sorted(map(canonical, value))), "f"
    elif isinstance(value, int):
        body, tag = str(int(value)).encode(), "n"
    elif isinstance(value, str):
        body, tag = str.encode(value, "utf-8", "surrogatepass"), "s"
    elif isinstance(value, bytes):
        body, tag = value, "b"
    elif value is None:
        body, tag = b"", "0"
    else:
        kind: Any = type(value)
        fields = (f.name for f in dataclasses.fields(kind) if f.compare)
        body = b"".join(canonical(getattr(value, name)) for name in fields)
        tag = f"d{type(value).__qualname__}"
    return f"{tag}:{len(body)}:".encode() + body


def content_hash(path: bytes, value: object) -> int:
    """128 bits that stand for "the field at ``path`` holds ``value``"; the path in canonical form.

    A state's fingerprint is the exclusive or of these over its fields, so it can be updated field by field and
    is the same in every engine, run and process.
    """
    digest = blake2b(path + canonical(value), digest_size=16).digest()
    return int.from_bytes(digest, "little")


def permute(value: Any, mapping: Mapping[Id, Id]) -> Any:
    """``value`` with every `Id` inside it replaced through ``mapping``."""
    if isinstance(value, Id):
        return mapping.get(value, value)
    if isinstance(value, tuple):
        return tuple(permute(item, mapping) for item in value)
    if isinstance(value, frozenset):
        return frozenset(permute(item, mapping) for item in value)
    if is_frozen_dataclass(value) and not isinstance(value, Enum):
        return dataclasses.replace(
            value, **{name: permute(getattr(value, name), mapping) for name in field_names(type(value))}
        )
    return value


def render(value: object) -> str:
    """``value`` for people: enum members by name, sets in a fixed order, records as ``Name(field=...)``."""
    if isinstance(value, Enum):
        return value.name or str(value)
    if isinstance(value, tuple):
        return "⟨" + ", ".join(map(render, value)) + "⟩"
    if isinstance(value, frozenset):
        return "{" + ", ".join(render(item) for item in sorted(value, key=canonical)) + "}"
    if is_frozen_dataclass(value) and type(value).__str__ is object.__str__:
        body = ", ".join(f"{name}={render(getattr(value, name))}" for name in field_names(type(value)))
        return f"{type(value).__name__}({body})"
    return str(value) if not isinstance(value, str) else value
