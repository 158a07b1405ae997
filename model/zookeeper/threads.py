"""A server's own threads and its life: the log thread, the commit thread, shutdown, crash and restart.

``SyncRequestProcessor`` writes and flushes, then acknowledges; ``CommitProcessor`` applies. They run beside the
thread that handles packets, and beside each other: a commit can be applied before its own record is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker import require
from zabcheck.model.transaction import NONE
from zabcheck.model.zookeeper.commitment import process_ack
from zabcheck.model.zookeeper.log import Stored
from zabcheck.model.zookeeper.messages import Ack, Role
from zabcheck.model.zookeeper.server import Phase, Stage, SyncMode
from zabcheck.model.zookeeper.switches import LogThread

if TYPE_CHECKING:
    from zabcheck.model.transaction import Txn
    from zabcheck.model.zookeeper.server import Outbox, Server


def write_next(me: Server, out: Outbox) -> None:
    """The log thread writes and flushes the next record, and acknowledges it (``SyncRequestProcessor.run``)."""
    require(me.to_log)
    txn, me.to_log = me.to_log[0], me.to_log[1:]
    if me.scope.switches.logs_before_ack:
        me.disk.append(txn)
    acknowledge(me, txn, out)


def fail_to_write(me: Server) -> None:
    """The log thread cannot write the next record, and the server goes on without it (ZOOKEEPER-4882)."""
    require(me.scope.switches.log_writes_fail)
    require(me.to_log)
    me.to_log = me.to_log[1:]


def acknowledge(me: Server, txn: Txn, out: Outbox) -> None:
    """Say that ``txn`` is on disk, to the leader or as the leader (``SendAck``-, ``AckRequestProcessor``)."""
    if me.role is Role.FOLLOWING:
        out.send(learned_from(me), Ack(txn.zxid))
    elif me.role is Role.LEADING:
        process_ack(me, me.sid, txn.zxid, out)


def learned_from(me: Server) -> int:
    """The leader that a learner follows."""
    assert me.leader is not None  # noqa: S101 - a learner has one
    return me.leader


def write_orphan(me: Server) -> None:
    """A log thread that outlived its server writes its next record; nobody is told (ZOOKEEPER-4712)."""
    require(me.orphans)
    txn, *rest = me.orphans
    me.orphans = tuple(rest)
    me.disk.append(txn)


def apply_next(me: Server, out: Outbox) -> None:  # noqa: ARG001 - a thread's task
    """The commit thread applies the next committed transaction (``FinalRequestProcessor``)."""
    require(me.to_apply)
    txn, me.to_apply = me.to_apply[0], me.to_apply[1:]
    apply(me, txn)


def apply(me: Server, txn: Txn) -> None:
    """Apply ``txn`` to the tree, and keep it for learners that lag behind."""
    me.tree.append(txn)
    me.committed_log.add(txn, me.scope.window)


def enqueue(me: Server, txn: Txn) -> None:
    """Hand ``txn`` to the log thread; it waits for its commit (``FollowerZooKeeperServer.logRequest``)."""
    me.pending = (*me.pending, txn)
    me.to_log = (*me.to_log, txn)


def look(me: Server) -> None:
    """Go back to looking for a leader, and forget all that belongs to a role."""
    me.role = Role.LOOKING
    me.phase = Phase.ELECTION
    forget_role(me)


def forget_role(me: Server) -> None:
    """Forget what a server knows as candidate, learner or leader."""
    for sid in me.recvset:
        me.recvset[sid] = me.outofelection[sid] = None
    me.proposal = me.elected = None
    me.finalizing = False
    me.leader = None
    me.connected = False
    me.sync_mode = SyncMode.NONE
    me.not_logged = me.pending = me.to_apply = ()
    me.packets_committed = me.to_acknowledge = ()
    me.steps = ()
    me.epoch = 0
    me.connecting = me.electing = me.supporting = frozenset()
    me.last_proposed = me.last_committed = NONE
    me.outstanding = ()
    for handler in me.handlers.values():
        handler.stage = Stage.ABSENT
        handler.reported = NONE


def stop(me: Server) -> None:
    """Shut the server down before the next election; the process goes on (``ZooKeeperServer.shutdown``).

    A server that does not serve yet has no threads to stop, and its tree stays as it is; only a tree that a
    SNAP or TRUNC left incomplete is given up. The log thread of ZOOKEEPER-3911 to 4394 may run by then.
    """
    switches = me.scope.switches
    survives = switches.log_thread is LogThread.SURVIVES and me.role is not Role.LEADING
    queued, me.to_log = me.to_log, ()
    if me.phase is not Phase.BROADCAST:
        me.orphans = (*me.orphans, *queued)
        give_up_partial(me)
    elif survives:
        me.orphans = (*me.orphans, *queued)
        fast_forward(me)
    elif switches.log_thread is LogThread.STOPPED_FIRST or me.role is Role.LEADING:
        drain(me, queued)
        fast_forward(me)
    else:
        fast_forward(me)
        drain(me, queued)
    if not switches.retains_database:
        load(me)


def drain(me: Server, queued: tuple[Txn, ...]) -> None:
    """Write what the log thread still had to write."""
    for txn in queued:
        me.disk.append(txn)


def give_up_partial(me: Server) -> None:
    """Give up a tree that an unfinished synchronization has changed and the disk does not know of."""
    switches = me.scope.switches
    if (me.sync_mode is SyncMode.SNAP and switches.clears_partial_snap) or (
        me.sync_mode is SyncMode.TRUNC and switches.clears_partial_trunc
    ):
        load(me)


def fast_forward(me: Server) -> None:
    """Apply what is on disk and later than the tree (``ZKDatabase.fastForwardDataBase``)."""
    if me.scope.switches.fast_forwards:
        for txn in me.disk.log.after(me.tree.zxid):
            apply(me, txn)


def load(me: Server) -> None:
    """Make the tree from what is on disk: snapshot, then every record, committed or not (``restore``)."""
    stored = me.disk.value
    me.tree.value = Stored(stored.log, stored.zxid)
    me.committed_log.value = stored.log.txns[stored.base :][-me.scope.window :]


def crash(me: Server) -> None:
    """Lose everything but what is on disk."""
    me.role = Role.DOWN
    me.phase = Phase.ELECTION
    forget_role(me)
    me.to_log = me.orphans = ()
    me.unwritten_epoch = None
    me.deaf = False
    me.round = 0
    me.tree.value = Stored()
    me.committed_log.value = ()


def start(me: Server) -> None:
    """Start the process: restore the tree, check the epochs (``QuorumPeer.loadDataBase``)."""
    require(me.role is Role.DOWN)
    require(can_start(me))
    load(me)
    me.role = Role.LOOKING
    me.current_epoch = max(me.current_epoch, me.disk.zxid.epoch)


def can_start(me: Server) -> bool:
    """Whether the data directory is consistent; a crash after the snapshot and before the epoch is mended."""
    switches, epoch = me.scope.switches, me.disk.zxid.epoch
    if not switches.epoch_files:
        return True
    latest = me.accepted_epoch if switches.epoch_marker else me.current_epoch
    return me.current_epoch <= me.accepted_epoch and epoch <= latest
