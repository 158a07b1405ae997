"""How long it takes to read the transaction logs of three servers, a million records each.

    make bench
    .venv/bin/python benchmarks/transaction_logs.py --records 1000000

The logs are written as ZooKeeper writes them: all records of one epoch on all three servers, in the same order, into
one file per server and once more into an archive. Each reading is of the bytes on disk to the last event; where the
time goes shows in comparing the rows.
"""

from __future__ import annotations

import argparse
import resource
import tarfile
import tempfile
import time
from pathlib import Path
from struct import Struct
from typing import TYPE_CHECKING
from zlib import adler32

from zabcheck.traces import disk
from zabcheck.traces.recording import open_recording
from zabcheck.traces.source import walk
from zabcheck.traces.track import Track
from zabcheck.traces.transaction_log import Records
from zabcheck.traces.validator import Validator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from zabcheck.traces.event import Event
    from zabcheck.traces.source import Source

SERVERS = (1, 2, 3)
FIRST = 0x1_0000_0001
SESSION = 0x1000_0000_0000_0000
RESERVED = 2**26
"""Zeros that a server writes ahead of its records (``preAllocSize``)."""

HEADER = Struct(">QiQqi")
FRAME = Struct(">Qi")
SET_DATA = Struct(">i12si16siiq")


def write(folder: Path, records: int) -> None:
    """The same log for every server; each record sets the data of one of a thousand nodes."""
    folder.mkdir(parents=True)
    with (folder / f"log.{FIRST:x}").open("wb") as file:
        file.write(b"ZKLG" + Struct(">iq").pack(2, 0))
        for number in range(records):
            path = b"/bench/%05d" % (number % 1000)
            body = SET_DATA.pack(len(path), path, 16, b"%016d" % number, number // 1000 + 1, 2, number * 7919)
            payload = HEADER.pack(SESSION, number + 1, FIRST + number, 1_700_000_000_000 + number, 5) + body
            file.write(FRAME.pack(adler32(payload), len(payload)) + payload + b"B")
        file.truncate(file.tell() + RESERVED - file.tell() % RESERVED)


def sources(folder: Path) -> dict[int, list[Source]]:
    """The files of each server."""
    return {sid: list(walk(folder / f"s{sid}")) for sid in SERVERS}


def tracks(folder: Path, *, detail: bool = False) -> Iterator[Iterable[Event]]:
    """The events of each server."""
    for sid, files in sources(folder).items():
        yield disk.read(files, Track(f"s{sid}/disk", sid), detail=detail)


def drain(items: Iterable[object]) -> None:
    """Read to the end and keep nothing."""
    for _ in items:
        pass


def bytes_only(folder: Path) -> None:
    """Frames and checksums."""
    for files in sources(folder).values():
        for source in files:
            drain(Records(source))


def events(folder: Path) -> None:
    """An event for each record."""
    for track in tracks(folder):
        drain(track)


def details(folder: Path) -> None:
    """Also what each record writes, and where."""
    for track in tracks(folder, detail=True):
        drain(track)


def validated(folder: Path) -> None:
    """All servers held against one another."""
    whole = open_recording([str(folder)])
    validator = Validator(whole.members)
    validator.feed(whole.events())
    outcome = validator.outcome()
    if outcome.verdict != "conforms":
        raise SystemExit(outcome.reason)


READINGS = (bytes_only, events, details, validated)
"""What is timed."""


def show(name: str, records: int, action: Callable[[], None]) -> None:
    """Print a row."""
    start = time.perf_counter()
    action()
    seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:40} {seconds:8.2f} s {records / seconds:12,.0f} records/s {memory:8,.0f} MiB", flush=True)


def main() -> None:
    """Write the logs, and read them in every way."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=1_000_000, help="of each server")
    given = parser.parse_args()
    whole = given.records * len(SERVERS)
    with tempfile.TemporaryDirectory() as name:
        plain, packed = Path(name, "plain"), Path(name, "packed")
        for sid in SERVERS:
            write(plain / f"s{sid}" / "version-2", given.records)
            (packed / f"s{sid}").mkdir(parents=True)
            with tarfile.open(packed / f"s{sid}" / "version-2.tar.gz", "w:gz", compresslevel=6) as archive:
                archive.add(plain / f"s{sid}" / "version-2", "version-2")
        for reading in READINGS:
            show(reading.__doc__ or "", whole, lambda reading=reading: reading(plain))  # type: ignore[misc]
        show("The events from archives.", whole, lambda: events(packed))


if __name__ == "__main__":
    main()
