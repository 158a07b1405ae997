"""The guarantees that speak of the past: what was committed survives, what was discarded stays away.

An epoch is *established* when a quorum has acknowledged its NEWLEADER; its *initial history* is what its leader
has then. All of that is committed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker import because
from zabcheck.model.zookeeper.log import show
from zabcheck.model.zookeeper.messages import Role
from zabcheck.model.zookeeper.order import Verdict, delivered, missing
from zabcheck.model.zookeeper.scope import learner_and_leader, model, server, voter
from zabcheck.model.zookeeper.server import Phase, SyncMode

if TYPE_CHECKING:
    from zabcheck.model.transaction import Txn
    from zabcheck.model.zookeeper.ensemble import State
    from zabcheck.model.zookeeper.server import Server


def _before(txns: frozenset[Txn], epoch: int) -> frozenset[Txn]:
    return frozenset(txn for txn in txns if txn.zxid.epoch < epoch)


@model.invariant(name="P1s", source="paper, l.1.2; the first guarantee")
def p1s(state: State) -> Verdict:
    """What was ever committed is in the initial history of every epoch that is established later: it is never lost.

    Checked for the latest epoch; `InitialHistoryIntegrity` compares the initial histories themselves.
    """
    ghosts = state.ghosts
    lost = missing(_before(ghosts.committed.value, ghosts.established_epoch), ghosts.initial_history)
    return not lost or because(
        f"{show(lost)} was committed before epoch {ghosts.established_epoch}, which started without it"
    )


@model.invariant(name="P2", over=server, source="paper, f.2.1; the second guarantee; ZOOKEEPER-1154")
def p2(state: State, server: int) -> Verdict:
    """A proposal that a later epoch was established without is discarded on joining that epoch, never delivered.

    Nothing is claimed before: if the leader that has it returns first, it may win again, and the proposal is
    rightly committed.
    """
    me, ghosts = state.servers[server], state.ghosts
    epoch = ghosts.established_epoch
    joined = me.current_epoch >= epoch and not (me.steps or me.phase is Phase.SYNCHRONIZATION)
    kept = me.disk.log if joined else delivered(me)
    orphans = [txn for txn in kept if txn.zxid.epoch < epoch and txn not in ghosts.initial_history]
    return not orphans or because(
        f"epoch {epoch} started without {show(orphans)}, {server} has "
        f"{'joined it and kept' if joined else 'delivered'} that"
    )


@model.invariant(name="LeaderLogCompleteness", over=voter, source="ZkV3_7_0.tla; Remix I-8")
def leader_log_completeness(state: State, server: int) -> Verdict:
    """A leader that a quorum accepted, and no later one supersedes, has all that was committed in earlier epochs."""
    me, ghosts = state.servers[server], state.ghosts
    if me.role is not Role.LEADING or me.phase is Phase.DISCOVERY or me.epoch < ghosts.established_epoch:
        return True
    lost = missing(_before(ghosts.committed.value, me.epoch), me.tree.log)
    return not lost or because(f"{server} leads epoch {me.epoch} without {show(lost)}")


@model.invariant(name="CommittedLogMonotonicity", over=voter, source="MSPEC_2.tla, monotonicRead")
def committed_log_monotonicity(state: State, server: int) -> Verdict:
    """The leader of the latest established epoch has applied, or is about to, all that was ever committed."""
    me, ghosts = state.servers[server], state.ghosts
    if me.role is not Role.LEADING or me.phase is not Phase.BROADCAST or me.epoch != ghosts.established_epoch:
        return True
    lost = missing(ghosts.committed.value, me.tree.log.extend(me.to_apply))
    return not lost or because(f"{server} serves in epoch {me.epoch} without {show(lost)}")


@model.invariant(name="CommittedLogDurability", source="after MSPEC_2.tla, which says it of each TRUNC")
def committed_log_durability(state: State) -> Verdict:
    """What was ever committed is on the disks of a quorum.

    One server may rightly be told to cut what others commit meanwhile; a quorum may not.
    """
    disks = {sid: state.servers[sid].disk.log for sid in state.scope.voters}
    for txn in sorted(state.ghosts.committed.value):
        holders = frozenset(sid for sid, log in disks.items() if txn in log)
        if not state.scope.is_quorum(holders):
            return because(f"{txn} was committed and is on the disks of {sorted(holders)} only")
    return True


@model.invariant(name="CommitConsistency", over=server, source="Remix I-9")
def commit_consistency(state: State, server: int) -> Verdict:
    """A server that serves in the latest established epoch has delivered its initial history."""
    me, ghosts = state.servers[server], state.ghosts
    if me.phase is not Phase.BROADCAST or me.current_epoch != ghosts.established_epoch:
        return True
    return ghosts.initial_history.begins(me.tree.log) or because(
        f"epoch {me.current_epoch} started with {ghosts.initial_history}, {server} has {me.tree.log}"
    )


@model.invariant(
    name="ProcessConsistency", over=learner_and_leader, source="paper, history consistency; Remix I-10"
)
def process_consistency(state: State, learner: int, leader: int) -> Verdict:
    """What a learner that has acknowledged NEWLEADER has on disk or queued is a beginning of what its leader has."""
    me, other = state.servers[learner], state.servers[leader]
    if me.leader != leader or not _has_acknowledged(me) or other.role is not Role.LEADING:
        return True
    if me.current_epoch != other.epoch:
        return True
    mine = me.disk.log.extend(me.to_log)
    theirs = other.disk.log.extend(other.to_log)
    return mine.begins(theirs) or because(f"{learner} has {mine}, its leader {leader} has {theirs}")


def _has_acknowledged(me: Server) -> bool:
    """Whether a learner has acknowledged NEWLEADER of the leader it is connected with."""
    if not me.connected or me.phase not in (Phase.SYNCHRONIZATION, Phase.BROADCAST):
        return False
    return me.phase is Phase.BROADCAST or (
        me.sync_mode is SyncMode.NONE and me.current_epoch == me.accepted_epoch
    )
