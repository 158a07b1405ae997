"""What a server says in several lines becomes the events that happened."""

from __future__ import annotations

import io
import itertools
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.traces.test_log_table import LINES
from zabcheck.traces import event as e
from zabcheck.traces.log_lines import Tally, log_lines
from zabcheck.traces.log_table import CLASSES
from zabcheck.traces.server_log import MOST_THREADS, read, sid_of
from zabcheck.traces.track import Track

PEER = "QuorumPeer[myid=1](plain=127.0.0.11:2181)(secure=disabled)"
HANDLER = "LearnerHandler-/127.0.0.12:42469"
OTHER = "LearnerHandler-/127.0.0.13:36661"
SNAPSHOT = (
    "Sending snapshot last zxid of peer is 0x16, zxid of leader is 0x20, send zxid of db as 0x21, "
    "1 concurrent snapshot sync, snapshot sync was exempt from throttle"
)
BASE = {"track", "seq", "server", "wall", "at"}


def line(class_name: str, text: str, thread: str = PEER, level: str = "INFO ") -> str:
    return f"2026-11-22 19:27:05,951 - {level} [{thread}:{class_name}@1] - {text}\n"


def log(*lines: tuple[str, ...] | str) -> bytes:
    return "".join(text if isinstance(text, str) else line(*text) for text in lines).encode()


def events(
    *lines: tuple[str, ...] | str, tally: Tally | None = None, after_start: bool = True
) -> list[e.Event]:
    start = line("QuorumPeerMain", "Starting quorum peer, myid=1", "main") if after_start else ""
    track = Track("s1/log", 1)
    found = list(
        read(log_lines(io.BytesIO(log(start, *lines)), "zookeeper.log", tally, CLASSES), track, tally)
    )
    assert [event.seq for event in found] == list(range(len(found)))
    assert track.length == len(found)
    return found[1:] if after_start else found


def short(found: list[e.Event]) -> list[tuple[str, dict[str, Any]]]:
    """Kind and what is not the default, without what every event has."""
    return [
        (
            str(event.__struct_config__.tag),
            {
                field.name: value
                for field in msgspec.structs.fields(event)
                if field.name not in BASE and (value := getattr(event, field.name)) != field.default
            },
        )
        for event in found
    ]


def kinds(found: list[e.Event]) -> list[str]:
    return [kind for kind, _ in short(found)]


def test_a_follower_from_its_start() -> None:
    found = events(
        ("QuorumPeerConfig", "Reading configuration from: zoo.cfg", "main"),
        ("QuorumPeerMain", "Starting quorum peer, myid=1", "main"),
        (
            "Environment",
            "Server environment:zookeeper.version=3.8.0-abc, built on 2024-12-29 17:54 UTC",
            "main",
        ),
        ("FileTxnSnapLog", "Snapshotting: 0x0 to ./data/version-2/snapshot.0", "main"),
        ("ZKDatabase", "Snapshot loaded in 292 ms, highest zxid is 0x0, digest is 1371985504", "main"),
        ("QuorumPeer", "LOOKING"),
        ("FastLeaderElection", "New election. My id = 1, proposed zxid=0x0"),
        ("QuorumPeer", "Peer state changed: following"),
        (
            "FastLeaderElection",
            "About to leave FLE instance: leader=3, zxid=0x0, my id=1, my state=FOLLOWING",
        ),
        ("QuorumPeer", "FOLLOWING"),
        ("Follower", "FOLLOWING - LEADER ELECTION TOOK - 375 MS"),
        ("QuorumPeer", "Peer state changed: following - discovery"),
        (
            "Learner$LeaderConnector",
            "Successfully connected to leader, using address: /127.0.0.13:2888",
            "Connector",
        ),
        ("QuorumPeer", "Peer state changed: following - synchronization"),
        ("QuorumPeer", "Peer state changed: following - synchronization - diff"),
        ("Learner", "Getting a diff from the leader 0x0"),
        ("Learner", "Learner received NEWLEADER message"),
        ("Learner", "Set the current epoch to 1"),
        ("QuorumPeer", "Peer state changed: following - synchronization"),
        ("Learner", "Sent NEWLEADER ack to leader with zxid 100000000"),
        ("Learner", "Learner received UPTODATE message"),
        ("QuorumPeer", "Peer state changed: following - broadcast"),
        ("Follower", "Got zxid 0x100000001 expected 0x1"),
        after_start=False,
    )
    assert short(found) == [
        ("started", {"release": "3.8.0"}),
        ("snapshot_taken", {"zxid": 0, "file": "snapshot.0"}),
        ("loaded", {"zxid": 0, "digest": 1371985504}),
        ("looking", {}),
        ("election_began", {"zxid": 0}),
        ("role_taken", {"role": "following", "leader": 3}),
        ("phase_entered", {"role": "following", "phase": "discovery"}),
        ("connected", {"address": "127.0.0.13:2888", "leader": 3}),
        ("phase_entered", {"role": "following", "phase": "synchronization"}),
        ("phase_entered", {"role": "following", "phase": "synchronization", "mode": "diff"}),
        ("sync_received", {"mode": "diff", "zxid": 0}),
        ("newleader_received", {}),
        ("epoch_set", {"epoch": 1}),
        ("phase_entered", {"role": "following", "phase": "synchronization"}),
        ("newleader_acked", {"epoch": 1}),
        ("uptodate_received", {}),
        ("phase_entered", {"role": "following", "phase": "broadcast"}),
        ("first_proposal", {"zxid": 0x100000001}),
    ]
    assert (found[0].at, found[1].at) == ("zookeeper.log:1", "zookeeper.log:4")
    assert {event.server for event in found} == {1}


