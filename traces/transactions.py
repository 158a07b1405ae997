"""Transactions as ZooKeeper writes them, in a record of its log and in a PROPOSAL alike: header, body, digest.

``zookeeper.jute`` has the fields; which body goes with which type, and what older servers left out, is in
``SerializeUtils.deserializeTxn``.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING
from zlib import adler32

from zabcheck.traces.errors import UnreadableError
from zabcheck.traces.event import Hex
from zabcheck.traces.jute import Cursor

if TYPE_CHECKING:
    from collections.abc import Callable

HEADER = Struct(">QiQqi")
"""Session, cxid, zxid, time in milliseconds, type."""

DIGEST = Struct(">iq")
"""Version, and the digest of the tree as it will be."""

NAMES = {
    -11: "closeSession",
    -10: "createSession",
    -1: "error",
    1: "create",
    2: "delete",
    5: "setData",
    7: "setACL",
    13: "check",
    14: "multi",
    15: "create2",
    16: "reconfig",
    19: "createContainer",
    20: "deleteContainer",
    21: "createTTL",
}


def name(kind: int) -> str:
    """What ``ZooDefs.OpCode`` calls a type of transaction; its number if it has no name there."""
    return NAMES.get(kind, str(kind))


def body_of(payload: bytes) -> Hex:
    """What stands for some bytes when they are compared: their Adler-32, then their length."""
    return Hex(adler32(payload) << 32 | len(payload))


def differ_by_digest(one: int, other: int) -> bool:
    """Whether of two transactions, by what stands for them, one may be the other without its digest.

    An older release leaves it out of a proposal that it reads from its log.
    """
    return abs((one & 0xFFFFFFFF) - (other & 0xFFFFFFFF)) == DIGEST.size


MULTI = 14


def identity(payload: bytes) -> Hex:
    """What stands for a transaction when it is compared: of one that was refused, its header.

    A server that applies a multi with a refused part marks the other parts as refused too, in the object that it may
    not have written to its log yet (``DataTree.processTxn``). So the bytes of such a transaction differ between logs,
    and mean the same.
    """
    if len(payload) >= HEADER.size and HEADER.unpack_from(payload)[4] == MULTI and _is_refused(payload):
        return body_of(payload[: HEADER.size])
    return body_of(payload)


def _is_refused(payload: bytes) -> bool:
    try:
        body = decode(payload, "").body
    except UnreadableError:
        return False
    return isinstance(body, Multi) and any(isinstance(part, Failed) for _, part in body.operations)


@dataclass(frozen=True, slots=True)
class Acl:
    """A permission."""

    permissions: int
    scheme: str
    identity: str


@dataclass(frozen=True, slots=True)
class Create:
    """A node is made. Only those that are made with a time to live have one; a container is of its own type."""

    path: str
    data: bytes | None
    acl: tuple[Acl, ...]
    ephemeral: bool = False
    parent_cversion: int = -1
    time_to_live: int | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """A node is removed."""

    path: str


@dataclass(frozen=True, slots=True)
class SetData:
    """A node gets other data; ``version`` is the new one."""

    path: str
    data: bytes | None
    version: int


@dataclass(frozen=True, slots=True)
class SetAcl:
    """A node gets other permissions."""

    path: str
    acl: tuple[Acl, ...]
    version: int


@dataclass(frozen=True, slots=True)
class Check:
    """A node has this version; only inside of `Multi`."""

    path: str
    version: int


@dataclass(frozen=True, slots=True)
class CreateSession:
    """A client connects; the time-out is in milliseconds."""

    timeout: int


@dataclass(frozen=True, slots=True)
class CloseSession:
    """A session ends, and its ephemeral nodes with it: ``paths``, unless the server did not write them."""

    paths: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Failed:
    """An operation that was refused; it took a zxid, and did nothing else."""

    error: int


@dataclass(frozen=True, slots=True)
class Multi:
    """Several operations, each with its type. If one of them `Failed`, none of them happened."""

    operations: tuple[tuple[int, Body], ...]


Body = Create | Delete | SetData | SetAcl | Check | CreateSession | CloseSession | Failed | Multi


@dataclass(frozen=True, slots=True)
class Transaction:
    """A whole one, taken apart."""

    session: int
    cxid: int
    zxid: int
    time: int
    """the leader's clock as it prepared the request, in milliseconds"""
    type: int
    body: Body | None
    """``None`` if the type is not known"""
    digest: int | None
    rest: int
    """bytes behind it all, which a server does not look at"""

    @property
    def path(self) -> str | None:
        """The node that it is about, if it is one."""
        return getattr(self.body, "path", None)

    @property
    def value(self) -> Hex | None:
        """What stands for the data that it writes, as `body_of` makes it."""
        data = getattr(self.body, "data", None)
        return None if data is None else body_of(data)


