"""The two histories of a server as they are in a process: the log on disk, and the database that the tree is.

The functions of the model append, cut and replace; here that reaches files and the database. In memory only the end
is kept, of which a leader sends what learners lack; the beginning stands as one number, below which nothing is cut
without reading the disk.
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from zabcheck.implementation.disk_thread import DiskThread
from zabcheck.implementation.quorum_packets import Received
from zabcheck.model.transaction import Txn, Zxid
from zabcheck.model.zookeeper.log import History, Log, Stored
from zabcheck.traces.jute import Cursor
from zabcheck.traces.members import number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from zabcheck.implementation.replication import StateMachine
    from zabcheck.implementation.storage import Storage


def shortened(log: Log, keep: int, until: Zxid) -> Log:
    """The end of a log, with all that is later than ``until``; what is cut off stands as its last zxid."""
    txns = log.txns
    cut = len(txns) - keep
    while cut > 0 and txns[cut - 1].zxid > until:
        cut -= 1
    if cut <= 0:
        return log
    return Log(last=Txn(txns[cut - 1].zxid, None)).extend(txns[cut:])


def floor(log: Log) -> Zxid:
    """Up to where a log is not in memory."""
    while log.before is not None:
        log = log.before
    return log.zxid


class Disk(History):
    """Snapshot and log. What is appended is written at the latest before the server says anything to anybody.

    The log thread of the model hands records to the thread that writes before the model's function says that they are
    on disk (`write_ahead`); what else is appended waits for `unsettled`.
    """

    def __init__(
        self, storage: Storage, machine: StateMachine, keep: int, appended: Callable[[Txn], None]
    ) -> None:
        super().__init__()
        self.storage = storage
        self.thread = DiskThread(storage, machine)
        self.tree_zxid: Callable[[], Zxid] = lambda: Zxid(0, 0)
        self._keep = keep
        self._limit = 2 * keep
        self._appended = appended
        self._ahead: deque[Txn] = deque()
        self._unwritten: list[Txn] = []
        self._claimed = False
        """whether something is called on disk that the thread may still be writing"""
        self._latest: Future[None] | None = None

    def write_ahead(self, txns: tuple[Txn, ...]) -> Future[None]:
        """Let the thread write records that are not called on disk yet."""
        self._ahead.extend(txns)
        self._latest = self.thread.append(txns)
        return self._latest

    def append(self, txn: Txn) -> None:
        """Call ``txn`` on disk."""
        if self._ahead and self._ahead[0] is txn:
            self._ahead.popleft()
            self._claimed = True
        else:
            self._unwritten.append(txn)
        super().append(txn)
        self._appended(txn)
        self._shorten()

    def _shorten(self) -> None:
        log = self.value.log
        if len(log) > self._limit:
            log = shortened(log, self._keep, self.tree_zxid())
            self._value = Stored(log, self.zxid)
            self._limit = len(log) + self._keep

    def unsettled(self) -> Future[None] | None:
        """What must be over before anything is sent, if anything must."""
        if self._unwritten:
            batch, self._unwritten = tuple(self._unwritten), []
            self._latest = self.thread.append(batch)
        elif not self._claimed:
            return None
        self._claimed = False
        return self._latest

    def wait(self) -> None:
        """Wait until all is written."""
        if (future := self.unsettled()) is not None:
            future.result()
        self.thread.wait()

    def has(self, zxid: Zxid) -> bool:
        """Whether the transaction ``zxid`` is there."""
        low = floor(self.value.log)
        return zxid == low or (super().has(zxid) if zxid > low else self.storage.has(number(zxid)))

    def truncate(self, zxid: Zxid, *, snapshots: bool = True) -> None:
        """Drop everything later than ``zxid``, from snapshots too or from the log alone."""
        self.wait()
        self._ahead.clear()
        self.thread.submit(self.storage.truncate, number(zxid), snapshots=snapshots).result()
        if zxid >= floor(self.value.log):
            super().truncate(zxid, snapshots=snapshots)
        else:
            self._value = Stored(Log(last=Txn(zxid, None)), zxid)

    def take_snapshot(self, tree: Stored) -> None:
        """Put a snapshot of the tree on disk; it is there on return.

        The model does so before it writes the current epoch, and a crash may come between.
        """
        self.wait()
        self.thread.submit(self.storage.announce_epoch).result()
        self.thread.save(tree.zxid)
        super().take_snapshot(tree)

    def write_epochs(self, accepted: int | None, current: int | None) -> Future[None]:
        """Let the thread replace the epoch files."""
        self._latest = self.thread.submit(self.storage.write_epochs, accepted, current)
        return self._latest


class Tree(History):
    """What is applied: the database itself does it."""

    def __init__(self, machine: StateMachine, disk: Disk, keep: int) -> None:
        super().__init__()
        self.machine = machine
        self._disk = disk
        self._keep = keep
        self._is_loaded = False
        self._is_committed = False
        self.leaves: Callable[[], None] = lambda: None
        """called before the tree takes what is not known to be committed, of which no client may hear"""

    def restore(self) -> None:
        """Read the database from the disk, at the start."""
        self._disk.value = self._disk.storage.restore(self.machine, self._keep)
        self._is_loaded = True

    @property
    def value(self) -> Stored:
        """The whole value."""
        return self._value

    @value.setter
    def value(self, value: Stored) -> None:
        self.leaves()
        if isinstance(value, Received):
            self.machine.deserialize(Cursor("SNAP", value.body), number(value.zxid))
            value = Stored(value.log, value.zxid)
        elif not self._is_loaded:
            self._disk.wait()
            self._disk.storage.restore(self.machine, 1)
        self._is_loaded = False
        self._value = value

    def append(self, txn: Txn) -> None:
        """Apply ``txn``."""
        if not self._is_committed:
            self.leaves()
        self.machine.apply(number(txn.zxid), txn.value)
        super().append(txn)
        if len(self.value.log) > 2 * self._keep:
            self._value = Stored(shortened(self.value.log, self._keep, txn.zxid), txn.zxid)

    @contextmanager
    def committed(self) -> Iterator[None]:
        """While entered, what is applied is known to be committed."""
        self._is_committed = True
        try:
            yield
        finally:
            self._is_committed = False