def test_the_leader_of_a_role_is_named_at_debug_only() -> None:
    taken = ("QuorumPeer", "Peer state changed: leading")
    connection = ("LearnerHandler", "Follower sid: 2 : info : 127.0.0.12:2888:3888:participant", HANDLER)
    elected = (
        "FastLeaderElection",
        "About to leave FLE instance: leader=1, zxid=0x0, my id=1, my state=LEADING",
    )
    assert short(events(taken, elected)) == [("role_taken", {"role": "leading", "leader": 1})]
    assert short(events(taken, elected, ("QuorumPeer", "LEADING"))) == short(events(taken, elected))
    assert short(events(taken)) == [("role_taken", {"role": "leading"})]
    assert kinds(events(taken, connection, elected)) == ["role_taken", "learner_came"]


def test_a_follower_leaves_once() -> None:
    found = events(
        ("QuorumPeer", "FOLLOWING"),
        ("Follower", "Exception when following the leader", PEER, "WARN "),
        "java.io.EOFException\n\tat java.base/java.io.DataInputStream.readInt(DataInputStream.java:386)\n",
        (
            "Follower",
            "Disconnected from leader (with address: /127.0.0.13:2888). Was connected for 1ms. Sync state: true",
        ),
        ("Follower", "shutdown Follower"),
        ("QuorumPeer", "Peer state changed: looking"),
        ("QuorumPeer", "PeerState set to LOOKING", PEER, "WARN "),
        ("QuorumPeer", "LOOKING"),
    )
    assert short(found) == [
        ("role_taken", {"role": "following"}),
        ("left", {"role": "following", "reason": "java.io.EOFException"}),
        ("phase_entered", {"role": "looking", "phase": "election"}),
        ("looking", {}),
    ]


def test_a_leader_leaves_once() -> None:
    found = events(
        ("QuorumPeer", "LEADING"),
        ("Leader", "Quit leading due to voter changed mind.", "WorkerReceiver[myid=1]"),
        ("QuorumPeer", "Unexpected exception", PEER, "WARN "),
        "java.lang.InterruptedException: Timeout while waiting for epoch from quorum\n",
        ("Leader", "Shutting down"),
        ("Leader", "Shutdown called. For the reason Forcing shutdown"),
        ("QuorumPeer", "PeerState set to LOOKING", PEER, "WARN "),
        ("QuorumPeer", "LEADING"),
        ("Leader", "Shutdown called. For the reason Unexpected internal error"),
        ("QuorumPeer", "LEADING"),
        ("Leader", "Shutdown called"),
        "java.lang.Exception: shutdown Leader! reason: Not sufficient followers synced\n",
    )
    assert short(found) == [
        ("role_taken", {"role": "leading"}),
        ("left", {"role": "leading", "reason": "Quit leading due to voter changed mind."}),
        ("role_taken", {"role": "leading"}),
        ("left", {"role": "leading", "reason": "Unexpected internal error"}),
        ("role_taken", {"role": "leading"}),
        ("left", {"role": "leading", "reason": "Not sufficient followers synced"}),
    ]


