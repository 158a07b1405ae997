"""The quorum port: a leader accepts learners there, a learner finds its leader.

As ``Leader.LearnerCnxAcceptor`` and ``Learner.connectToLeader`` do: the port is open only while a server leads, and a
learner tries a few times, since its leader may be late.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from zabcheck.implementation.quorum_connection import Connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.implementation.clock import Clock
    from zabcheck.traces.ensemble import Address

TRIES = 5
PAUSE = 0.2
"""Seconds between two tries."""


class Listener:
    """The port of a leader."""

    def __init__(self, at: Address, clock: Clock, accepted: Callable[[Connection], None]) -> None:
        self._at = at
        self._clock = clock
        self._accepted = accepted
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Accept learners from now on."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, self._at.host, self._at.quorum_port)

    def close(self) -> None:
        """Accept no more."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._accepted(Connection(reader, writer, self._clock.now()))


async def find_leader(at: Address, patience: float, clock: Clock) -> Connection | None:
    """A connection with a leader, or nothing if it cannot be reached."""
    end = clock.now() + patience
    for attempt in range(TRIES):
        left = end - clock.now()
        if left <= 0:
            break
        with suppress(OSError, TimeoutError):
            reader, writer = await asyncio.wait_for(
                asyncio.open_connection(at.host, at.quorum_port), timeout=left
            )
            return Connection(reader, writer, clock.now())
        if attempt < TRIES - 1:
            await asyncio.sleep(PAUSE)
    return None
