"""Packets of quorum and election connections, whole and in pieces."""

from __future__ import annotations

import itertools
import struct
from zlib import adler32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.traces.captures import buffer, database, hello, info, packet, vote
from zabcheck.traces.election_packets import ElectionDecoder, Hello, Strange, Vote
from zabcheck.traces.incremental import DecodeError
from zabcheck.traces.quorum_packets import Packet, QuorumDecoder

PAYLOAD = struct.pack(">qiqqi", 1, 2, 0x100000001, 4, -11)
STREAM = b"".join(
    [
        info(3, 2),
        packet("ACKEPOCH", 0x100000005, struct.pack(">i", -1)),
        packet("SNAP", 0x100000005),
        database({b"": b"", b"/a": b"x" * 100, b"/a/b": None}),
        packet("PROPOSAL", 0x100000006, PAYLOAD),
        packet("REQUEST", -1, bytes(16), (b"1.2.3.4",)),
        packet("INFORMANDACTIVATE", 0x100000007, bytes(8) + PAYLOAD),
        packet("UPTODATE"),
    ]
)


def decoded(data: bytes, cuts: list[int] | None = None) -> list[Packet]:
    decoder = QuorumDecoder()
    ends = sorted({0, len(data), *(cut % len(data) for cut in cuts or ())})
    return [each for a, b in itertools.pairwise(ends) for each in decoder.feed(data[a:b])]


def test_what_packets_say() -> None:
    found = decoded(STREAM)
    kinds = "FOLLOWERINFO ACKEPOCH SNAP PROPOSAL REQUEST INFORMANDACTIVATE UPTODATE"
    assert [each.type for each in found] == kinds.split()
    assert [each.zxid for each in found] == [
        0x200000000,
        *2 * [0x100000005],
        0x100000006,
        None,
        0x100000007,
        None,
    ]
    assert (found[0].sid, found[1].epoch, found[4].authinfo) == (3, -1, 1)
    assert found[3].body == found[5].body == adler32(PAYLOAD) << 32 | len(PAYLOAD)
    assert [each.sid for each in found[1:]] == [None] * 6


@given(st.lists(st.integers(0, 10_000), max_size=60))
def test_pieces_do_not_matter(cuts: list[int]) -> None:
    assert decoded(STREAM, cuts) == decoded(STREAM)


@given(st.binary(max_size=100), st.integers(0, len(STREAM)))
def test_any_bytes(noise: bytes, at: int) -> None:
    for data in (noise, STREAM[:at] + noise + STREAM[at + len(noise) :]):
        decoder = QuorumDecoder()
        try:
            decoder.feed(data)
        except DecodeError:
            decoder.taken()
        assert decoder.waiting <= len(data)


def test_a_length_alone_takes_no_room() -> None:
    decoder = QuorumDecoder()
    decoder.feed(struct.pack(">iqi", 2, 1, 1 << 25) + bytes(1000))
    assert decoder.waiting == 1000


def test_a_large_value_in_a_snapshot_is_not_kept() -> None:
    decoder = QuorumDecoder()
    raw = packet("SNAP", 5) + database({b"": bytes(1 << 20)})
    most = 0
    for at in range(0, len(raw), 1000):
        decoder.feed(raw[at : at + 1000])
        most = max(most, decoder.waiting)
    assert most < 1000
    assert [each.type for each in decoder.feed(packet("UPTODATE"))] == ["UPTODATE"]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (struct.pack(">iq", 0, 0), "no packet of type 0"),
        (struct.pack(">iqi", 1, 0, -2), "cannot have -2 bytes"),
        (struct.pack(">iqi", 1, 0, 1 << 27), "cannot have"),
        (struct.pack(">iqii", 1, 0, -1, -2), "cannot be -2 entries"),
        (packet("SNAP") + database({})[:-14] + buffer(b"BenWasThere"), "signature"),
        (packet("SNAP") + struct.pack(">i", -1), "cannot be -1 entries"),
    ],
)
def test_what_is_no_packet(raw: bytes, why: str) -> None:
    with pytest.raises(DecodeError, match=why):
        decoded(raw)


def test_what_came_before_damage_is_kept() -> None:
    decoder = QuorumDecoder()
    with pytest.raises(DecodeError):
        decoder.feed(info(1) + bytes(12))
    assert [each.sid for each in decoder.taken()] == [1]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (hello(2, b"10.0.0.2:3888"), Hello(2, "10.0.0.2:3888")),
        (hello(2, b"a:1|b:2", -65535), Hello(2, "a:1|b:2")),
        (struct.pack(">q", 7), Hello(7, "")),
    ],
)
def test_handshakes(raw: bytes, expected: Hello) -> None:
    ballot = vote(0, 2, 0x100000003, 4, 1, b"server.1=x")
    found = ElectionDecoder(connected=True).feed(raw + ballot)
    assert found[0] == expected
    assert found[1] == Vote("looking", 2, 0x100000003, 4, 1, "server.1=x")  # type: ignore[arg-type]


def test_old_notifications() -> None:
    old = struct.pack(">iqqq", 1, 2, 0x300000004, 5)
    newer = old + struct.pack(">qi", 6, 1)
    found = ElectionDecoder(connected=False).feed(buffer(old) + buffer(newer) + buffer(newer + bytes(2)))
    assert [each.epoch for each in found if isinstance(each, Vote)] == [3, 6, 6]


@pytest.mark.parametrize(
    "message",
    [
        bytes(27),
        bytes(30),
        struct.pack(">iqqq", 4, 0, 0, 0),
        struct.pack(">iqqqqii", 0, 0, 0, 0, 0, 2, 1),
        struct.pack(">iqqqqih", 0, 0, 0, 0, 0, 2, 0),
    ],
)
def test_strange_notifications_are_passed_over(message: bytes) -> None:
    found = ElectionDecoder(connected=False).feed(buffer(message) + vote(2, 1, 0, 1, 0))
    assert [type(each) for each in found] == [Strange, Vote]


@pytest.mark.parametrize(
    "raw", [struct.pack(">q", -1), struct.pack(">qqi", -65536, 1, 0), hello(1, b"a") + bytes(4)]
)
def test_what_is_no_election(raw: bytes) -> None:
    with pytest.raises(DecodeError):
        ElectionDecoder(connected=True).feed(raw)


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_of_an_election(noise: bytes, connected: bool) -> None:  # noqa: FBT001 - drawn
    for data in (noise, hello(1, b"a:1") + noise, hello(1, b"a:1") + buffer(noise)):
        decoder = ElectionDecoder(connected=connected)
        try:
            decoder.feed(data)
        except DecodeError:
            decoder.taken()
