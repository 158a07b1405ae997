"""Snapshot and log as files of their own (with ``--storage fine``), and what a server restores from them.

The log keeps its records whatever snapshots come: a learner that got SNAP has a log with a hole, perhaps with
proposals before it that nobody else has. The newest snapshot is the one with the latest zxid in its name, and no
cut of the log touches it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from zabcheck.model.transaction import NONE
from zabcheck.model.zookeeper.log import EMPTY, Log, Stored

if TYPE_CHECKING:
    from zabcheck.model.transaction import Txn, Zxid


@dataclass(frozen=True)
class Files:
    """All records of the log (``FileTxnLog``), and the newest snapshot with its zxid (``FileSnap``)."""

    records: Log = EMPTY
    snapshot: Log = EMPTY
    snapshot_zxid: Zxid = NONE

    def append(self, txn: Txn) -> Files:
        """With one more record."""
        return replace(self, records=self.records.append(txn))

    def truncate(self, zxid: Zxid, *, snapshots: bool) -> Files:
        """Without records later than ``zxid`` and, if ``snapshots``, without what they brought into a snapshot."""
        records = self.records.up_to(zxid)
        if snapshots and self.snapshot_zxid > zxid:
            return Files(records, self.snapshot.up_to(zxid), zxid)
        return replace(self, records=records)

    def take_snapshot(self, tree: Stored) -> Files:
        """With a snapshot of ``tree``, which counts unless the one that is there has a later zxid."""
        if tree.zxid < self.snapshot_zxid:
            return self
        return replace(self, snapshot=tree.log, snapshot_zxid=tree.zxid)

    def restore(self) -> Stored:
        """The newest snapshot, then every later record, committed or not (``FileTxnSnapLog.restore``)."""
        newer = self.records.after(self.snapshot_zxid)
        log = self.snapshot.extend(newer)
        return Stored(log, log.zxid if newer else self.snapshot_zxid, self.snapshot.length, self)

    def __str__(self) -> str:
        return f"log {self.records}, snapshot {self.snapshot} at {self.snapshot_zxid}"
