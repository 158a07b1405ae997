"""The guarantees that speak of the past: what was committed survives, what was discarded stays away.

They look at `ghosts`, so they need ``--ghosts 1``. An epoch is *established* when a quorum has acknowledged
its NEWLEADER; its *initial history* is the leader's log at that moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker import because
from zabcheck.model.zab.order import Verdict, delivered, is_established, listed
from zabcheck.model.zab.scope import epoch, epoch_pair, model, server, server_and_epoch
from zabcheck.model.zab.state import Phase, Role

if TYPE_CHECKING:
    from zabcheck.checker import Id
    from zabcheck.model.zab.state import State

GHOSTS = {"ghosts": 1}


@model.invariant(name="P1s", over=epoch, needs=GHOSTS, source="paper, l.1.2; the first guarantee")
def p1s(state: State, epoch: int) -> Verdict:
    """What a leader ever committed is in the initial history of every later established epoch.

    So it is never lost, and everyone who takes part in a later epoch gets it. Checked from the moment an
    epoch is established, and at each commit, should an earlier leader still make one.
    """
    initial = state.ghosts.established[epoch]
    if initial is None:
        return True
    lost = [txn for txn in state.ghosts.committed.before(epoch) if txn not in initial]
    return not lost or because(f"{listed(lost)} was committed before epoch {epoch}, which started without it")


@model.invariant(name="P2", over=server_and_epoch, needs=GHOSTS, source="paper, f.2.1; the second guarantee")
def p2(state: State, server: Id, epoch: int) -> Verdict:
    """An uncommitted proposal that a later epoch started without is discarded on joining, never delivered.

    Such a proposal was logged by a leader that failed, and by no quorum; it is gone from the log of whoever
    acknowledged that epoch or a later one. What was committed is the concern of P1s. Nothing is claimed while
    no epoch is established without the proposal: if its leader returns first, it may win again and the
    proposal is rightly committed.
    """
    initial = state.ghosts.established[epoch]
    if initial is None:
        return True
    me = state.servers[server]
    joined = me.current_epoch >= epoch
    kept = me.history.txns_before(epoch) if joined else delivered(me)
    orphans = [txn for txn in kept if txn.zxid.epoch < epoch and txn not in initial]
    if orphans:
        committed = state.ghosts.committed.before(epoch)
        orphans = [txn for txn in orphans if txn not in committed]
    return not orphans or because(
        f"epoch {epoch} started without {listed(orphans)}, {server} has "
        f"{'joined it and kept' if joined else 'delivered'} that"
    )


@model.invariant(
    name="InitialHistoryIntegrity",
    over=epoch_pair,
    needs=GHOSTS,
    source="paper, initial history integrity; Remix I-8",
)
def initial_history_integrity(state: State, earlier: int, later: int) -> Verdict:
    """The initial history of an established epoch begins with that of each earlier established epoch."""
    first, second = state.ghosts.established[earlier], state.ghosts.established[later]
    if first is None or second is None or second[: len(first)] == first:
        return True
    return because(f"epoch {earlier} started with {listed(first)}, epoch {later} with {listed(second)}")


@model.invariant(name="CommitConsistency", over=server, needs=GHOSTS, source="Remix I-9")
def commit_consistency(state: State, server: Id) -> Verdict:
    """A server that takes part in an established epoch has delivered the initial history of that epoch."""
    me = state.servers[server]
    if me.phase is not Phase.BROADCAST:
        return True
    initial = state.ghosts.established.get(me.current_epoch)
    if initial is None:
        return because(f"{server} takes part in epoch {me.current_epoch}, which is not established")
    have = delivered(me)
    return have[: len(initial)] == initial or because(
        f"epoch {me.current_epoch} started with {listed(initial)}, {server} has delivered {listed(have)}"
    )


@model.invariant(name="LeaderLogCompleteness", over=server, needs=GHOSTS, source="ZkV3_7_0.tla")
def leader_log_completeness(state: State, server: Id) -> Verdict:
    """A leader with an initial history has in its log all that was committed in its epoch or before."""
    me = state.servers[server]
    if not is_established(me):
        return True
    known = me.history.txns
    lost = [txn for txn in state.ghosts.committed.before(me.current_epoch + 1) if txn not in known]
    return not lost or because(f"{server} leads epoch {me.current_epoch} without {listed(lost)}")


@model.invariant(name="CommittedLogMonotonicity", over=server, needs=GHOSTS, source="MSPEC_2.tla")
def committed_log_monotonicity(state: State, server: Id) -> Verdict:
    """A broadcasting leader has delivered all that was committed in its epoch or before."""
    me = state.servers[server]
    if me.role is not Role.LEADING or me.phase is not Phase.BROADCAST:
        return True
    have = delivered(me)
    lost = [txn for txn in state.ghosts.committed.before(me.current_epoch + 1) if txn not in have]
    return not lost or because(
        f"{server} leads epoch {me.current_epoch}, not having delivered {listed(lost)}"
    )


@model.step_property(name="CommittedLogDurability", over=server, needs=GHOSTS, source="MSPEC_2.tla")
def committed_log_durability(before: State, after: State, server: Id) -> Verdict:
    """No server's log ever loses a transaction that was committed."""
    kept = after.servers[server].history.txns
    removed = [txn for txn in before.servers[server].history.txns if txn not in kept]
    if not removed:
        return True
    epochs = len(after.ghosts.established)
    lost = [txn for txn in after.ghosts.committed.before(epochs + 1) if txn in removed]
    return not lost or because(f"{server} had logged {listed(lost)}, which was committed, and dropped it")


@model.invariant(
    name="PrimaryIntegrityOrder",
    over=server_and_epoch,
    needs=GHOSTS,
    source="paper, primary integrity; Remix I-7",
)
def primary_integrity_order(state: State, server: Id, epoch: int) -> Verdict:
    """What anyone delivers of earlier epochs, a primary had delivered before its first broadcast."""
    known = state.ghosts.opened[epoch]
    if known is None:
        return True
    missing = [txn for txn in delivered(state.servers[server]) if txn.zxid.epoch < epoch and txn not in known]
    return not missing or because(
        f"{server} delivered {listed(missing)}; the primary of epoch {epoch} had delivered {listed(known)} "
        "when it first broadcast"
    )
