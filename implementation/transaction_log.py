"""The transaction log of a server: it is written, cut, and read again after a start (``FileTxnLog``).

The format is read by `zabcheck.traces.transaction_log` and by ZooKeeper's own tools. A record is durable when
`TransactionLog.commit` has returned, and not before. A log file is never continued after a restart: what is appended
then goes to a file of its own, so a torn record stays the last of its file.
"""

from __future__ import annotations

import os
from threading import Lock
from typing import TYPE_CHECKING
from zlib import adler32

from zabcheck.implementation.directory import sync_directory
from zabcheck.implementation.errors import ServerError
from zabcheck.implementation.replication import Entry
from zabcheck.traces.file_name import zxid_in
from zabcheck.traces.source import walk
from zabcheck.traces.transaction_log import END, FILE_HEADER, FRAME, MAGIC, Records
from zabcheck.traces.transactions import HEADER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PREALLOCATION = 2**26
"""Bytes by which a file grows in front of what is written (``zookeeper.preAllocSize``)."""

NEAR = 4096
"""A file grows when less than this is left in it (``FilePadding.calculateFileSizeWithPadding``)."""

_UNSIGNED = 2**64 - 1


def payload_of(zxid: int, entry: Entry) -> bytes:
    """The bytes of a transaction in a record of the log, and in a PROPOSAL."""
    return HEADER.pack(entry.session & _UNSIGNED, entry.cxid, zxid, entry.time, entry.type) + entry.body


def entry_of(payload: bytes) -> tuple[int, Entry]:
    """The zxid and the transaction in the bytes of a record or PROPOSAL."""
    session, cxid, zxid, time, kind = HEADER.unpack_from(payload)
    return zxid, Entry(
        session - 2**64 if session >= 2**63 else session, cxid, time, kind, payload[HEADER.size :]
    )


class TransactionLog:
    """The files ``log.<zxid>`` of one folder.

    Not to be used from two threads at once, except that `append` may run while `commit` does: what it adds is part
    of the next commit. After an `OSError` nothing can be said of what is on the disk, and the server must end.
    """

    def __init__(self, folder: Path, preallocation: int = PREALLOCATION) -> None:
        self.folder = folder
        self.preallocation = preallocation
        self._waiting: list[tuple[int, bytes]] = []
        self._file: int | None = None
        self._swapping = Lock()
        self._at = 0
        self._size = 0

    def append(self, zxid: int, entry: Entry) -> None:
        """Add a transaction, in memory as yet."""
        payload = payload_of(zxid, entry)
        record = b"%b%b%c" % (FRAME.pack(adler32(payload), len(payload)), payload, END)
        with self._swapping:
            self._waiting.append((zxid, record))

    def commit(self) -> None:
        """Write what was appended, and return when it is on the disk."""
        with self._swapping:
            waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            if self._file is None:
                self._begin(waiting[0][0])
            self._write(b"".join(record for _, record in waiting))
            os.fdatasync(self._number())
        except OSError as error:
            raise OSError(error.errno, error.strerror, error.filename or str(self.folder)) from error

    def roll(self) -> None:
        """Let the next record begin a new file, as after a snapshot (``FileTxnLog.rollLog``)."""
        self.commit()
        self.close()

    def close(self) -> None:
        """Leave the file; what was appended and not committed is forgotten."""
        self._waiting = []
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def files(self) -> list[Path]:
        """All files, in the order of their records."""
        found = [
            (zxid, path) for path in self.folder.iterdir() if (zxid := zxid_in(path.name, "log")) is not None
        ]
        return [path for _, path in sorted(found)]

    def read(self, after: int = -1) -> Iterator[tuple[int, Entry]]:
        """The transactions behind a zxid; damage is an `UnreadableError` (``FileTxnLog.read``)."""
        files = self.files()
        firsts = [zxid_in(path.name, "log") or 0 for path in files]
        begin = max((place for place, first in enumerate(firsts) if first <= after), default=0)
        for path in files[begin:]:
            for _, payload in self._records(path):
                if len(payload) < HEADER.size:
                    raise ServerError(f"{path}: a record of {len(payload)} bytes has no header")
                zxid, entry = entry_of(payload)
                if zxid > after:
                    yield zxid, entry

    def last_zxid(self) -> int:
        """The zxid of the last whole record, 0 if there is none (``FileTxnLog.getLastLoggedZxid``)."""
        for path in reversed(self.files()):
            last = 0
            for _, payload in self._records(path):
                last = HEADER.unpack_from(payload)[2]
            if last:
                return last
        return 0

    def truncate(self, zxid: int) -> None:
        """Cut all behind a transaction off the log; the file ends right there (``FileTxnLog.truncate``)."""
        self.close()
        kept = False
        for path in reversed(self.files()):
            end = FILE_HEADER.size
            for offset, payload in self._records(path):
                if HEADER.unpack_from(payload)[2] > zxid:
                    break
                kept = True
                end = offset + FRAME.size + len(payload) + 1
            if kept:
                with path.open("r+b") as file:
                    file.truncate(end)
                    os.fsync(file.fileno())
                break
            path.unlink()
        sync_directory(self.folder)

    def remove_empty(self) -> None:
        """Remove the last file if it was not given a whole header before a crash (ZOOKEEPER-2332)."""
        files = self.files()
        if files and files[-1].stat().st_size < FILE_HEADER.size:
            files[-1].unlink()
            sync_directory(self.folder)

    def _records(self, path: Path) -> Iterator[tuple[int, bytes]]:
        (source,) = walk(path)
        for offset, _, payload in Records(source):
            yield offset, payload

    def _number(self) -> int:
        if self._file is None:
            raise ServerError(f"the transaction log in {self.folder} is closed")
        return self._file

    def _begin(self, zxid: int) -> None:
        path = self.folder / f"log.{zxid:x}"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        self._at = self._size = 0
        self._write(FILE_HEADER.pack(MAGIC, 2, 0))
        os.fsync(self._file)
        sync_directory(self.folder)

    def _write(self, data: bytes) -> None:
        file = self._number()
        self._reserve(file, self._at + len(data))
        view = memoryview(data)
        while view:
            count = os.pwrite(file, view, self._at)
            self._at += count
            view = view[count:]

    def _reserve(self, file: int, end: int) -> None:
        """Let zeros follow what is written, so that a record does not also change the length of the file."""
        if not self.preallocation or end + NEAR < self._size:
            return
        self._size = (end + NEAR) // self.preallocation * self.preallocation + self.preallocation
        os.ftruncate(file, self._size)
