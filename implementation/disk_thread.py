"""The thread that writes what a server has on disk, in the order in which it is told."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec

from zabcheck.traces.members import number

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.implementation.replication import StateMachine
    from zabcheck.implementation.storage import Storage
    from zabcheck.model.transaction import Txn, Zxid

P = ParamSpec("P")


class DiskThread:
    """It owns the storage. Once it has failed it writes nothing more; a second thread writes snapshots beside it."""

    def __init__(self, storage: Storage, machine: StateMachine) -> None:
        self.storage = storage
        self.unsaved = 0
        """transactions that were handed over since the last snapshot"""
        self._machine = machine
        self._pool = ThreadPoolExecutor(1, "disk")
        self._snapshots = ThreadPoolExecutor(1, "snapshot")
        self._snapshot: Future[None] | None = None
        """the last one that was begun beside all else"""
        self._failure: Exception | None = None

    def submit(self, do: Callable[P, None], *args: P.args, **options: P.kwargs) -> Future[None]:
        """Let the thread do something, unless anything before has failed: then this fails too."""

        def job() -> None:
            if self._failure is not None:
                raise self._failure
            try:
                do(*args, **options)
            except Exception as error:
                self._failure = error
                raise

        return self._pool.submit(job)

    def append(self, txns: tuple[Txn, ...]) -> Future[None]:
        """Let it write records."""
        self.unsaved += len(txns)
        return self.submit(self.storage.append, txns)

    def raise_failure(self) -> None:
        """Raise what went wrong, if something did."""
        if self._failure is not None:
            raise self._failure

    def save(self, at: Zxid) -> None:
        """Write a snapshot of the database of now; it is there on return."""
        self.submit(self.storage.save, number(at), self._machine.serialize()).result()
        self.submit(self.storage.roll).result()
        self.unsaved = 0

    def begin_snapshot(self, at: Zxid) -> bool:
        """Write the same beside all else; ``False`` if one is still being written."""
        if self._snapshot is not None:
            if not self._snapshot.done():
                return False
            self._snapshot.result()  # it failed: better no server than one whose log grows for ever
        self.submit(self.storage.roll)
        self._snapshot = self._snapshots.submit(self.storage.save, number(at), self._machine.serialize())
        self.unsaved = 0
        return True

    def wait(self) -> None:
        """Wait until all is written."""
        self.submit(lambda: None).result()
        if self._snapshot is not None:
            self._snapshot.result()

    def close(self) -> None:
        """Write all that was handed over, and end the threads."""
        self._pool.shutdown()
        self._snapshots.shutdown()
        self.storage.close()
