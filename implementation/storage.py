"""What a server has on disk: snapshots, a transaction log, and two epochs, in the files and formats of ZooKeeper.

Nothing here decides anything; it says what is there, and adds and cuts when told. What it returns from is on disk
(``FileTxnSnapLog``).
"""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING

from zabcheck.implementation import epoch_files, snapshot
from zabcheck.implementation.directory import claim, sync_directory
from zabcheck.implementation.errors import ServerError
from zabcheck.implementation.transaction_log import TransactionLog
from zabcheck.model.transaction import Txn
from zabcheck.model.zookeeper.log import Log, Stored
from zabcheck.traces.members import number, zxid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zabcheck.implementation.configuration import Configuration
    from zabcheck.implementation.peer_configuration import PeerConfiguration
    from zabcheck.implementation.replication import StateMachine


class Storage:
    """The files of one server; no other server of ours can use them meanwhile."""

    def __init__(self, configuration: Configuration | PeerConfiguration, *, announces_epoch: bool) -> None:
        self.data = configuration.snapshots
        self.replayed = 0
        """transactions that the last `restore` took from the log"""
        self._retained = configuration.retained
        self._announces_epoch = announces_epoch
        self._claims: list[int] = []
        try:
            for folder in dict.fromkeys((configuration.snapshots, configuration.logs)):
                self._claims.append(claim(folder))
        except ServerError:
            self._unclaim()
            raise
        self._log = TransactionLog(configuration.logs, configuration.preallocation)

    # epochs

    def epochs(self) -> tuple[int | None, int | None]:
        """Accepted and current epoch, where there is a file."""
        return epoch_files.read(self.data / epoch_files.ACCEPTED), epoch_files.read(
            self.data / epoch_files.CURRENT
        )

    def write_epochs(self, accepted: int | None, current: int | None) -> None:
        """Replace the files of those that are given, the accepted one first."""
        if accepted is not None:
            epoch_files.write(self.data / epoch_files.ACCEPTED, accepted)
        if current is not None:
            epoch_files.write(self.data / epoch_files.CURRENT, current)
            (self.data / epoch_files.UPDATING).unlink(missing_ok=True)

    def announce_epoch(self) -> None:
        """Leave word that the current epoch is about to be written, as releases do that heed it (ZOOKEEPER-2307)."""
        if self._announces_epoch:
            (self.data / epoch_files.UPDATING).touch()
            sync_directory(self.data)

    # database

    def restore(self, machine: StateMachine, keep: int) -> Stored:
        """Load the database: the newest whole snapshot, then all later records (``FileTxnSnapLog.restore``).

        Returns the last ``keep`` transactions, and what is before them as a number.
        """
        base = self._load_snapshot(machine)
        self.replayed = 0
        last: deque[Txn] = deque(maxlen=keep)
        floor = at = base
        for txn in self._after(base):
            if number(txn.zxid) <= at:
                continue  # ZooKeeper may have logged it twice
            at = number(txn.zxid)
            machine.apply(at, txn.value)
            self.replayed += 1
            if len(last) == keep:
                floor = number(last[0].zxid)
            last.append(txn)
        log = Log(last=Txn(zxid(floor), None) if floor else None).extend(tuple(last))
        return Stored(log, zxid(at))

    def _load_snapshot(self, machine: StateMachine) -> int:
        """Load the newest snapshot; its zxid.

        A new server writes its first snapshot, so that a folder with a log and no snapshot is always one that lost it.
        """
        self._log.remove_empty()
        if (start := snapshot.load_newest(self.data, machine)) is not None:
            return start
        if snapshot.snapshots(self.data):
            raise ServerError(
                f"{self.data}: every snapshot is damaged; restore the folder, or empty it to start anew"
            )
        if self._log.last_zxid():
            raise ServerError(
                f"{self.data}: no snapshot, but {self._log.folder} has transactions; the snapshot was lost: restore it"
            )
        snapshot.write_snapshot(self.data, 0, machine.serialize())
        return 0

    def has(self, wanted: int) -> bool:
        """Whether the log has this transaction."""
        return any(number(txn.zxid) == wanted for txn in self._after(wanted - 1))

    def _after(self, at: int) -> Iterator[Txn]:
        return (Txn(zxid(found), entry) for found, entry in self._log.read(at))

    def append(self, txns: Iterable[Txn]) -> None:
        """Write transactions to the end of the log, and to the disk."""
        for txn in txns:
            self._log.append(number(txn.zxid), txn.value)
        self._log.commit()

    def truncate(self, last: int, *, snapshots: bool) -> None:
        """Cut everything later than ``last``, from the log and perhaps from the snapshots too."""
        self._log.truncate(last)
        for at, path in snapshot.snapshots(self.data) if snapshots else ():
            if at > last:
                path.unlink()
        sync_directory(self.data)

    def save(self, at: int, pieces: Iterator[bytes]) -> None:
        """Write a snapshot, and remove what is then not needed any more; may run in a thread of its own."""
        snapshot.write_snapshot(self.data, at, pieces)
        if self._retained is not None:
            snapshot.purge(self.data, self._log.folder, self._retained)

    def roll(self) -> None:
        """Begin another file of the log."""
        self._log.roll()

    def close(self) -> None:
        """Let go of the files."""
        self._log.close()
        self._unclaim()

    def _unclaim(self) -> None:
        for descriptor in self._claims:
            os.close(descriptor)
        self._claims.clear()
