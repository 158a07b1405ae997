"""All relays of an ensemble, in one event loop: the ports at which its servers reach each other.

Whoever calls says first who it is, on the election port as on the quorum port, so it is known which link a connection
belongs to. Nothing is changed on the way but the address in the greeting on the election port: a server of Apache
ZooKeeper calls back there (``QuorumCnxManager.handleConnection``), which would be past the relay.
"""

from __future__ import annotations

import asyncio
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from zabcheck.implementation.election_messages import HELLO, hello
from zabcheck.implementation.quorum_packets import Joined, QuorumStream, from_learner
from zabcheck.implementation.relay import PIECE, Call, Reader, Way
from zabcheck.traces.election_packets import ElectionDecoder, Hello
from zabcheck.traces.incremental import DecodeError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from zabcheck.traces.ensemble import Address
    from zabcheck.traces.incremental import Incremental

T = TypeVar("T")


@dataclass(frozen=True)
class Route:
    """How the others reach a server."""

    sid: int
    server: Address
    """where it listens"""
    relay: Address
    """where they think that it does"""


class Switchboard:
    """The relays, and which links they hold up."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = {route.sid: route for route in routes}
        self._ways = {(a, b): Way() for a in self._routes for b in self._routes if a != b}
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._calls: dict[Call, frozenset[int]] = {}

    async def open(self) -> None:
        """Listen for all servers."""
        for route in self._routes.values():
            at, to = route.relay, route.server
            await self._listen(route, at.election_port, to.election_port, self._greeted)
            await self._listen(route, at.quorum_port, to.quorum_port, _joined)

    async def close(self) -> None:
        """Listen no more, and end all connections."""
        for server in self._servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def hold_up(self, ways: Iterable[tuple[int, int]]) -> None:
        """From whom to whom nothing passes from now on; everything else does."""
        held = frozenset(ways)
        for between, way in self._ways.items():
            way.let(passes=between not in held)

    def reset(self, pair: frozenset[int]) -> None:
        """Break all connections between two servers."""
        for call, between in self._calls.items():
            if between == pair:
                call.reset()

    async def _listen(
        self,
        route: Route,
        port: int,
        target: int,
        introduced: Callable[[Reader], Awaitable[tuple[int, bytes]]],
    ) -> None:
        async def serve(reader: Reader, writer: asyncio.StreamWriter) -> None:
            with closing(writer), suppress(OSError, DecodeError):
                caller, first = await introduced(reader)
                if (caller, route.sid) in self._ways:
                    call = Call(self._ways[caller, route.sid], self._ways[route.sid, caller], reader, writer)
                    self._calls[call] = frozenset({caller, route.sid})
                    try:
                        await call.run(first, route.server.host, target)
                    finally:
                        del self._calls[call]

        def accept(reader: Reader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(serve(reader, writer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        def protocol() -> asyncio.StreamReaderProtocol:
            return asyncio.StreamReaderProtocol(Reader(), accept)  # type: ignore[arg-type]

        loop = asyncio.get_running_loop()
        self._servers.append(await loop.create_server(protocol, route.relay.host, port))

    async def _greeted(self, reader: Reader) -> tuple[int, bytes]:
        """Who calls on an election port, and what to hand on: that it listens at its relay."""
        said, data = await _first(reader, ElectionDecoder(connected=True))
        if not isinstance(said, Hello) or said.sid not in self._routes:
            raise DecodeError("somebody who is not in the ensemble")
        if not said.address:
            return said.sid, data
        at = self._routes[said.sid].relay
        changed = hello(said.sid, at.host, at.election_port)
        return said.sid, changed + data[HELLO.size + len(said.address.encode()) :]


async def _joined(reader: Reader) -> tuple[int, bytes]:
    """Who calls on a quorum port, and what to hand on."""
    raw, data = await _first(reader, QuorumStream())
    learner = from_learner(raw)
    if not isinstance(learner, Joined):
        raise DecodeError("not the first packet of a learner")
    return learner.sid, data


async def _first(reader: Reader, decoder: Incremental[T]) -> tuple[T, bytes]:
    """The first message, and all bytes that came with it."""
    data, found = b"", list[T]()
    while not found:
        if not (piece := await reader.read(PIECE)):
            raise ConnectionError("hung up without a word")
        data += piece
        found = decoder.feed(piece)
    return found[0], data
