"""Each kind of line is recognised by a line of a real server."""

from __future__ import annotations

from typing import Any

import pytest

from zabcheck.traces import event as e
from zabcheck.traces import server_log
from zabcheck.traces.event import Hex
from zabcheck.traces.log_table import BY_CLASS, TABLE, recognise

VOTE = {"sender": 3, "state": "leading", "leader": 3, "zxid": Hex(0x100000002), "epoch": Hex(2), "round": Hex(1),
        "my_state": "looking"}  # fmt: skip
REQUEST = "sessionid:0x3000012aab60000 type:delete cxid:0x3 zxid:0x10000000a txntype:2 reqpath:n/a"

LINES: list[tuple[str, str, type[e.Base] | str, dict[str, Any]]] = [
    ("QuorumPeerConfig", "Reading configuration from: zoo.cfg", "configured", {}),
    ("QuorumPeerMain", "Starting quorum peer, myid=12", "started", {"sid": 12}),
    ("QuorumPeerMain", "Starting quorum peer", "started", {}),
    ("Environment", "Server environment:zookeeper.version=3.8.0-${mvngit.commit.id}, built on 2024-12-29 17:54 UTC",
     "release", {"release": "3.8.0"}),
    ("Environment", "Server environment:zookeeper.version=3.5.4-beta-7f51e5b68cf2f80176ff944a9ebd2abbc65e7327, built",
     "release", {"release": "3.5.4-beta"}),
    ("QuorumPeerMain", "Unable to access datadir, exiting abnormally", "refused", {}),
    ("QuorumPeer", "Unable to load database on disk", "refused", {}),
    ("ZKDatabase", "Snapshot loaded in 292 ms, highest zxid is 0x1000000d1, digest is 1371985504", e.Loaded,
     {"zxid": Hex(0x1000000D1), "digest": 1371985504}),
    ("QuorumPeer", ("currentEpoch not found! Creating with a reasonable default of 0. This should only happen when you "
     "are upgrading your installation"), e.EpochSet, {"epoch": Hex(0)}),
    ("QuorumPeer", "./data/version-2/currentEpoch.tmp found. Setting current epoch to 11.", e.EpochSet,
     {"epoch": Hex(11)}),
    ("FastLeaderElection", "New election. My id = 4, proposed zxid=0x8000000000000000", e.ElectionBegan,
     {"zxid": Hex(1 << 63)}),
    ("FastLeaderElection", "New election. My id =  1, proposed zxid=0x10000002b", e.ElectionBegan,
     {"zxid": Hex(0x10000002B)}),
    ("FastLeaderElection", ("Notification: my state:LOOKING; n.sid:3, n.state:LEADING, n.leader:3, n.round:0x1, "
     "n.peerEpoch:0x2, n.zxid:0x100000002, message format version:0x2, n.config version:0x0"), e.Notified, VOTE),
    ("FastLeaderElection", ("Notification: 2 (message format version), 3 (n.leader), 0x100000002 (n.zxid), 0x1 "
     "(n.round), LEADING (n.state), 3 (n.sid), 0x2 (n.peerEPoch), LOOKING (my state)100000006 (n.config version)"),
     e.Notified, VOTE),
    ("FastLeaderElection", ("Notification: 3 (n.leader), 0x100000002 (n.zxid), 0x1 (n.round), LEADING (n.state), 3 "
     "(n.sid), 0x2 (n.peerEPoch), LOOKING (my state)"), e.Notified, VOTE),
    ("FastLeaderElection", ("Notification: my state:OBSERVING; n.sid:4, n.state:LOOKING, n.leader:-9223372036854775808,"
     " n.round:0xffffffffffffffff, n.peerEpoch:0x8000000000000000, n.zxid:0x8000000000000000, message format "
     "version:0x2, n.config version:0x0"), e.Notified,
     {"sender": 4, "state": "looking", "leader": -(1 << 63), "zxid": Hex(1 << 63), "epoch": Hex(1 << 63),
      "round": Hex((1 << 64) - 1), "my_state": "observing"}),
    ("FastLeaderElection", "Notification time out: 400 ms", e.VoteTimeout, {"milliseconds": 400}),
    ("FastLeaderElection", "Notification time out: 60000", e.VoteTimeout, {"milliseconds": 60000}),
    ("FastLeaderElection", ("Sending Notification: 1 (n.leader), 0x2 (n.zxid), 0x3 (n.round), 4 (recipient), 5 (myid), "
     "0x6 (n.peerEpoch) "), e.NotificationSent,
     {"leader": 1, "zxid": Hex(2), "round": Hex(3), "to": 4, "epoch": Hex(6)}),
    ("FastLeaderElection", ("Sending Notification: 1 (n.leader), 0x2 (n.zxid), 0x6 (n.peerEpoch), 0x3 (n.round), 4 "
     "(recipient), 5 (myid) "), e.NotificationSent,
     {"leader": 1, "zxid": Hex(2), "round": Hex(3), "to": 4, "epoch": Hex(6)}),
    ("FastLeaderElection", "About to leave FLE instance: leader=3, zxid=0x0, my id=1, my state=FOLLOWING", "elected",
     {"leader": 3}),
    ("QuorumPeer", "LOOKING", "looking", {}),
    ("QuorumPeer", "OBSERVING", "role", {"role": "observing"}),
    ("Follower", "FOLLOWING - LEADER ELECTION TOOK - 375 MS", "role", {"role": "following"}),
    ("QuorumPeer", "Peer state changed: following - synchronization - trunc", "phase",
     {"role": "following", "phase": "synchronization", "mode": "trunc"}),
    ("QuorumPeer", "Peer state changed: looking - diff", "phase", {"role": "looking", "mode": "diff"}),
    ("Leader", "Quit leading due to voter changed mind.", "cause", {}),
    ("Leader", "Shutdown called. For the reason Not sufficient followers synced, only synced with sids: [ [3] ]",
     "leave", {"role": "leading", "reason": "Not sufficient followers synced, only synced with sids: [ [3] ]"}),
    ("Leader", "Shutdown called", "leave", {"role": "leading"}),
    ("Follower", "Exception when following the leader", "leave", {"role": "following"}),
    ("Observer", "Exception when observing the leader", "leave", {"role": "observing"}),
    ("Follower", "Disconnected from leader (with address: /127.0.0.15:2888). Was connected for 42ms. Sync state: true",
     "leave", {"role": "following", "reason": "disconnected"}),
    ("Observer", "Disconnected from leader (with address: /127.0.0.15:2888). Was connected for 4ms. Sync state: false",
     "leave", {"role": "observing", "reason": "disconnected"}),
    ("Follower", "shutdown Follower", "leave", {"role": "following"}),
    ("Observer", "shutdown called", "leave", {"role": "observing"}),
    ("QuorumPeer", "Unexpected exception", "leave_by_exception", {}),
    ("QuorumPeer", "PeerState set to LOOKING", "leave", {}),
    ("LearnerHandler", "Follower sid: 1 : info : 127.0.0.11:2888:3888:participant;0.0.0.0:2181", "learner",
     {"learner": 1, "info": "127.0.0.11:2888:3888:participant;0.0.0.0:2181"}),
    ("LearnerHandler", "Follower sid: 7 not in the current config 100000000", "learner", {"learner": 7}),
    ("LearnerHandler", ("Synchronizing with Learner sid: 2 maxCommittedLog=0x1 minCommittedLog=0x2 lastProcessedZxid="
     "0x3 peerLastZxid=0x4"), "inputs",
     {"learner": 2, "max_committed": Hex(1), "min_committed": Hex(2), "last_processed": Hex(3), "peer_last": Hex(4)}),
    ("LearnerHandler", ("Synchronizing with Follower sid: 2 maxCommittedLog=0x1 minCommittedLog=0x2 "
     "lastProcessedZxid=0x3 peerLastZxid=0x4"), "inputs",
     {"learner": 2, "max_committed": Hex(1), "min_committed": Hex(2), "last_processed": Hex(3), "peer_last": Hex(4)}),
    ("LearnerHandler", "Using committedLog for peer sid: 5", "source", {"source": "memory"}),
    ("LearnerHandler", "Use txnlog and committedLog for peer sid: 5", "source", {"source": "disk"}),
    ("LearnerHandler", "Sending DIFF zxid=0x200000059  for peer sid: 5", "diff",
     {"zxid": Hex(0x200000059), "learner": 5}),
    ("LearnerHandler", "Sending DIFF zxid=0x0 for peer sid: 2", "diff", {"zxid": Hex(0), "learner": 2}),
    ("LearnerHandler", "Sending TRUNC zxid=0x10000001a  for peer sid: 3", "trunc",
     {"zxid": Hex(0x10000001A), "learner": 3}),
    ("LearnerHandler", "Sending TRUNC to follower zxidToSend=0x100000010 for peer sid:3", e.SyncSent,
     {"learner": 3, "mode": "trunc", "zxid": Hex(0x100000010)}),
    ("LearnerHandler", "Cannot send TRUNC to peer sid: 3 peer zxid is from different epoch", "crosses_epoch",
     {"learner": 3}),
    ("LearnerHandler", ("Sending snapshot last zxid of peer is 0x1000000ab, zxid of leader is 0x2000000d1, send zxid "
     "of db as 0x2000000d2, 1 concurrent snapshot sync, snapshot sync was exempt from throttle"), "snap",
     {"zxid": Hex(0x2000000D2)}),
    ("LearnerHandler", ("Sending snapshot last zxid of peer is 0x0, zxid of leader is 0x100000000, send zxid of db as "
     "0x100000000, 1 concurrent snapshots, snapshot was exempt from throttle"), "snap", {"zxid": Hex(0x100000000)}),
    ("LearnerHandler", "******* GOODBYE /127.0.0.11:52089 ********", "learner_lost", {"address": "127.0.0.11:52089"}),
    ("Leader", "Have quorum of supporters, sids: [[1, 3]]; starting up and setting last processed zxid: 0x1300000000",
     e.Activated, {"supporters": (1, 3), "epoch": Hex(0x13)}),
    ("Leader", ("Have quorum of supporters, sids: [[2, 1],[1, 2, 3]]; starting up and setting last processed zxid: "
     "0x500000000"), e.Activated, {"supporters": (1, 2), "epoch": Hex(5)}),
    ("Leader", "Have quorum of supporters, sids: [ 1,2 ]; starting up and setting last processed zxid: 0x500000000",
     e.Activated, {"supporters": (1, 2), "epoch": Hex(5)}),
    ("Leader", "NEWLEADER ACK from sid: 1 is from a different epoch - current 0x200000000 received 0x100000007",
     e.Alarm, {"what": "foreign acknowledgement"}),
    ("Leader", "Going to commit null: 0x100000007", e.Alarm, {"what": "null proposal"}),
    ("Leader", f"Proposing:: {REQUEST}", e.Proposed, {"zxid": Hex(0x10000000A)}),
    ("Leader", "Ack zxid: 0x200000000", "acknowledged", {"zxid": Hex(0x200000000)}),
    ("Observer", "Observing new leader sid=3 addr=/127.0.0.13:2888", "elected", {"leader": 3}),
    ("Learner$LeaderConnector", "Successfully connected to leader, using address: node3/127.0.0.13:2888", "connected",
     {"address": "127.0.0.13:2888"}),
    ("Learner$LeaderConnector", "Successfully connected to leader, using address: node3/<unresolved>:2888",
     "connected", {"address": "node3:2888"}),
    ("Learner", "Getting a diff from the leader 0x200000059", e.SyncReceived,
     {"mode": "diff", "zxid": Hex(0x200000059)}),
    ("Learner", "Getting a snapshot from leader 0x3000000cf", e.SyncReceived,
     {"mode": "snap", "zxid": Hex(0x3000000CF)}),
    ("Learner", "Truncating log to get in sync with the leader 0x100000010", e.SyncReceived,
     {"mode": "trunc", "zxid": Hex(0x100000010)}),
    ("Learner", "Learner received NEWLEADER message", e.NewleaderReceived, {}),
    ("Learner", "Set the current epoch to 11", e.EpochSet, {"epoch": Hex(11)}),
    ("Learner", "Sent NEWLEADER ack to leader with zxid b00000000", e.NewleaderAcked, {"epoch": Hex(11)}),
    ("Learner", "Learner received UPTODATE message", e.UptodateReceived, {}),
    ("Follower", "Got zxid 0x100000217 expected 0x1", e.FirstProposal, {"zxid": Hex(0x100000217)}),
    ("Learner", "DIFF sync got first proposal 0x100000217", e.FirstProposal, {"zxid": Hex(0x100000217)}),
    ("Learner", "Committing 0x100000217, but got no proposal", e.Alarm, {"what": "null proposal"}),
    ("FollowerZooKeeperServer", "Committing 100000217 without seeing txn", e.Alarm, {"what": "null proposal"}),
    ("FileTxnSnapLog", "Snapshotting: 0x200000091 to ./data/version-2/snapshot.200000091", e.SnapshotTaken,
     {"zxid": Hex(0x200000091), "file": "snapshot.200000091"}),
    ("FileTxnLog", "Creating new log file: log.10000000b", e.LogFileOpened, {"zxid": Hex(0x10000000B)}),
    ("FileTxnLog", "Current zxid 4294967298 is <= 4294967299 for create", e.LoggedAgain,
     {"zxid": Hex(0x100000002), "last": Hex(0x100000003)}),
    ("ZooKeeperCriticalThread", "Severe unrecoverable error, from thread : SyncThread:1", e.Alarm,
     {"what": "log thread died"}),
    ("FileTxnSnapLog", ("Highest txn zxid 0x10000000f is not covering the snapshot digest zxid 0x100000011, which "
     "might lead to inconsistent state"), e.Alarm, {"what": "replay failed"}),
    ("DataTree", "First digest mismatch on txn: 216173866868080640,50,4294967482,1795561288120,2", e.Alarm,
     {"what": "digest mismatch"}),
    ("RateLogger", "Message:Digests are not matching. Value is Zxid. Value:4294967482", e.Alarm,
     {"what": "digest mismatch"}),
    ("CommitProcessor", f"Committing request:: {REQUEST}", e.Committed, {"zxid": Hex(0x10000000A)}),
    ("FinalRequestProcessor", f"Processing request:: {REQUEST}", "applying", {"zxid": Hex(0x10000000A)}),
    ("DataTree", "Digests are matching for Zxid: 10000000a, Digest in log and actual tree: 15546659409", "applied",
     {"zxid": Hex(0x10000000A), "digest": 15546659409}),
]  # fmt: skip


