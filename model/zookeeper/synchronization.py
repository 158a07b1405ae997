"""How a leader brings one learner up to date: DIFF, TRUNC or SNAP (``LearnerHandler.syncFollower``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zabcheck.checker import choose
from zabcheck.model.transaction import NONE, Zxid
from zabcheck.model.zookeeper.messages import Commit, Diff, Proposal, Snap, Trunc

if TYPE_CHECKING:
    from zabcheck.model.transaction import Txn
    from zabcheck.model.zookeeper.log import Stored
    from zabcheck.model.zookeeper.messages import Packet
    from zabcheck.model.zookeeper.server import Server
    from zabcheck.model.zookeeper.switches import Switches


@dataclass(frozen=True)
class Plan:
    """What to send a learner, and the last zxid it has then: whatever is later must be forwarded."""

    packets: tuple[Packet, ...]
    last_seen: Zxid


def plan(me: Server, peer: Zxid) -> Plan:
    """Decide how a learner whose last zxid is ``peer`` is synchronized; the first case that fits.

    A zxid with counter 0 marks the beginning of an epoch and has no place in any log, so it cannot be cut to.
    The log on disk is sent only if it is small beside a snapshot. Nothing here has a size, so it may be or not.
    """
    switches, window = me.scope.switches, me.committed_log.value
    if switches.spares_committed and me.to_apply and peer >= me.to_apply[0].zxid:
        last = min(peer, me.to_apply[-1].zxid)
        return Plan((Diff(peer) if peer == last else Trunc(last),), last)
    tree = me.tree.value
    least = window[0].zxid if window else tree.zxid
    if peer < least and me.scope.tells_files_apart:
        by_log = from_log(switches, tree, me.disk.records, window, peer)
        if by_log is not None and choose((True, False)):
            return by_log
    return decide(switches, tree, window, peer)


def decide(switches: Switches, tree: Stored, window: tuple[Txn, ...], peer: Zxid) -> Plan:
    """The decision by its inputs: the leader's tree, the proposals it keeps, the learner's last zxid."""
    least, most = (window[0].zxid, window[-1].zxid) if window else (tree.zxid, tree.zxid)
    at_epoch = peer.counter == 0 and switches.respects_epochs
    snap = Plan((Snap(tree),), tree.zxid)
    if peer == tree.zxid and (window or switches.empty_diff_always):
        return Plan((Diff(peer),), peer)
    if not window and not switches.empty_diff_always:
        return snap
    if peer > most and not at_epoch:
        return Plan((Trunc(most),), most) if switches.truncs else Plan((Diff(most),), most)
    if least <= peer <= most:
        return walk(switches, window, peer) or snap
    return snap


def from_log(
    switches: Switches, tree: Stored, records: tuple[Txn, ...], window: tuple[Txn, ...], peer: Zxid
) -> Plan | None:
    """Send what the log on disk has from ``peer`` on, then the proposals that are kept (ZOOKEEPER-1413).

    ``None`` where the log does not go back that far, or not up to where the kept proposals begin, or has other
    transactions than the leader: a SNAP leaves a hole in the log, and before it what was never committed.
    """
    if not switches.sends_log or not records or records[0].zxid > peer:
        return None
    least = window[0].zxid if window else tree.zxid
    older = tuple(txn for txn in records if txn.zxid <= least)
    reached = max(peer, older[-1].zxid)
    whole = tuple(txn for txn in tree.log if older[0].zxid <= txn.zxid <= older[-1].zxid)
    if (reached < least and switches.joins_log) or (older != whole and switches.sends_whole_log):
        return None
    begins_in_log = older[-1].zxid >= peer or peer.counter == 0
    newer = tuple(txn for txn in window if txn.zxid > reached)
    proposals = (*older, *newer) if begins_in_log else newer
    return walk(switches, proposals, peer) if proposals else None


def walk(switches: Switches, window: tuple[Txn, ...], peer: Zxid) -> Plan | None:
    """Send what follows ``peer`` among the kept proposals, after cutting what only the learner has.

    ``None`` where that would cut across the beginning of an epoch (``queueCommittedProposals``).
    """
    older = [txn for txn in window if txn.zxid < peer]
    newer = tuple(txn for txn in window if txn.zxid > peer)
    known = len(older) + len(newer) < len(window)
    at_epoch = peer.counter == 0 and switches.respects_epochs
    first: Packet = Diff(window[-1].zxid)
    if not known and not at_epoch and switches.truncs_inside_window:
        if switches.respects_epochs and newer[0].zxid.epoch != peer.epoch:
            return None
        kept = older if switches.truncs_exactly else older[:-1]
        first = Trunc(kept[-1].zxid if kept else NONE)
    return Plan((first, *committed(newer)), newer[-1].zxid if newer else peer)


def committed(txns: tuple[Txn, ...]) -> tuple[Packet, ...]:
    """Transactions as they are sent to a learner: each proposed and committed."""
    return tuple(packet for txn in txns for packet in (Proposal(txn), Commit(txn.zxid)))
