"""One server on a stage: its record, and all that it has on disk, but no sockets, no clocks and no will of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.implementation.database import Database
from zabcheck.implementation.epoch_files import ACCEPTED, CURRENT
from zabcheck.implementation.epoch_files import read as read_epoch
from zabcheck.implementation.histories import Disk
from zabcheck.implementation.snapshot import load_newest
from zabcheck.implementation.stored_server import StoredServer
from zabcheck.implementation.transaction_log import TransactionLog
from zabcheck.implementation.writes import log_in
from zabcheck.model.transaction import Txn
from zabcheck.model.zookeeper.files import Files
from zabcheck.model.zookeeper.log import Stored, log_of
from zabcheck.model.zookeeper.messages import Role
from zabcheck.traces.members import zxid

if TYPE_CHECKING:
    from pathlib import Path

    from zabcheck.implementation.clock import Clock
    from zabcheck.implementation.peer_configuration import PeerConfiguration
    from zabcheck.model.transaction import Zxid
    from zabcheck.model.zookeeper.log import Log
    from zabcheck.model.zookeeper.messages import Notification
    from zabcheck.model.zookeeper.scope import Scope

KEPT = 1 << 20
"""All transactions stay in memory: they are few, and are compared with those of the model."""


def stored_in(folder: Path, *, told_apart: bool) -> Stored:
    """Snapshot and log in a folder as the model has them (``FileTxnSnapLog.restore``)."""
    database = Database()
    base = load_newest(folder, database) or 0
    records = log_of(*(Txn(zxid(at), entry) for at, entry in TransactionLog(folder).read()))
    stored = Files(records, log_in(database), zxid(base)).restore()
    return stored if told_apart else Stored(stored.log, stored.zxid, stored.base)


def epochs_in(folder: Path) -> tuple[int | None, int | None]:
    """Accepted and current epoch in a folder, where there is a file."""
    return read_epoch(folder / ACCEPTED), read_epoch(folder / CURRENT)


class OneSequence(Disk):
    """The disk of a scope that does not tell snapshots and log apart: a cut is through both."""

    def truncate(self, zxid: Zxid, *, snapshots: bool = True) -> None:  # noqa: ARG002 - whatever the release does
        """Drop everything later than ``zxid``."""
        super().truncate(zxid, snapshots=True)


class StagedServer:
    """A process: it knows nothing but what its files say, and ends without a word."""

    def __init__(self, configuration: PeerConfiguration, scope: Scope, clock: Clock) -> None:
        self.folder = configuration.snapshots
        self.database = Database()
        kind = Disk if scope.tells_files_apart else OneSequence
        self._stored = StoredServer(configuration, self.database, clock, scope, KEPT, kind)
        self.diary = self._stored.diary
        self.me = me = self._stored.me
        me.role = Role.DOWN
        me.committed_log.value = ()
        self.has_begun = False
        """whether there ever was a process that ran"""
        self.round = 0
        self.elected: Notification | None = None
        """round and outcome of its last election, where the record does not have them (`held_election`)"""
        self._read()

    def _read(self) -> None:
        self._stored.disk.value = stored_in(self.folder, told_apart=self.me.scope.tells_files_apart)
        self._stored.epochs.load()

    @property
    def is_running(self) -> bool:
        """Whether there is a process."""
        return self.me.role is not Role.DOWN

    def begin_with(self, log: Log) -> None:
        """Put a first history on an empty disk, in an epoch that everybody took part in."""
        self._stored.disk.storage.restore(self.database, KEPT)
        self._stored.disk.storage.append(log)
        self._stored.disk.storage.write_epochs(log.zxid.epoch, log.zxid.epoch)
        self._read()

    def started(self) -> None:
        """The model's function has started the process: from now on it is recorded."""
        self.has_begun = True
        self._stored.begin()

    def settle(self, reason: str | None = None) -> None:
        """Put on disk what the record says is there."""
        self.diary.compare(self.me, reason)
        self._stored.disk.wait()
        if (future := self._stored.epochs.write()) is not None:
            future.result()
        self.diary.flush()

    def end(self) -> None:
        """Be killed."""
        self._stored.close()

    def difference(self) -> str:
        """Where files and database are not what the record says; empty if they are.

        What is in the files is read anew, by what reads them after a crash.
        """
        me = self.me
        found = stored_in(self.folder, told_apart=me.scope.tells_files_apart)
        told = me.disk.value
        for what, real, said in (
            ("acceptedEpoch", epochs_in(self.folder)[0], me.accepted_epoch),
            ("currentEpoch", epochs_in(self.folder)[1], me.current_epoch),
            ("the log", found.log, told.log),
            ("the last zxid", found.zxid, told.zxid),
            ("the database", log_in(self.database), me.tree.log if self.is_running else None),
        ):
            if said is not None and real != said:
                return f"{what} of server {me.sid} is {real}, the server takes it for {said}"
        return ""
