"""Reads a file of ZooKeeper's transaction log, ``log.<zxid>``, in one pass and in constant memory.

It ends where a server stops reading it (``FileTxnLog.FileTxnIterator.next``):

- at a length of 0, with which the space begins that a server reserves in front of itself, or at the end of the file;
- at a record that runs over the end, or that lacks the byte behind it: it was being written. `Torn` says so.

A server does not start, and here it is an `UnreadableError`, with a header that is not one, with a checksum that is
wrong although the byte behind the record is there, and with a length that cannot be. In one case a server goes on
where this stops: when records follow behind a torn one or behind zeros, it does not look and loses them in silence.
Nothing that a server writes looks so, therefore it is taken for damage.
"""

from __future__ import annotations

import re
from struct import Struct
from typing import TYPE_CHECKING
from zlib import adler32

from zabcheck.traces.errors import UnreadableError
from zabcheck.traces.event import Hex, LogFile, Record, Torn, Unrecognised
from zabcheck.traces.file_name import zxid_in
from zabcheck.traces.jute import LARGEST, PIECE
from zabcheck.traces.transactions import HEADER, MULTI, decode, identity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from zabcheck.traces.source import Source
    from zabcheck.traces.track import Track

MAGIC = b"ZKLG"
FILE_HEADER = Struct(">4siq")
"""Magic, version (not looked at, as a server does not), id of the database."""

FRAME = Struct(">Qi")
"""Checksum and length, in front of a record."""

END = ord("B")
"""Behind a record."""

SEARCHED = 2**24
"""Bytes behind the end of the log in which records are looked for."""

_ZEROS = bytes(PIECE)
_CHECKSUM = re.compile(rb"(?=\0{4}.{0,3}[^\0])", re.DOTALL)


class Records:
    """The records of a file as they lie there: where each begins, its checksum, and its bytes.

    After the last one, ``torn`` is where one is that was not written whole, and ``strange`` where something is
    that is no record; both are ``None`` in a file that ends as it should.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.torn: int | None = None
        self.strange: int | None = None

    def __iter__(self) -> Iterator[tuple[int, int, bytes]]:
        with self.source.open() as stream:
            data = stream.read(PIECE)
            if not data:
                # A server crashed between making the file and writing its header. The next one did not start with
                # it, until it was taught to delete it if it is the last (ZOOKEEPER-2332).
                self.torn = 0
                return
            self._check_header(data)
            at, start, have = FILE_HEADER.size, 0, len(data)
            unpack = FRAME.unpack_from
            while True:
                if at + 12 <= have:
                    checksum, length = unpack(data, at)
                    end = at + 12 + length
                    if at + 12 < end < have:
                        payload = data[at + 12 : end]
                        if data[end] == END and adler32(payload) == checksum:
                            yield start + at, checksum, payload
                            at = end + 1
                            continue
                        break
                    if not 0 < length <= LARGEST:
                        break
                    wanted = 13 + length
                else:
                    wanted = 12
                data = _more(stream, data[at:], wanted)
                start, at, have = start + at, 0, len(data)
                if have < wanted:
                    break
            self._end(stream, data[at:], start + at)

    def _check_header(self, data: bytes) -> None:
        name = self.source.name
        if data[:4] != MAGIC[: len(data)]:
            raise UnreadableError(name, 0, "this is no transaction log, which begins with ZKLG")
        if len(data) < FILE_HEADER.size:
            raise UnreadableError(
                name, len(data), "the file ends within its header; a server does not start with it"
            )

    def _end(self, stream: BinaryIO, rest: bytes, offset: int) -> None:
        """Decide why no record is at the beginning of ``rest``."""
        checksum, length = FRAME.unpack(rest[:12].ljust(12, b"\0"))
        if not checksum and not length and not rest[:12].strip(b"\0"):
            self._check_zeros(stream, rest, offset)
            return
        name = self.source.name
        if not 0 <= length <= LARGEST:
            raise UnreadableError(
                name, offset + 8, f"a record of {length} bytes; a server does not start with it"
            )
        if length and len(rest) > 12 + length and rest[12 + length] == END:
            raise UnreadableError(
                name, offset, "the checksum of the record is wrong; a server does not start with this file"
            )
        self._check_behind(_more(stream, rest[1:], SEARCHED), offset + 1)
        self.torn = offset

    def _check_zeros(self, stream: BinaryIO, rest: bytes, offset: int) -> None:
        while rest and rest == _ZEROS[: len(rest)]:
            offset += len(rest)
            rest = stream.read(PIECE)
        if rest:
            zeros = max(len(rest) - len(rest.lstrip(b"\0")) - 12, 0)
            self._check_behind(_more(stream, rest[zeros:], SEARCHED), offset + zeros)
            self.strange = offset + len(rest) - len(rest.lstrip(b"\0"))

    def _check_behind(self, rest: bytes, offset: int) -> None:
        if (found := _find(rest)) is not None:
            raise UnreadableError(
                self.source.name,
                offset,
                f"damaged: there are records behind it, from byte {offset + found}, which a server would not see",
            )


def _more(stream: BinaryIO, data: bytes, wanted: int) -> bytes:
    """``data`` with what follows it, so that there are ``wanted`` bytes or all that there are."""
    pieces = [data]
    have = len(data)
    while have < wanted and (piece := stream.read(PIECE)):
        pieces.append(piece)
        have += len(piece)
    return b"".join(pieces)


def _find(data: bytes) -> int | None:
    """Where the first whole record is: every place at which a checksum can be, whose upper half is always zeros."""
    budget = SEARCHED
    data = data.rstrip(b"\0")
    view = memoryview(data)
    for match in _CHECKSUM.finditer(data):
        at = match.start()
        if at + FRAME.size + HEADER.size >= len(data) or budget < 0:
            break
        checksum, length = FRAME.unpack_from(data, at)
        end = at + FRAME.size + length
        if length >= HEADER.size and end < len(data) and data[end] == END:
            if adler32(view[at + FRAME.size : end]) == checksum:
                return at
            budget -= length
    return None


def read(
    source: Source, track: Track, *, detail: bool = False
) -> Iterator[LogFile | Record | Torn | Unrecognised]:
    """The events of a file whose name is ``log.<zxid>``; with ``detail`` also path, data and digest of each record."""
    if (zxid := zxid_in(source.base, "log")) is None:
        raise UnreadableError(source.name, None, "a transaction log is called log.<zxid>")
    yield track.event(LogFile, source.name, zxid=Hex(zxid))
    place = f"{source.name} at byte "
    records = Records(source)
    name, server, unpack = track.name, track.server, HEADER.unpack_from
    for offset, checksum, payload in records:
        if len(payload) < HEADER.size:
            raise UnreadableError(source.name, offset, f"a record of {len(payload)} bytes has no header")
        session, cxid, zxid, time, kind = unpack(payload)
        seq = track.length
        track.length = seq + 1
        record = Record(
            track=name,
            seq=seq,
            server=server,
            wall=time / 1000,
            at=f"{place}{offset}",
            zxid=Hex(zxid),
            body=Hex(checksum << 32 | len(payload)) if kind != MULTI else identity(payload),
            type=kind,
            session=Hex(session),
            cxid=cxid,
        )
        if detail:
            whole = decode(payload, source.name, offset + FRAME.size)
            record.path, record.value, record.digest = whole.path, whole.value, whole.digest
        yield record
    if records.torn is not None:
        yield track.event(Torn, f"{place}{records.torn}")
    if records.strange is not None:
        yield track.event(
            Unrecognised,
            f"{place}{records.strange}",
            what="bytes behind the end of the log, which a server does not look at",
        )
