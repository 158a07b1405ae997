"""Capture files: formats, link types, and damage."""

from __future__ import annotations

import io
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.traces.captures import Connection, ethernet, pcap, pcapng, segment
from zabcheck.traces.capture import Loss, Segment, normal, segments
from zabcheck.traces.errors import UnreadableError

A, B = ("10.0.0.1", 2888), ("10.0.0.2", 40000)
SIX = ("2001:db8::1", 2888), ("2001:db8::2", 40000)


def read(raw: bytes) -> list[Segment | Loss]:
    return list(segments(io.BytesIO(raw), "x.pcap"))


def only(raw: bytes) -> Segment:
    (found,) = read(raw)
    assert isinstance(found, Segment)
    return found


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("nano", [False, True])
def test_pcap(order: str, nano: bool) -> None:  # noqa: FBT001 - a parameter of the test
    found = only(pcap([ethernet(segment(A, B, 7, 9, 16, b"data"))], order=order, nano=nano))
    assert (found.source, found.target, found.data, found.length) == (A, B, b"data", 4)
    assert (found.sequence, found.acknowledged, found.flags, found.number) == (7, 9, 16, 1)
    assert found.time == pytest.approx(1000.0000005 if nano else 1000.0005, abs=1e-8)


@pytest.mark.parametrize("order", "<>")
def test_pcapng_has_interfaces(order: str) -> None:
    packet = segment(A, B, 7, 9, 16, b"data")
    raw = pcapng([(0, ethernet(packet)), (1, bytes(packet))], (1, 101), order)
    first, second = read(raw)
    assert isinstance(first, Segment)
    assert isinstance(second, Segment)
    assert (first.data, first.time, second.data, second.time) == (b"data", 1000, b"data", 1001)


@pytest.mark.parametrize("ends", [(A, B), SIX])
@pytest.mark.parametrize("link", [0, 1, 12, 101, 108, 113, 276, 228])
def test_link_types(link: int, ends: tuple[tuple[str, int], tuple[str, int]]) -> None:
    packet = segment(*ends, 1, 1, 16, b"data")
    six = ":" in ends[0][0]
    kind = struct.pack(">H", 0x86DD if six else 0x0800)
    before = {
        0: struct.pack("<I", 30 if six else 2),
        1: bytes(12) + kind,
        108: struct.pack(">I", 30 if six else 2),
        113: bytes(14) + kind,
        276: kind + bytes(18),
    }.get(link, b"")
    found = only(pcap([before + bytes(packet)], link))
    assert (found.source, found.target, found.data) == (*ends, b"data")


def test_padding_and_tags_are_no_data() -> None:
    packet = bytes(segment(A, B, 1, 1, 16, b"d"))
    assert only(pcap([bytes(12) + b"\x08\x00" + packet + bytes(5)])).data == b"d"
    assert only(pcap([bytes(12) + b"\x81\x00\x00\x05\x08\x00" + packet])).data == b"d"


def test_a_frame_that_was_kept_in_part() -> None:
    found = only(pcap([ethernet(segment(A, B, 1, 1, 16, bytes(100)))[:60]]))
    assert (len(found.data), found.length) == (6, 100)


def test_other_traffic_is_passed_over() -> None:
    arp = bytes(12) + b"\x08\x06" + bytes(28)
    udp = ethernet(segment(A, B, 1, 1, 16))
    udp = udp[:23] + b"\x11" + udp[24:]
    assert read(pcap([arp, udp])) == []


def test_fragments_are_told() -> None:
    frame = bytearray(ethernet(segment(A, B, 1, 1, 16, b"data")))
    frame[20:22] = b"\x00\x05"
    assert read(pcap([bytes(frame)])) == [Loss(1, "1 frames are damaged or fragments of packets")]


@pytest.mark.parametrize("make", [pcap, lambda frames: pcapng([(0, frame) for frame in frames])])
def test_a_file_that_is_cut_off(make: object) -> None:
    frame = ethernet(segment(A, B, 1, 1, 16, b"data"))
    whole = make([frame, frame])  # type: ignore[operator]
    for cut in range(1, len(frame)):
        found = read(whole[:-cut])
        assert isinstance(found[0], Segment)
        assert found[1:] == [Loss(1, "the file ends inside the frame after number 1")]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xd4\xc3\xb2\xa1",
        b"no capture at all, only text",
        pcap([], 147) + pcap([b"frame"])[24:],
        pcap([])[:24] + struct.pack("<IIII", 0, 0, 1 << 31, 1 << 31),
        pcapng([])[:8] + b"nono" + bytes(16),
        pcapng([])[:28] + struct.pack("<II", 6, 1 << 30),
        pcapng([])[:28] + struct.pack("<II", 6, 3),
        pcapng([(3, b"frame")]),
    ],
)
def test_what_cannot_be_read(raw: bytes) -> None:
    with pytest.raises(UnreadableError, match=r"^x.pcap at byte \d+: "):
        read(raw)


@given(st.binary(max_size=300), st.integers(0, 400), st.sampled_from([0, 1, 101, 113, 276]), st.booleans())
def test_any_bytes(noise: bytes, at: int, link: int, ng: bool) -> None:  # noqa: FBT001 - drawn
    talk = Connection(B, A).open()
    talk.say(0, b"some data")
    frames = [ethernet(each) for each in talk.packets]
    raw = pcapng([(0, frame) for frame in frames], (link,)) if ng else pcap(frames, link)
    for each in (noise, raw[:at] + noise + raw[at + len(noise) :], raw[:24] + noise):
        with suppress(UnreadableError):
            read(each)


def test_addresses_have_one_form() -> None:
    assert normal("[2001:DB8:0::1]") == "2001:db8::1"
    assert normal("::ffff:10.0.0.1") == "10.0.0.1"
    assert normal("zoo1.example.org") == "zoo1.example.org"