def decode(payload: bytes, file: str, start: int = 0) -> Transaction:
    """A transaction; ``file`` and ``start`` are where it was found."""
    cursor = Cursor(file, payload, start=start)
    session, cxid, zxid, time, kind = cursor.unpack(HEADER)
    body = _body(kind, cursor, start) if kind in _BODIES else None
    digest = None
    if body is not None and cursor.left(DIGEST.size) >= DIGEST.size:
        digest = cursor.unpack(DIGEST)[1]
    return Transaction(session, cxid, zxid, time, kind, body, digest, len(payload) - cursor.at)


def decode_body(kind: int, payload: bytes, file: str = "") -> Body:
    """What stands behind the header of a transaction of this type; what is behind that is not looked at."""
    return _body(kind, Cursor(file, payload), 0)


def _body(kind: int, cursor: Cursor, start: int) -> Body:
    if kind not in _BODIES:
        raise cursor.wrong(f"there is no transaction of type {kind}", back=cursor.offset - start)
    return _BODIES[kind](cursor)


def read_acl(cursor: Cursor) -> tuple[Acl, ...]:
    """A vector of permissions, as transactions, snapshots and requests have it."""
    return tuple(Acl(cursor.integer(), cursor.text(), cursor.text()) for _ in range(cursor.count()))


def _create(cursor: Cursor) -> Create:
    path, data, acl, ephemeral = cursor.text(), cursor.buffer(), read_acl(cursor), cursor.boolean()
    parent_cversion = cursor.integer() if cursor.left(4) >= 4 else -1  # ``CreateTxnV0`` has none
    return Create(path, data, acl, ephemeral, parent_cversion)


def _create_container(cursor: Cursor) -> Create:
    return Create(cursor.text(), cursor.buffer(), read_acl(cursor), parent_cversion=cursor.integer())


def _create_with_time(cursor: Cursor) -> Create:
    path, data, acl, parent_cversion = cursor.text(), cursor.buffer(), read_acl(cursor), cursor.integer()
    return Create(path, data, acl, parent_cversion=parent_cversion, time_to_live=cursor.long())


def _close_session(cursor: Cursor) -> CloseSession:
    """The paths, unless there are none: then nothing follows, or only the digest, whose version is 2."""
    left = cursor.left(DIGEST.size + 1)
    if left < 4 or (left == DIGEST.size and cursor.data[cursor.at : cursor.at + 4] == b"\0\0\0\2"):
        return CloseSession(None)
    return CloseSession(tuple(cursor.text() for _ in range(cursor.count())))


def _multi(cursor: Cursor) -> Multi:
    found = []
    for _ in range(cursor.count()):
        start = cursor.offset
        kind = cursor.integer()
        data = cursor.buffer() or b""
        inner = Cursor(cursor.file, data, start=cursor.offset - len(data))
        if kind == 14:
            raise inner.wrong("a multi inside of a multi")
        found.append((kind, _body(kind, inner, start)))
    return Multi(tuple(found))


_BODIES: dict[int, Callable[[Cursor], Body]] = {
    -11: _close_session,
    -10: lambda cursor: CreateSession(cursor.integer()),
    -1: lambda cursor: Failed(cursor.integer()),
    1: _create,
    2: lambda cursor: Delete(cursor.text()),
    5: lambda cursor: SetData(cursor.text(), cursor.buffer(), cursor.integer()),
    7: lambda cursor: SetAcl(cursor.text(), read_acl(cursor), cursor.integer()),
    13: lambda cursor: Check(cursor.text(), cursor.integer()),
    14: _multi,
    15: _create,
    16: lambda cursor: SetData(cursor.text(), cursor.buffer(), cursor.integer()),
    19: _create_container,
    20: lambda cursor: Delete(cursor.text()),
    21: _create_with_time,
}
