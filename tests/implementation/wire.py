"""Requests as clients write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.implementation import encoder as jute
from zabcheck.implementation.operations import Mode, Op
from zabcheck.implementation.permissions import OPEN
from zabcheck.implementation.replication import Request

if TYPE_CHECKING:
    from zabcheck.traces.transactions import Acl

SESSION = 0x1000


def create(
    path: str, data: bytes | None = b"", flags: int = Mode.PERSISTENT, acl: tuple[Acl, ...] = OPEN
) -> bytes:
    return jute.text(path) + jute.buffer(data) + jute.acl(acl) + jute.integer(flags)


def versioned(path: str, version: int = -1) -> bytes:
    return jute.text(path) + jute.integer(version)


def set_data(path: str, data: bytes | None, version: int = -1) -> bytes:
    return jute.text(path) + jute.buffer(data) + jute.integer(version)


def set_acl(path: str, acl: tuple[Acl, ...], version: int = -1) -> bytes:
    return jute.text(path) + jute.acl(acl) + jute.integer(version)


def multi(*parts: tuple[int, bytes]) -> bytes:
    found = b"".join(
        jute.integer(kind) + jute.boolean(False) + jute.integer(-1) + body for kind, body in parts
    )
    return found + jute.integer(-1) + jute.boolean(True) + jute.integer(-1)


def request(
    kind: int, body: bytes, session: int = SESSION, auth: tuple[tuple[str, str], ...] = ()
) -> Request:
    return Request(session, 1, kind, body, auth)


def opening(session: int = SESSION, timeout: int = 10_000) -> Request:
    return Request(session, 0, Op.CREATE_SESSION, jute.integer(timeout))