def test_the_lines_of_a_loss_may_be_missing() -> None:
    found = events(("QuorumPeer", "OBSERVING"), ("QuorumPeer", "LOOKING"))
    assert short(found)[1:] == [("left", {"role": "observing"}), ("looking", {})]
    failed_election = events(("QuorumPeer", "LOOKING"), ("QuorumPeer", "Unexpected exception"))
    assert kinds(failed_election) == ["looking"]


def test_a_role_that_changes_in_a_reconfiguration() -> None:
    found = events(
        ("QuorumPeer", "FOLLOWING"),
        ("Follower", "shutdown Follower"),
        ("QuorumPeer", "Peer state changed: leading - broadcast"),
        ("QuorumPeer", "LEADING"),
        ("QuorumPeer", "Peer state changed: leading - discovery"),
    )
    assert short(found)[1:] == [
        ("left", {"role": "following"}),
        ("role_taken", {"role": "leading"}),
        ("phase_entered", {"role": "leading", "phase": "discovery"}),
    ]


def test_the_mode_of_an_earlier_synchronization_is_not_believed() -> None:
    found = events(
        ("QuorumPeer", "Peer state changed: following - diff"),
        ("QuorumPeer", "Peer state changed: following - discovery - diff"),
        ("QuorumPeer", "Peer state changed: following - synchronization - diff"),
        ("QuorumPeer", "Peer state changed: following - synchronization - snap"),
    )
    assert [getattr(event, "mode", None) for event in found] == [None, None, None, "snap"]


def test_a_commit_without_proposal() -> None:
    found = events(
        ("QuorumPeer", "FOLLOWING"),
        ("Follower", "Exception when following the leader", PEER, "WARN "),
        'java.lang.NullPointerException: Cannot read field "hdr" because "pif" is null\n',
        "\tat org.apache.zookeeper.server.quorum.Learner.syncWithLeader(Learner.java:694)\n",
        ("Follower", "shutdown Follower"),
    )
    text = 'java.lang.NullPointerException: Cannot read field "hdr" because "pif" is null'
    assert short(found)[1:] == [
        ("left", {"role": "following", "reason": text}),
        ("alarm", {"what": "null proposal", "text": text}),
    ]


def synchronizing(sid: int, peer_last: str, thread: str) -> tuple[str, str, str]:
    text = f"maxCommittedLog=0x20 minCommittedLog=0x10 lastProcessedZxid=0x20 peerLastZxid={peer_last}"
    return "LearnerHandler", f"Synchronizing with Learner sid: {sid} {text}", thread


def test_threads_that_serve_learners_interleave() -> None:
    found = events(
        ("LearnerHandler", "Follower sid: 2 : info : 127.0.0.12:2888:3888:participant", HANDLER),
        ("LearnerHandler", "Follower sid: 3 : info : 127.0.0.13:2888:3888:observer", OTHER),
        synchronizing(2, "0x15", HANDLER),
        synchronizing(3, "0x16", OTHER),
        ("LearnerHandler", "Using committedLog for peer sid: 2", HANDLER),
        ("LearnerHandler", "Using committedLog for peer sid: 3", OTHER),
        ("LearnerHandler", "Cannot send TRUNC to peer sid: 3 peer zxid is from different epoch", OTHER, "WARN "),
        ("LearnerHandler", "Sending DIFF zxid=0x20  for peer sid: 2", HANDLER),
        ("LearnerHandler", "Unhandled scenario for peer sid: 3 fall back to use snapshot", OTHER, "ERROR"),
        ("LearnerHandler", SNAPSHOT, OTHER),
        ("LearnerHandler", "******* GOODBYE /127.0.0.12:42469 ********", HANDLER, "WARN "),
        ("LearnerHandler", "******* GOODBYE /127.0.0.14:1 ********", "LearnerHandler-/127.0.0.14:1", "WARN "),
    )  # fmt: skip
    inputs = {"max_committed": 0x20, "min_committed": 0x10, "last_processed": 0x20}
    assert short(found) == [
        ("learner_came", {"learner": 2, "address": "127.0.0.12:42469"}),
        ("learner_came", {"learner": 3, "observer": True, "address": "127.0.0.13:36661"}),
        ("sync_inputs", {"learner": 2, "peer_last": 0x15, **inputs}),
        ("sync_inputs", {"learner": 3, "peer_last": 0x16, **inputs}),
        ("sync_sent", {"learner": 2, "mode": "diff", "zxid": 0x20, "source": "memory"}),
        ("sync_sent", {"learner": 3, "mode": "snap", "zxid": 0x21, "crosses_epoch": True}),
        ("learner_lost", {"learner": 2, "address": "127.0.0.12:42469"}),
        ("learner_lost", {"address": "127.0.0.14:1"}),
    ]


