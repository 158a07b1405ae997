"""Known bugs and mutants, each as the switches that differ, with the properties that catch it.

A bug is a value that some releases have (``zabcheck releases``), switched on alone over any release. ``needs`` are
the least bounds in which it shows.
"""

from __future__ import annotations

from dataclasses import fields, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from zabcheck.model.zookeeper.releases import shown
from zabcheck.model.zookeeper.scope import model
from zabcheck.model.zookeeper.switches import (
    NEWLEADER,
    NL_2678,
    NL_3911,
    NL_4785,
    CommitOrder,
    LogThread,
    Switches,
    Sync,
    VoteOrder,
)

if TYPE_CHECKING:
    from zabcheck.model.zookeeper.scope import Scope


def change(
    name: str,
    sentence: str,
    *caught_by: str,
    needs: dict[str, int | str] | None = None,
    affects: str = "",
    source: str = "",
    **changed: Any,
) -> None:
    """Register a bug (with ``affects``, the releases that have it) or a mutant."""

    def apply(scope: Scope) -> Scope:
        return replace(scope, changed=(*scope.changed, *changed.items()))

    model.variant(name, sentence, caught_by=caught_by, source=source, affects=affects, needs=needs)(apply)


def bug(number: int, sentence: str, affects: str, *caught_by: str, **more: Any) -> None:
    """Register a bug by its number in ZooKeeper's JIRA."""
    change(f"ZOOKEEPER-{number}", sentence, *caught_by, affects=affects, **more)


# Tier 1: election

bug(
    1419,
    "Votes compare in a circle: a larger sid wins over an equal zxid even if its epoch is earlier.",
    "3.4.0-3.4.3",
    "VoteOrder",
    vote_order=VoteOrder.SID_WITHOUT_EPOCH,
)

bug(
    975,
    "An election ends as soon as every voter has voted, whatever they voted: a server that restarts elects itself.",
    "up to 3.3",
    "DecisionSupport",
    "NoFalseElection",
    decides_by_quorum=False,
    needs={"election": "fine", "rounds": 2},
)
bug(
    1514,
    "A server takes itself for the leader by votes of an earlier round.",
    "up to 3.4.3",
    "OwnRound",
    checks_round=False,
    needs={"election": "fine", "rounds": 2},
)

bug(
    3769,
    "Half a notification ends the thread that receives them: the server never takes part in an election again.",
    "up to 3.5.7, 3.6.0",
    "Join",
    "ElectionTerminates",
    ignores_cut_votes=False,
    needs={"election": "fine", "phases": "election", "resets": 1},
    source="FastLeaderElection.WorkerReceiver; --servers 2 suffice",
)

# Tier 1: discovery

bug(
    335,
    "A new leader takes the epoch after the last one in its own log, and nobody remembers which epoch was promised.",
    "3.0-3.3",
    "Leadership1",
    "Leadership2",
    epoch_files=False,
    vote_order=VoteOrder.ZXID_SID,
)
bug(
    790,
    "A leader calls itself complete up to its new epoch before anybody follows, and so wins elections it should lose.",
    "up to 3.3.1",
    "P1s",
    "LeaderLogCompleteness",
    leader_zxid_early=True,
    epoch_files=False,
    vote_order=VoteOrder.ZXID_SID,
    needs={"timeouts": 2},
)

bug(
    2307,
    "A server goes by an epoch that it could not write to its file: when it joins the same leader again, nothing is "
    "written, and its current epoch overtakes the accepted one.",
    "3.4.0-3.5.7, 3.6.0-3.6.2",
    "EpochOrder",
    writes_epoch_first=False,
    needs={"write_failures": 1},
    source="QuorumPeer.setAcceptedEpoch",
)

# Tier 1: synchronization

