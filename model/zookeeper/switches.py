"""What releases of ZooKeeper do differently: every decision that changed, as a value.

A release is a set of these values, a known bug another value for one or two of them. The functions that run a
server look at the switches where the code of the releases differs, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Sync(Enum):
    """One step of a learner's answer to NEWLEADER or UPTODATE; a crash can fall between any two."""

    SNAPSHOT = "write a snapshot of the tree, if the sync was not a DIFF"
    EPOCH = "write the current epoch"
    QUEUE_ALL = "hand all proposals received to the log thread"
    LOG_ALL = "write all proposals received to the log"
    LOG_COMMITTED = "write the committed ones of them to the log, and apply them"
    ACK_NEWLEADER = "acknowledge NEWLEADER"
    ACK_UPTODATE = "acknowledge UPTODATE"
    START = "start serving"
    LOG_REST = "hand the proposals that are left to the log thread, acknowledge those logged before"
    COMMIT_REST = "commit what was committed meanwhile"


NL_340 = (Sync.SNAPSHOT, Sync.EPOCH, Sync.ACK_NEWLEADER)
"""up to 3.4.9 and 3.5.2; with `Switches.diff_takes_snapshot`"""
NL_2678 = NL_340
"""ZOOKEEPER-2678: after a DIFF nothing is on disk yet"""
NL_3911 = (Sync.SNAPSHOT, Sync.EPOCH, Sync.QUEUE_ALL, Sync.ACK_NEWLEADER)
"""ZOOKEEPER-3911: the log thread gets the proposals before the acknowledgement, and writes them when it will"""
NL_4785 = (Sync.SNAPSHOT, Sync.LOG_ALL, Sync.EPOCH, Sync.ACK_NEWLEADER)
"""ZOOKEEPER-4785: everything is on disk first"""
NL_4394 = (Sync.SNAPSHOT, Sync.LOG_COMMITTED, Sync.EPOCH, Sync.ACK_NEWLEADER)
"""ZOOKEEPER-4394: only what is committed; the rest stays until UPTODATE"""
NEWLEADER = {
    "3.4.0": NL_340,
    "zookeeper-3911": NL_3911,
    "zookeeper-4785": NL_4785,
    "zookeeper-4394": NL_4394,
}
"""the answers to NEWLEADER that were released, by the release or issue that brought each"""
UPTODATE = (Sync.ACK_UPTODATE, Sync.START, Sync.LOG_REST, Sync.COMMIT_REST)


class LogThread(Enum):
    """What becomes of a follower's log thread when the follower leaves its leader (``Learner.shutdown``)."""

    STOPPED_FIRST = "it writes what is queued, then the tree is brought up to the log"
    STOPPED_AFTER = "the tree is brought up to the log, then the thread writes what is queued"
    SURVIVES = "the tree is brought up to the log, and the thread goes on"


class VoteOrder(Enum):
    """How votes compare (``totalOrderPredicate``)."""

    EPOCH_ZXID_SID = "by epoch, then zxid, then sid"
    SID_WITHOUT_EPOCH = "a larger sid wins over an equal zxid, whatever the epochs"
    ZXID_SID = "by zxid, then sid"
    SID = "by sid alone"


class VoteEquality(Enum):
    """When votes of servers that have a leader count as the same (``Vote.equals``)."""

    RELAXED = "same leader and epoch"
    STRICT = "same leader, zxid, round and epoch"


class CommitOrder(Enum):
    """When a proposal that a quorum has is committed (``tryToCommit``)."""

    IN_ORDER = "when nothing before it is outstanding"
    ANY_ORDER = "at once"


