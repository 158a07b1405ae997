"""Unpacks gzip as a stream that can be read from anywhere.

To get back to a place, `gzip` of the standard library begins again at the beginning, which for an archive with many
members is most of the time. Here copies of the state are kept on the way, at marks, and a reader that is to go
somewhere starts from the last mark before it.
"""

from __future__ import annotations

import io
import os
import zlib
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from zabcheck.traces.errors import UnreadableError

PACKED = 2**15
"""Bytes that are read at once; a mark keeps what remained of them."""

MARKS = 128
"""How many are kept, each about 80 KiB."""


@dataclass
class Marks:
    """Places in one packed file, for all who read it."""

    step: int = 2**22
    """unpacked bytes between two of them"""
    kept: list[tuple[int, int, bytes, Any]] = field(default_factory=list)
    """of each its place, the place in the packed file, what was read of it and not yet unpacked, and the state"""

    def keep(self, stream: Inflated) -> None:
        """Remember where a stream is, if that is far enough from the last mark."""
        if stream.at >= (self.kept[-1][0] if self.kept else 0) + self.step:
            self.kept.append((stream.at, stream.packed.tell(), stream.pending, stream.engine.copy()))
            if len(self.kept) > MARKS:
                del self.kept[::2]
                self.step *= 2


class Inflated(io.RawIOBase):
    """What comes out of a gzip file, of one or more parts; at most ``limit`` bytes."""

    def __init__(self, name: str, packed: BinaryIO, limit: int, marks: Marks | None = None) -> None:
        self.name = name
        self.packed = packed
        self.limit = limit
        self.marks = marks
        self._begin()

    def _begin(self) -> None:
        self.at = 0
        self.pending = b""
        self.engine: Any = None

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """If it keeps marks."""
        return self.marks is not None

    def tell(self) -> int:
        """How many unpacked bytes are before it."""
        return self.at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go somewhere, from the last mark before it; to the end if that comes first."""
        if whence == os.SEEK_CUR:
            offset += self.at
        elif whence != os.SEEK_SET:
            raise io.UnsupportedOperation("seek from the end")
        kept = self.marks.kept if self.marks else []
        place, packed, pending, engine = max(
            (mark for mark in kept if mark[0] <= offset), default=(0, 0, b"", None), key=lambda mark: mark[0]
        )
        if offset < self.at or place > self.at:
            self.packed.seek(packed)
            self.at, self.pending, self.engine = place, pending, engine and engine.copy()
        while self.at < offset and self._more(min(offset - self.at, 2**18)):
            pass
        return self.at

    def readinto(self, buffer: Any) -> int:
        """Fill some of the buffer."""
        target = memoryview(buffer).cast("B")
        data = self._more(len(target))
        target[: len(data)] = data
        return len(data)

    def _more(self, wanted: int) -> bytes:
        """Some bytes, ``wanted`` at most; none at the end."""
        while wanted:
            if self.engine is not None and self.engine.eof:
                self.pending = self.pending.lstrip(b"\0")  # tapes and some tools fill up with zeros
                if self.pending:
                    self.engine = None
            self.pending = self.pending or self.packed.read(PACKED)
            if not self.pending:
                if self.engine is not None and not self.engine.eof:
                    raise EOFError("it ends in the middle of what was packed")
                return b""
            if self.engine is not None and self.engine.eof:
                continue
            self.engine = self.engine or zlib.decompressobj(31)
            data: bytes = self.engine.decompress(self.pending, wanted)
            self.pending = self.engine.unconsumed_tail or self.engine.unused_data
            self.at += len(data)
            if self.at > self.limit:
                why = f"more than {self.limit} bytes come out of it; unpack it by hand if it is no trap"
                raise UnreadableError(self.name, None, why)
            if self.marks is not None:
                self.marks.keep(self)
            if data:
                return data
        return b""
