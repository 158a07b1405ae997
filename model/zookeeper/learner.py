"""A follower or observer: from connecting to a leader to serving clients (``Learner``, ``Follower``, ``Observer``).

Each function is what the learner does with one packet, on its own fields. The answers to NEWLEADER and UPTODATE
are lists of steps, since what happens between two of them is where most bugs of the last ten years were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker import require
from zabcheck.model.transaction import Txn, Zxid
from zabcheck.model.zookeeper.checks import (
    ack_durability,
    commit_consistent,
    proposal_consistent,
    state_consistent,
)
from zabcheck.model.zookeeper.log import Stored
from zabcheck.model.zookeeper.messages import (
    Ack,
    AckEpoch,
    Commit,
    Diff,
    FollowerInfo,
    Inform,
    LeaderInfo,
    NewLeader,
    Proposal,
    Role,
    Snap,
    Trunc,
    UpToDate,
)
from zabcheck.model.zookeeper.server import Phase, SyncMode
from zabcheck.model.zookeeper.switches import UPTODATE, Sync
from zabcheck.model.zookeeper.threads import apply, crash, enqueue, learned_from, look, stop

if TYPE_CHECKING:
    from zabcheck.model.zookeeper.server import Outbox, Server


def follow(me: Server, leader: int) -> None:
    """The election is over and somebody else leads."""
    me.role = Role.FOLLOWING if me.is_voter else Role.OBSERVING
    me.phase = Phase.DISCOVERY
    me.leader = leader


def connect(me: Server, out: Outbox) -> None:
    """Connect to the leader and say which epoch was accepted last (``registerWithLeader``)."""
    require(me.is_learning and not me.connected)
    me.connected = True
    leader = learned_from(me)
    out.open(leader)
    out.send(leader, FollowerInfo(me.promised_epoch))


def leave(me: Server, out: Outbox) -> None:
    """Give the leader up and look for another (``Learner.shutdown``)."""
    require(me.is_learning)
    if me.connected:
        out.close(learned_from(me))
    stop(me)
    look(me)


def on_leaderinfo(me: Server, leader: int, packet: LeaderInfo, out: Outbox) -> None:
    """Accept a new epoch; go away if a later one was accepted already."""
    state_consistent.check(me.phase is Phase.DISCOVERY)
    switches = me.scope.switches
    if switches.epoch_files and switches.refuses_earlier_epochs and packet.epoch < me.promised_epoch:
        leave(me, out)
        return
    answer = me.current_epoch if packet.epoch > me.promised_epoch else None
    if switches.persists_accepted_epoch and packet.epoch != me.promised_epoch:
        me.accept(packet.epoch)
    out.send(leader, AckEpoch(answer, me.tree.zxid))
    me.phase = Phase.SYNCHRONIZATION


def fail_to_accept(me: Server, packet: LeaderInfo, out: Outbox) -> None:
    """Leave a leader because its epoch cannot be written; a retry of that leader may find it accepted all the same."""
    if not me.scope.switches.writes_epoch_first:
        me.unwritten_epoch = packet.epoch
    leave(me, out)


def on_diff(me: Server, leader: int, packet: Diff, out: Outbox) -> None:  # noqa: ARG001 - a handler
    """What is here stays; what is missing follows."""
    state_consistent.check(me.phase is Phase.SYNCHRONIZATION)
    me.sync_mode = SyncMode.DIFF
    if me.scope.switches.diff_sets_zxid:
        me.tree.mark(packet.zxid)


def on_trunc(me: Server, leader: int, packet: Trunc, out: Outbox) -> None:  # noqa: ARG001 - a handler
    """Cut the log, and load the tree from what is left of it."""
    state_consistent.check(me.phase is Phase.SYNCHRONIZATION)
    proposal_consistent.check(packet.zxid.counter == 0 or me.disk.has(packet.zxid))
    me.sync_mode = SyncMode.TRUNC
    me.disk.truncate(packet.zxid, snapshots=me.scope.switches.truncs_snapshots)
    log = me.disk.log
    me.tree.value = Stored(log, packet.zxid)
    me.committed_log.value = log.txns[-me.scope.window :]


def on_snap(me: Server, leader: int, packet: Snap, out: Outbox) -> None:  # noqa: ARG001 - a handler
    """Replace the tree by the leader's, in memory; the disk follows with NEWLEADER."""
    state_consistent.check(me.phase is Phase.SYNCHRONIZATION)
    me.sync_mode = SyncMode.SNAP
    me.tree.value = packet.tree
    me.committed_log.value = ()


