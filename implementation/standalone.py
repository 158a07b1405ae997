"""A server alone: what is prepared is written to disk, and then applied (``ZooKeeperServerMain``).

Nothing is agreed on here, so there is no decision of the protocol: the order of transactions is that in which
requests come. One flush to the disk serves all transactions that came while the last one was under way.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from zabcheck.implementation.client_port import ClientPort
from zabcheck.implementation.database import Database
from zabcheck.implementation.disk_thread import DiskThread
from zabcheck.implementation.errors import ServerError
from zabcheck.implementation.inputs import Written
from zabcheck.implementation.replication import Request
from zabcheck.implementation.request_processors import PrepRequestProcessor, SyncRequestProcessor
from zabcheck.implementation.session_keeper import SessionKeeper
from zabcheck.implementation.storage import Storage
from zabcheck.model.transaction import Txn
from zabcheck.traces.members import number, zxid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zabcheck.implementation.configuration import Configuration
    from zabcheck.implementation.replication import Entry


class Standalone:
    """The `replication.Replication` of a server without others; `run` is its whole life.

    One task takes inputs from a queue, as in a peer. It owns the order, what waits for the disk, and who waits for
    what is ordered.
    """

    role = "standalone"
    epoch = 0
    server_id = 0

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.database = Database()
        self.replayed = 0
        """transactions that were read from the log at the start"""
        self._sessions = SessionKeeper(self.database, configuration.tick, self.submit)
        self._prep = PrepRequestProcessor(self.database, self._order)
        self._inbox: asyncio.Queue[Request | Written] = asyncio.Queue()
        self._serving = False
        self._zxid = 0
        self._to_log: deque[Txn] = deque()
        self._syncs: deque[tuple[int, Request]] = deque()
        """each with the transaction behind which it came"""
        self._stop = asyncio.Event()

    def is_serving(self) -> bool:
        """Whether clients are served now."""
        return self._serving

    def submit(self, request: Request) -> None:
        """Ask for a write or a ``sync``."""
        self._inbox.put_nowait(request)

    def touch(self, session: int, timeout: int) -> None:
        """A client was heard of."""
        self._sessions.touch(session, timeout)

    def revalidate(self, session: int, timeout: int, answer: Callable[[bool], None]) -> None:
        """Whether a session is alive."""
        answer(self._sessions.touch(session, timeout))

    def stop(self) -> None:
        """End `run`; to be called in its loop."""
        self._stop.set()

    async def run(self, ready: Callable[[int], None] = lambda _: None) -> None:
        """Start, serve until `stop`, and end; ``ready`` is told the port when clients may come."""
        thread = DiskThread(Storage(self.configuration, announces_epoch=False), self.database)
        try:
            self._load(thread)
            await self._serve(thread, ready)
        finally:
            thread.close()

    def _load(self, thread: DiskThread) -> None:
        try:
            thread.storage.restore(self.database, keep=1)
        except OSError as error:
            raise ServerError(f"cannot read {error.filename}: {error.strerror}") from error
        self._zxid = self.database.last_zxid
        self.replayed = thread.unsaved = thread.storage.replayed
        self._sessions.begin()

    async def _serve(self, thread: DiskThread, ready: Callable[[int], None]) -> None:
        port = ClientPort(self.database, self, self.configuration.clients)
        self._serving = True
        port_number = await port.start()
        tasks = [
            asyncio.create_task(task) for task in (self._process(thread), self._tick(), self._stop.wait())
        ]
        ready(port_number)
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._serving = False
            await port.stop()
            await _end(tasks)
        for task in done:
            if (failure := task.exception()) is not None:
                raise ServerError(f"the server stopped: {failure}") from failure

    async def _process(self, thread: DiskThread) -> None:
        """Let requests pass through Prep, Sync and Final."""
        sync = SyncRequestProcessor(
            lambda: self._to_log,
            thread.append,
            thread,
            self.configuration.snapshot_after,
            lambda txns: self._inbox.put_nowait(Written(txns)),
        )
        while True:
            self._take(await self._inbox.get(), sync)
            while not self._inbox.empty():
                self._take(self._inbox.get_nowait(), sync)
            sync.save_if_due(zxid(self.database.last_zxid))
            sync.flush()

    def _take(self, what: Request | Written, sync: SyncRequestProcessor) -> None:
        match what:
            case Request():
                self._prep.process(what)
            case Written(txns):
                sync.flushed(txns, self._final)

    def _order(self, request: Request, entry: Entry | None) -> None:
        """Let a transaction, or a ``sync``, be the next."""
        if entry is None:
            self._syncs.append((self._zxid, request))
            self._answer_syncs()
        else:
            self._zxid += 1
            self._to_log.append(Txn(zxid(self._zxid), entry))

    def _final(self, txn: Txn) -> None:
        """Apply the next transaction, and so answer (``FinalRequestProcessor``)."""
        self._to_log.popleft()
        self.database.apply(number(txn.zxid), txn.value)
        self._answer_syncs()

    def _answer_syncs(self) -> None:
        while self._syncs and self._syncs[0][0] <= self.database.last_zxid:
            _, request = self._syncs.popleft()
            self.database.synced(request.session, request.cxid)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self.configuration.tick / 1000)
            self._sessions.tick()


async def _end(tasks: Sequence[asyncio.Task[object]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError, OSError):
            await task
