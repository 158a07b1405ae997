"""Decides which sessions are alive, and as time passes ends those of clients that were not heard of.

Who leads does, and a server alone. Beside that it removes containers that are empty (``ContainerManager``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.implementation import encoder as jute
from zabcheck.implementation.database import steady_clock
from zabcheck.implementation.operations import Op
from zabcheck.implementation.replication import Request
from zabcheck.implementation.sessions import SessionTracker

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.implementation.database import Database

CONTAINERS_LOOKED_AT = 60_000
"""Milliseconds between two looks for containers that are empty again (``znode.container.checkIntervalMs``)."""


class SessionKeeper:
    """It owns when it last looked for containers; the tracker is the database's, for as long as the server leads."""

    def __init__(self, database: Database, tick: int, submit: Callable[[Request], None]) -> None:
        self._database = database
        self._tick = tick
        self._submit = submit
        self._looked = 0

    def begin(self) -> None:
        """Decide from now on."""
        now = steady_clock()
        self._looked = now
        self._database.lead(SessionTracker(self._tick, now, self._database.sessions))

    def touch(self, session: int, timeout: int) -> bool:
        """A client was heard of. Whether its session is alive, of which only who decides knows anything."""
        tracker = self._database.tracker
        return tracker is not None and tracker.touch(session, timeout, steady_clock())

    def own(self, session: int, server: int) -> None:
        """A client has moved to a server."""
        if self._database.tracker is not None:
            self._database.tracker.set_owner(session, server)

    def tick(self) -> None:
        """Some time has passed."""
        if self._database.tracker is None:
            return
        now = steady_clock()
        for session in self._database.tracker.expired(now):
            self._submit(Request(session, 0, Op.CLOSE_SESSION, b""))
        if now - self._looked >= CONTAINERS_LOOKED_AT:
            self._looked = now
            for path in self._database.idle_containers():
                self._submit(Request(0, 0, Op.DELETE_CONTAINER, jute.text(path)))
