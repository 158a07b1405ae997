"""The port of the clients: who is connected, and how their requests reach the order of transactions."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import TYPE_CHECKING

from zabcheck.implementation import encoder as jute
from zabcheck.implementation.connection import Connection
from zabcheck.implementation.errors import ServerError
from zabcheck.implementation.four_letter_words import WORDS, answer
from zabcheck.implementation.operations import Op
from zabcheck.implementation.replication import Request
from zabcheck.implementation.sessions import password, session_ids

if TYPE_CHECKING:
    from zabcheck.implementation.database import Database, Result
    from zabcheck.implementation.replication import Entry, Replication

LARGEST_FRAME = 0xFFFFF
"""Bytes of a request at most (``jute.maxbuffer``)."""


@dataclass(frozen=True)
class ClientSettings:
    """What a configuration says of clients; times are milliseconds."""

    host: str = "127.0.0.1"
    port: int = 2181
    shortest_timeout: int = 4000
    longest_timeout: int = 40000
    most_connections: int = 60
    """from one address; 0 is any number"""
    largest_frame: int = LARGEST_FRAME
    backlog: int = 512
    words: frozenset[str] = frozenset({"*"})
    """four-letter words that are answered, or ``*``"""
    superuser: str = ""
    """user and hash of who may do everything"""
    shown: dict[str, str] = field(default_factory=dict)
    """what ``conf`` shows"""


class ClientPort:
    """Accepts clients while the server serves; to be made once for a database."""

    def __init__(self, database: Database, replication: Replication, settings: ClientSettings) -> None:
        self.database = database
        self.replication = replication
        self.settings = settings
        self.connections: set[Connection] = set()
        self.received = self.sent = 0
        self._by_session: dict[int, Connection] = {}
        self._per_address: Counter[str] = Counter()
        self._ids = session_ids(replication.server_id, time.time_ns() // 1_000_000)
        self._server: asyncio.Server | None = None
        database.listener = self._applied
        database.sync_listener = self._synced

    async def start(self) -> int:
        """Listen; the number of the port."""
        settings = self.settings
        try:
            self._server = await asyncio.get_running_loop().create_server(
                lambda: Connection(self), settings.host, settings.port, backlog=settings.backlog
            )
        except OSError as error:
            reason = error.strerror or error
            raise ServerError(f"cannot listen to {settings.host}:{settings.port}: {reason}") from error
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Accept nobody more, and end all connections."""
        if self._server is not None:
            self._server.close()
        self.drop_all()
        await asyncio.sleep(0)

    def drop_all(self) -> None:
        """End all connections, as when the server does not serve any more."""
        for connection in tuple(self.connections):
            connection.close()

    def admit(self, connection: Connection) -> bool:
        """Count a new connection; whether its address may have one more (``maxClientCnxns``)."""
        most = self.settings.most_connections
        if most and self._per_address[connection.address] >= most:
            return False
        self._per_address[connection.address] += 1
        self.connections.add(connection)
        return True

    def lost(self, connection: Connection) -> None:
        """A connection has ended."""
        if connection not in self.connections:
            return
        self.connections.discard(connection)
        self._per_address[connection.address] -= 1
        if not self._per_address[connection.address]:
            del self._per_address[connection.address]
        if self._by_session.get(connection.session) is connection:
            del self._by_session[connection.session]

    def accepts(self, seen: int) -> bool:
        """Whether a client may connect that has seen a zxid: never one that would go back in time."""
        return self.replication.is_serving() and seen <= self.database.last_zxid

    def open_session(self, connection: Connection) -> None:
        """Bring a new session into the order; the client is answered when it is applied."""
        connection.session = next(self._ids)
        self._attach(connection)
        body = jute.integer(connection.timeout)
        owner = self.replication.server_id
        self.replication.submit(Request(connection.session, 0, Op.CREATE_SESSION, body, owner=owner))

    def reconnect(self, connection: Connection, session: int, given: bytes) -> None:
        """Go on with a session, if who decides on sessions says that it lives (``reopenSession``)."""
        if not compare_digest(given, password(session)):
            connection.session_decided(None)
            return

        def decided(alive: bool) -> None:  # noqa: FBT001 - the answer
            if alive and connection in self.connections:
                if (former := self._by_session.get(session)) is not None and former is not connection:
                    former.close()
                connection.session = session
                self._attach(connection)
            connection.session_decided(password(session) if alive else None)

        self.replication.revalidate(session, connection.timeout, decided)

    def _attach(self, connection: Connection) -> None:
        self._by_session[connection.session] = connection

    def _applied(self, zxid: int, entry: Entry, result: Result) -> None:
        connection = self._by_session.get(entry.session)
        if connection is None:
            return
        if entry.type == Op.CREATE_SESSION:
            if not connection.established:
                connection.session_decided(password(entry.session))
            return
        connection.applied(entry.cxid, zxid, result)
        if entry.type == Op.CLOSE_SESSION:
            connection.close()

    def _synced(self, session: int, cxid: int) -> None:
        if (connection := self._by_session.get(session)) is not None:
            connection.synced(cxid)

    def is_word(self, word: bytes) -> bool:
        """Whether four bytes are a command rather than the length of a frame."""
        return word in WORDS

    def answer_word(self, word: bytes) -> bytes:
        """What a four-letter word is answered."""
        return answer(word.decode(), self)
