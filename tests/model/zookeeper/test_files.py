"""Snapshot and log as files of their own: what is restored from them."""

from __future__ import annotations

from zabcheck.model.transaction import Txn, Zxid
from zabcheck.model.zookeeper.files import Files
from zabcheck.model.zookeeper.log import EMPTY, History, Stored, log_of

A, B, C = (Txn(Zxid(1, counter), counter) for counter in (1, 2, 3))
ALL = Files(log_of(A, B, C))


def test_records_later_than_the_snapshot_are_replayed() -> None:
    restored = ALL.take_snapshot(Stored(log_of(A, B), B.zxid)).restore()
    assert (restored.log, restored.zxid, restored.base) == (log_of(A, B, C), C.zxid, 2)


def test_a_snapshot_may_be_at_the_beginning_of_an_epoch() -> None:
    restored = Files(log_of(A)).take_snapshot(Stored(log_of(A, B), Zxid(2, 0))).restore()
    assert (restored.log, restored.zxid) == (log_of(A, B), Zxid(2, 0))


def test_an_older_snapshot_does_not_count() -> None:
    newer = Files().take_snapshot(Stored(log_of(A, B), B.zxid))
    assert newer.take_snapshot(Stored(log_of(A), A.zxid)) == newer


def test_a_cut_with_and_without_snapshots() -> None:
    saved = ALL.take_snapshot(Stored(log_of(A, B, C), C.zxid))
    assert saved.truncate(A.zxid, snapshots=True).restore().log == log_of(A)
    kept = saved.truncate(A.zxid, snapshots=False)
    assert (kept.records, kept.restore().log) == (log_of(A), log_of(A, B, C))


def test_a_history_goes_by_its_files() -> None:
    disk = History(Files(log_of(A)).restore())
    disk.append(B)
    assert (disk.log, disk.records) == (log_of(A, B), (A, B))
    disk.take_snapshot(Stored(log_of(A, B), B.zxid))
    disk.append(C)
    disk.truncate(B.zxid)
    assert (disk.log, disk.records, disk.value.base) == (log_of(A, B), (A, B), 2)
    assert str(disk.value) == f"{log_of(A, B)} (log {log_of(A, B)}, snapshot {log_of(A, B)} at {B.zxid})"


def test_nothing_is_restored_from_nothing() -> None:
    assert Files().restore().log == EMPTY
