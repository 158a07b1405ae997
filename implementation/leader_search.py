"""How a learner finds the leader that it was told of (``Learner.connectToLeader``).

It tries a few times, since its leader may be late.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from zabcheck.implementation.inputs import Found
from zabcheck.implementation.quorum_connection import Connection
from zabcheck.model.zookeeper import learner, threads
from zabcheck.traces import event as kinds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zabcheck.implementation.clock import Clock
    from zabcheck.implementation.diary import Diary
    from zabcheck.implementation.outbox import Outbox
    from zabcheck.model.zookeeper.server import Server
    from zabcheck.traces.ensemble import Address

TRIES = 5
PAUSE = 0.2
"""Seconds between two tries."""


class LeaderSearch:
    """It owns the one search that may be under way, and the connection until the learner takes it."""

    def __init__(
        self, me: Server, out: Outbox, diary: Diary, endpoints: Mapping[int, Address], clock: Clock
    ) -> None:
        self._me = me
        self._out = out
        self._diary = diary
        self._endpoints = endpoints
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def look(self, patience: float, found: Callable[[Found], None]) -> None:
        """Search while there is a leader to be found; ``found`` hears of the end of a search."""
        if not self._me.is_learning or self._me.connected:
            self.cancel()
        elif self._task is None:
            self._task = asyncio.create_task(self._find(threads.learned_from(self._me), patience, found))

    def cancel(self) -> None:
        """Search no more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _find(self, sid: int, patience: float, found: Callable[[Found], None]) -> None:
        found(Found(sid, await connect(self._endpoints[sid], patience, self._clock)))

    def join(self, sid: int, connection: Connection | None, arrived: Callable[[Connection], None]) -> None:
        """A search is over: take the connection, or leave a leader that cannot be reached."""
        me = self._me
        self._task = None
        if not me.is_learning or me.connected or me.leader != sid:
            if connection is not None:
                connection.close()
        elif connection is None:
            learner.leave(me, self._out)
        else:
            self._diary.event(kinds.Connected, leader=sid)
            self._out.reached = connection
            learner.connect(me, self._out)
            connection.start(arrived, self._clock.now)


async def connect(at: Address, patience: float, clock: Clock) -> Connection | None:
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
