"""A connection from one server to another through a relay that can hold up what they say, in either direction.

What is held up is not lost, as TCP loses nothing: it arrives when the link is whole again, unless one of the two has
given the connection up meanwhile. A connection that was begun and given up while the link was cut never existed for
the other side.
"""

from __future__ import annotations

import asyncio
from contextlib import closing, suppress

PIECE = 1 << 16
TRIES, PAUSE = 20, 0.05
"""A server that does not listen is tried so often, with so many seconds between: a new leader may be late, and who
called cannot be told any more that it was refused."""


class Reader(asyncio.StreamReader):
    """A reader that knows whether the other side has hung up before everything was read."""

    has_ended = False

    def feed_eof(self) -> None:
        """Note that nothing more will come."""
        self.has_ended = True
        super().feed_eof()


class Way:
    """One direction between two servers."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()

    @property
    def passes(self) -> bool:
        """Whether what is sent arrives."""
        return self._open.is_set()

    def let(self, *, passes: bool) -> None:
        """Let pass what is sent, or hold it up."""
        (self._open.set if passes else self._open.clear)()

    async def wait(self) -> None:
        """Wait until something passes."""
        await self._open.wait()


class Call:
    """A connection that a server made, both halves of it."""

    def __init__(self, there: Way, back: Way, reader: Reader, writer: asyncio.StreamWriter) -> None:
        self._there, self._back = there, back
        self._reader, self._writer = reader, writer
        self._ends = [writer]

    async def run(self, first: bytes, host: str, port: int) -> None:
        """Hand on the bytes that came ``first``, then all that follows, until one side ends it."""
        if not await self._is_begun():
            return
        reader, writer = await _reach(host, port)
        with closing(writer):
            self._ends.append(writer)
            writer.write(first)
            halves = [
                asyncio.create_task(_carry(self._reader, writer, self._there, self._back)),
                asyncio.create_task(_carry(reader, self._writer, self._back, self._there)),
            ]
            try:
                await asyncio.wait(halves, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for half in halves:
                    half.cancel()

    async def _is_begun(self) -> bool:
        """Wait until the link is whole, as it takes both directions to connect; whether the caller has waited too."""
        was_cut = False
        while not (self._there.passes and self._back.passes):
            was_cut = True
            await self._there.wait()
            await self._back.wait()
        return not (was_cut and (self._reader.has_ended or self._reader.exception()))

    def reset(self) -> None:
        """Break it, as a device on the way does that has forgotten it."""
        for writer in self._ends:
            writer.transport.abort()


async def _reach(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for _ in range(TRIES):
        with suppress(OSError):
            return await asyncio.open_connection(host, port)
        await asyncio.sleep(PAUSE)
    raise ConnectionRefusedError


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way, back: Way) -> None:
    """Carry what is said in one direction; that somebody has hung up is said, too."""
    with suppress(OSError):
        while data := await reader.read(PIECE):
            await way.wait()
            try:
                writer.write(data)
                await writer.drain()
            except OSError:
                await back.wait()
                return
    await way.wait()
