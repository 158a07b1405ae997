"""Transaction logs: read to where a server reads them, and refused where it would not start."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from struct import pack
from zlib import adler32

import pytest
from hypothesis import given

from tests.traces.zookeeper_files import (
    SESSION,
    cut,
    damaged,
    events,
    kinds,
    log,
    log_of,
    memory_of,
    payload,
    record,
    zxids,
)
from zabcheck.traces.errors import UnreadableError
from zabcheck.traces.event import Base, LogFile, Record, Torn
from zabcheck.traces.source import of_bytes
from zabcheck.traces.track import Track
from zabcheck.traces.transaction_log import Records, read
from zabcheck.traces.transactions import body_of

NAME = "log.100000001"
FIRST = 0x100000001


def reading(data: bytes, *, detail: bool = False) -> list[Base]:
    return events(partial(read, detail=detail), NAME, data)


def test_a_record_is_read_in_all_its_fields() -> None:
    content = payload(FIRST)
    first, found = reading(log(record(content)), detail=True)
    assert first == LogFile(track="s1/disk", seq=0, server=1, at=NAME, zxid=first.zxid)  # type: ignore[attr-defined]
    assert isinstance(found, Record)
    assert found.zxid == FIRST
    assert found.body == adler32(content) << 32 | len(content) == body_of(content)
    assert (found.type, found.session, found.cxid, found.digest) == (5, SESSION, 3, -77)
    assert (found.path, found.value) == ("/a", body_of(b"value"))
    assert (found.wall, found.at) == (1_700_000_000.5, f"{NAME} at byte 16")


def test_path_and_data_are_read_on_demand_only() -> None:
    _, found = reading(log_of(FIRST))
    assert isinstance(found, Record)
    assert (found.path, found.value, found.digest) == (None, None, None)


@pytest.mark.parametrize("zeros", [0, 1, 11, 12, 13, 4096, 3 * 2**20])
def test_a_log_ends_at_zeros_or_with_the_file(zeros: int) -> None:
    data = log(record(payload(FIRST)), record(payload(FIRST + 1)), zeros=zeros)
    assert kinds(reading(data)) == ["LogFile", "Record", "Record"]


def test_a_file_without_records_or_without_anything() -> None:
    assert kinds(reading(log())) == ["LogFile"]
    assert kinds(reading(log(zeros=0))) == ["LogFile"]
    assert kinds(reading(b"")) == ["LogFile", "Torn"]


def test_wherever_a_file_is_cut_off_the_whole_records_remain() -> None:
    data = log(record(payload(FIRST)), record(payload(FIRST + 1)), zeros=0)
    whole = len(log(record(payload(FIRST)), zeros=0))
    for part in cut(data):
        if 0 < len(part) < 16:
            with pytest.raises(UnreadableError, match="ends within its header"):
                reading(part)
            continue
        found = reading(part)
        assert len(zxids(found)) == (len(part) >= whole)
        torn = len(part) not in (16, whole) and part[whole if len(part) > whole else 16 :].strip(b"\0")
        assert ("Torn" in kinds(found)) == bool(torn or not part)


def test_a_record_that_was_being_written_is_torn() -> None:
    """Zeros where the end of the record was to come, as a crash leaves it in reserved space."""
    whole = record(payload(FIRST + 1))
    for length in range(5, len(whole)):
        found = reading(log(record(payload(FIRST)), whole[:length], zeros=200))
        assert zxids(found) == [FIRST]
        assert isinstance(found[-1], Torn)
        assert found[-1].at == f"{NAME} at byte {16 + len(whole)}"


def test_much_reserved_space_behind_a_torn_record_is_no_trouble() -> None:
    data = log(record(payload(FIRST)), record(payload(FIRST + 1))[:60], zeros=2**26)
    start = time.process_time()
    assert kinds(reading(data)) == ["LogFile", "Record", "Torn"]
    assert time.process_time() - start < 2


def test_a_wrong_checksum_is_damage() -> None:
    data = log(record(payload(FIRST)), record(payload(FIRST + 1), checksum=5))
    with pytest.raises(
        UnreadableError, match=rf"{NAME} at byte {16 + len(record(payload(FIRST)))}: the checksum"
    ):
        reading(data)


@pytest.mark.parametrize("length", [-(2**31), -2, -1, 2**26 + 1, 2**31 - 1])
def test_a_length_that_cannot_be_is_damage(length: int) -> None:
    with pytest.raises(UnreadableError, match=f"at byte 24: a record of {length} bytes"):
        reading(log(pack(">Qi", 5, length)))


@pytest.mark.parametrize(
    "between", [record(payload(FIRST), end=b"\0"), record(payload(FIRST))[:50], bytes(5000)]
)
def test_records_behind_damage_are_seen(between: bytes) -> None:
    data = log(record(payload(FIRST)), between, record(payload(FIRST + 1)), record(payload(FIRST + 2)))
    with pytest.raises(UnreadableError, match=f"from byte {16 + len(record(payload(FIRST))) + len(between)}"):
        reading(data)


def test_what_is_behind_the_end_and_no_record_is_said() -> None:
    found = reading(log(record(payload(FIRST))) + b"something" + bytes(100))
    assert kinds(found) == ["LogFile", "Record", "Unrecognised"]
    assert found[-1].at.endswith(f"at byte {len(log(record(payload(FIRST))))}")


def test_other_files_are_refused() -> None:
    with pytest.raises(UnreadableError, match="no transaction log"):
        reading(b"ZKSN" + bytes(100))
    with pytest.raises(UnreadableError, match="is called"):
        events(read, "log.txt", log())
    with pytest.raises(UnreadableError, match="has no header"):
        reading(log(record(b"short")))


def test_a_body_is_damaged_only_if_it_is_looked_at() -> None:
    data = log(record(payload(FIRST, body=b"\0\0\0\5/a")))
    assert zxids(reading(data)) == [FIRST]
    with pytest.raises(UnreadableError, match="at byte 60: a length"):
        reading(log(record(payload(FIRST, body=b"\x7f\0\0\5/a"))), detail=True)


def test_a_record_across_the_pieces_that_are_read() -> None:
    large = payload(FIRST, body=b"\0\0\0\2/a" + pack(">i", 3 * 2**20) + bytes(3 * 2**20) + b"\0\0\0\1")
    small = [record(payload(FIRST + 1 + i)) for i in range(20000)]
    found = reading(log(record(large), *small), detail=True)
    assert zxids(found) == list(range(FIRST, FIRST + 20001))


def test_memory_does_not_grow_with_the_file_nor_with_a_length() -> None:
    data = log(*[record(payload(FIRST + i)) for i in range(10000)])

    def run() -> None:
        for _ in read(of_bytes(NAME, data), Track("s")):
            pass

    assert memory_of(run) < 4 * 2**20 + len(data)  # the copy that a stream of bytes in memory makes

    def far() -> None:
        assert kinds(reading(log(pack(">Qi", 5, 2**26)))) == ["LogFile", "Torn"]

    assert memory_of(far) < 2**20


@given(damaged(log_of(FIRST, FIRST + 1, FIRST + 3), log(), log_of(FIRST)))
def test_anything_is_read_or_refused(data: bytes) -> None:
    for detail in (False, True):
        with suppress(UnreadableError):
            assert set(kinds(reading(data, detail=detail))) <= {"LogFile", "Record", "Torn", "Unrecognised"}


def test_the_bytes_of_each_record() -> None:
    contents = [payload(FIRST), payload(FIRST + 1, -1, b"\0\0\0\1", b"")]
    records = Records(of_bytes(NAME, log(*map(record, contents))))
    assert [content for _, _, content in records] == contents
    assert (records.torn, records.strange) == (None, None)
