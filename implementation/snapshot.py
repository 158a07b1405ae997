"""Writes and loads snapshots of the database, ``snapshot.<zxid>`` (``FileSnap``).

The body comes from the database; here are the header, the seal, and a file that appears under its name only when it
is complete and durable. No digest is written: without one the format has a single seal.
"""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING
from zlib import adler32

from zabcheck.implementation.directory import sync_directory
from zabcheck.traces.errors import UnreadableError
from zabcheck.traces.file_name import zxid_in
from zabcheck.traces.jute import Cursor
from zabcheck.traces.snapshot import FILE_HEADER, MAGIC, SEAL, check_header, check_seal
from zabcheck.traces.source import walk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zabcheck.implementation.replication import StateMachine


def write_snapshot(folder: Path, zxid: int, body: Iterator[bytes]) -> Path:
    """Write a snapshot of the state at ``zxid``; may run in a thread of its own.

    ZooKeeper writes to the file's own name unless told otherwise, and a crash leaves half of one. Ours is written
    beside it, so that the newest file with that name is whole.
    """
    path = folder / f"snapshot.{zxid:x}"
    unfinished = folder / f"{path.name.replace('.', '-')}.tmp"
    with unfinished.open("wb") as file:
        checksum = 1
        for piece in _framed(body):
            checksum = adler32(piece, checksum)
            file.write(piece)
        file.write(SEAL.pack(checksum, 1, b"/"))
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    sync_directory(folder)
    return path


def _framed(body: Iterator[bytes]) -> Iterator[bytes]:
    yield FILE_HEADER.pack(MAGIC, 2, -1)
    yield from body


def spread(count: int) -> int:
    """After how many transactions the next snapshot is due.

    At random between half and the whole of what is configured, so that servers do not all write at once
    (``SyncRequestProcessor.resetSnapshotStats``).
    """
    return count // 2 + random.randint(1, max(count // 2, 1))


def snapshots(folder: Path) -> list[tuple[int, Path]]:
    """All snapshots of a folder with their zxids, the newest first."""
    found = [
        (zxid, path) for path in folder.iterdir() if (zxid := zxid_in(path.name, "snapshot")) is not None
    ]
    return sorted(found, reverse=True)


def load_snapshot(path: Path, zxid: int, database: StateMachine) -> None:
    """Make ``database`` what a snapshot says; damage is an `UnreadableError`, and the database then is nothing."""
    (source,) = walk(path)
    with source.open() as stream:
        cursor = Cursor(source.name, stream=stream)
        check_header(cursor)
        database.deserialize(cursor, zxid)
        check_seal(cursor)


def load_newest(folder: Path, database: StateMachine) -> int | None:
    """Load the newest snapshot that is valid; its zxid, or ``None`` if there is none.

    Of more than a hundred, the older ones are not tried (``FileSnap.deserialize``).
    """
    for zxid, path in snapshots(folder)[:100]:
        try:
            load_snapshot(path, zxid, database)
        except UnreadableError:
            continue
        return zxid
    return None


def purge(folder: Path, log_folder: Path, keep: int) -> list[Path]:
    """Remove all snapshots but the newest ``keep``, and the logs that none of those needs (``PurgeTxnLog``).

    The log file that holds the first transaction behind the oldest kept snapshot may begin before it, so the last
    file that begins at or before it stays.
    """
    found = snapshots(folder)
    if len(found) <= keep:
        return []
    oldest = found[keep - 1][0]
    logs = sorted(
        (zxid, path) for path in log_folder.iterdir() if (zxid := zxid_in(path.name, "log")) is not None
    )
    needed = max((zxid for zxid, _ in logs if zxid <= oldest), default=0)
    removed = [path for _, path in found[keep:]] + [path for zxid, path in logs if zxid < needed]
    for path in removed:
        path.unlink(missing_ok=True)
    return removed
