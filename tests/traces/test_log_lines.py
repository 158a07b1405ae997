"""Log lines are found in whatever is in the file."""

from __future__ import annotations

import io
import tracemalloc
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zabcheck.traces.log_lines import FOLLOWING_LINES, LONGEST, Line, Tally, log_lines

PEER = "QuorumPeer[myid=1](plain=127.0.0.11:2181)(secure=disabled)"


def lines(text: str | bytes, tally: Tally | None = None) -> list[Line]:
    raw = text if isinstance(text, bytes) else text.encode()
    return list(log_lines(io.BytesIO(raw), "zookeeper.log", tally))


@pytest.mark.parametrize(
    ("text", "thread", "class_name", "message", "myid"),
    [
        (f"2026-11-22 19:27:05,951 - INFO  [{PEER}:QuorumPeer@1455] - LOOKING", PEER, "QuorumPeer", "LOOKING", ""),
        ("2026-11-22 19:27:05,951 [myid:3] - WARN  [main:QuorumPeerMain@152] - Starting quorum peer, myid=3",
         "main", "QuorumPeerMain", "Starting quorum peer, myid=3", "3"),
        ("2026-11-22 19:27:05,951 [myid:] - DEBUG [ProcessThread(sid:2 cport:-1)::o.a.z.s.q.Leader@1] - Proposing:: x",
         "ProcessThread(sid:2 cport:-1):", "Leader", "Proposing:: x", ""),
        (("2026-11-22T19:27:05.951 [myid:host:2181] - INFO  "
         "[WorkerReceiver[myid=1]:o.a.z.s.q.FastLeaderElection$Messenger$WorkerReceiver@391] - Notification"),
         "WorkerReceiver[myid=1]", "FastLeaderElection$Messenger$WorkerReceiver", "Notification", "host:2181"),
        ("2026-11-22 19:27:05,951 [myid:1] - TRACE [QuorumPeer[myid=1]/0:0:0:0:0:0:0:0:2181:ZooTrace@?][] - i ACK",
         "QuorumPeer[myid=1]/0:0:0:0:0:0:0:0:2181", "ZooTrace", "i ACK", "1"),
        ("2026-11-22 19:27:05,951 - INFO  [main:Learner@1] - quotes [x:Leader@2] - y",
         "main", "Learner", "quotes [x:Leader@2] - y", ""),
    ],
)  # fmt: skip
def test_layouts(text: str, thread: str, class_name: str, message: str, myid: str) -> None:
    wall = datetime(2026, 11, 22, 19, 27, 5, 951000, tzinfo=UTC).timestamp()
    for end in ("\n", "\r\n"):
        (line,) = lines(text + end)
        assert (line.thread, line.class_name, line.text, line.myid) == (thread, class_name, message, myid)
        assert line.wall == pytest.approx(wall)


def test_places_and_what_follows_a_line() -> None:
    tally = Tally()
    head = "2026-11-22 19:27:05,951 - WARN  [main:Follower@1] - "
    trace = "".join(f"\tat method{i}\n" for i in range(20))
    first, second = lines(f"Using config\n{head}one\njava.io.EOFException\n{trace}{head}two\n", tally)
    assert (first.at, first.offset, first.text) == ("zookeeper.log:2", 13, "one")
    assert first.more[:2] == ("java.io.EOFException", "\tat method0")
    assert len(first.more) == FOLLOWING_LINES
    assert (second.number, second.more) == (24, ())
    assert tally == Tally(lines=24, heads=2, foreign=22)


def test_only_some_classes() -> None:
    text = "".join(
        f"2026-11-22 19:27:05,951 - WARN  [main:{name}@1] - {name}\nmore of {name}\n"
        for name in ("Leader", "o.a.z.s.q.Leader$LearnerCnxAcceptor", "LeaderBean", "Follower")
    )
    tally = Tally()
    found = list(log_lines(io.BytesIO(text.encode()), "", tally, {b"Leader"}))
    assert [line.class_name for line in found] == ["Leader", "Leader$LearnerCnxAcceptor"]
    assert [line.more for line in found] == [
        ("more of Leader",),
        ("more of o.a.z.s.q.Leader$LearnerCnxAcceptor",),
    ]
    assert (tally.heads, tally.foreign) == (4, 4)


def test_a_time_that_is_none() -> None:
    (line,) = lines("2026-13-40 99:99:99,999 - INFO  [main:Leader@1] - LEADING\n")
    assert line.wall is None


def test_a_line_that_the_file_ends_in_is_none() -> None:
    head = "2026-11-22 19:27:05,951 - INFO  [main:Learner@1] - Getting a snapshot from leader 0x30"
    tally = Tally()
    assert lines(f"{head}\n{head}", tally) == lines(f"{head}\n")
    assert (tally.heads, tally.foreign) == (1, 1)


def test_a_long_line_is_cut_and_costs_little() -> None:
    head = b"2026-11-22 19:27:05,951 - INFO  [main:Leader@1] - "
    text = head + b"x" * (100 * LONGEST) + b"\n" + b"\0" * (100 * LONGEST) + b"\n" + head + b"end\n"
    stream = io.BytesIO(text)
    tally = Tally()
    tracemalloc.start()
    try:
        found = list(log_lines(stream, "", tally))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [len(line.text) for line in found] == [LONGEST - len(head), 3]
    assert (found[1].number, found[1].offset) == (3, text.rindex(head))
    assert tally.cut == 2
    assert peak < 20 * LONGEST


@given(
    st.lists(
        st.binary() | st.sampled_from([b"2026-11-22 19:27:05,951 - INFO  [main:Leader@1] - ", b":a@1] - "])
    )
)
def test_any_bytes_are_read(parts: list[bytes]) -> None:
    tally = Tally()
    raw = b"".join(parts)
    found = lines(raw, tally)
    assert len(found) == tally.heads
    assert tally.heads + tally.foreign == tally.lines == raw.count(b"\n") + (raw[-1:] not in (b"", b"\n"))
    assert all(raw[line.offset :].startswith(b"20") for line in found)