def test_where_a_diff_comes_from() -> None:
    disk = "Use txnlog and committedLog for peer sid: 2"
    diff = ("LearnerHandler", "Sending DIFF zxid=0x20 for peer sid: 2", HANDLER)
    found = events(
        diff,
        synchronizing(2, "0x20", HANDLER),
        diff,
        synchronizing(2, "0x1", HANDLER),
        ("LearnerHandler", disk, HANDLER),
        diff,
        synchronizing(2, "0x20", HANDLER),
        diff,
    )
    assert [event.source for event in found if isinstance(event, e.SyncSent)] == [
        None,
        "nothing",
        "disk",
        "nothing",
    ]


def test_trunc_is_believed_only_inside_an_epoch() -> None:
    trunc = ("LearnerHandler", "Sending TRUNC zxid=0x10000000a  for peer sid: 2", HANDLER)
    found = events(
        trunc,
        synchronizing(2, "0x200000000", HANDLER),
        trunc,
        synchronizing(2, "0x10000000b", HANDLER),
        trunc,
    )
    assert short(found)[2:] == [("sync_sent", {"learner": 2, "mode": "trunc", "zxid": 0x10000000A})]


def test_a_snapshot_for_an_unknown_learner_is_no_event() -> None:
    assert events(("LearnerHandler", SNAPSHOT, HANDLER)) == []


def test_lives_in_one_file() -> None:
    config = ("QuorumPeerConfig", "Reading configuration from: zoo.cfg", "main")
    peer = ("QuorumPeerMain", "Starting quorum peer, myid=1", "main")
    release = ("Environment", "Server environment:zookeeper.version=3.9.5-abc, built", "main")
    looking = ("QuorumPeer", "LOOKING")

    def starts(*lines: tuple[str, ...]) -> list[tuple[str, str | None]]:
        return [(k, f.get("release")) for k, f in short(events(*lines, after_start=False)) if k != "looking"]

    first, unknown = ("started", "3.9.5"), ("started", None)
    assert starts(config, peer, release, looking, config, peer, release, looking) == [first, first]
    assert starts(config, peer, config, peer, release) == [unknown, first]
    assert starts(release, config, peer, looking, peer) == [first, unknown]
    assert starts(config, looking, release) == [unknown]
    assert starts(config, looking, release, release) == [unknown, first]
    assert starts(release) == [first]


def test_nothing_of_an_earlier_life_is_believed() -> None:
    found = events(
        ("LearnerHandler", "Follower sid: 2 : info : 127.0.0.12:2888:3888:participant", HANDLER),
        ("QuorumPeer", "FOLLOWING"),
        ("QuorumPeerMain", "Starting quorum peer, myid=1", "main"),
        ("QuorumPeer", "LOOKING"),
        ("LearnerHandler", "******* GOODBYE /127.0.0.12:42469 ********", HANDLER),
    )
    assert kinds(found) == ["learner_came", "role_taken", "started", "looking", "learner_lost"]
    assert found[-1] == e.LearnerLost(
        track="s1/log", seq=5, server=1, wall=found[-1].wall, at="zookeeper.log:6", address="127.0.0.12:42469"
    )


