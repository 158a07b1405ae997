"""Brings a database back from disk: the newest valid snapshot, then the log behind it (``FileTxnSnapLog.restore``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.implementation.errors import ServerError
from zabcheck.implementation.snapshot import load_newest, snapshots, write_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from zabcheck.implementation.replication import StateMachine
    from zabcheck.implementation.transaction_log import TransactionLog


def recover(database: StateMachine, folder: Path, log: TransactionLog) -> int:
    """Load what is on the disk; how many transactions came from the log."""
    start = load_base(database, folder, log)
    count, last = 0, start
    for zxid, entry in log.read(after=start):
        if zxid <= last:
            raise ServerError(f"{log.folder}: transaction 0x{zxid:x} comes after 0x{last:x} in the log")
        database.apply(zxid, entry)
        count, last = count + 1, zxid
    return count


def load_base(database: StateMachine, folder: Path, log: TransactionLog) -> int:
    """Load the newest snapshot; its zxid.

    A new server writes its first snapshot, so that a folder with a log and no snapshot is always one that lost it.
    """
    log.remove_empty()
    if (start := load_newest(folder, database)) is not None:
        return start
    if snapshots(folder):
        raise ServerError(
            f"{folder}: every snapshot is damaged; restore the folder, or empty it to start anew"
        )
    if log.last_zxid():
        raise ServerError(
            f"{folder}: no snapshot, but {log.folder} has transactions; the snapshot was lost: restore it"
        )
    write_snapshot(folder, 0, database.serialize())
    return 0
