"""The disk of one server: snapshots beside its log, and failures that are never forgotten."""

from __future__ import annotations

import threading
from concurrent.futures import wait
from typing import TYPE_CHECKING

import pytest

from tests.implementation.group import ensemble
from tests.implementation.tiny import Tiny, body
from zabcheck.implementation.histories import Disk
from zabcheck.implementation.operations import Op
from zabcheck.implementation.peer_configuration import PeerConfiguration
from zabcheck.implementation.replication import Entry
from zabcheck.implementation.snapshot import snapshots
from zabcheck.implementation.storage import Storage
from zabcheck.implementation.transaction_log import TransactionLog
from zabcheck.model.transaction import Txn, Zxid
from zabcheck.traces.ensemble import Address

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS = 20


class Halting(Tiny):
    """A database whose snapshots come to the disk only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = threading.Event()

    def serialize(self) -> Iterator[bytes]:
        for piece in super().serialize():
            assert self.may_go_on.wait(SECONDS)
            yield piece


def txn(counter: int) -> Txn:
    entry = Entry(1, counter, 1_700_000_000_000, Op.SET_DATA, body("/n", b"x"))
    return Txn(Zxid(1, counter), entry)


def disk_of(folder: Path, machine: Tiny) -> Disk:
    data = folder / "version-2"
    data.mkdir()
    endpoints = {1: Address("127.0.0.1", 1, 2)}
    storage = Storage(PeerConfiguration(1, data, data, ensemble(1), endpoints), announces_epoch=True)
    return Disk(storage, machine, 100, lambda _: None)


def written(disk: Disk, *counters: int) -> None:
    txns = tuple(map(txn, counters))
    wait([disk.write_ahead(txns)], SECONDS)
    disk.thread.raise_failure()
    for each in txns:
        disk.append(each)


def test_a_snapshot_is_written_while_the_log_goes_on(tmp_path: Path) -> None:
    machine = Halting()
    disk = disk_of(tmp_path, machine)
    written(disk, 1, 2)
    assert disk.thread.begin_snapshot(Zxid(1, 2))
    written(disk, 3)
    assert not disk.thread.begin_snapshot(Zxid(1, 3))
    assert snapshots(disk.storage.data) == []
    machine.may_go_on.set()
    disk.wait()
    assert [at for at, _ in snapshots(disk.storage.data)] == [0x100000002]
    assert all(disk.has(Zxid(1, counter)) for counter in (1, 2, 3))
    assert disk.thread.begin_snapshot(Zxid(1, 3))
    disk.thread.close()


def test_what_is_cut_waits_for_a_snapshot_that_may_have_it(tmp_path: Path) -> None:
    machine = Halting()
    disk = disk_of(tmp_path, machine)
    written(disk, 1, 2)
    disk.thread.begin_snapshot(Zxid(1, 2))
    threading.Timer(0.1, machine.may_go_on.set).start()
    disk.truncate(Zxid(1, 1))
    assert snapshots(disk.storage.data) == []
    assert not disk.has(Zxid(1, 2))
    disk.thread.close()


def test_after_a_failure_nothing_is_called_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = disk_of(tmp_path, Tiny())

    def fails(log: TransactionLog) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(TransactionLog, "commit", fails)
        failed = disk.write_ahead((txn(1),))
        epochs = disk.write_epochs(2, 2)
        wait([failed, epochs], SECONDS)
    assert epochs.exception() is failed.exception()
    with pytest.raises(OSError, match="No space left"):
        disk.thread.raise_failure()
    assert disk.storage.epochs() == (None, None)
    disk.thread.close()


def test_the_current_epoch_is_announced_and_written(tmp_path: Path) -> None:
    disk = disk_of(tmp_path, Tiny())
    word = disk.storage.data / "updatingEpoch"
    disk.take_snapshot(disk.value)
    assert word.exists()
    wait([disk.write_epochs(None, 1)], SECONDS)
    assert not word.exists()
    disk.thread.close()
