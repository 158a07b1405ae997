"""The files of a server as one track."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.traces.zookeeper_files import kinds, log_of, snapshot
from zabcheck.traces.disk import read
from zabcheck.traces.epoch_files import number
from zabcheck.traces.errors import UnreadableError
from zabcheck.traces.event import Base, Epochs, Image, LogFile, Record, Snapshot
from zabcheck.traces.file_name import zxid_in
from zabcheck.traces.source import of_bytes
from zabcheck.traces.track import Track

FILES = {
    "version-2/acceptedEpoch": b"3",
    "version-2/currentEpoch": b"2",
    "version-2/log.a": log_of(10, 11),
    "version-2/log.9": log_of(9),
    "version-2/log.100000001": log_of(0x100000001),
    "version-2/snapshot.0": snapshot(),
    "version-2/snapshot.10.gz": snapshot(),
    "version-2/snapshot.f": b"broken",
}


def reading(files: dict[str, bytes], server: int | None = 1, **options: bool) -> list[Base]:
    found = list(
        read([of_bytes(name, data) for name, data in files.items()], Track("s1/disk", server), "i", **options)
    )
    assert [event.seq for event in found] == list(range(len(found)))
    return list(found)


def test_order() -> None:
    found = reading(FILES)
    assert isinstance(found[0], Image)
    assert found[0].name == "i"
    assert isinstance(found[1], Epochs)
    assert (found[1].accepted, found[1].current) == (3, 2)
    assert [(e.zxid, e.valid) for e in found if isinstance(e, Snapshot)] == [
        (0, True),
        (15, False),
        (16, True),
    ]
    assert [e.zxid for e in found if isinstance(e, LogFile)] == [9, 10, 0x100000001]
    assert [e.zxid for e in found if isinstance(e, Record)] == [9, 10, 11, 0x100000001]
    assert [e.what for e in found if "Unrec" in type(e).__name__] == [  # type: ignore[attr-defined]
        "version-2/snapshot.f at byte 0: 16 bytes expected, but it ends after 6"
    ]


def test_detail() -> None:
    assert {e.path for e in reading(FILES, detail=True) if isinstance(e, Record)} == {"/a"}


def test_nothing_at_all() -> None:
    assert kinds(reading({})) == ["Image"]
    assert kinds(reading({"acceptedEpoch": b"1"})) == ["Image", "Epochs"]


def test_the_server_is_known_from_its_file() -> None:
    assert {event.server for event in reading({"data/myid": b"7\n", **FILES}, None)} == {7}
    assert {event.server for event in reading({"data/myid": b"7\n", **FILES}, 1)} == {1}


def test_other_files_are_named() -> None:
    found = reading({"log4j.properties": b"", "currentEpoch.tmp": b"", "initialize": b"", "log.x": b""})
    assert [event.at for event in found[1:]] == ["log.x", "log4j.properties"]


def test_files_of_two_servers() -> None:
    with pytest.raises(UnreadableError, match=r"s2/log\.1: there is also s1/log.1"):
        reading({"s1/log.1": log_of(1), "s2/log.1": log_of(1)})


@pytest.mark.parametrize(
    ("data", "meant"), [(b"0", 0), (b"12\n", 12), (b"-1\r\nmore", -1), (b"+5", 5), (b"9" * 18, 10**18 - 1)]
)
def test_numbers(data: bytes, meant: int) -> None:
    assert number(of_bytes("myid", data)) == meant


@pytest.mark.parametrize(
    "data", [b"", b"\n1", b" 1", b"1 ", b"0x1", b"1_0", b"9" * 19, b"9" * 100, b"\xff", b"\xd9\xa1"]
)
def test_what_is_no_number(data: bytes) -> None:
    with pytest.raises(UnreadableError, match=r"^currentEpoch: expected a number, "):
        number(of_bytes("currentEpoch", data))


@given(st.binary(max_size=30))
def test_any_number_is_read_or_refused(data: bytes) -> None:
    try:
        assert -(2**63) <= number(of_bytes("f", data)) < 2**63
    except UnreadableError as error:
        assert str(error).isprintable()  # noqa: PT017


@pytest.mark.parametrize(
    ("name", "zxid"),
    [
        ("log.0", 0),
        ("log.1aF", 0x1AF),
        ("log.1.gz", 1),
        ("log.7fffffffffffffff", 2**63 - 1),
        ("log.8000000000000000", None),
        ("log.00000000000000001", None),
        ("log", None),
        ("log.", None),
        ("log..1", None),
        ("log.1_0", None),
        ("log. 1", None),
        ("log.-1", None),
        ("logs.1", None),
        ("snapshot.1", None),
    ],
)
def test_zxids_in_names(name: str, zxid: int | None) -> None:
    assert zxid_in(name, "log") == zxid