def writes_log(me: Server) -> bool:
    """Whether what is received goes to the log, rather than to the tree and with it into a snapshot."""
    by_snapshot = {SyncMode.SNAP, SyncMode.TRUNC}
    if me.scope.switches.diff_takes_snapshot:
        by_snapshot.add(SyncMode.DIFF)
    return me.sync_mode not in by_snapshot


def on_proposal(me: Server, leader: int, packet: Proposal, out: Outbox) -> None:  # noqa: ARG001 - a handler
    """Log a proposal; while synchronizing, keep it."""
    txn = packet.txn
    proposal_consistent.check(follows(last_received(me), txn.zxid))
    if not me.scope.switches.logs_what_was_proposed:
        txn = Txn(txn.zxid, -txn.value)
    if me.phase is Phase.BROADCAST:
        enqueue(me, txn)
    else:
        me.not_logged = (*me.not_logged, txn)


def last_received(me: Server) -> Zxid:
    """The last zxid that a learner has been sent, wherever that is by now."""
    on_the_way = (me.not_logged, me.pending, me.to_log, me.to_apply)  # each in the order of the zxids
    return max(me.tree.zxid, me.disk.zxid, *(txns[-1].zxid for txns in on_the_way if txns))


def follows(last: Zxid, zxid: Zxid) -> bool:
    """Whether ``zxid`` is the successor of ``last`` or the first of a later epoch."""
    return zxid.counter == (last.counter + 1 if zxid.epoch == last.epoch else 1) and zxid > last


def on_commit(me: Server, leader: int, packet: Commit, out: Outbox) -> None:  # noqa: ARG001 - a handler
    """Commit the next proposal; while synchronizing, note it."""
    if me.phase is Phase.BROADCAST:
        commit(me, packet.zxid, out)
        return
    commit_consistent.check(me.not_logged)
    if not me.not_logged:
        leave(me, out)  # a null pointer ends the thread (ZOOKEEPER-4394)
    elif writes_log(me):
        me.packets_committed = (*me.packets_committed, packet.zxid)
    elif me.not_logged[0].zxid == packet.zxid:
        apply_while_syncing(me, me.not_logged[0])
        me.not_logged = me.not_logged[1:]


def apply_while_syncing(me: Server, txn: Txn) -> None:
    """Apply what the leader has committed before this learner serves (``ZooKeeperServer.processTxn``)."""
    if me.scope.switches.sync_feeds_committed_log:
        apply(me, txn)
    else:
        me.tree.append(txn)


def commit(me: Server, zxid: Zxid, out: Outbox) -> None:
    """Hand the next pending transaction to the commit thread (``FollowerZooKeeperServer.commit``).

    A commit of another one than the next ends the process.
    """
    if not me.pending:
        return
    first = me.pending[0]
    commit_consistent.check(first.zxid == zxid)
    if first.zxid != zxid:
        out.close(learned_from(me))
        crash(me)
        return
    me.pending = me.pending[1:]
    me.to_apply = (*me.to_apply, first)


def on_inform(me: Server, leader: int, packet: Inform, out: Outbox) -> None:  # noqa: ARG001 - a handler
    """An observer logs and applies what is committed."""
    if me.phase is Phase.BROADCAST:
        me.to_log = (*me.to_log, packet.txn)
        me.to_apply = (*me.to_apply, packet.txn)
    elif writes_log(me) and (me.sync_mode is not SyncMode.NONE or me.scope.switches.logs_informs):
        me.not_logged = (*me.not_logged, packet.txn)
        me.packets_committed = (*me.packets_committed, packet.txn.zxid)
    else:
        apply_while_syncing(me, packet.txn)


def on_newleader(me: Server, leader: int, packet: NewLeader, out: Outbox) -> None:  # noqa: ARG001 - a handler
    """The initial history is complete: save it and the epoch, then acknowledge."""
    state_consistent.check(me.phase is Phase.SYNCHRONIZATION)
    me.steps = me.scope.switches.newleader
    skip_idle(me)


