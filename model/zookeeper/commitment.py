"""How a leader counts acknowledgements of a proposal and commits it (``Leader.processAck``, ``tryToCommit``)."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from zabcheck.model.zookeeper.checks import ack_consistent
from zabcheck.model.zookeeper.events import Committed
from zabcheck.model.zookeeper.messages import Commit, Inform
from zabcheck.model.zookeeper.server import FORWARDED, Outstanding
from zabcheck.model.zookeeper.switches import CommitOrder

if TYPE_CHECKING:
    from zabcheck.model.transaction import Txn, Zxid
    from zabcheck.model.zookeeper.server import Outbox, Server


def counts(me: Server, sid: int) -> bool:
    """Whether an answer of this server counts towards a quorum."""
    return sid in me.scope.voters or me.scope.switches.counts_observers


def process_ack(me: Server, sid: int, zxid: Zxid, out: Outbox) -> None:
    """Count an acknowledgement, and commit what a quorum has and nothing precedes (``tryToCommit``)."""
    if zxid.counter == 0 or not me.outstanding or me.last_committed >= zxid:
        return
    position = bisect_left(me.outstanding, zxid, key=lambda each: each.txn.zxid)  # as they were proposed
    is_proposed = position < len(me.outstanding) and me.outstanding[position].txn.zxid == zxid
    ack_consistent.check(is_proposed)
    if not is_proposed or not counts(me, sid):
        return
    acknowledged = Outstanding(me.outstanding[position].txn, me.outstanding[position].acks | {sid})
    others = me.outstanding[:position], me.outstanding[position + 1 :]
    waits = position > 0 and me.scope.switches.commit_order is CommitOrder.IN_ORDER
    if waits or not me.is_quorum(acknowledged.acks):
        me.outstanding = (*others[0], acknowledged, *others[1])
        return
    me.outstanding = (*others[0], *others[1])
    commit(me, acknowledged.txn, out)


def has_committed(me: Server, zxid: Zxid) -> bool:
    """Whether all that a leader had proposed up to ``zxid`` is committed: then a ``sync`` is over (``processSync``)."""
    return not me.outstanding or me.last_committed >= zxid


def commit(me: Server, txn: Txn, out: Outbox) -> None:
    """Tell everybody that ``txn`` is committed (``Leader.commit``, ``Leader.inform``)."""
    me.last_committed = txn.zxid
    for learner in me.handled(*FORWARDED):
        out.send(learner, Commit(txn.zxid) if counts(me, learner) else Inform(txn))
    me.to_apply = (*me.to_apply, txn)
    out.observe(Committed(me.sid, me.epoch, txn))
