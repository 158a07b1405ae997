"""Decoders of byte streams that arrive in pieces: written as if all bytes were there, and waiting where they are not.

A decoder is a generator that yields how many bytes it needs and gets exactly these. What it recognises it puts in a
list. It keeps no more than what has arrived: a length that a stream claims is awaited, never allocated.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")
Parser: TypeAlias = Generator[int, bytes, T]
"""Yields the number of bytes that it needs; a negative one is how many to skip, for which it gets none."""


class DecodeError(ValueError):
    """A stream does not say what its protocol says; nothing after that can be understood."""


class Incremental(Generic[T]):
    """One stream and its decoder."""

    def __init__(self, parser: Callable[[list[T]], Parser[None]]) -> None:
        self._found: list[T] = []
        self._parser = parser(self._found)
        self._buffer = bytearray()
        self._need = 0
        self._advance(b"", first=True)

    def _advance(self, data: bytes, *, first: bool = False) -> None:
        try:
            self._need = next(self._parser) if first else self._parser.send(data)
        except StopIteration:
            raise DecodeError("something follows the end") from None

    def feed(self, data: bytes) -> list[T]:
        """What these bytes complete. After a `DecodeError`, what was complete before it is lost unless `taken`."""
        self._buffer += data
        at = 0
        try:
            while self._need < 0 or self._need <= len(self._buffer) - at:
                if self._need < 0:
                    step = min(-self._need, len(self._buffer) - at)
                    at += step
                    self._need += step
                    if self._need < 0:
                        break
                    self._advance(b"")
                else:
                    end = at + self._need
                    data = bytes(self._buffer[at:end])
                    at = end
                    self._advance(data)
        finally:
            del self._buffer[:at]
        return self.taken()

    def taken(self) -> list[T]:
        """What was recognised since the last time, and forgets it."""
        found = self._found[:]
        self._found.clear()
        return found

    @property
    def waiting(self) -> int:
        """How many bytes have arrived that complete nothing yet."""
        return len(self._buffer)
