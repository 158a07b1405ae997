"""A database of next to nothing: nodes without order or rights, in the very bytes of ZooKeeper's snapshots."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from zabcheck.implementation.replication import Entry, Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zabcheck.traces.jute import Cursor

SET_DATA = 5
STAT = b"\xff" * 8 + bytes(60)


def text(data: bytes) -> bytes:
    """Bytes with their length in front."""
    return struct.pack(">i", len(data)) + data


def body(path: str, data: bytes) -> bytes:
    """The body of a transaction that sets a node."""
    return text(path.encode()) + text(data) + struct.pack(">i", 1)


def write(cxid: int, path: str = "/n", data: bytes = b"x", session: int = 0x100) -> Request:
    """A client's wish to set a node."""
    return Request(session, cxid, SET_DATA, body(path, data))


class Tiny:
    """The database: what was applied, in order, and the nodes."""

    def __init__(self) -> None:
        self.last_zxid = 0
        self.nodes: dict[bytes, bytes] = {}
        self.syncs: list[tuple[int, int]] = []
        self.applied: list[tuple[int, Entry]] = []

    def prepare(self, request: Request) -> Entry:
        return Entry(request.session, request.cxid, 1_700_000_000_000, request.type, request.body)

    def forget_prepared(self) -> None:
        pass

    def apply(self, zxid: int, entry: Entry) -> None:
        assert zxid > self.last_zxid
        self.last_zxid = zxid
        self.applied.append((zxid, entry))
        if entry.type == SET_DATA:
            (length,) = struct.unpack_from(">i", entry.body)
            path = entry.body[4 : 4 + length]
            (size,) = struct.unpack_from(">i", entry.body, 4 + length)
            self.nodes[path] = entry.body[8 + length : 8 + length + size]

    def serialize(self) -> Iterator[bytes]:
        nodes = {b"": b"", **self.nodes}
        return iter(
            [
                struct.pack(">ii", 0, 0),
                *(text(path) + text(data) + STAT for path, data in nodes.items()),
                text(b"/"),
            ]
        )

    def deserialize(self, cursor: Cursor, zxid: int) -> None:
        self.nodes.clear()
        self.applied.clear()
        self.last_zxid = zxid
        for _ in range(cursor.count()):
            cursor.skip(12)
        for _ in range(cursor.count()):
            cursor.skip(8)
            for _ in range(cursor.count()):
                cursor.skip(4)
                cursor.buffer()
                cursor.buffer()
        while (path := cursor.buffer()) != b"/":
            data = cursor.buffer()
            cursor.skip(len(STAT))
            if path:
                self.nodes[path] = data or b""

    def synced(self, session: int, cxid: int) -> None:
        self.syncs.append((session, cxid))
