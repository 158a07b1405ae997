"""The records of requests that change something, as clients send them (``zookeeper.jute``, module ``proto``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zabcheck.implementation.errors import Code, RefusedError
from zabcheck.implementation.operations import CREATIONS, Mode, Op
from zabcheck.traces.transactions import read_acl

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.traces.jute import Cursor
    from zabcheck.traces.transactions import Acl


@dataclass(frozen=True, slots=True)
class Creation:
    """Make a node."""

    path: str
    data: bytes | None
    acl: tuple[Acl, ...]
    flags: int
    time_to_live: int = -1

    @property
    def mode(self) -> Mode:
        """How, if there is such a mode."""
        if self.flags not in Mode.__members__.values():
            raise RefusedError(Code.BAD_ARGUMENTS)
        return Mode(self.flags)


@dataclass(frozen=True, slots=True)
class Versioned:
    """Remove a node, or check it; -1 is any version."""

    path: str
    version: int


@dataclass(frozen=True, slots=True)
class DataChange:
    """Give a node other data."""

    path: str
    data: bytes | None
    version: int


@dataclass(frozen=True, slots=True)
class AclChange:
    """Give a node other permissions."""

    path: str
    acl: tuple[Acl, ...]
    version: int


@dataclass(frozen=True, slots=True)
class Reading:
    """Part of a read of several nodes."""

    path: str


Part = Creation | Versioned | DataChange | AclChange | Reading


def read_part(kind: int, cursor: Cursor) -> Part:
    """The record of an operation of this type."""
    if kind not in _READERS:
        raise cursor.wrong(f"no operation of type {kind}")
    return _READERS[kind](cursor)


def read_multi(cursor: Cursor, allowed: frozenset[int]) -> list[tuple[int, Part]]:
    """The operations of a multi with their types (``MultiOperationRecord``)."""
    found: list[tuple[int, Part]] = []
    while True:
        kind, done = cursor.integer(), cursor.boolean()
        cursor.integer()
        if done:
            return found
        if kind not in allowed:
            raise cursor.wrong(f"no operation of type {kind} inside of a multi")
        found.append((kind, read_part(kind, cursor)))


PARTS_OF_MULTI = frozenset({*CREATIONS, Op.DELETE, Op.SET_DATA, Op.CHECK})
PARTS_OF_MULTI_READ = frozenset({Op.GET_DATA, Op.GET_CHILDREN})


def _creation(cursor: Cursor) -> Creation:
    return Creation(cursor.text(), cursor.buffer(), read_acl(cursor), cursor.integer())


def _creation_with_time(cursor: Cursor) -> Creation:
    return Creation(cursor.text(), cursor.buffer(), read_acl(cursor), cursor.integer(), cursor.long())


def _versioned(cursor: Cursor) -> Versioned:
    return Versioned(cursor.text(), cursor.integer())


def _reading(cursor: Cursor) -> Reading:
    path = cursor.text()
    cursor.boolean()  # a watch, which has no effect inside of a multi
    return Reading(path)


_READERS: dict[int, Callable[[Cursor], Part]] = {
    Op.CREATE: _creation,
    Op.CREATE_2: _creation,
    Op.CREATE_CONTAINER: _creation,
    Op.CREATE_TTL: _creation_with_time,
    Op.DELETE: _versioned,
    Op.CHECK: _versioned,
    Op.SET_DATA: lambda cursor: DataChange(cursor.text(), cursor.buffer(), cursor.integer()),
    Op.SET_ACL: lambda cursor: AclChange(cursor.text(), read_acl(cursor), cursor.integer()),
    Op.DELETE_CONTAINER: lambda cursor: Versioned(cursor.text(), -1),
    Op.GET_DATA: _reading,
    Op.GET_CHILDREN: _reading,
}
