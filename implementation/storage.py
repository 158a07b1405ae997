"""What a server has on disk: snapshots and a transaction log, in the files and formats of ZooKeeper.

Nothing here decides anything; it says what is there, and adds and cuts when told. What it returns from is on disk
(``FileTxnSnapLog``).
"""

from __future__ import annotations

import os
import struct
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO
from zlib import adler32

from zabcheck.implementation import entries
from zabcheck.implementation.epoch_files import ACCEPTED, CURRENT, read, sync_folder, write
from zabcheck.model.transaction import Txn
from zabcheck.model.zookeeper.log import Log, Stored
from zabcheck.traces.errors import UnreadableError
from zabcheck.traces.file_name import zxid_in
from zabcheck.traces.members import number, zxid
from zabcheck.traces.snapshot import Nodes
from zabcheck.traces.source import Source
from zabcheck.traces.transaction_log import END, FILE_HEADER, FRAME, Records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from zabcheck.implementation.replication import StateMachine

LOG_HEADER = struct.pack(">4siq", b"ZKLG", 2, 0)
SNAPSHOT_HEADER = struct.pack(">4siq", b"ZKSN", 2, -1)
SEAL = struct.Struct(">qi1s")


@dataclass(frozen=True)
class Record:
    """A record, and where it is."""

    path: Path
    end: int
    payload: bytes

    @property
    def zxid(self) -> int:
        """Of the transaction."""
        (found,) = struct.unpack_from(">Q", self.payload, 12)
        return int(found)


class Storage:
    """The files of one server."""

    def __init__(self, data: Path, log: Path) -> None:
        self.data = data / "version-2"
        self.log = log / "version-2"
        for folder in (self.data, self.log):
            folder.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO | None = None

    # epochs

    def epochs(self) -> tuple[int | None, int | None]:
        """Accepted and current epoch, where there is a file."""
        return read(self.data / ACCEPTED), read(self.data / CURRENT)

    def write_epochs(self, accepted: int | None, current: int | None) -> None:
        """Replace the files of those that are given, the accepted one first."""
        if accepted is not None:
            write(self.data / ACCEPTED, accepted)
        if current is not None:
            write(self.data / CURRENT, current)

    # reading

    def restore(self, machine: StateMachine, keep: int) -> Stored:
        """Load the database: the newest whole snapshot, then all later records. Returns the last transactions."""
        base = self._load_snapshot(machine)
        last: deque[Txn] = deque(maxlen=keep)
        floor = at = base
        for record in self.records():
            if record.zxid <= at:
                continue
            txn = entries.decoded(record.payload)
            at = record.zxid
            machine.apply(at, txn.value)
            if len(last) == keep:
                floor = number(last[0].zxid)
            last.append(txn)
        machine.last_zxid = at
        log = Log(last=Txn(zxid(floor), None) if floor else None).extend(tuple(last))
        return Stored(log, zxid(at))

    def _load_snapshot(self, machine: StateMachine) -> int:
        for at, path in sorted(self._named(self.data, "snapshot"), reverse=True):
            try:
                for _ in Nodes(_source(path)):
                    pass
            except UnreadableError:
                continue
            with path.open("rb") as stream:
                stream.seek(len(SNAPSHOT_HEADER))
                machine.deserialize(stream)
            return at
        return 0

    @property
    def has_snapshot(self) -> bool:
        """Whether there is any; a new server begins with one of nothing."""
        return bool(self._named(self.data, "snapshot"))

    def records(self) -> Iterator[Record]:
        """All records of the log in the order of the files."""
        for _, path in sorted(self._named(self.log, "log")):
            for at, _, payload in Records(_source(path)):
                yield Record(path, at + FRAME.size + len(payload) + 1, payload)

    def has(self, wanted: int) -> bool:
        """Whether the log has this transaction."""
        return any(record.zxid == wanted for record in self.records())

    @staticmethod
    def _named(folder: Path, prefix: str) -> list[tuple[int, Path]]:
        return [(at, path) for path in folder.iterdir() if (at := zxid_in(path.name, prefix)) is not None]

    # writing

    def append(self, txns: Iterable[Txn]) -> None:
        """Write transactions to the end of the log, and to the disk."""
        for txn in txns:
            payload = entries.encoded(txn)
            if self._file is None:
                self._open(number(txn.zxid))
            assert self._file is not None  # noqa: S101 - just opened
            self._file.write(FRAME.pack(adler32(payload), len(payload)) + payload + bytes((END,)))
        if self._file is not None:
            self._file.flush()
            os.fdatasync(self._file.fileno())

    def _open(self, first: int) -> None:
        self._file = (self.log / f"log.{first:x}").open("wb")
        self._file.write(LOG_HEADER)
        self._file.flush()
        os.fsync(self._file.fileno())
        sync_folder(self.log)

    def roll(self) -> None:
        """Begin another file with the next record."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def truncate(self, last: int) -> None:
        """Cut everything later than ``last``, snapshots of it too."""
        self.roll()
        keep = None
        for record in self.records():
            if record.zxid > last:
                break
            keep = record
        behind = False
        for _, path in sorted(self._named(self.log, "log")):
            if behind or keep is None:
                path.unlink()
            elif path == keep.path:
                behind = True
                with path.open("rb+") as file:
                    file.truncate(max(keep.end, FILE_HEADER))
                    os.fsync(file.fileno())
        for at, path in self._named(self.data, "snapshot"):
            if at > last:
                path.unlink()
        sync_folder(self.log)
        sync_folder(self.data)

    def save(self, at: int, pieces: Iterable[bytes]) -> None:
        """Write a snapshot, and begin another file of the log."""
        path = self.data / f"snapshot.{at:x}"
        temporary = path.with_name(f"{path.name}.tmp")
        with temporary.open("wb") as file:
            checksum = 1
            for piece in (SNAPSHOT_HEADER, *pieces):
                file.write(piece)
                checksum = adler32(piece, checksum)
            file.write(SEAL.pack(checksum, 1, b"/"))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(self.data)
        self.roll()


def _source(path: Path) -> Source:
    return Source(str(path), path.stat().st_size, lambda: path.open("rb"))
