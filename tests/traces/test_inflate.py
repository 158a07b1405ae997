"""Unpacking from any place gives what unpacking from the beginning gives."""

from __future__ import annotations

import gzip
import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zabcheck.traces.errors import UnreadableError
from zabcheck.traces.inflate import MARKS, Inflated, Marks

WORDS = random.Random(1).choices([b"leader", b"follower", b"observer", b"\0" * 40], k=9000)
CONTENT = b"".join(WORDS)
PACKED = gzip.compress(CONTENT[:30_000]) + gzip.compress(CONTENT[30_000:]) + bytes(512)


@given(st.lists(st.tuples(st.integers(0, len(CONTENT) + 100), st.integers(0, 5000)), max_size=20))
def test_from_anywhere(reads: list[tuple[int, int]]) -> None:
    marks = Marks(step=1000)
    streams = [io.BufferedReader(Inflated("f", io.BytesIO(PACKED), 10**9, marks)) for _ in range(2)]
    for number, (offset, length) in enumerate(reads):
        stream = streams[number % 2]
        assert stream.seek(offset) == min(offset, len(CONTENT))
        assert stream.read(length) == CONTENT[offset : offset + length]
    for stream in streams:
        stream.seek(0)
        assert stream.read() == CONTENT


def test_marks_become_rarer() -> None:
    marks = Marks(step=100)
    stream = Inflated("f", io.BytesIO(PACKED), 10**9, marks)
    while stream.read(100):
        pass
    assert MARKS // 2 <= len(marks.kept) <= MARKS
    assert marks.step > 100


@pytest.mark.parametrize("length", [1, 9, 15, 1000, len(PACKED) - 600])
def test_an_end_that_comes_too_early(length: int) -> None:
    stream = Inflated("f", io.BytesIO(PACKED[:length]), 10**9)
    with pytest.raises(EOFError, match="in the middle"):
        stream.readall()


def test_nothing_and_no_more_than_the_limit() -> None:
    assert Inflated("f", io.BytesIO(b""), 10).readall() == b""
    assert Inflated("f", io.BytesIO(gzip.compress(b"")), 10).readall() == b""
    assert Inflated("f", io.BytesIO(gzip.compress(bytes(10))), 10).readall() == bytes(10)
    with pytest.raises(UnreadableError, match="f: more than 10 bytes come out"):
        Inflated("f", io.BytesIO(gzip.compress(bytes(11))), 10).readall()
