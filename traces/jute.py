"""Reads the encoding of ZooKeeper's records, which it calls jute: numbers big-endian, lengths in front.

Nothing that is read is trusted: a length decides how much is looked for, never how much memory is taken.
As ``BinaryInputArchive`` reads it, except that a negative length is refused in a vector too.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Any
from zlib import adler32

from zabcheck.traces.errors import UnreadableError

if TYPE_CHECKING:
    from typing import BinaryIO

PIECE = 2**20
"""Bytes that are read at once from a stream."""

LARGEST = 2**26
"""Bytes of a buffer, text or record at most; ``jute.maxbuffer``, 1 MiB unless an operator sets it, is less."""

_INTEGER = Struct(">i")
_LONG = Struct(">q")


class Cursor:
    """A place in bytes that moves forward as values are read; with a stream, what comes after them is read from it.

    ``start`` is where the bytes begin in the file called ``file``, for errors.
    """

    __slots__ = ("at", "data", "file", "start", "stream", "sum")

    def __init__(
        self, file: str, data: bytes = b"", *, start: int = 0, stream: BinaryIO | None = None
    ) -> None:
        self.file = file
        self.data = data
        self.start = start
        self.stream = stream
        self.at = 0
        self.sum = 1

    @property
    def offset(self) -> int:
        """Where in the file the next value is."""
        return self.start + self.at

    def wrong(self, why: str, back: int = 0) -> UnreadableError:
        """The error that says what is wrong here, or some bytes ``back``."""
        return UnreadableError(self.file, self.offset - back, why)

    def left(self, wanted: int) -> int:
        """How many bytes remain, as far as that matters: ``wanted`` or more may mean any number."""
        while len(self.data) - self.at < wanted and self._refill(wanted):
            pass
        return len(self.data) - self.at

    def _refill(self, wanted: int) -> bool:
        """Get more from the stream; whether there was any."""
        if self.stream is None:
            return False
        self.sum = adler32(memoryview(self.data)[: self.at], self.sum)
        pieces = [self.data[self.at :]]
        self.start += self.at
        self.at = 0
        have = len(pieces[0])
        while have < wanted and (piece := self.stream.read(PIECE)):
            pieces.append(piece)
            have += len(piece)
        more = have > len(pieces[0])
        self.data = b"".join(pieces)
        return more

    def checksum(self) -> int:
        """Adler-32 of all bytes from the beginning to here."""
        return adler32(memoryview(self.data)[: self.at], self.sum)

    def skip(self, length: int) -> int:
        """Move over some bytes, and say where in `data` they are."""
        if len(self.data) - self.at < length and (left := self.left(length)) < length:
            raise self.wrong(f"{length} bytes expected, but it ends after {left}")
        at = self.at
        self.at = at + length
        return at

    def unpack(self, form: Struct) -> tuple[Any, ...]:
        """Numbers one after another."""
        at = self.skip(form.size)
        return form.unpack_from(self.data, at)

    def integer(self) -> int:
        """32 bits with a sign."""
        at = self.skip(4)
        number: int = _INTEGER.unpack_from(self.data, at)[0]
        return number

    def long(self) -> int:
        """64 bits with a sign."""
        at = self.skip(8)
        number: int = _LONG.unpack_from(self.data, at)[0]
        return number

    def boolean(self) -> bool:
        """One byte; all but 0 is true."""
        at = self.skip(1)
        return self.data[at] != 0

    def count(self) -> int:
        """How many items of a vector follow; none at all, and a vector that is null, are both 0."""
        if (count := self.integer()) < -1:
            raise self.wrong(f"a vector of {count} items", back=4)
        return max(count, 0)

    def buffer(self) -> bytes | None:
        """Bytes with their length in front; -1 is null."""
        length = self.integer()
        if length == -1:
            return None
        if not 0 <= length <= LARGEST:
            raise self.wrong(f"a length of {length}", back=4)
        at = self.skip(length)
        return self.data[at : at + length]

    def text(self) -> str:
        """A text in UTF-8; null is the empty one, and what is no UTF-8 is replaced as Java does it."""
        return (self.buffer() or b"").decode("utf-8", "replace")
