"""A capture as events: who said what to whom, and what could not be understood."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.traces.captures import ACK, FIN, Connection, capture, ethernet, hello, info, packet, pcap, vote
from zabcheck.traces.errors import UnreadableError
from zabcheck.traces.event import Ballot, Closed, Handshake, Missing, Sent, Unrecognised
from zabcheck.traces.wire import read

L, F = ("10.0.0.3", 2888), ("10.0.0.1", 40000)
CONFIG = b"server.1=10.0.0.1:2888:3888:participant;2181\nserver.3=10.0.0.3:2888:3888:participant\nversion=0"


def quorum(leader: tuple[str, int] = L, learner: tuple[str, int] = F) -> Connection:
    talk = Connection(learner, leader).open()
    talk.say(0, info(1))
    talk.say(1, packet("LEADERINFO", 1 << 32, bytes(4)))
    return talk


def election(config: bytes = b"") -> Connection:
    talk = Connection(("10.0.0.3", 41000), ("10.0.0.1", 3888)).open()
    talk.say(0, hello(3, b"10.0.0.3:3888"))
    talk.say(0, vote(0, 3, 5, 1, 0, config))
    talk.say(1, vote(0, 1, 4, 1, 0, config))
    return talk


def names(found: list[Any]) -> list[str]:
    return [each.type if isinstance(each, Sent) else type(each).__name__ for each in found]


def test_a_quorum_connection() -> None:
    talk = quorum()
    talk.say(0, b"", ACK | FIN)
    found: list[Any] = list(read(capture(*talk.packets), "x", {L: 3}))
    assert names(found) == ["FOLLOWERINFO", "LEADERINFO", "Closed"]
    first, second, closed = found
    assert (first.server, first.to, second.server, second.to) == (1, 3, 3, 1)
    assert first.track == "wire/1/10.0.0.1:40000-10.0.0.3:2888"
    assert second.track == "wire/1/10.0.0.3:2888-10.0.0.1:40000"
    assert (first.connection, second.connection, closed.connection) == ("wire/1",) * 3
    assert [each.seq for each in found] == [0, 0, 1]
    assert first.at == "x, frame 3"
    assert isinstance(closed, Closed)


@pytest.mark.parametrize("addresses", [{L: 3}, {"10.0.0.3": 3}, {"10.0.0.3": 3, "10.0.0.1": 1}])
def test_addresses_name_the_leader(addresses: dict[Any, int]) -> None:
    found = list(read(capture(*quorum().packets), "x", addresses))
    assert [each.server for each in found] == [1, 3]


def test_two_servers_on_one_host_are_told_apart_by_their_ports() -> None:
    talk = quorum(("127.0.0.1", 2883), ("127.0.0.1", 40000))
    addresses: dict[Any, int] = {("127.0.0.1", 2881): 1, ("127.0.0.1", 2883): 3}
    first, second = read(capture(*talk.packets), "x", addresses)
    assert (first.server, second.server) == (1, 3)
    assert next(iter(read(capture(*talk.packets), "x"))).server == 1
    assert [each.server for each in read(capture(*talk.packets), "x")][1] is None


@pytest.mark.parametrize("config", [CONFIG, b""])
def test_an_election_names_the_servers(config: bytes) -> None:
    found: list[Any] = list(read(capture(*election(config).packets, *quorum().packets), "x"))
    assert names(found) == ["Handshake", "Ballot", "Ballot", "FOLLOWERINFO", "LEADERINFO"]
    handshake, first, second = found[:3]
    assert isinstance(handshake, Handshake)
    assert (handshake.sender, handshake.address) == (3, "10.0.0.3:3888")
    assert isinstance(first, Ballot)
    assert (first.server, first.to, first.leader, first.state) == (3, 1 if config else None, 3, "looking")
    assert (second.server, second.to) == (1 if config else None, 3)
    assert [each.server for each in found[3:]] == [1, 3]


def test_what_is_said_before_the_beginning_is_complete() -> None:
    talk = Connection(F, L).open()
    start = info(1)
    parts = [talk.say(0, start[:5], lost=True), talk.say(0, start[5:], lost=True)]
    talk.say(1, packet("LEADERINFO", 1 << 32))
    found = list(read(capture(*talk.packets, parts[1], parts[0]), "x"))
    assert sorted(names(found)) == ["FOLLOWERINFO", "LEADERINFO"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01", "encrypted by TLS"),
        (bytes.fromhex("5f2435013501edcc"), "SASL"),
        (b"GET / HTTP/1.1\r\n\r\n", "neither the protocol of a quorum nor that of an election"),
    ],
)
def test_what_is_not_understood_is_named(data: bytes, why: str) -> None:
    talk = Connection(F, L).open()
    talk.say(0, data)
    talk.say(0, data)
    (found,) = read(capture(*talk.packets), "x")
    assert isinstance(found, Unrecognised)
    assert found.what.startswith("connection 10.0.0.1:40000 - 10.0.0.3:2888: ")
    assert why in found.what


def test_a_side_that_answers_nobody() -> None:
    talk = Connection(F, L).open()
    for _ in range(70):
        talk.say(1, bytes(1000))
    (found,) = read(capture(*talk.packets), "x")
    assert isinstance(found, Unrecognised)


def test_damage_in_a_connection_is_named() -> None:
    talk = quorum()
    talk.say(1, bytes(12))
    talk.say(1, packet("DIFF", 0))
    found: list[Any] = list(read(capture(*talk.packets), "x"))
    assert names(found) == ["FOLLOWERINFO", "LEADERINFO", "Unrecognised"]
    assert found[2].what.endswith("there is no packet of type 0")


def test_an_old_server_is_recognised_by_its_port() -> None:
    talk = Connection(F, ("10.0.0.3", 3888)).open()
    talk.say(0, (1).to_bytes(8, "big") + vote(0, 1, 0, 1, 0))
    assert names(list(read(capture(*talk.packets), "x", {}, {3888: "election"}))) == ["Handshake", "Ballot"]
    assert names(list(read(capture(*talk.packets), "x"))) == ["Unrecognised"]


def test_a_connection_from_before_is_missing() -> None:
    talk = quorum()
    found = list(read(capture(*talk.packets[2:]), "x", {"10.0.0.1": 1}))
    assert names(found) == ["Missing"]
    assert isinstance(found[0], Missing)
    assert found[0].server == 1
    assert names(list(read(capture(*talk.packets[2:]), "x", {}, {2181: "quorum"}))) == ["Unrecognised"]


def test_lost_bytes_are_missing() -> None:
    talk = quorum()
    talk.say(0, packet("ACKEPOCH", 0), lost=True)
    talk.say(1, packet("DIFF", 0))
    found: list[Any] = list(read(capture(*talk.packets), "x"))
    assert names(found) == ["FOLLOWERINFO", "LEADERINFO", "DIFF", "Missing"]
    assert found[3].track.endswith("/10.0.0.1:40000-10.0.0.3:2888")


def test_a_file_that_is_cut_off() -> None:
    raw = pcap([ethernet(each) for each in quorum().packets])
    found: list[Any] = list(read(io.BytesIO(raw[:-1]), "x", prefix="wire2"))
    assert names(found) == ["FOLLOWERINFO", "Missing"]
    assert [each.track for each in found] == ["wire2/1/10.0.0.1:40000-10.0.0.3:2888", "wire2"]


@given(st.data())
def test_any_change_of_a_capture(data: Any) -> None:
    raw = bytearray(pcap([ethernet(each) for each in [*election(CONFIG).packets, *quorum().packets]]))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] = data.draw(st.integers(0, 255))
    try:
        found = list(read(io.BytesIO(bytes(raw)), "x"))
    except UnreadableError:
        return
    counts: dict[str, int] = {}
    for each in found:
        assert each.seq == counts.get(each.track, 0)
        counts[each.track] = each.seq + 1
