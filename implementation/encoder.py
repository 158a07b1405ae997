"""Writes the encoding of ZooKeeper's records, jute; `zabcheck.traces.jute` reads it (``BinaryOutputArchive``)."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from zabcheck.traces.transactions import Acl

_INTEGER = Struct(">i")
_LONG = Struct(">q")

integer = _INTEGER.pack
"""32 bits with a sign."""

long = _LONG.pack
"""64 bits with a sign."""

NULL = integer(-1)
"""A buffer, text or vector that is not there."""


def boolean(value: bool) -> bytes:  # noqa: FBT001 - the value that is written
    """One byte."""
    return b"\1" if value else b"\0"


def buffer(value: bytes | None) -> bytes:
    """Bytes with their length in front."""
    return NULL if value is None else integer(len(value)) + value


def text(value: str) -> bytes:
    """A text in UTF-8; half of a surrogate pair is a question mark, as Java writes it."""
    return buffer(value.encode("utf-8", "replace"))


def vector(items: Collection[bytes]) -> bytes:
    """Items that are encoded already."""
    return integer(len(items)) + b"".join(items)


def texts(values: Iterable[str]) -> bytes:
    """A vector of texts."""
    return vector([text(value) for value in values])


def acl(entries: Iterable[Acl]) -> bytes:
    """A vector of permissions."""
    return vector(
        [integer(entry.permissions) + text(entry.scheme) + text(entry.identity) for entry in entries]
    )
