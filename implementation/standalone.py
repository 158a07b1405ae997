"""A server alone: what is prepared is written to disk, and then applied (``ZooKeeperServerMain``).

Nothing is agreed on here, so there is no decision of the protocol: the order of transactions is that in which
requests come. One flush to the disk serves all transactions that came while the last one was under way.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from zabcheck.implementation import encoder as jute
from zabcheck.implementation.client_port import ClientPort
from zabcheck.implementation.database import Database, steady_clock
from zabcheck.implementation.directory import claim
from zabcheck.implementation.errors import ServerError
from zabcheck.implementation.operations import Op
from zabcheck.implementation.recovery import recover
from zabcheck.implementation.replication import Request
from zabcheck.implementation.sessions import SessionTracker
from zabcheck.implementation.snapshot import purge, spread, write_snapshot
from zabcheck.implementation.transaction_log import TransactionLog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zabcheck.implementation.configuration import Configuration
    from zabcheck.implementation.replication import Entry

CONTAINERS_LOOKED_AT = 60
"""Seconds between two looks for containers that are empty again (``znode.container.checkIntervalMs``)."""


class Standalone:
    """The `replication.Replication` of a server without others; `run` is its whole life."""

    role = "standalone"
    epoch = 0
    server_id = 0

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.database = Database()
        self.replayed = 0
        """transactions that were read from the log at the start"""
        self._log = TransactionLog(configuration.logs, configuration.preallocation)
        self._serving = False
        self._zxid = 0
        self._queue: list[tuple[int, Entry] | Request] = []
        self._busy = False
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        self._disk = ThreadPoolExecutor(1, "log")
        self._snapshots = ThreadPoolExecutor(1, "snapshot")
        self._since_snapshot = 0
        self._snapshot_at = 0
        self._snapshot: asyncio.Future[None] | None = None

    def is_serving(self) -> bool:
        """Whether clients are served now."""
        return self._serving

    def submit(self, request: Request) -> None:
        """Prepare a write; a sync takes its place behind what is prepared."""
        if request.type == Op.SYNC:
            if not self._queue and not self._busy:
                self.database.synced(request.session, request.cxid)
                return
            self._queue.append(request)
        else:
            self._zxid += 1
            self._queue.append((self._zxid, self.database.prepare(request)))
        self._wake.set()

    def touch(self, session: int, timeout: int) -> None:
        """A client was heard of."""
        if self.database.tracker is not None:
            self.database.tracker.touch(session, timeout, steady_clock())

    def revalidate(self, session: int, timeout: int, answer: Callable[[bool], None]) -> None:
        """Whether a session is alive."""
        tracker = self.database.tracker
        answer(tracker is not None and tracker.touch(session, timeout, steady_clock()))

    def stop(self) -> None:
        """End `run`; to be called in its loop."""
        self._stop.set()

    async def run(self, ready: Callable[[int], None] = lambda _: None) -> None:
        """Start, serve until `stop`, and end; ``ready`` is told the port when clients may come."""
        folders = dict.fromkeys((self.configuration.snapshots, self.configuration.logs))
        claimed: list[int] = []
        try:
            claimed.extend(
                map(claim, folders)
            )  # one by one: what is claimed is given back if the next is not
            await self._serve(ready)
        finally:
            for number in claimed:
                os.close(number)

    async def _serve(self, ready: Callable[[int], None]) -> None:
        configuration = self.configuration
        try:
            self.replayed = recover(self.database, configuration.snapshots, self._log)
        except OSError as error:
            raise ServerError(f"cannot read {error.filename}: {error.strerror}") from error
        self._zxid = self.database.last_zxid
        self._since_snapshot = self.replayed
        self._snapshot_at = spread(self.configuration.snapshot_after)
        self.database.lead(SessionTracker(configuration.tick, steady_clock(), self.database.sessions))
        port = ClientPort(self.database, self, configuration.clients)
        self._serving = True
        number = await port.start()
        tasks = [
            asyncio.create_task(task)
            for task in (self._write_on(), self._tick(), self._clean_containers(), self._stop.wait())
        ]
        ready(number)
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._serving = False
            await port.stop()
            await _end(tasks)
            await self._close()
        for task in done:
            if (failure := task.exception()) is not None:
                raise ServerError(f"the server stopped: {failure}") from failure

    async def _close(self) -> None:
        """Let the disk finish what it was given."""
        if self._snapshot is not None:
            with suppress(OSError):
                await self._snapshot
        self._disk.shutdown()
        self._snapshots.shutdown()
        self._log.close()

    async def _write_on(self) -> None:
        """Write what is prepared, then apply it and so answer (``SyncRequestProcessor``)."""
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._busy = True
            while self._queue:
                batch, self._queue = self._queue, []
                transactions = [item for item in batch if not isinstance(item, Request)]
                for zxid, entry in transactions:
                    self._log.append(zxid, entry)
                if transactions:
                    await loop.run_in_executor(self._disk, self._log.commit)
                for item in batch:
                    if isinstance(item, Request):
                        self.database.synced(item.session, item.cxid)
                    else:
                        self.database.apply(*item)
                self._since_snapshot += len(transactions)
                if self._since_snapshot >= self._snapshot_at:
                    await loop.run_in_executor(self._disk, self._begin_snapshot(loop))
            self._busy = False

    def _begin_snapshot(self, loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
        """Begin a snapshot of now beside all else, unless one is under way; what then is left is a new log."""
        if self._snapshot is not None and not self._snapshot.done():
            return lambda: None
        if self._snapshot is not None:
            self._snapshot.result()  # it failed: better no server than one whose log grows for ever
        configuration, zxid, body = self.configuration, self.database.last_zxid, self.database.serialize()

        def write() -> None:
            write_snapshot(configuration.snapshots, zxid, body)
            if configuration.retained is not None:
                purge(configuration.snapshots, configuration.logs, configuration.retained)

        self._snapshot = asyncio.ensure_future(loop.run_in_executor(self._snapshots, write))
        self._since_snapshot = 0
        self._snapshot_at = spread(configuration.snapshot_after)
        return self._log.roll

    async def _tick(self) -> None:
        """End the sessions of clients that were not heard of."""
        while True:
            await asyncio.sleep(self.configuration.tick / 1000)
            if self.database.tracker is not None:
                for session in self.database.tracker.expired(steady_clock()):
                    self.submit(Request(session, 0, Op.CLOSE_SESSION, b""))

    async def _clean_containers(self) -> None:
        """Remove containers that had children and have none now (``ContainerManager``)."""
        while True:
            await asyncio.sleep(CONTAINERS_LOOKED_AT)
            for path in self.database.idle_containers():
                self.submit(Request(0, 0, Op.DELETE_CONTAINER, jute.text(path)))


async def _end(tasks: Sequence[asyncio.Task[object]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError, OSError):
            await task
