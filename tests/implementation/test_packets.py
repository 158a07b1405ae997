"""What we write on the wire is what the readers of captures read, and what we read ourselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zabcheck.implementation import election_messages, quorum_packets
from zabcheck.implementation.quorum_packets import (
    Joined,
    Ping,
    QuorumStream,
    Received,
    Revalidate,
    Revalidated,
    Synced,
    Wire,
    encoded,
    from_leader,
    from_learner,
)
from zabcheck.implementation.replication import Entry, Request
from zabcheck.model.transaction import Txn, Zxid
from zabcheck.model.zookeeper import messages
from zabcheck.model.zookeeper.election import NOBODY
from zabcheck.model.zookeeper.messages import Notification, Role, Vote
from zabcheck.traces.election_packets import ElectionDecoder, Hello
from zabcheck.traces.election_packets import Vote as Seen
from zabcheck.traces.incremental import DecodeError
from zabcheck.traces.quorum_packets import QuorumDecoder

TXN = Txn(Zxid(3, 7), Entry(-0x1234, 5, 1_700_000_000_000, 5, b"\0\0\0\2/a\0\0\0\1x\0\0\0\1"))
FROM_LEADER: list[Wire] = [
    messages.LeaderInfo(4),
    messages.Diff(Zxid(3, 9)),
    messages.Trunc(Zxid(2, 1)),
    messages.Proposal(TXN),
    messages.Inform(TXN),
    messages.Commit(Zxid(3, 7)),
    messages.NewLeader(4),
    messages.UpToDate(),
    Ping(Zxid(3, 7)),
    Synced(),
    Revalidated(-3, valid=True),
]
FROM_LEARNER: list[Wire] = [
    messages.AckEpoch(2, Zxid(3, 7)),
    messages.AckEpoch(None, Zxid(3, 7)),
    messages.Ack(Zxid(3, 7)),
    Ping(Zxid(3, 7), ((-3, 4000), (9, 5000))),
    Ping(Zxid(3, 7), ()),
    Request(-3, 17, 1, b"body", (("ip", "127.0.0.1"), ("digest", "a:b"))),
    Revalidate(-3, 4000),
]
zxids = st.builds(Zxid, st.integers(0, 2**31 - 1), st.integers(0, 2**32 - 2))


def parsed(data: bytes, size: int) -> list[quorum_packets.Raw]:
    """The packets in some bytes that arrive in pieces."""
    stream = QuorumStream()
    return [raw for at in range(0, len(data), size) for raw in stream.feed(data[at : at + size])]


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_packets_of_a_leader_come_back(size: int) -> None:
    data = b"".join(encoded(packet) for packet in FROM_LEADER)
    assert [from_leader(raw) for raw in parsed(data, size)] == FROM_LEADER


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_packets_of_a_learner_come_back(size: int) -> None:
    data = b"".join(encoded(packet) for packet in FROM_LEARNER)
    assert [from_learner(raw) for raw in parsed(data, size)] == FROM_LEARNER


@pytest.mark.parametrize("observer", [False, True])
def test_a_learner_says_who_it_is(observer: bool) -> None:  # noqa: FBT001 - a column
    (raw,) = parsed(encoded(messages.FollowerInfo(4), sid=3, observer=observer), 100)
    assert from_learner(raw) == Joined(3, observer, messages.FollowerInfo(4))


def test_a_reader_of_captures_reads_them_all() -> None:
    data = b"".join(encoded(packet, config="version=0") for packet in FROM_LEADER + FROM_LEARNER)
    seen = QuorumDecoder().feed(data)
    assert [packet.type for packet in seen] == [
        *("LEADERINFO", "DIFF", "TRUNC", "PROPOSAL", "INFORM", "COMMIT", "NEWLEADER", "UPTODATE"),
        *("PING", "SYNC", "REVALIDATE", "ACKEPOCH", "ACKEPOCH", "ACK", "PING", "PING", "REQUEST"),
        "REVALIDATE",
    ]
    assert seen[3].body == seen[4].body
    assert seen[3].zxid == 0x3_0000_0007
    assert [seen[11].epoch, seen[12].epoch] == [2, -1]
    assert seen[16].authinfo == 2


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_database_comes_whole_behind_its_packet(size: int) -> None:
    node = b"\0\0\0\0" + b"\0\0\0\1x" + bytes(68)
    body = b"\0\0\0\1" + bytes(12) + b"\0\0\0\0" + node + b"\0\0\0\1/"
    snap = messages.Snap(Received(zxid=Zxid(3, 0)))
    data = encoded(snap) + quorum_packets.snapshot([body]) + encoded(messages.NewLeader(4))
    first, second = map(from_leader, parsed(data, size))
    assert isinstance(first, messages.Snap)
    assert isinstance(first.tree, Received)
    assert first.tree.zxid == Zxid(3, 0)
    assert first.tree.body == quorum_packets.snapshot([body])
    assert second == messages.NewLeader(4)
    assert [packet.type for packet in QuorumDecoder().feed(data)] == ["SNAP", "NEWLEADER"]


@given(st.binary(max_size=200))
def test_any_bytes_are_packets_or_refused(data: bytes) -> None:
    try:
        for raw in QuorumStream().feed(data):
            for read in (from_leader, from_learner):
                try:
                    read(raw)
                except DecodeError:
                    continue
    except DecodeError:
        return


@given(
    st.builds(
        Notification,
        st.builds(Vote, st.integers(0, 255), zxids, st.integers(0, 2**31 - 1)) | st.just(NOBODY),
        st.integers(0, 2**62),
        st.sampled_from([Role.LOOKING, Role.FOLLOWING, Role.LEADING, Role.OBSERVING]),
    )
)
def test_notifications_come_back(notification: Notification) -> None:
    data = election_messages.encoded(notification, "server.1=127.0.0.1:1:2:participant\nversion=0")
    (seen,) = ElectionDecoder(connected=False).feed(data)
    assert isinstance(seen, Seen)
    assert election_messages.decoded(seen) == notification


def test_a_server_says_hello() -> None:
    (seen,) = ElectionDecoder(connected=True).feed(election_messages.hello(3, "::1", 3888))
    assert seen == Hello(3, "[::1]:3888")


def test_a_vote_of_a_server_whose_database_was_lost_is_none() -> None:
    lost = Notification(Vote(1, Zxid(2**32 - 1, 2**32 - 1), 0), 1, Role.LOOKING)
    (seen,) = ElectionDecoder(connected=False).feed(election_messages.encoded(lost, ""))
    assert isinstance(seen, Seen)
    assert election_messages.decoded(seen) is None
