"""A server of an ensemble, whole: the replicated peer, its database, and the port of its clients (``QuorumPeerMain``).

The peer says when it serves. While it leads it decides on the sessions of all clients, wherever they are connected.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from zabcheck.implementation.client_port import ClientPort
from zabcheck.implementation.database import Database
from zabcheck.implementation.errors import ServerError
from zabcheck.implementation.peer import Peer
from zabcheck.implementation.peer_configuration import RELEASE, peer_configuration
from zabcheck.implementation.session_keeper import SessionKeeper

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zabcheck.implementation.configuration import Configuration


class Member:
    """What a process of an ensemble is; `run` is its whole life."""

    def __init__(
        self, configuration: Configuration, release: str = RELEASE, bugs: Sequence[str] = ()
    ) -> None:
        self.configuration = configuration
        self.database = Database()
        self.peer = Peer(peer_configuration(configuration, release, bugs), self.database, self)
        self._sessions = SessionKeeper(self.database, configuration.tick, self.peer.submit)
        self._port = ClientPort(self.database, self.peer, configuration.clients)
        self._told: Callable[[str], None] = lambda _: None
        self._task: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """End `run`; to be called in its loop."""
        if self._task is not None:
            self._task.cancel()

    async def run(self, told: Callable[[str], None] = lambda _: None) -> None:
        """Start, take part until `stop`, and end; ``told`` hears what becomes of the server."""
        self._told = told
        self._task = asyncio.create_task(self.peer.run())
        try:
            with suppress(asyncio.CancelledError):
                await self.peer.loaded(self._task)
                await self._port.start()
                await self._task
        except OSError as error:
            raise ServerError(f"the server stopped: {error}") from error
        finally:
            self._task.cancel()
            with suppress(asyncio.CancelledError, OSError, ServerError):
                await self._task
            await self._port.stop()

    # What the peer tells

    def serves(self, *, leads: bool) -> None:
        """Clients are served from now on."""
        if leads:
            self._sessions.begin()
        self._told(f"{self.peer.role} in epoch {self.peer.epoch}, zxid 0x{self.peer.zxid:x}")

    def serves_no_more(self) -> None:
        """Clients must look for another server."""
        self._port.drop_all()
        self._told("looking for a leader")

    def touch(self, session: int, timeout: int) -> bool:
        """As leader: a client was heard of. Whether its session is alive."""
        return self._sessions.touch(session, timeout)

    def own(self, session: int, server: int) -> None:
        """As leader: a client has moved to a server."""
        self._sessions.own(session, server)

    def tick(self) -> None:
        """As leader: some time has passed."""
        self._sessions.tick()
