"""What holds of logs and epochs, on each server and between the participants of an epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker import because
from zabcheck.model.zab.order import Verdict, is_established, listed
from zabcheck.model.zab.scope import model, ordered_pair, pair, server

if TYPE_CHECKING:
    from zabcheck.checker import Id
    from zabcheck.model.zab.state import State


@model.invariant(name="EpochOrder", over=server, source="ZOOKEEPER-2307: a server refuses to start")
def epoch_order(state: State, server: Id) -> Verdict:
    """The epoch a server was last synchronized in is not later than the one it last accepted."""
    me = state.servers[server]
    if me.current_epoch <= me.accepted_epoch:
        return True
    return because(f"{server} is in epoch {me.current_epoch}, having accepted only {me.accepted_epoch}")


@model.step_property(name="AcceptedEpochMonotone", over=server, source="paper, f.p")
def accepted_epoch_monotone(before: State, after: State, server: Id) -> Verdict:
    """The accepted epoch of a server never falls."""
    old, new = before.servers[server].accepted_epoch, after.servers[server].accepted_epoch
    return old <= new or because(f"{server} had accepted epoch {old} and now {new}")


@model.step_property(name="CurrentEpochMonotone", over=server, source="paper, f.a")
def current_epoch_monotone(before: State, after: State, server: Id) -> Verdict:
    """The epoch that a server was last synchronized in never falls."""
    old, new = before.servers[server].current_epoch, after.servers[server].current_epoch
    return old <= new or because(f"{server} was in epoch {old} and is in {new}")


@model.invariant(name="LogEpoch", over=server, source="ZOOKEEPER-1653: a server refuses to start")
def log_epoch(state: State, server: Id) -> Verdict:
    """No log holds a transaction of an epoch later than the one its server was last synchronized in."""
    me = state.servers[server]
    last = me.history.last_zxid
    return last.epoch <= me.current_epoch or because(
        f"the log of {server}, in epoch {me.current_epoch}, ends in {last}"
    )


@model.invariant(name="LogContiguity", over=server, source="ZOOKEEPER-4925")
def log_contiguity(state: State, server: Id) -> Verdict:
    """Within each epoch, the counters in a log run 1, 2, 3 and so on."""
    history = state.servers[server].history
    return history.is_contiguous or because(f"{server} has logged {listed(history.txns)}")


@model.invariant(name="HistoryConsistency", over=pair, source="paper, history consistency; Remix I-10")
def history_consistency(state: State, one: Id, other: Id) -> Verdict:
    """Of the logs of two participants of the same epoch, one is a beginning of the other."""
    a, b = state.servers[one], state.servers[other]
    if a.current_epoch != b.current_epoch or a.current_epoch == 0:
        return True
    first, second = a.history.txns, b.history.txns
    shared = min(len(first), len(second))
    if first[:shared] == second[:shared]:
        return True
    return because(
        f"in epoch {a.current_epoch}, {one} has logged {listed(first)}, {other} has logged {listed(second)}"
    )


@model.invariant(name="ProcessConsistency", over=ordered_pair, source="ZkV3_7_0.tla processConsistency")
def process_consistency(state: State, leader: Id, follower: Id) -> Verdict:
    """The log of a follower that has entered its leader's epoch is a beginning of the leader's log."""
    me, other = state.servers[follower], state.servers[leader]
    if me.leader != leader or not is_established(other) or me.current_epoch != other.current_epoch:
        return True
    mine, leading = me.history.txns, other.history.txns
    return mine == leading[: len(mine)] or because(
        f"{follower} has logged {listed(mine)}, its leader {leader} has logged {listed(leading)}"
    )