@dataclass(frozen=True)
class Switches:
    """One behaviour of ZooKeeper. The defaults are the latest release with every known bug mended."""

    # election
    vote_order: VoteOrder = VoteOrder.EPOCH_ZXID_SID
    vote_equality: VoteEquality = VoteEquality.RELAXED
    checks_round: bool = True
    """a server takes itself for the leader only by votes of its own round (ZOOKEEPER-1514)"""
    decides_by_quorum: bool = True
    """not as soon as every voter has voted, whatever they voted (ZOOKEEPER-975)"""

    ignores_cut_votes: bool = True
    """half a notification does not end the thread that receives them (ZOOKEEPER-3769)"""
    answers_candidates: bool = True
    """a server that has a leader tells who looks for one"""
    half_is_a_quorum: bool = False
    """half of the voters suffices, rather than more than half"""

    # discovery
    epoch_files: bool = True
    """accepted and current epoch are on disk, and a quorum is asked for them (ZOOKEEPER-335, 1081, 1082)"""
    persists_accepted_epoch: bool = True
    writes_epoch_first: bool = True
    """an accepted epoch is in its file before the server goes by it (ZOOKEEPER-2307)"""
    refuses_earlier_epochs: bool = True
    """a learner goes away from a leader whose epoch is earlier than one it accepted"""
    checks_recency: bool = True
    """a leader does without followers that know more than it does (``waitForEpochAck``)"""

    # synchronization, at the leader
    empty_diff_always: bool = True
    """who has the leader's last zxid gets a DIFF even when no proposal is kept (ZOOKEEPER-1465)"""
    respects_epochs: bool = True
    """no TRUNC to or across the beginning of an epoch; 3.4 knows no such rule"""
    truncs_inside_window: bool = True
    """a tail that only the learner has is cut also where the leader has later proposals (ZOOKEEPER-1154)"""
    truncs_exactly: bool = True
    """TRUNC keeps what both have, not one less (ZOOKEEPER-1156)"""
    sends_log: bool = True
    """with ``--storage fine``, a learner that the kept proposals do not reach is sent the log (ZOOKEEPER-1413)"""
    joins_log: bool = True
    """that log is only sent if it ends no earlier than the kept proposals begin (ZOOKEEPER-2418)"""
    sends_whole_log: bool = True
    """it is only sent if it has all that the leader has, and no more (ZOOKEEPER-2846, open)"""
    truncs: bool = True
    spares_committed: bool = True
    """no TRUNC of what is committed and not applied yet, and what is cut no longer counts as acknowledged; no
    release is known to see to that"""
    leader_zxid_early: bool = False
    """the leader calls itself complete up to the new epoch before anybody follows (ZOOKEEPER-790)"""
    queues_newleader: bool = True
    """NEWLEADER comes after what it is the end of, not before (ZOOKEEPER-1136)"""
    forwards_outstanding: bool = True
    """a learner is also sent what is proposed and not committed yet (ZOOKEEPER-962, 1319)"""
    announces_establishment: bool = True
    acknowledgement_establishes: bool = True
    """UPTODATE waits for a quorum of acknowledgements of NEWLEADER"""

    # synchronization, at the learner
    newleader: tuple[Sync, ...] = NL_4394
    diff_takes_snapshot: bool = False
    """up to 3.4.9: what a DIFF brings is applied at once and saved with a snapshot"""
    diff_sets_zxid: bool = False
    """DIFF makes the learner call itself complete before it is (ZOOKEEPER-2355)"""
    sync_feeds_committed_log: bool = True
    """what was applied while synchronizing can be sent on later (ZOOKEEPER-4925)"""
    logs_informs: bool = True
    """an observer logs what comes between NEWLEADER and UPTODATE (ZOOKEEPER-1551)"""
    clears_partial_snap: bool = True
    """a tree from an unfinished SNAP is given up for what is on disk (ZOOKEEPER-3642)"""
    clears_partial_trunc: bool = True
    """so is a tree after an unfinished TRUNC (ZOOKEEPER-5094, open)"""

    # broadcast
    commit_order: CommitOrder = CommitOrder.IN_ORDER
    zxid_has_epoch: bool = True
    logs_before_ack: bool = True
    logs_what_was_proposed: bool = True
    log_writes_fail: bool = False
    """the log can fail to write a record and the server goes on (ZOOKEEPER-4882, open)"""
    counts_observers: bool = False
    guards_rollover: bool = True
    """a full counter ends the epoch (ZOOKEEPER-1277)"""

    # going back to the election
    saves_before_leading: bool = True
    """with ``--storage fine``, a new leader saves a snapshot before anybody follows it (ZOOKEEPER-1558)"""
    truncs_snapshots: bool = True
    """with ``--storage fine``, TRUNC gives up snapshots that have what is cut (ZOOKEEPER-1549, open)"""
    retains_database: bool = True
    """the tree stays in memory between elections (ZOOKEEPER-2678)"""
    fast_forwards: bool = True
    """the tree is brought up to the log before the next election (ZOOKEEPER-2845)"""
    log_thread: LogThread = LogThread.STOPPED_FIRST
    """(ZOOKEEPER-4712)"""
    epoch_marker: bool = True
    """a server can start that crashed between snapshot and epoch (ZOOKEEPER-1653)"""
