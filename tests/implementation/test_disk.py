"""Log and snapshots: our readers read what is written, and what is damaged is seen."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.implementation.group import ensemble
from tests.implementation.wire import create, opening, request, set_data
from zabcheck.checker import UsageError
from zabcheck.implementation.database import Database
from zabcheck.implementation.directory import claim
from zabcheck.implementation.operations import Op
from zabcheck.implementation.peer_configuration import PeerConfiguration
from zabcheck.implementation.replication import Entry
from zabcheck.implementation.sessions import SessionTracker
from zabcheck.implementation.snapshot import load_newest, purge, snapshots, write_snapshot
from zabcheck.implementation.storage import Storage
from zabcheck.implementation.transaction_log import TransactionLog, entry_of, payload_of
from zabcheck.traces import snapshot, transaction_log
from zabcheck.traces.event import Record, Snapshot, Torn
from zabcheck.traces.source import walk
from zabcheck.traces.track import Track

if TYPE_CHECKING:
    from pathlib import Path


def entry(number: int, session: int = -7) -> Entry:
    return Entry(session, number, 1000 + number, Op.SET_DATA, set_data("/a", b"x" * number, number))


def written(folder: Path, zxids: range, preallocation: int = 2**16) -> TransactionLog:
    log = TransactionLog(folder, preallocation)
    for zxid in zxids:
        log.append(zxid, entry(zxid))
        log.commit()
    return log


def zxids_of(log: TransactionLog, after: int = -1) -> list[int]:
    return [zxid for zxid, _ in log.read(after)]


def test_a_transaction_is_the_same_as_bytes() -> None:
    assert entry_of(payload_of(5, entry(3))) == (5, entry(3))


def test_what_is_committed_is_read_by_our_readers(tmp_path: Path) -> None:
    log = written(tmp_path, range(1, 200))
    log.close()
    (path,) = log.files()
    assert path.name == "log.1"
    assert path.stat().st_size == 2**16
    (source,) = walk(path)
    events = list(transaction_log.read(source, Track("disk"), detail=True))
    records = [event for event in events if isinstance(event, Record)]
    assert len(events) == 200
    assert [record.zxid for record in records] == list(range(1, 200))
    assert records[4].path == "/a"
    assert list(log.read()) == [(zxid, entry(zxid)) for zxid in range(1, 200)]
    assert zxids_of(log, after=150) == list(range(151, 200))
    assert log.last_zxid() == 199


def test_the_file_grows_in_steps(tmp_path: Path) -> None:
    log = written(tmp_path, range(1, 900), 2**16)
    assert log.files()[0].stat().st_size % 2**16 == 0
    assert zxids_of(log) == list(range(1, 900))
    log.close()


def test_nothing_is_written_before_the_commit(tmp_path: Path) -> None:
    log = TransactionLog(tmp_path)
    log.append(1, entry(1))
    assert log.files() == []
    log.commit()
    assert zxids_of(log) == [1]
    log.close()


@pytest.mark.parametrize("keep", [0, 1, 4, 5, 7, 9, 10])
def test_truncate_cuts_right_behind_a_record(tmp_path: Path, keep: int) -> None:
    log = written(tmp_path, range(1, 5))
    log.roll()
    for zxid in range(5, 11):
        log.append(zxid, entry(zxid))
    log.commit()
    log.truncate(keep)
    assert zxids_of(log) == list(range(1, keep + 1))
    assert [path.name for path in log.files()] == ["log.1", "log.5"][
        : 0 if not keep else 1 if keep < 5 else 2
    ]
    log.append(keep + 1, entry(1))
    log.commit()
    log.close()
    assert zxids_of(log) == list(range(1, keep + 2))


@pytest.mark.parametrize("lost", range(1, 60, 7))
def test_a_torn_record_is_forgotten_and_the_log_goes_on_in_a_new_file(tmp_path: Path, lost: int) -> None:
    log = written(tmp_path, range(1, 6), 0)
    log.close()
    (path,) = log.files()
    os.truncate(path, path.stat().st_size - lost)
    (source,) = walk(path)
    assert any(isinstance(event, Torn) for event in transaction_log.read(source, Track("disk")))
    log = TransactionLog(tmp_path, 0)
    assert zxids_of(log) == [1, 2, 3, 4]
    log.append(5, entry(5))
    log.commit()
    log.close()
    assert zxids_of(log) == [1, 2, 3, 4, 5]


def test_a_file_without_a_header_is_removed_at_the_start(tmp_path: Path) -> None:
    log = written(tmp_path, range(1, 4))
    log.close()
    (tmp_path / "log.4").write_bytes(b"ZK")
    log.remove_empty()
    assert zxids_of(log) == [1, 2, 3]


def example() -> Database:
    database = Database()
    database.lead(SessionTracker(1000, 0))
    for zxid, wanted in enumerate(
        [opening(), request(Op.CREATE, create("/a")), request(Op.CREATE, create("/a/b"))], 1
    ):
        database.apply(zxid, database.prepare(wanted))
    return database


def test_a_snapshot_is_read_by_our_readers(tmp_path: Path) -> None:
    database = example()
    path = write_snapshot(tmp_path, database.last_zxid, database.serialize())
    assert path.name == "snapshot.3"
    (source,) = walk(path)
    (event,) = snapshot.read(source, Track("disk"))
    assert isinstance(event, Snapshot)
    assert event.valid
    nodes = snapshot.Nodes(source)
    assert [node.path for node in nodes][-2:] == ["/a", "/a/b"]
    assert list(nodes.sessions.values()) == [10_000]
    again = Database()
    assert load_newest(tmp_path, again) == 3
    assert again.tree.nodes == database.tree.nodes


def test_a_damaged_snapshot_is_passed_over(tmp_path: Path) -> None:
    database = example()
    write_snapshot(tmp_path, 2, database.serialize())
    path = write_snapshot(tmp_path, 3, database.serialize())
    content = bytearray(path.read_bytes())
    for place in range(0, len(content), 13):
        damaged = content.copy()
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        assert load_newest(tmp_path, Database()) == 2
    path.write_bytes(content[:-1])
    assert load_newest(tmp_path, Database()) == 2


def test_an_unfinished_snapshot_is_no_snapshot(tmp_path: Path) -> None:
    def failing() -> object:
        yield b"\0\0\0\0"
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_snapshot(tmp_path, 9, failing())  # type: ignore[arg-type]
    assert snapshots(tmp_path) == []


def test_purging_keeps_what_a_start_needs(tmp_path: Path) -> None:
    database = example()
    log = TransactionLog(tmp_path, 0)
    for zxid in range(1, 41):
        log.append(zxid, entry(zxid))
        if zxid % 10 == 0:
            log.roll()
            write_snapshot(tmp_path, zxid + 3 if zxid == 30 else zxid, database.serialize())
    log.close()
    removed = purge(tmp_path, tmp_path, 2)
    assert {path.name for path in removed} == {"snapshot.a", "snapshot.14", "log.1", "log.b", "log.15"}
    assert zxids_of(log, after=0x21) == list(range(0x22, 41))
    assert purge(tmp_path, tmp_path, 2) == []


def restored(folder: Path) -> tuple[Database, int]:
    """A database as a server has it after a start, and how much of it came from the log."""
    database = Database()
    with closing(
        Storage(PeerConfiguration(1, folder, folder, ensemble(1), {}), announces_epoch=False)
    ) as storage:
        storage.restore(database, 1)
    return database, storage.replayed


def test_recovery(tmp_path: Path) -> None:
    log = TransactionLog(tmp_path, 0)
    assert restored(tmp_path)[1] == 0
    assert snapshots(tmp_path)[0][0] == 0
    database = Database()
    database.lead(SessionTracker(1000, 0))
    for zxid, wanted in enumerate([opening(), request(Op.CREATE, create("/a"))], 1):
        made = database.prepare(wanted)
        log.append(zxid, made)
        database.apply(zxid, made)
    log.roll()
    again, replayed = restored(tmp_path)
    assert replayed == 2
    assert again.tree.nodes == database.tree.nodes
    assert again.last_zxid == 2
    path = write_snapshot(tmp_path, 2, database.serialize())
    assert restored(tmp_path)[1] == 0
    for _, snapshot_path in snapshots(tmp_path):
        snapshot_path.write_bytes(b"ZKSN")
    with pytest.raises(UsageError, match="every snapshot is damaged"):
        restored(tmp_path)
    for _, snapshot_path in snapshots(tmp_path):
        snapshot_path.unlink()
    assert not path.exists()
    with pytest.raises(UsageError, match="the snapshot was lost"):
        restored(tmp_path)


def test_what_was_logged_twice_is_applied_once(tmp_path: Path) -> None:
    write_snapshot(tmp_path, 0, Database().serialize())
    log = TransactionLog(tmp_path, 0)
    for zxid in (1, 2, 3, 2, 3, 4):
        log.append(zxid, entry(zxid))
    log.commit()
    log.close()
    database, replayed = restored(tmp_path)
    assert (database.last_zxid, replayed) == (4, 4)


def test_a_folder_is_let_go_if_the_other_is_in_use(tmp_path: Path) -> None:
    data, logs = tmp_path / "data", tmp_path / "logs"
    configuration = PeerConfiguration(1, data, logs, ensemble(1), {})
    in_use = claim(logs)
    with pytest.raises(UsageError, match="logs is used by another server"):
        Storage(configuration, announces_epoch=False)
    os.close(in_use)
    Storage(configuration, announces_epoch=False).close()