def test_a_log_that_begins_in_the_middle() -> None:
    found = events(
        ("Follower", "Disconnected from leader (with address: /127.0.0.13:2888). Was connected for 1ms."),
        ("Follower", "shutdown Follower"),
        ("QuorumPeer", "LOOKING"),
        after_start=False,
    )
    assert short(found) == [
        ("missing", {"what": "the log begins in the middle of a life"}),
        ("left", {"role": "following", "reason": "disconnected"}),
        ("looking", {}),
    ]
    phase = events(
        ("QuorumPeer", "Peer state changed: leading - broadcast"),
        ("QuorumPeer", "LOOKING"),
        after_start=False,
    )
    assert kinds(phase) == ["missing", "phase_entered", "left", "looking"]


def test_a_server_that_cannot_start() -> None:
    found = events(
        ("QuorumPeer", "Unable to load database on disk", "main", "ERROR"),
        "java.io.IOException: The current epoch, 2, is older than the last zxid, 12884901888\n",
        ("QuorumPeer", "Unable to load database on disk", "main", "ERROR"),
    )
    reason = "java.io.IOException: The current epoch, 2, is older than the last zxid, 12884901888"
    assert short(found) == [("refused", {"reason": reason})]


def test_single_transactions() -> None:
    def request(zxid: str) -> str:
        return f"sessionid:0x3000012aab60000 type:delete cxid:0x3 zxid:{zxid} txntype:2 reqpath:n/a"

    worker = "CommitProcessor:1"
    found = events(
        ("LearnerHandler", "Follower sid: 2 : info : 127.0.0.12:2888:3888:participant", HANDLER),
        ("Leader", "Ack zxid: 0x100000000", HANDLER, "TRACE"),
        ("Leader", f"Proposing:: {request('0x100000001')}", "ProcessThread(sid:1 cport:-1):", "DEBUG"),
        ("Leader", "Ack zxid: 0x100000001", HANDLER, "TRACE"),
        ("Leader", "Ack zxid: 0x100000001", "SyncThread:1", "TRACE"),
        ("Leader", "Ack zxid: 0x100000001", OTHER, "TRACE"),
        ("CommitProcessor", f"Committing request:: {request('0x100000001')}", HANDLER, "DEBUG"),
        ("FinalRequestProcessor", f"Processing request:: {request('0x100000001')}", worker, "DEBUG"),
        ("FinalRequestProcessor", f"Processing request:: {request('0xfffffffffffffffe')}", worker, "DEBUG"),
        ("CommitProcessor", f"Committing request:: {request('0x100000002')}", HANDLER, "DEBUG"),
        (
            "DataTree",
            "Digests are matching for Zxid: 100000001, Digest in log and actual tree: 155",
            worker,
            "DEBUG",
        ),
        ("FinalRequestProcessor", f"Processing request:: {request('0x100000002')}", worker, "DEBUG"),
        ("FinalRequestProcessor", f"Processing request:: {request('0x100000003')}", worker, "DEBUG"),
    )
    assert short(found)[1:] == [
        ("proposed", {"zxid": 0x100000001}),
        ("counted", {"zxid": 0x100000001, "sender": 2}),
        ("counted", {"zxid": 0x100000001, "sender": 1}),
        ("counted", {"zxid": 0x100000001}),
        ("committed", {"zxid": 0x100000001}),
        ("committed", {"zxid": 0x100000002}),
        ("applied", {"zxid": 0x100000001, "digest": 155}),
        ("applied", {"zxid": 0x100000002}),
        ("applied", {"zxid": 0x100000003}),
    ]


def test_an_alarm_has_the_text() -> None:
    text = "NEWLEADER ACK from sid: 1 is from a different epoch - current 0x200000000 received 0x100000007"
    assert short(events(("Leader", text))) == [("alarm", {"what": "foreign acknowledgement", "text": text})]


def test_an_observer_knows_its_leader() -> None:
    found = events(
        ("QuorumPeer", "OBSERVING"),
        ("Observer", "Observing new leader sid=3 addr=/127.0.0.13:2888"),
        (
            "Learner$LeaderConnector",
            "Successfully connected to leader, using address: /127.0.0.13:2888",
            "Connector",
        ),
    )
    assert short(found)[1:] == [("connected", {"address": "127.0.0.13:2888", "leader": 3})]


