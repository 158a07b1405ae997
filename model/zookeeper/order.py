"""What servers have delivered, each for itself and compared with each other (properties.md, section 2).

A server has *delivered* what is in its tree while it serves. After a restart the tree also holds transactions
that are only logged; they count from the moment it serves again.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from zabcheck.checker import because
from zabcheck.model.zookeeper.log import EMPTY, Log, show
from zabcheck.model.zookeeper.messages import Role
from zabcheck.model.zookeeper.scope import model, ordered_voters, pair, server
from zabcheck.model.zookeeper.server import Phase

if TYPE_CHECKING:
    from zabcheck.model.transaction import Txn
    from zabcheck.model.zookeeper.ensemble import State
    from zabcheck.model.zookeeper.server import Server

Verdict = bool | because


def delivered(server: Server) -> Log:
    """What a server has delivered."""
    return server.tree.log if server.phase is Phase.BROADCAST else EMPTY


@model.invariant(name="Leadership1", over=pair, source="Zab.tla Leadership1; Remix I-1")
def leadership1(state: State, one: int, other: int) -> Verdict:
    """No two servers lead the same epoch at the same time."""
    a, b = state.servers[one], state.servers[other]
    for me in (a, b):
        if me.role is not Role.LEADING or me.phase is Phase.DISCOVERY:
            return True
    return a.epoch != b.epoch or because(f"{one} and {other} both lead epoch {a.epoch}")


@model.invariant(name="PrefixConsistency", over=pair, source="Zab.tla PrefixConsistency")
def prefix_consistency(state: State, one: int, other: int) -> Verdict:
    """Of what two servers have delivered, one is a beginning of the other."""
    a, b = delivered(state.servers[one]), delivered(state.servers[other])
    return a.begins(b) or b.begins(a) or because(f"{one} has delivered {a}, {other} {b}")


@model.invariant(name="Agreement", over=pair, source="paper, agreement; Remix I-3")
def agreement(state: State, one: int, other: int) -> Verdict:
    """If one server delivers a and another delivers b, then the one delivers b or the other a."""
    a, b = set(delivered(state.servers[one])), set(delivered(state.servers[other]))
    return a <= b or b <= a or because(f"only {one} has delivered {show(a - b)}, only {other} {show(b - a)}")


@model.invariant(name="TotalOrder", over=ordered_voters, source="paper, total order; Remix I-4")
def total_order(state: State, one: int, other: int) -> Verdict:
    """If a server delivers a before b, then any server that delivers b delivers a before it."""
    first, second = delivered(state.servers[one]).txns, delivered(state.servers[other]).txns
    for index, txn in enumerate(second):
        if txn in first:
            missing = [a for a in first[: first.index(txn)] if a not in second[:index]]
            if missing:
                return because(f"{one} delivered {show(missing)} before {txn}, {other} did not")
    return True


@model.invariant(name="Integrity", over=server, source="paper, integrity; Remix I-2")
def integrity(state: State, server: int) -> Verdict:
    """What a server delivers was proposed by a leader."""
    known = state.ghosts.proposed.value
    unknown = [txn for txn in delivered(state.servers[server]) if txn not in known]
    return not unknown or because(f"{server} delivered {show(unknown)}, which nobody proposed")


@model.invariant(name="LocalPrimaryOrder", over=server, source="paper, local primary order; Remix I-5")
def local_primary_order(state: State, server: int) -> Verdict:
    """Who delivers a proposal of a leader has delivered all that this leader proposed before."""
    known = state.ghosts.proposed.value
    have = delivered(state.servers[server]).txns
    for index, txn in enumerate(have):
        earlier = {t for t in known if t.zxid.epoch == txn.zxid.epoch and t.zxid < txn.zxid}
        if missing := earlier - set(have[:index]):
            return because(f"{server} delivered {txn} without {show(sorted(missing))} before it")
    return True


@model.invariant(name="GlobalPrimaryOrder", over=server, source="paper, global primary order; Remix I-6")
def global_primary_order(state: State, server: int) -> Verdict:
    """A server delivers the transactions of an earlier epoch before those of a later one."""
    for a, b in pairwise(delivered(state.servers[server])):
        if a.zxid.epoch > b.zxid.epoch:
            return because(f"{server} delivered {a} before {b}")
    return True


@model.invariant(name="PrimaryIntegrity", over=server, source="paper, primary integrity; Remix I-7")
def primary_integrity(state: State, server: int) -> Verdict:
    """What anyone delivers of earlier epochs, a leader had delivered before its first proposal."""
    ghosts = state.ghosts
    epoch, known = ghosts.established_epoch, ghosts.initial_history
    if not any(txn.zxid.epoch == epoch for txn in ghosts.proposed.value):
        return True
    late = [txn for txn in delivered(state.servers[server]) if txn.zxid.epoch < epoch and txn not in known]
    return not late or because(f"{server} delivered {show(late)}, unknown to the leader of epoch {epoch}")


@model.invariant(name="SameZxid", over=pair, source="ZOOKEEPER-335")
def same_zxid(state: State, one: int, other: int) -> Verdict:
    """A zxid stands for the same transaction on every server."""
    theirs = {txn.zxid: txn for txn in state.servers[other].disk.log}
    for txn in state.servers[one].disk.log:
        if theirs.get(txn.zxid, txn) != txn:
            return because(f"{one} has {txn} on disk, {other} has {theirs[txn.zxid]}")
    return True


def missing(txns: frozenset[Txn], log: Log) -> list[Txn]:
    """Those of ``txns`` that ``log`` lacks."""
    known = frozenset(log)
    return sorted(txns - known)
