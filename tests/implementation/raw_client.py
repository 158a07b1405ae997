"""A client that sends and receives frames as they are, for what an ordinary one would never do."""

from __future__ import annotations

import socket
import struct
from typing import NamedTuple, Self

from zabcheck.implementation import encoder as jute
from zabcheck.traces.jute import Cursor


class Reply(NamedTuple):
    xid: int
    zxid: int
    code: int
    body: bytes


class RawClient:
    def __init__(self, port: int, timeout: float = 5) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.session = 0
        self.password = bytes(16)
        self.timeout = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, body: bytes) -> None:
        self.socket.sendall(jute.buffer(body))

    def ask(self, xid: int, kind: int, body: bytes = b"") -> None:
        self.send(jute.integer(xid) + jute.integer(kind) + body)

    def receive(self) -> bytes | None:
        """A frame; ``None`` at the end of the connection."""
        try:
            head = self._exactly(4)
            return None if head is None else self._exactly(struct.unpack(">i", head)[0])
        except ConnectionError:
            return None

    def _exactly(self, count: int) -> bytes | None:
        data = b""
        while len(data) < count:
            if not (more := self.socket.recv(count - len(data))):
                return None
            data += more
        return data

    def reply(self) -> Reply:
        frame = self.receive()
        assert frame is not None
        xid, zxid, code = struct.unpack_from(">iqi", frame)
        return Reply(xid, zxid, code, frame[16:])

    def connect(
        self, seen: int = 0, timeout: int = 1000, session: int = 0, password: bytes = bytes(16)
    ) -> bool:
        """Ask for a session; whether there is an answer."""
        wanted = jute.integer(0) + jute.long(seen) + jute.integer(timeout) + jute.long(session)
        self.send(wanted + jute.buffer(password) + jute.boolean(False))
        frame = self.receive()
        if frame is None:
            return False
        cursor = Cursor("an answer", frame)
        cursor.integer()
        self.timeout, self.session = cursor.integer(), cursor.long()
        self.password = cursor.buffer() or b""
        return True