bug(
    1154,
    "A proposal that only an old leader has is left where the new leader has later ones: DIFF without TRUNC.",
    "up to 3.3.3",
    "P2",
    "ProcessConsistency",
    truncs_inside_window=False,
    respects_epochs=False,
    needs={"transactions": 2},
)
bug(
    1156,
    "TRUNC removes one transaction too many.",
    "up to 3.3.3",
    "ProcessConsistency",
    truncs_exactly=False,
    respects_epochs=False,
    needs={"transactions": 2},
)
bug(
    2845,
    "The tree stays behind the log at the end of an epoch: the server votes, and is synchronized, by what it has "
    "applied, and keeps on disk what it has only logged.",
    "3.4.10-3.4.11, 3.5.3",
    "P1s",
    "LeaderLogCompleteness",
    "ProcessConsistency",
    "P2",
    fast_forwards=False,
)
bug(
    3911,
    "NEWLEADER is acknowledged after a DIFF with nothing of it on disk.",
    "3.4.10-3.4.14, 3.5.3-3.5.9, 3.6.0-3.6.2",
    "AckDurability",
    "P1s",
    "LeaderLogCompleteness",
    newleader=NL_2678,
    needs={"crashes": 2},
)
bug(
    4643,
    "The current epoch is written before the transactions of the sync: a crash between leaves a server that wins "
    "by its epoch and lacks what was committed.",
    "3.5.3-3.9.1",
    "LeaderLogCompleteness",
    "P1s",
    "CommittedLogDurability",
    newleader=(Sync.SNAPSHOT, Sync.EPOCH, Sync.LOG_COMMITTED, Sync.ACK_NEWLEADER),
    needs={"crashes": 2},
)
bug(
    4646,
    "NEWLEADER is acknowledged while the transactions of the sync wait in the queue of the log thread.",
    "3.5.10, 3.6.3, 3.7.0-3.8.4, 3.9.0-3.9.1",
    "AckDurability",
    "P1s",
    "LeaderLogCompleteness",
    newleader=(Sync.SNAPSHOT, Sync.QUEUE_ALL, Sync.EPOCH, Sync.ACK_NEWLEADER),
)
bug(
    4685,
    "The log thread acknowledges a proposal before NEWLEADER is acknowledged, and the leader takes the one for the "
    "other.",
    "3.5.10, 3.6.3, 3.7.0-3.8.4, 3.9.0-3.9.1",
    "AckConsistent",
    "RecoversEventually",
    newleader=NL_3911,
)
bug(
    4394,
    "NEWLEADER empties the list of proposals, and a COMMIT before UPTODATE finds none: the follower fails.",
    "3.5.10, 3.6.3, 3.7.0-3.8.6, 3.9.0-3.9.2",
    "CommitConsistent",
    newleader=NL_4785,
)
bug(
    3023,
    "A follower says that it serves before it has applied what it was synchronized with.",
    "up to 3.9.2",
    "StateConsistent",
    "CommitConsistency",
    newleader=NL_4785,
)
bug(
    4712,
    "The log thread of a follower outlives its server, and writes proposals of the old epoch into the log of the "
    "new one.",
    "3.5.10, 3.6.3, 3.7.0-3.9.2",
    "ProcessConsistency",
    "P2",
    "MemDisk",
    log_thread=LogThread.SURVIVES,
)
bug(
    5094,
    "What was applied after a TRUNC and before NEWLEADER is only in memory, and is kept when that leader fails.",
    "3.4.10 to master (open)",
    "MemDisk",
    "ProcessConsistency",
    clears_partial_trunc=False,
    needs={"crashes": 2},
)
# Mutants, and what this model has found