@pytest.mark.parametrize(("printed_by", "text", "meaning", "fields"), LINES)
def test_recognised(printed_by: str, text: str, meaning: type[e.Base] | str, fields: dict[str, Any]) -> None:
    found = recognise(printed_by.partition("$")[0], text)
    assert found is not None
    assert (found[0].meaning, found[1]) == (meaning, fields)
    assert all(isinstance(found[1][name], Hex) for name, value in fields.items() if isinstance(value, Hex))


def test_every_row_has_a_line() -> None:
    seen = {id(found[0]) for line in LINES if (found := recognise(line[0].partition("$")[0], line[1]))}
    assert [row for row in TABLE if id(row) not in seen] == []


def test_every_meaning_is_known() -> None:
    words = {row.meaning for row in TABLE if isinstance(row.meaning, str)}
    assert words == {*server_log.MEANINGS, *server_log.INTRODUCTIONS}
    for row in TABLE:
        if not isinstance(row.meaning, str):
            assert {*row.fields, *row.constants} <= set(row.meaning.__struct_fields__)


@pytest.mark.parametrize(
    ("outer", "text"),
    [
        ("Leader", "LOOKING"),
        ("Unknown", "LOOKING"),
        ("QuorumPeer", "LOOKING for trouble"),
        ("Learner", "Got zxid 0x200000001 expected 0x100000076"),
        ("FastLeaderElection", "Notification time out: 99999999999999999999 ms"),
        ("Learner", "Getting a diff from the leader 0x10000000000000000"),
        ("Learner", "Set the current epoch to 123456789012345678901"),
        ("FinalRequestProcessor", ("Processing request:: sessionid:0x1 type:getData cxid:0x3 zxid:0xfffffffffffffffe "
         "txntype:unknown reqpath:/a")),
        ("ZooKeeperCriticalThread", "Severe unrecoverable error, from thread : FollowerRequestProcessor:3"),
    ],
)  # fmt: skip
def test_not_recognised(outer: str, text: str) -> None:
    assert recognise(outer, text) is None


def test_rows_are_found_by_class() -> None:
    assert all(row in BY_CLASS[outer] for row in TABLE for outer in row.classes)
