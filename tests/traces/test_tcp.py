"""Streams come out as they were written, whatever way the segments came."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.traces.captures import ACK, FIN, RST, SYN, Connection, capture, segment
from zabcheck.traces import tcp
from zabcheck.traces.capture import Segment, segments
from zabcheck.traces.tcp import Data, End, Lost, Streams

A, B = ("10.0.0.1", 40000), ("10.0.0.2", 2888)


def pieces(packets: list[Any]) -> list[Data | Lost | End]:
    streams = Streams()
    found: list[Data | Lost | End] = []
    for each in segments(capture(*packets), "x"):
        assert isinstance(each, Segment)
        found += streams.feed(each)
    return found + list(streams.finish())


def text(found: list[Data | Lost | End], source: tuple[str, int] = A) -> bytes:
    return b"".join(each.data for each in found if isinstance(each, Data) and each.flow.source == source)


@given(
    data=st.binary(min_size=1, max_size=300),
    cuts=st.lists(st.integers(1, 299), max_size=10),
    extra=st.lists(st.tuples(st.integers(0, 299), st.integers(1, 100)), max_size=10),
    order=st.randoms(use_true_random=False),
)
def test_any_segmentation_repetition_and_order(
    data: bytes, cuts: list[int], extra: list[tuple[int, int]], order: Any
) -> None:
    talk = Connection(A, B).open()
    start = talk.sent[0]
    ends = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    ranges = list(itertools.pairwise(ends)) + [(at, min(at + size, len(data))) for at, size in extra]
    late = [segment(A, B, start + a, 1001, ACK, data[a:b]) for a, b in ranges if a < b]
    order.shuffle(late)
    assert text(pieces(talk.packets + late)) == data


def test_both_directions_and_the_end() -> None:
    talk = Connection(A, B).open()
    talk.say(0, b"question")
    talk.say(1, b"answer")
    talk.say(0, b"!", ACK | FIN)
    talk.say(1, b"", ACK | FIN)
    found = pieces(talk.packets)
    assert (text(found), text(found, B)) == (b"question!", b"answer")
    assert [each.flow.source for each in found if isinstance(each, End)] == [A, B]


def test_a_reset_ends_both_directions() -> None:
    talk = Connection(A, B).open()
    talk.say(0, b"question")
    talk.say(1, b"", RST)
    talk.say(0, b"more")
    found = pieces(talk.packets)
    assert text(found) == b"question"
    assert sum(isinstance(each, End) for each in found) == 2


def test_a_refused_connection_says_nothing() -> None:
    packets = [segment(A, B, 5, 0, SYN), segment(B, A, 0, 6, RST | ACK)]
    assert text(pieces(packets)) == b""


@pytest.mark.parametrize("whole", [True, False])
def test_ports_are_used_again(whole: bool) -> None:  # noqa: FBT001 - a parameter of the test
    first, second = Connection(A, B).open(), Connection(A, B, [77, 5000]).open()
    first.say(0, b"one")
    if whole:
        first.say(0, b"", ACK | FIN)
        first.say(1, b"", ACK | FIN)
    second.say(0, b"two")
    found = pieces([*first.packets, *second.packets])
    said = [(each.flow.connection.number, each.data) for each in found if isinstance(each, Data)]
    assert said == [(1, b"one"), (2, b"two")]


def test_a_connection_whose_beginning_was_seen_in_part() -> None:
    talk = Connection(A, B).open()
    talk.say(0, b"data")
    assert text(pieces(talk.packets[1:])) == b"data"


def test_the_answer_to_the_beginning_was_not_seen() -> None:
    talk = Connection(A, B).open()
    talk.say(0, b"question")
    talk.say(1, b"answer")
    found = pieces([talk.packets[0], *talk.packets[2:]])
    assert (text(found), text(found, B)) == (b"question", b"answer")
    found = pieces([talk.packets[0], talk.packets[3]])
    assert [each.flow.source for each in found if isinstance(each, Lost)] == [B, A]


def test_a_reset_behind_lost_bytes() -> None:
    talk = Connection(A, B).open()
    talk.say(0, b"not seen", lost=True)
    talk.say(0, b"behind")
    talk.say(0, b"", RST)
    assert [type(each) for each in pieces(talk.packets)] == [Lost, End]


def test_a_connection_that_began_before() -> None:
    talk = Connection(A, B).open()
    talk.say(0, b"data")
    talk.say(1, b"data")
    found = pieces(talk.packets[2:])
    assert [type(each) for each in found] == [Lost]
    assert isinstance(found[0], Lost)
    assert found[0].why == "the connection began before the capture"


def test_a_lost_segment_is_noticed_by_its_acknowledgement() -> None:
    talk = Connection(A, B).open()
    talk.say(0, b"seen")
    talk.say(0, b"not seen", lost=True)
    for _ in range(tcp.PATIENCE + 2):
        talk.say(1, b".")
    talk.say(0, b"behind")
    found = pieces(talk.packets)
    assert text(found) == b"seen"
    assert [each.why for each in found if isinstance(each, Lost)] == [
        "bytes of the connection were not captured"
    ]


def test_a_lost_segment_is_noticed_at_the_end() -> None:
    talk = Connection(A, B).open()
    talk.say(0, b"not seen", lost=True)
    talk.say(1, b"answer")
    assert [type(each) for each in pieces(talk.packets)] == [Data, Lost]


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "MOST_WAITING", 1000)
    talk = Connection(A, B).open()
    talk.say(0, b"not seen", lost=True)
    for _ in range(20):
        talk.say(0, bytes(100))
    found = pieces(talk.packets)
    assert [type(each) for each in found] == [Lost]


def test_sequence_numbers_wrap_around() -> None:
    talk = Connection(A, B, [2**32 - 1000, 0]).open()
    expected = b""
    for number in range(30):
        expected += bytes([number]) * 100
        talk.say(0, bytes([number]) * 100)
    assert text(pieces(talk.packets)) == expected


def test_keep_alive_brings_nothing() -> None:
    talk = Connection(A, B).open()
    talk.say(0, b"data")
    talk.packets.append(segment(A, B, talk.sent[0] - 1, 1001, ACK, b"\0"))
    talk.say(0, b"more")
    assert text(pieces(talk.packets)) == b"datamore"
