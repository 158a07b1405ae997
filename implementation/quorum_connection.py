"""One connection between a leader and a learner: packets come in one after another, bytes go out.

What has come waits here until the server takes it. A server may leave a packet where it is, because it cannot handle
it yet (a leader waits for a quorum): then no more is read than fits.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from zabcheck.implementation.quorum_packets import QuorumStream, Raw
from zabcheck.traces.incremental import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

PIECE = 1 << 18
WAITING = 1000
"""So many packets may wait; then the sender is not read any more."""
UNSENT = 1 << 28
"""So many bytes may wait to be sent; who takes them so slowly is given up."""


class Connection:
    """A connection that is open, until its end has come or it was closed."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, now: float) -> None:
        self.packets: deque[Raw] = deque()
        self.has_ended = False
        self.reason = ""
        """why it ended"""
        self.heard = now
        """when something came last"""
        self._reader = reader
        self._writer = writer
        self._room = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self, arrived: Callable[[Connection], None], now: Callable[[], float]) -> None:
        """Begin to read; ``arrived`` is called when there is a packet, or the end."""
        self._task = asyncio.create_task(self._read(arrived, now))

    async def _read(self, arrived: Callable[[Connection], None], now: Callable[[], float]) -> None:
        stream = QuorumStream()
        try:
            while data := await self._reader.read(PIECE):
                self.heard = now()
                try:
                    found = stream.feed(data)
                except DecodeError:
                    self.packets.extend(stream.taken())
                    raise
                if found:
                    self.packets.extend(found)
                    arrived(self)
                if len(self.packets) > WAITING:
                    self._room.clear()
                    await self._room.wait()
            self.reason = "the other side closed it"
        except (OSError, DecodeError) as error:
            self.reason = str(error) or type(error).__name__
        self.has_ended = True
        arrived(self)

    def take(self) -> None:
        """Remove the packet that is next."""
        self.packets.popleft()
        if len(self.packets) <= WAITING // 2:
            self._room.set()

    def send(self, data: bytes) -> None:
        """Send some bytes."""
        if self._writer.is_closing():
            return
        if self._writer.transport.get_write_buffer_size() > UNSENT:
            self._writer.transport.abort()
        else:
            self._writer.write(data)

    def close(self) -> None:
        """End it, after what was sent."""
        self.has_ended = True
        self.packets.clear()
        if self._task is not None:
            self._task.cancel()
        with suppress(OSError, RuntimeError):
            self._writer.close()