def on_uptodate(me: Server, leader: int, packet: UpToDate, out: Outbox) -> None:  # noqa: ARG001 - a handler
    """The epoch is established: serve clients."""
    state_consistent.check(me.phase is Phase.SYNCHRONIZATION)
    me.steps = UPTODATE
    skip_idle(me)


def continue_sync(me: Server, out: Outbox) -> None:
    """Take the next step of the answer to NEWLEADER or UPTODATE."""
    require(me.steps)
    step, *rest = me.steps
    me.steps = tuple(rest)
    STEPS[step](me, out)
    skip_idle(me)


def skip_idle(me: Server) -> None:
    """Go past steps that would change nothing: a crash before or after one is the same crash."""
    while me.scope.reduced and me.steps and is_idle(me, me.steps[0]):
        me.steps = me.steps[1:]


def is_idle(me: Server, step: Sync) -> bool:
    """Whether a step has nothing to do."""
    match step:
        case Sync.SNAPSHOT:
            return writes_log(me)
        case Sync.QUEUE_ALL | Sync.LOG_ALL:
            return not me.not_logged
        case Sync.LOG_COMMITTED | Sync.COMMIT_REST:
            return not me.packets_committed
        case Sync.LOG_REST:
            return not (me.to_acknowledge or (me.is_voter and me.not_logged))
        case _:
            return False


def _snapshot(me: Server, out: Outbox) -> None:  # noqa: ARG001 - a step
    if not writes_log(me):
        me.disk.take_snapshot(me.tree.value)


def _epoch(me: Server, out: Outbox) -> None:  # noqa: ARG001 - a step
    me.current_epoch = me.promised_epoch


def _queue_all(me: Server, out: Outbox) -> None:  # noqa: ARG001 - a step
    for txn in me.not_logged:
        enqueue(me, txn)
    me.not_logged = ()


def _log_all(me: Server, out: Outbox) -> None:  # noqa: ARG001 - a step
    for txn in me.not_logged:
        me.disk.append(txn)
    me.pending = (*me.pending, *me.not_logged)
    me.to_acknowledge = tuple(txn.zxid for txn in me.not_logged)
    me.not_logged = ()


def _log_committed(me: Server, out: Outbox) -> None:  # noqa: ARG001 - a step
    for zxid in me.packets_committed:
        if me.not_logged and me.not_logged[0].zxid == zxid:
            me.disk.append(me.not_logged[0])
            apply_while_syncing(me, me.not_logged[0])
            me.not_logged = me.not_logged[1:]
    me.packets_committed = ()


def _ack_newleader(me: Server, out: Outbox) -> None:
    ack_durability.check(all(me.disk.has(zxid) for zxid in me.packets_committed))
    me.sync_mode = SyncMode.NONE
    out.send(learned_from(me), Ack(Zxid(me.promised_epoch, 0)))


def _ack_uptodate(me: Server, out: Outbox) -> None:
    out.send(learned_from(me), Ack(Zxid(me.promised_epoch, 0)))


def _start(me: Server, out: Outbox) -> None:  # noqa: ARG001 - a step
    me.phase = Phase.BROADCAST
    me.renew_vote(me.promised_epoch)


def _log_rest(me: Server, out: Outbox) -> None:
    for zxid in me.to_acknowledge:
        out.send(learned_from(me), Ack(zxid))
    me.to_acknowledge = ()
    if me.is_voter:
        _queue_all(me, out)


def _commit_rest(me: Server, out: Outbox) -> None:
    if me.is_voter:
        for zxid in me.packets_committed:
            commit(me, zxid, out)
    else:
        committed = tuple(txn for txn in me.not_logged if txn.zxid in me.packets_committed)
        me.to_log = (*me.to_log, *committed)
        me.to_apply = (*me.to_apply, *committed)
        me.not_logged = ()
    me.packets_committed = ()


STEPS = {
    Sync.SNAPSHOT: _snapshot,
    Sync.EPOCH: _epoch,
    Sync.QUEUE_ALL: _queue_all,
    Sync.LOG_ALL: _log_all,
    Sync.LOG_COMMITTED: _log_committed,
    Sync.ACK_NEWLEADER: _ack_newleader,
    Sync.ACK_UPTODATE: _ack_uptodate,
    Sync.START: _start,
    Sync.LOG_REST: _log_rest,
    Sync.COMMIT_REST: _commit_rest,
}
