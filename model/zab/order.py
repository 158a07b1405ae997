"""What the paper promises about deliveries: integrity, agreement, and the orders. And who may lead.

Each property is stated as the paper means it, for every server. Where `Zab.tla` publishes a weaker form, that
one is in `published`. "Delivers" is always about the sequence that the server has delivered since it last
started.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from zabcheck.checker import because
from zabcheck.model.zab.scope import epoch, model, ordered_pair, pair, server
from zabcheck.model.zab.state import Phase, Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zabcheck.checker import Id
    from zabcheck.model.transaction import Txn
    from zabcheck.model.zab.state import Proposal, Server, State

Txns = tuple["Txn", ...]
Verdict = bool | because


def delivered(server: Server) -> Txns:
    """What ``server`` has delivered, in order."""
    count = server.last_committed.index
    return server.history.first_txns(count) if count > 0 else ()


def listed(transactions: Iterable[Txn]) -> str:
    """``transactions`` for people."""
    return ", ".join(map(str, transactions)) or "nothing"


def is_established(server: Server) -> bool:
    """Whether ``server`` leads an epoch that it has chosen the initial history of."""
    return server.role is Role.LEADING and server.phase in (Phase.SYNCHRONIZATION, Phase.BROADCAST)


@model.invariant(name="Leadership1", over=pair, source="Zab.tla Leadership1; paper, primary uniqueness")
def leadership1(state: State, one: Id, other: Id) -> Verdict:
    """No two servers lead the same epoch at the same time."""
    a, b = state.servers[one], state.servers[other]
    if is_established(a) and is_established(b) and a.current_epoch == b.current_epoch:
        return because(f"{one} and {other} both lead epoch {a.current_epoch}")
    return True


def _names(servers: frozenset[Id]) -> tuple[str, ...]:
    return tuple(sorted(map(str, servers)))


def _count(servers: frozenset[Id]) -> int:
    return len(servers)


@model.invariant(name="Leadership2", over=epoch, source="Zab.tla Leadership2; Remix I-1")
def leadership2(state: State, epoch: int) -> Verdict:
    """No two servers ever lead the same epoch, not even one after the other."""
    if state.epoch_leaders[epoch].view(_count) <= 1:
        return True
    return because(f"epoch {epoch} was led by {', '.join(state.epoch_leaders[epoch].view(_names))}")


@model.invariant(name="PrefixConsistency", over=pair, source="Zab.tla PrefixConsistency")
def prefix_consistency(state: State, one: Id, other: Id) -> Verdict:
    """Of what two servers have delivered, one is a beginning of the other."""
    for number, (a, b) in enumerate(zip(*_deliveries(state, one, other), strict=False), start=1):
        if a != b:
            return because(f"the transaction number {number} is {a} for {one} and {b} for {other}")
    return True


def _deliveries(state: State, one: Id, other: Id) -> tuple[Txns, Txns]:
    """What two servers delivered; if one delivered nothing, nothing, without a look at the logs."""
    a, b = state.servers[one], state.servers[other]
    if a.last_committed.index <= 0 or b.last_committed.index <= 0:
        return (), ()
    return delivered(a), delivered(b)


def _never_broadcast(proposals: frozenset[Proposal], transactions: Txns) -> Txns:
    broadcast = {proposal.txn for proposal in proposals}
    return tuple(txn for txn in transactions if txn not in broadcast)


def not_broadcast(state: State, transactions: Txns) -> Txns:
    """Those of ``transactions`` that no leader has broadcast."""
    return state.proposals.view(_never_broadcast, transactions) if transactions else ()


@model.invariant(name="Integrity", over=server, source="paper, integrity; Remix I-2")
def integrity(state: State, server: Id) -> Verdict:
    """If a server delivers a transaction, some primary has broadcast it."""
    unknown = not_broadcast(state, delivered(state.servers[server]))
    return not unknown or because(f"{server} delivered {listed(unknown)}, which nobody broadcast")


@model.invariant(name="Agreement", over=pair, source="paper, agreement; Remix I-3")
def agreement(state: State, one: Id, other: Id) -> Verdict:
    """If one server delivers a and another delivers b, then the one delivers b or the other delivers a."""
    return agree(one, other, *_deliveries(state, one, other))


def agree(one: Id, other: Id, first: Txns, second: Txns) -> Verdict:
    """Whether of two sequences one has all transactions of the other."""
    only_first = [txn for txn in first if txn not in second]
    only_second = [txn for txn in second if txn not in first]
    if only_first and only_second:
        return because(
            f"{one} delivered {only_first[0]} and not {only_second[0]}, {other} the other way round"
        )
    return True


@model.invariant(name="TotalOrder", over=pair, source="paper, total order; Remix I-4")
def total_order(state: State, one: Id, other: Id) -> Verdict:
    """If a server delivers a before b, then any server that delivers b delivers a before b."""
    first, second = _deliveries(state, one, other)
    return in_total_order(one, other, first, second) and in_total_order(other, one, second, first)


def in_total_order(one: Id, other: Id, first: Txns, second: Txns) -> Verdict:
    """Whether ``second`` has, before each transaction it shares with ``first``, what ``first`` has."""
    for position, b in enumerate(first):
        if b in second:
            before = second[: second.index(b)]
            for a in first[:position]:
                if a not in before:
                    return because(f"{one} delivered {a} before {b}, {other} {b} and not {a} before it")
    return True


def _skipped(proposals: frozenset[Proposal], transactions: Txns) -> tuple[Txn, Txn] | None:
    for position, b in enumerate(transactions):
        before = transactions[:position]
        primaries = {(proposal.source, proposal.epoch) for proposal in proposals if proposal.txn == b}
        earlier = sorted(
            proposal.txn
            for proposal in proposals
            if proposal.txn.zxid < b.zxid and (proposal.source, proposal.epoch) in primaries
        )
        for a in earlier:
            if a not in before:
                return a, b
    return None


@model.invariant(name="LocalPrimaryOrder", over=server, source="paper, local primary order; Remix I-5")
def local_primary_order(state: State, server: Id) -> Verdict:
    """If a primary broadcasts a before it broadcasts b, a server that delivers b delivers a before b.

    For all such a and b; the published form says "for some" (see `published`).
    """
    transactions = delivered(state.servers[server])
    skipped = state.proposals.view(_skipped, transactions) if transactions else None
    if skipped is None:
        return True
    return because(f"{server} delivered {skipped[1]} and not {skipped[0]} before it, as it was broadcast")


@model.invariant(name="GlobalPrimaryOrder", over=server, source="paper, global primary order; Remix I-6")
def global_primary_order(state: State, server: Id) -> Verdict:
    """A server delivers the transactions of an earlier epoch before those of a later one."""
    for a, b in pairwise(delivered(state.servers[server])):
        if a.zxid.epoch > b.zxid.epoch:
            return because(f"{server} delivered {a} before {b}")
    return True


@model.invariant(name="PrimaryIntegrity", over=ordered_pair, source="paper, primary integrity; Remix I-7")
def primary_integrity(state: State, primary: Id, server: Id) -> Verdict:
    """A primary that has broadcast has delivered all that anyone delivers of earlier epochs.

    "Before it broadcasts" is the concern of PrimaryIntegrityOrder, which needs the past.
    """
    me = state.servers[primary]
    if me.role is not Role.LEADING or me.phase is not Phase.BROADCAST or me.send_counter == 0:
        return True
    return knows_earlier(primary, me, server, state.servers[server])


def knows_earlier(primary: Id, leader: Server, name: Id, server: Server) -> Verdict:
    """Whether ``leader`` has delivered all that ``server`` has of epochs before the leader's."""
    if server.last_committed.index <= 0:
        return True
    epoch, theirs, mine = leader.current_epoch, delivered(server), delivered(leader)
    missing = [txn for txn in theirs if txn.zxid.epoch < epoch and txn not in mine]
    return not missing or because(
        f"{name} delivered {listed(missing)} of an earlier epoch, {primary}, who leads epoch {epoch}, did not"
    )
