"""The links between the servers of an ensemble, for code that is not in an event loop: to cut, to reset, to heal."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from zabcheck.implementation.errors import ServerError
from zabcheck.implementation.switchboard import Switchboard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zabcheck.implementation.switchboard import Route


class Links:
    """A switchboard in a thread of its own; what is cut stays cut while it is closed."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self.cut: frozenset[tuple[int, int]] = frozenset()
        """from whom to whom nothing passes"""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._board: Switchboard | None = None

    def open(self) -> None:
        """Listen for all servers, unless that is done already."""
        if self._loop is not None:
            return
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="links", daemon=True)
        self._thread.start()
        self._board = Switchboard(self.routes)
        try:
            asyncio.run_coroutine_threadsafe(self._board.open(), self._loop).result()
        except OSError as error:
            self.close()
            raise ServerError(f"cannot listen between the servers: {error}") from error
        self.set_cut(self.cut)

    def close(self) -> None:
        """Listen no more, and break all connections."""
        if self._loop is None or self._thread is None or self._board is None:
            return
        asyncio.run_coroutine_threadsafe(self._board.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._loop = self._thread = self._board = None

    def set_cut(self, ways: Iterable[tuple[int, int]]) -> None:
        """From whom to whom nothing passes from now on; everything else does."""
        self.cut = cut = frozenset(ways)
        if (board := self._board) is not None:
            self._do(lambda: board.hold_up(cut))

    def reset(self, one: int, other: int) -> None:
        """Break all connections between two servers."""
        if (board := self._board) is not None:
            self._do(lambda: board.reset(frozenset({one, other})))

    def _do(self, what: Callable[[], None]) -> None:
        """Do something in the thread, and wait until it is done."""

        async def done() -> None:
            what()

        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(done(), self._loop).result()