def test_how_much_was_understood() -> None:
    tally = Tally()
    events(("QuorumPeer", "LOOKING"), ("QuorumPeer", "tickTime set to 500"), "no log line\n", tally=tally)
    assert tally == Tally(lines=4, heads=3, foreign=1, recognised=2)


def test_who_wrote_a_log() -> None:
    def sid(text: str | bytes) -> int | None:
        return sid_of(log_lines(io.BytesIO(text if isinstance(text, bytes) else text.encode())))

    starting = line("QuorumPeerMain", "Starting quorum peer, myid=12", "main")
    assert sid(line("ManagedUtil", "Log4j 1.2 jmx support found and enabled.", "main") + starting) == 12
    assert sid(line("QuorumPeer", "LOOKING", "QuorumPeer[myid=3]/0:0:0:0:0:0:0:0:2181")) == 3
    assert sid(starting.replace(" - INFO", " [myid:4] - INFO").replace(", myid=12", "")) == 4
    assert sid(line("Leader", "LEADING", "main")) is None
    assert sid(b"\xff\n") is None


def test_a_track_gets_the_server_that_the_log_names() -> None:
    track = Track("log")
    raw = log(("FileTxnLog", "Creating new log file: log.1", "SyncThread"), ("QuorumPeer", "LOOKING"))
    assert [event.server for event in read(log_lines(io.BytesIO(raw)), track)] == [None, None, 1]


def printed(known: tuple[str, str, Any, Any], thread: str) -> bytes:
    return line(known[0], known[1], thread).encode(errors="replace")


@given(
    st.lists(
        st.builds(
            printed, st.sampled_from(LINES), st.sampled_from([PEER, HANDLER, OTHER, "main", "SyncThread:1"])
        )
        | st.binary(max_size=80).map(lambda raw: raw + b"\n")
    ),
    st.integers(0, 200),
)
def test_any_log_is_read(lines: list[bytes], cut: int) -> None:
    tally = Tally()
    track = Track("s1/log", 1)
    found = list(read(log_lines(io.BytesIO(b"".join(lines)[cut:]), "zookeeper.log", tally), track, tally))
    assert [event.seq for event in found] == list(range(len(found)))
    assert bool(found) <= bool(tally.recognised)
    for event in found:
        written = msgspec.json.encode(event, enc_hook=str)
        assert (
            msgspec.json.decode(written, type=type(event), dec_hook=lambda kind, text: kind(int(text, 16)))
            == event
        )
    if found:
        assert isinstance(found[0], e.Started | e.Missing)
    roles = [event for event in found if isinstance(event, e.Started | e.RoleTaken | e.Left)]
    assert all(
        not isinstance(b, e.Left) for a, b in itertools.pairwise(roles) if isinstance(a, e.Left | e.Started)
    )


def test_threads_without_end_cost_no_memory_without_end() -> None:
    came = [
        ("LearnerHandler", "Follower sid: 2 not in the current config 0", f"LearnerHandler-/10.0.0.1:{port}")
        for port in range(MOST_THREADS + 2)
    ]
    lost = [
        ("LearnerHandler", f"******* GOODBYE /10.0.0.1:{port} ********", f"LearnerHandler-/10.0.0.1:{port}")
        for port in (0, MOST_THREADS + 1)
    ]
    assert [event.learner for event in events(*came, *lost) if isinstance(event, e.LearnerLost)] == [None, 2]


def test_a_digest_of_another_transaction() -> None:
    request = "sessionid:0x1 type:delete cxid:0x3 zxid:0x100000001 txntype:2 reqpath:n/a"
    found = events(
        ("FinalRequestProcessor", f"Processing request:: {request}", "CommitProcessor:1", "DEBUG"),
        (
            "DataTree",
            "Digests are matching for Zxid: 100000002, Digest in log and actual tree: 5",
            "CommitProcessor:1",
        ),
    )
    assert short(found) == [
        ("applied", {"zxid": 0x100000001}),
        ("applied", {"zxid": 0x100000002, "digest": 5}),
    ]
