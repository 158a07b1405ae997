"""The election port: one connection between any two servers, on which the newest vote counts (``QuorumCnxManager``).

Of two servers the one with the larger number connects. If the other does, it is hung up on and called back; so
whoever needs to talk can start. A newer connection takes the place of an older one. Per server one vote waits to be
sent, replaced by a newer one; the last vote that was sent is sent again when a connection begins, since the one
before may have lost it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from zabcheck.implementation.election_messages import hello
from zabcheck.traces.election_packets import ElectionDecoder, Hello, Vote
from zabcheck.traces.incremental import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zabcheck.traces.ensemble import Address

PIECE = 1 << 16
GREETING = 5.0
"""Seconds that a server has to say who it is, and that one may take to be reached (``cnxTO``)."""
STRANGERS = 64
"""So many that have not said who they are may be connected at once."""


@dataclass(eq=False)
class Line:
    """The connection with one server: who reads, who writes."""

    writer: asyncio.StreamWriter
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def close(self) -> None:
        """Hang up."""
        for task in self.tasks:
            task.cancel()
        with suppress(OSError, RuntimeError):
            self.writer.close()


@dataclass(eq=False)
class Slot:
    """What is to be told to one server."""

    waiting: bytes | None = None
    last: bytes | None = None
    """the last that was sent"""
    filled: asyncio.Event = field(default_factory=asyncio.Event)


class ElectionChannel:
    """A server's connections with all others, for votes."""

    def __init__(
        self, sid: int, endpoints: Mapping[int, Address], received: Callable[[int, Vote], None]
    ) -> None:
        self._sid = sid
        self._endpoints = endpoints
        self._received = received
        self._lines: dict[int, Line] = {}
        self._slots = {other: Slot() for other in endpoints if other != sid}
        self._calls: dict[int, asyncio.Task[None]] = {}
        self._strangers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen."""
        own = self._endpoints[self._sid]
        self._server = await asyncio.start_server(self._accept, own.host, own.election_port)

    def close(self) -> None:
        """Hang up on everybody and listen no more."""
        if self._server is not None:
            self._server.close()
        for call in self._calls.values():
            call.cancel()
        for line in self._lines.values():
            line.close()
        self._lines.clear()
        for stranger in self._strangers:
            stranger.close()

    def send(self, to: int, message: bytes) -> None:
        """Tell a server something, in place of what it has not been told yet."""
        slot = self._slots[to]
        slot.waiting = message
        slot.filled.set()
        self._connect(to)

    @property
    def has_delivered(self) -> bool:
        """Whether some server has been told all (``haveDelivered``): else nobody can be reached."""
        return any(slot.waiting is None for slot in self._slots.values())

    def connect_all(self) -> None:
        """Call everybody for whom something waits, if there is no connection."""
        for sid in self._slots:
            self._connect(sid)

    def _connect(self, sid: int) -> None:
        if sid not in self._lines and sid not in self._calls:
            call = asyncio.create_task(self._call(sid))
            self._calls[sid] = call
            call.add_done_callback(lambda _: self._calls.pop(sid, None))

    async def _call(self, sid: int) -> None:
        """Connect to a server; one with a larger number is hung up on, and will call back."""
        at, own = self._endpoints[sid], self._endpoints[self._sid]
        with suppress(OSError, TimeoutError):
            reader, writer = await asyncio.wait_for(
                asyncio.open_connection(at.host, at.election_port), GREETING
            )
            writer.write(hello(self._sid, own.host, own.election_port))
            if sid > self._sid:
                await writer.drain()
                writer.close()
            else:
                self._begin(sid, reader, writer, ElectionDecoder(connected=False))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Let a server say who it is; keep the connection if its number is the larger one."""
        if len(self._strangers) >= STRANGERS:
            writer.close()
            return
        self._strangers.add(writer)
        decoder = ElectionDecoder(connected=True)
        try:
            said = await asyncio.wait_for(self._greeting(reader, decoder), GREETING)
        except (OSError, DecodeError, TimeoutError, asyncio.IncompleteReadError):
            said = []
        finally:
            self._strangers.discard(writer)
        first = said[0] if said else None
        if not isinstance(first, Hello) or first.sid not in self._slots:
            writer.close()
        elif first.sid < self._sid:
            self._hang_up(first.sid)
            writer.close()
            self._connect(first.sid)
        else:
            self._begin(first.sid, reader, writer, decoder)
            for message in said[1:]:
                if isinstance(message, Vote):
                    self._received(first.sid, message)

    @staticmethod
    async def _greeting(reader: asyncio.StreamReader, decoder: ElectionDecoder) -> list[object]:
        said: list[object] = []
        while not said and (data := await reader.read(PIECE)):
            said += decoder.feed(data)
        return said

    def _begin(
        self, sid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, decoder: ElectionDecoder
    ) -> None:
        self._hang_up(sid)
        line, slot = Line(writer), self._slots[sid]
        self._lines[sid] = line
        if slot.waiting is None and slot.last is not None:
            slot.waiting = slot.last
        if slot.waiting is not None:
            slot.filled.set()
        line.tasks = [
            asyncio.create_task(self._read(sid, line, reader, decoder)),
            asyncio.create_task(self._write(sid, line, slot)),
        ]

    def _hang_up(self, sid: int) -> None:
        if line := self._lines.pop(sid, None):
            line.close()

    def _lost(self, sid: int, line: Line) -> None:
        if self._lines.get(sid) is line:
            self._hang_up(sid)
        else:
            line.close()

    async def _read(
        self, sid: int, line: Line, reader: asyncio.StreamReader, decoder: ElectionDecoder
    ) -> None:
        with suppress(OSError, DecodeError):
            while data := await reader.read(PIECE):
                for message in decoder.feed(data):
                    if isinstance(message, Vote):
                        self._received(sid, message)
        self._lost(sid, line)

    async def _write(self, sid: int, line: Line, slot: Slot) -> None:
        with suppress(OSError):
            while True:
                await slot.filled.wait()
                slot.filled.clear()
                if slot.waiting is not None:
                    slot.last, slot.waiting = slot.waiting, None
                    line.writer.write(slot.last)
                    await line.writer.drain()
        self._lost(sid, line)
