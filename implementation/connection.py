"""One connection of a client: frames in, frames out, and the order of the answers (``NIOServerCnxn``).

A client is answered in the order in which it asked, and a read sees the client's earlier writes: it waits until they
are applied (``CommitProcessor``). Reads of other clients do not wait for them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING

from zabcheck.implementation import encoder as jute
from zabcheck.implementation.errors import Code, RefusedError
from zabcheck.implementation.operations import WRITES, Event, Op, Permission
from zabcheck.implementation.permissions import allow, authenticate
from zabcheck.implementation.reads import Reader
from zabcheck.implementation.replication import Request
from zabcheck.implementation.results import code_of, record_of
from zabcheck.traces.errors import UnreadableError
from zabcheck.traces.jute import Cursor

if TYPE_CHECKING:
    from zabcheck.implementation.client_port import ClientPort
    from zabcheck.implementation.database import Result
    from zabcheck.traces.transactions import Acl

_HEADER = Struct(">ii")
"""``RequestHeader``: xid and type."""

_REPLY = Struct(">iiqi")
"""Length of the frame, then ``ReplyHeader``: xid, zxid, code."""

_EVENT_XID = -1
_CONNECTED = 3
"""``KeeperState.SyncConnected``"""

MOST_WAITING = 1000
"""Requests of one client that wait for their turn; with more, nothing is read from it."""

MOST_WAITING_BYTES = 2**23
"""As `MOST_WAITING`, counted in bytes."""

MOST_UNREAD = 2**24
"""Bytes that a client may leave unread before it is cut off, as a flood of watches can make them."""

WITHOUT_SESSION = 10.0
"""Seconds that a connection may take to ask for a session (``sessionlessCnxnTimeout``)."""


LINGER = 5.0
"""Seconds that a client has to take what was sent to it before its connection is cut."""


@dataclass(slots=True)
class Waiting:
    """A request that was not answered yet."""

    xid: int
    type: int
    body: bytes
    ordered: bool
    """whether its answer comes with a transaction or a sync"""


class Connection(asyncio.Protocol):
    """A connection, from its first byte; it becomes that of a session, or answers a four-letter word."""

    def __init__(self, port: ClientPort) -> None:
        self.port = port
        self.session = 0
        self.timeout = 0
        self.address = ""
        self.peer = ""
        self.received = self.sent = 0
        self.established = False
        self._reader = Reader(port.database.tree, self)
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._waiting: deque[Waiting] = deque()
        self._waiting_bytes = 0
        self._paused = False
        self._full = False
        self._asking = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def outstanding(self) -> int:
        """Requests that wait."""
        return len(self._waiting)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client connects."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - it is TCP
        self._transport = transport
        name = transport.get_extra_info("peername") or ("unknown", 0)
        self.address, self.peer = name[0], f"/{name[0]}:{name[1]}"
        self._reader.identities = (("ip", self.address),)
        if not self.port.admit(self):
            self.close()
            return
        self._timer = asyncio.get_running_loop().call_later(WITHOUT_SESSION, self.close)

    def connection_lost(self, _: Exception | None) -> None:
        """The client is gone; its session lives on."""
        self._transport = None
        self._waiting.clear()
        self._buffer.clear()
        if self._timer is not None:
            self._timer.cancel()
        self._reader.forget()
        self.port.lost(self)

    def data_received(self, data: bytes) -> None:
        """Some bytes, of any number of frames."""
        self._buffer += data
        self._take_frames()

    def pause_writing(self) -> None:
        """The client does not read: do not read from it either."""
        self._full = True
        self._balance()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._full = False
        self._balance()

    def close(self) -> None:
        """End the connection when what was sent is delivered, or after `LINGER`."""
        self._waiting.clear()
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.close()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(LINGER, self._transport.abort)

    def _take_frames(self) -> None:
        at = 0
        buffer = self._buffer
        while not self._paused and self._transport is not None and len(buffer) - at >= 4:
            if not self.established and not self._asking and self.port.is_word(bytes(buffer[at : at + 4])):
                self._send(self.port.answer_word(bytes(buffer[at : at + 4])))
                self.close()
                return
            length = int.from_bytes(buffer[at : at + 4], "big", signed=True)
            if not 0 <= length <= self.port.settings.largest_frame:
                self.close()
                return
            if len(buffer) - at < 4 + length:
                break
            frame = bytes(buffer[at + 4 : at + 4 + length])
            at += 4 + length
            try:
                self._take(frame)
            except UnreadableError:
                self.close()
                return
        del buffer[:at]

    def _take(self, frame: bytes) -> None:
        self.received += 1
        self.port.received += 1
        if self._transport is None or self._transport.is_closing():
            return
        if self.established:
            self._take_request(frame)
        else:
            self._asking = True
            self._balance()
            self._connect(Cursor("a connect request", frame))

    def _connect(self, cursor: Cursor) -> None:
        """The first request, for a session (``ZooKeeperServer.processConnectRequest``)."""
        cursor.integer()
        seen, timeout, session, password = cursor.long(), cursor.integer(), cursor.long(), cursor.buffer()
        if not self.port.accepts(seen):
            self.close()
            return
        settings = self.port.settings
        self.timeout = max(settings.shortest_timeout, min(timeout, settings.longest_timeout))
        if session:
            self.port.reconnect(self, session, password or b"")
        else:
            self.port.open_session(self)

    def session_decided(self, password: bytes | None) -> None:
        """Answer the request to connect; without a password the session is no more (``finishSessionInit``)."""
        if self._transport is None:
            return
        valid = password is not None
        if self._timer is not None:
            self._timer.cancel()
        answer = (
            jute.integer(0)
            + jute.integer(self.timeout if valid else 0)
            + jute.long(self.session if valid else 0)
            + jute.buffer(password or bytes(16))
            + jute.boolean(False)
        )
        self._send(jute.buffer(answer))
        if not valid:
            self.close()
            return
        self._reader.session = self.session
        self.established, self._asking = True, False
        self._balance()

    def _take_request(self, frame: bytes) -> None:
        if len(frame) < _HEADER.size:
            self.close()
            return
        xid, kind = _HEADER.unpack_from(frame)
        body = frame[_HEADER.size :]
        self.port.replication.touch(self.session, self.timeout)
        if kind == Op.AUTH:
            self._authenticate(xid, body)
            return
        ordered = kind in WRITES or kind == Op.SYNC
        waiting = Waiting(xid, kind, body, ordered)
        if ordered:
            self._wait(waiting)
            identities = self._reader.identities
            owner = self.port.replication.server_id
            self.port.replication.submit(Request(self.session, xid, kind, body, identities, owner))
        elif self._waiting:
            self._wait(waiting)
        else:
            self._read(waiting)

    def _wait(self, waiting: Waiting) -> None:
        self._waiting.append(waiting)
        self._waiting_bytes += len(waiting.body)
        self._balance()

    def _next(self) -> Waiting:
        self._waiting_bytes -= len(self._waiting[0].body)
        return self._waiting.popleft()

    def _authenticate(self, xid: int, body: bytes) -> None:
        cursor = Cursor("an auth packet", body)
        cursor.integer()
        shown = authenticate(cursor.text(), cursor.buffer(), self.port.settings.superuser)
        if not shown:
            self._reply(xid, 0, Code.AUTH_FAILED)
            self.close()
            return
        self._reader.identities = tuple(dict.fromkeys((*self._reader.identities, *shown)))
        self._reply(xid, 0, Code.OK)

    def _read(self, waiting: Waiting) -> None:
        record, code = b"", 0
        try:
            record = self._reader.answer(waiting.type, waiting.body)
        except RefusedError as error:
            code = error.code
        except UnreadableError:
            code = Code.MARSHALLING_ERROR
        self._reply(waiting.xid, self.port.database.last_zxid, code, record)

    def applied(self, cxid: int, zxid: int, result: Result) -> None:
        """A transaction of this session is applied; if the client waits for it, it is answered now."""
        head = self._waiting[0] if self._waiting else None
        if head is None or head.xid != cxid or head.type == Op.SYNC:
            return
        self._next()
        self._reply(cxid, zxid, code_of(result), record_of(result))
        if head.type == Op.CLOSE_SESSION:
            self.close()
            return
        self._read_on()

    def synced(self, cxid: int) -> None:
        """What was committed when the client asked is applied."""
        head = self._waiting[0] if self._waiting else None
        if head is None or head.xid != cxid or head.type != Op.SYNC:
            return
        self._next()
        try:
            record, code = jute.text(Cursor("a request", head.body).text()), Code.OK
        except UnreadableError:
            record, code = b"", Code.MARSHALLING_ERROR
        self._reply(cxid, self.port.database.last_zxid, code, record)
        self._read_on()

    def _read_on(self) -> None:
        while self._waiting and not self._waiting[0].ordered:
            self._read(self._next())
        self._balance()

    def notify(self, event: Event, path: str, acl: tuple[Acl, ...]) -> None:
        """Tell the client of a node that it watches, if it may read it."""
        if allow(acl, Permission.READ, self._reader.identities):
            record = jute.integer(event) + jute.integer(_CONNECTED) + jute.text(path)
            self._reply(_EVENT_XID, -1, Code.OK, record)

    def _reply(self, xid: int, zxid: int, code: int, record: bytes = b"") -> None:
        self.sent += 1
        self.port.sent += 1
        self._send(_REPLY.pack(16 + len(record), xid, zxid, code) + record)

    def _send(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > MOST_UNREAD:
            self._transport.abort()

    def _balance(self) -> None:
        """Read from the client, or do not."""
        many = len(self._waiting) >= MOST_WAITING or self._waiting_bytes >= MOST_WAITING_BYTES
        paused = self._full or self._asking or many
        if paused == self._paused or self._transport is None or self._transport.is_closing():
            return
        self._paused = paused
        if paused:
            self._transport.pause_reading()
            return
        self._transport.resume_reading()
        asyncio.get_running_loop().call_soon(self._take_frames)
