"""What one server must keep consistent for itself (properties.md, section 2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker import because
from zabcheck.model.transaction import NONE
from zabcheck.model.zookeeper.messages import Role
from zabcheck.model.zookeeper.scope import model, server
from zabcheck.model.zookeeper.threads import can_start

if TYPE_CHECKING:
    from zabcheck.model.zookeeper.ensemble import State
    from zabcheck.model.zookeeper.order import Verdict


@model.invariant(name="EpochOrder", over=server, source="QuorumPeer.loadDataBase; ZOOKEEPER-2307")
def epoch_order(state: State, server: int) -> Verdict:
    """The current epoch of a server is not later than the one it accepted."""
    me = state.servers[server]
    return me.current_epoch <= me.accepted_epoch or because(
        f"{server} has current epoch {me.current_epoch}, accepted {me.accepted_epoch}"
    )


@model.invariant(name="LogEpoch", over=server, source="QuorumPeer.loadDataBase; ZOOKEEPER-1653")
def log_epoch(state: State, server: int) -> Verdict:
    """A server that does not run can start from what is on its disk."""
    me = state.servers[server]
    if me.role is not Role.DOWN:
        return True
    return can_start(me) or because(
        f"{server} has {me.disk.zxid} on disk and current epoch {me.current_epoch}: it refuses to start"
    )


@model.invariant(name="MemDisk", over=server, source="ZOOKEEPER-3642, 5094, 4712")
def mem_disk(state: State, server: int) -> Verdict:
    """What a server that looks for a leader votes with is on its disk."""
    me = state.servers[server]
    if me.role is not Role.LOOKING:
        return True
    tree, disk = me.tree.value, me.disk.value
    complete = tree.zxid.counter == 0 or tree.zxid <= disk.zxid
    return (complete and tree.log.begins(disk.log)) or because(
        f"{server} votes with {tree}, on its disk is {disk}"
    )


@model.invariant(name="LogContiguity", over=server, source="ZOOKEEPER-4925, 5094")
def log_contiguity(state: State, server: int) -> Verdict:
    """Within each epoch, the counters on a server's disk run 1, 2, 3 and so on."""
    previous = NONE
    for txn in state.servers[server].disk.log:
        expected = previous.counter + 1 if txn.zxid.epoch == previous.epoch else 1
        if txn.zxid.counter != expected:
            return because(f"{server} has {txn} after {previous} on disk")
        previous = txn.zxid
    return True


@model.step_property(name="EpochsMonotone", over=server, source="paper, f.1.2")
def epochs_monotone(before: State, after: State, server: int) -> Verdict:
    """Neither the accepted nor the current epoch of a server ever falls."""
    had, has = before.servers[server], after.servers[server]
    return had.accepted_epoch <= has.accepted_epoch and had.current_epoch <= has.current_epoch