change(
    "trunc-of-committed",
    "A returning follower is told to cut what the leader's committedLog does not have, even if the leader has "
    "counted its acknowledgement or committed the transaction and not applied it yet. The transaction is sent again "
    "at once, but until it is written, one copy less is on disk than the commit relies on.",
    "CommittedLogDurability",
    "P1s",
    source="LearnerHandler.syncFollower, FinalRequestProcessor; found by this model, in every release since 3.5",
    spares_committed=False,
)
bug(
    3642,
    "A tree from an unfinished SNAP is kept in memory, and the next leader finds nothing to add to it.",
    "up to 3.5.9, 3.6.2",
    "MemDisk",
    clears_partial_snap=False,
    source="shows where SNAP is used: with --window 1",
)
bug(
    2355,
    "DIFF makes a follower call itself complete before it has got what it lacks.",
    "up to 3.4.10, 3.5.3",
    "MemDisk",
    diff_sets_zxid=True,
)
bug(
    4925,
    "What a follower applied while synchronizing is missing from what it sends on when it leads.",
    "3.9.3",
    "CommittedLogDurability",
    sync_feeds_committed_log=False,
    needs={"crashes": 2},
)
bug(
    4882,
    "The log fails to write a record, the server goes on and applies the transaction when it is committed.",
    "all (open)",
    "MemDisk",
    "LogContiguity",
    "LocalPrimaryOrder",
    "PrefixConsistency",
    "TotalOrder",
    log_writes_fail=True,
    needs={"transactions": 2},
)
bug(
    1653,
    "A server that crashed between the snapshot and the current epoch refuses to start.",
    "3.4.0-3.4.5",
    "LogEpoch",
    epoch_marker=False,
    source="shows where SNAP is used: with --window 1",
)
bug(
    2354,
    "A server that crashed between the snapshot and the current epoch refuses to start: ZOOKEEPER-1653 again, in lines "
    "that never got what mended it in 3.4.6.",
    "3.5.0-3.5.9, 3.6.0-3.6.2, 3.7.0",
    "LogEpoch",
    epoch_marker=False,
    source="QuorumPeer.loadDataBase; shows where SNAP is used: with --window 1",
)
bug(
    1277,
    "The counter of the zxid runs over into the epoch.",
    "up to 3.3.4, 3.4.3",
    "LogContiguity",
    guards_rollover=False,
    needs={"transactions": 2},
    source="shows with --counter 1",
)
bug(
    962,
    "A learner that joins is not sent what is proposed and not committed yet.",
    "up to 3.3",
    "ProposalConsistent",
    "CommitConsistent",
    forwards_outstanding=False,
    needs={"transactions": 2},
)
bug(
    1136,
    "NEWLEADER is sent at once and overtakes what it should be the end of: it is acknowledged with nothing received.",
    "up to 3.3",
    "CommittedLogDurability",
    "P1s",
    "LeaderLogCompleteness",
    queues_newleader=False,
    needs={"crashes": 2},
)
bug(
    1551,
    "An observer applies what comes between NEWLEADER and UPTODATE and does not log it.",
    "3.4.0-3.4.5",
    "MemDisk",
    logs_informs=False,
    needs={"observers": 1},
)
bug(
    1549,
    "A new leader saves a snapshot of what nobody else has, and TRUNC cuts its log later, not the snapshot.",
    "3.4.0-3.4.5, 3.5.0 to master (open)",
    "P2",
    truncs_snapshots=False,
    needs={"storage": "fine", "crashes": 2},
    source="ZooKeeperServer.loadData, ZKDatabase.truncateLog; ZOOKEEPER-1558",
)
bug(
    2418,
    "A leader whose log on disk ends before the proposals it keeps begin sends both, without what is between.",
    "3.5.0-3.5.10",
    "ProposalConsistent",
    "LogContiguity",
    joins_log=False,
    needs={"storage": "fine", "transactions": 2, "observers": 1, "discovery": "coarse"},
    source="LearnerHandler.syncFollower; shows with --window 1, --crashes 0 suffices",
)
bug(
    2846,
    "A leader that was once synchronized with SNAP sends its log on disk as if nothing were missing in it.",
    "3.5.0 to master (open)",
    "ProposalConsistent",
    "LogContiguity",
    sends_whole_log=False,
    needs={"storage": "fine", "transactions": 2},
    source="LearnerHandler.syncFollower; shows with --window 1",
)
change(
    "half-is-a-quorum",
    "Half of the servers decide.",
    "Leadership1",
    "Leadership2",
    half_is_a_quorum=True,
    needs={"servers": 4},
)
change(
    "silence",
    "A server that has a leader does not answer who looks for one.",
    "Join",
    "ElectionTerminates",
    answers_candidates=False,
    needs={"election": "fine"},
)
change(
    "vote-by-sid",
    "The largest sid wins, whatever its log.",
    "LeaderLogCompleteness",
    "P1s",
    "CommittedLogMonotonicity",
    "InitialHistoryIntegrity",
    "PrefixConsistency",
    "Agreement",
    "PrimaryIntegrity",
    vote_order=VoteOrder.SID,
    checks_recency=False,
)
change(
    "commit-in-any-order",
    "A proposal is committed as soon as a quorum has it, even before the one before it. Harmless as long as the voters "
    "do not change: acknowledgements come in order.",
    commit_order=CommitOrder.ANY_ORDER,
)
change(
    "recency-unchecked",
    "A leader does not mind followers that know more than it does. Harmless where the election lets the best of a "
    "quorum win.",
    checks_recency=False,
)
change(
    "zxid-without-epoch",
    "A zxid is a number and has no epoch.",
    "GlobalPrimaryOrder",
    zxid_has_epoch=False,
)
change(
    "accepted-epoch-forgotten",
    "The accepted epoch is not written.",
    "EpochOrder",
    "Leadership2",
    persists_accepted_epoch=False,
)
change(
    "earlier-epoch-accepted",
    "A learner stays with a leader whose epoch is earlier than one it accepted.",
    "EpochsMonotone",
    refuses_earlier_epochs=False,
    needs={"partitions": 1},
)
change(
    "acknowledged-before-logged",
    "A proposal is acknowledged before it is on disk.",
    "CommittedLogDurability",
    "P1s",
    logs_before_ack=False,
)
change(
    "no-trunc",
    "A returning server keeps what only it has.",
    "P2",
    "ProcessConsistency",
    "TotalOrder",
    truncs=False,
    truncs_inside_window=False,
    respects_epochs=False,
)
change(
    "uptodate-before-quorum",
    "A leader calls its epoch established before anybody acknowledged NEWLEADER.",
    "CommittedLogDurability",
    acknowledgement_establishes=False,
)
change(
    "uptodate-forgotten",
    "Nobody is told that the epoch is established.",
    "Deadlock",
    "Recovery",
    "Progress",
    "CatchUp",
    announces_establishment=False,
)
change(
    "observers-count",
    "Acknowledgements of observers count towards quorums.",
    "CommittedLogDurability",
    counts_observers=True,
    needs={"observers": 1},
)
change(
    "value-mangled",
    "A follower logs something else than what was proposed.",
    "Integrity",
    "SameZxid",
    logs_what_was_proposed=False,
)


# Every switch alone


def _switch(name: str, value: Any) -> None:
    """Register one value of one switch."""
    word = shown(value)
    change(
        f"{name.replace('_', '-')}={word}",
        f"The switch {name} is {word}, whatever the release.",
        **{name: value},
    )


def _values(default: object) -> tuple[object, ...]:
    """What else a switch can be."""
    if isinstance(default, bool):
        return (not default,)
    return tuple(type(default)) if isinstance(default, Enum) else tuple(NEWLEADER.values())


for _field in fields(Switches):
    for _value in _values(_field.default):
        _switch(_field.name, _value)
