"""Properties in the form that `Zab.tla` publishes, where that form is weaker than what the paper means.

They say what a run of TLC on that specification says. `order` has the full forms.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from zabcheck.checker import because
from zabcheck.model.zab.order import (
    Verdict,
    agree,
    delivered,
    in_total_order,
    knows_earlier,
    listed,
    not_broadcast,
)
from zabcheck.model.zab.scope import model, ordered_pair, pair, server, server_and_epoch
from zabcheck.model.zab.state import Phase, Role

if TYPE_CHECKING:
    from zabcheck.checker import Id
    from zabcheck.model.transaction import Txn
    from zabcheck.model.zab.state import Proposal, State


@model.invariant(name="PublishedIntegrity", over=server, source="Zab.tla Integrity")
def published_integrity(state: State, server: Id) -> Verdict:
    """Integrity, of followers only."""
    me = state.servers[server]
    if me.role is not Role.FOLLOWING:
        return True
    unknown = not_broadcast(state, delivered(me))
    return not unknown or because(f"{server} delivered {listed(unknown)}, which nobody broadcast")


@model.invariant(name="PublishedAgreement", over=pair, source="Zab.tla Agreement")
def published_agreement(state: State, one: Id, other: Id) -> Verdict:
    """Agreement, between followers only."""
    a, b = state.servers[one], state.servers[other]
    if a.role is not Role.FOLLOWING or b.role is not Role.FOLLOWING:
        return True
    if a.last_committed.index <= 0 or b.last_committed.index <= 0:
        return True
    return agree(one, other, delivered(a), delivered(b))


@model.invariant(name="PublishedTotalOrder", over=pair, source="Zab.tla TotalOrder")
def published_total_order(state: State, one: Id, other: Id) -> Verdict:
    """Total order, between servers that have delivered two transactions or more."""
    a, b = state.servers[one], state.servers[other]
    if a.last_committed.index < 2 or b.last_committed.index < 2:
        return True
    first, second = delivered(a), delivered(b)
    return in_total_order(one, other, first, second) and in_total_order(other, one, second, first)


def _broadcast_by(proposals: frozenset[Proposal], source: Id, epoch: int) -> tuple[Txn, ...]:
    return tuple(sorted(p.txn for p in proposals if p.source == source and p.epoch == epoch))


@model.invariant(name="PublishedLocalPrimaryOrder", over=server_and_epoch, source="Zab.tla LocalPrimaryOrder")
def published_local_primary_order(state: State, primary: Id, epoch: int) -> Verdict:
    """Local primary order for some a and b that a primary broadcast, possibly the same: vacuously true.

    It asks for two transactions that are equal, or that everyone delivers in order. Where anything was
    broadcast, the choice of a transaction and itself makes it true; there is no need to look at deliveries.
    """
    if epoch > state.servers[primary].current_epoch:
        return True
    transactions = state.proposals.view(_broadcast_by, primary, epoch)
    return len(transactions) < 2 or any(a == b for a, b in product(transactions, repeat=2))


@model.invariant(name="PublishedPrimaryIntegrity", over=ordered_pair, source="Zab.tla PrimaryIntegrity")
def published_primary_integrity(state: State, primary: Id, server: Id) -> Verdict:
    """Primary integrity, between a leader and a follower that are connected and both broadcast."""
    me, other = state.servers[primary], state.servers[server]
    if other.leader != primary or other.phase is not Phase.BROADCAST or me.phase is not Phase.BROADCAST:
        return True
    return knows_earlier(primary, me, server, other)
