"""The quorum port of a leader: who connects must say who it is (``Leader.LearnerCnxAcceptor``, ``LearnerHandler.run``).

The port is open only while a server leads.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from zabcheck.implementation import quorum_packets
from zabcheck.implementation.quorum_connection import Connection
from zabcheck.implementation.quorum_packets import Joined
from zabcheck.model.zookeeper import leader
from zabcheck.traces import event as kinds
from zabcheck.traces.incremental import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.implementation.clock import Clock
    from zabcheck.implementation.diary import Diary
    from zabcheck.implementation.leading import Leading
    from zabcheck.implementation.outbox import Outbox
    from zabcheck.model.zookeeper.server import Server
    from zabcheck.traces.ensemble import Address

MOST_STRANGERS = 64
"""So many that have not said who they are may be connected at once."""


class LearnerAcceptor:
    """It owns the port, and the connections that are nobody's yet; a learner's goes to the outbox.

    ``arrived`` is told when a connection has something, for which `introduce` is to be called in the server's task.
    """

    def __init__(
        self,
        me: Server,
        out: Outbox,
        diary: Diary,
        leading: Leading,
        at: Address,
        clock: Clock,
        arrived: Callable[[Connection], None],
    ) -> None:
        self._me = me
        self._out = out
        self._diary = diary
        self._leading = leading
        self._at = at
        self._clock = clock
        self._arrived = arrived
        self._port: asyncio.Server | None = None
        self._strangers: set[Connection] = set()

    async def open(self) -> None:
        """Accept learners from now on."""
        if self._port is None:
            self._port = await asyncio.start_server(self._accept, self._at.host, self._at.quorum_port)

    def close(self) -> None:
        """Accept no more, and hang up on who has not said who it is."""
        if self._port is not None:
            self._port.close()
            self._port = None
        for connection in self._strangers:
            connection.close()
        self._strangers.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer, self._clock.now())
        if self._port is not None and len(self._strangers) < MOST_STRANGERS:
            self._strangers.add(connection)
            connection.start(self._arrived, self._clock.now)
        else:
            connection.close()

    def introduce(self, connection: Connection) -> None:
        """The first packet of a learner: from now on the connection is that learner's."""
        if connection not in self._strangers:
            return
        if not connection.packets:
            if connection.has_ended:
                self._drop(connection)
            return
        joined = _first(connection)
        if joined is None or joined.sid not in self._me.handlers or not self._me.is_leading:
            self._drop(connection)
            return
        connection.take()
        self._strangers.discard(connection)
        sid = joined.sid
        if sid in self._out.links:
            self._leading.lose(sid)
        self._out.links[sid] = connection
        self._diary.event(kinds.LearnerCame, learner=sid, observer=joined.observer)
        leader.on_followerinfo(self._me, sid, joined.info, self._out)

    def tick(self, now: float, patience: float) -> None:
        """Hang up on who has said nothing for too long."""
        for stranger in tuple(self._strangers):
            if now - stranger.heard > patience:
                self._drop(stranger)

    def _drop(self, stranger: Connection) -> None:
        self._strangers.discard(stranger)
        stranger.close()


def _first(connection: Connection) -> Joined | None:
    """Who the first packet says that it is, if it says so."""
    try:
        packet = quorum_packets.from_learner(connection.packets[0])
    except DecodeError:
        return None
    return packet if isinstance(packet, Joined) else None
