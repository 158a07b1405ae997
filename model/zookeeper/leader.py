"""A leader: from winning the election to committing transactions (``Leader``, ``LearnerHandler``).

Each function is what the leader does with one packet of one learner, on its own fields. A handler's waits (for
the epoch, for its acknowledgement, for the acknowledgement of NEWLEADER) are stages: whoever completes a quorum
lets all handlers that wait for it go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.checker import require
from zabcheck.model.transaction import NONE, Txn, Zxid
from zabcheck.model.zookeeper.checks import ack_consistent, state_consistent
from zabcheck.model.zookeeper.commitment import counts, process_ack
from zabcheck.model.zookeeper.events import Established, Leads, Proposed
from zabcheck.model.zookeeper.messages import (
    Ack,
    AckEpoch,
    FollowerInfo,
    LeaderInfo,
    NewLeader,
    Proposal,
    Role,
    UpToDate,
)
from zabcheck.model.zookeeper.server import FORWARDED, Outstanding, Phase, Stage
from zabcheck.model.zookeeper.synchronization import committed, plan
from zabcheck.model.zookeeper.threads import look, stop

if TYPE_CHECKING:
    from zabcheck.model.zookeeper.server import Outbox, Server


def lead(me: Server, out: Outbox) -> None:
    """The election is over and this server leads: wait for learners (``Leader.lead``)."""
    me.role = Role.LEADING
    me.phase = Phase.DISCOVERY
    if me.scope.tells_files_apart and me.scope.switches.saves_before_leading:
        me.disk.take_snapshot(me.tree.value)
    hear_epoch(me, me.sid, me.promised_epoch, out)
    if me.scope.switches.leader_zxid_early:
        me.tree.mark(Zxid(me.epoch, 0))


def resign(me: Server, out: Outbox) -> None:
    """Stop leading and look for a leader (``Leader.shutdown``)."""
    require(me.is_leading)
    for sid in me.handlers:
        out.close(sid)
    stop(me)
    look(me)


def keeps_quorum(me: Server, heard: frozenset[int]) -> bool:
    """Whether a leader that hears from these learners goes on; those that do not vote keep nobody (``Leader.lead``)."""
    return me.is_quorum(heard | {me.sid})


def drop(me: Server, learner: int, out: Outbox) -> None:
    """The connection with a learner is over; what it answered before still counts."""
    handler = me.handlers[learner]
    require(handler.stage is not Stage.ABSENT)
    out.close(learner)
    handler.stage = Stage.ABSENT
    handler.reported = NONE


# Discovery


def on_followerinfo(me: Server, learner: int, packet: FollowerInfo, out: Outbox) -> None:
    """Learn the epoch that a learner accepted last; with a quorum of them, propose a later one."""
    require(me.is_leading)
    me.handlers[learner].stage = Stage.INFO
    hear_epoch(me, learner, packet.epoch, out)


def hear_epoch(me: Server, sid: int, accepted: int, out: Outbox) -> None:
    """Note an accepted epoch, and tell who waits the new one once it is decided (``getEpochToPropose``)."""
    if not epoch_decided(me):
        if me.scope.switches.epoch_files:
            me.epoch = max(me.epoch, accepted + 1)
        elif sid == me.sid:
            me.epoch = me.tree.zxid.epoch + 1
        if counts(me, sid):
            me.connecting |= {sid}
        if not epoch_decided(me):
            return
        require(me.epoch <= me.scope.epochs)
        if me.scope.switches.persists_accepted_epoch:
            me.accept(me.epoch)
        hear_acceptance(me, me.sid, me.current_epoch, me.tree.zxid, out)
    for waiting in me.handled(Stage.INFO):
        me.handlers[waiting].stage = Stage.EPOCH
        out.send(waiting, LeaderInfo(me.epoch))


def epoch_decided(me: Server) -> bool:
    """Whether a quorum, this server included, has said which epoch it accepted (``waitingForNewEpoch``)."""
    return me.sid in me.connecting and me.is_quorum(me.connecting)


def on_ackepoch(me: Server, learner: int, packet: AckEpoch, out: Outbox) -> None:
    """A learner accepted the epoch; with a quorum of them, synchronization begins."""
    require(me.handlers[learner].stage is Stage.EPOCH)
    me.handlers[learner].reported = packet.zxid
    me.handlers[learner].stage = Stage.ACKED
    hear_acceptance(me, learner, packet.epoch, packet.zxid, out)


def hear_acceptance(me: Server, sid: int, epoch: int | None, zxid: Zxid, out: Outbox) -> None:
    """Note who accepted the epoch; do without whoever knows more than this server (``waitForEpochAck``)."""
    if me.phase is Phase.DISCOVERY:
        if epoch is not None:
            mine = (me.current_epoch, me.tree.zxid)
            if (epoch, zxid) > mine and me.scope.switches.checks_recency and me.scope.switches.epoch_files:
                drop(me, sid, out)
                return
            if counts(me, sid):
                me.electing |= {sid}
        if not (me.sid in me.electing and me.is_quorum(me.electing)):
            return
        me.current_epoch = me.epoch
        me.phase = Phase.SYNCHRONIZATION
        me.supporting = frozenset({me.sid})
        out.observe(Leads(me.sid, me.epoch))
        if me.is_quorum(me.supporting) or not me.scope.switches.acknowledgement_establishes:
            establish(me, out)
    for waiting in me.handled(Stage.ACKED):
        synchronize(me, waiting, out)


# Synchronization


def synchronize(me: Server, learner: int, out: Outbox) -> None:
    """Send a learner what it lacks, and from now on whatever is proposed (``startForwarding``)."""
    handler = me.handlers[learner]
    handler.stage = Stage.SYNCED
    if not me.scope.switches.queues_newleader:
        send_newleader(me, learner, out)
    chosen = plan(me, handler.reported)
    for packet in chosen.packets:
        out.send(learner, packet)
    if me.scope.switches.spares_committed:
        me.outstanding = tuple(
            Outstanding(each.txn, each.acks - {learner}) if each.txn.zxid > chosen.last_seen else each
            for each in me.outstanding
        )
    if me.last_proposed > chosen.last_seen:
        for packet in committed(tuple(txn for txn in me.to_apply if txn.zxid > chosen.last_seen)):
            out.send(learner, packet)
        if counts(me, learner) and me.scope.switches.forwards_outstanding:
            for proposal in me.outstanding:
                if proposal.txn.zxid > chosen.last_seen:
                    out.send(learner, Proposal(proposal.txn))
    handler.reported = NONE


def send_newleader(me: Server, learner: int, out: Outbox) -> None:
    """Close the initial history; other threads may have slipped proposals in before (``LearnerHandler.run``)."""
    handler = me.handlers[learner]
    require(handler.stage is Stage.SYNCED)
    handler.stage = Stage.NEWLEADER
    out.send(learner, NewLeader(me.epoch))


def on_ack(me: Server, learner: int, packet: Ack, out: Outbox) -> None:
    """An acknowledgement: of NEWLEADER while the handler waits for that, else of a proposal."""
    stage = me.handlers[learner].stage
    require(stage in (Stage.NEWLEADER, Stage.ACTIVE))
    if stage is Stage.ACTIVE:
        process_ack(me, learner, packet.zxid, out)
        return
    ack_consistent.check(packet.zxid == Zxid(me.epoch, 0))
    me.handlers[learner].stage = Stage.WAITING
    if packet.zxid == Zxid(me.epoch, 0) and counts(me, learner) and me.phase is not Phase.BROADCAST:
        me.supporting |= {learner}
        if me.is_quorum(me.supporting):
            establish(me, out)
    if me.phase is Phase.BROADCAST and me.scope.switches.announces_establishment:
        for waiting in me.handled(Stage.WAITING):
            me.handlers[waiting].stage = Stage.ACTIVE
            out.send(waiting, UpToDate())


def establish(me: Server, out: Outbox) -> None:
    """The epoch is established: everything this server has is committed (``startZkServer``)."""
    state_consistent.check(me.phase is Phase.SYNCHRONIZATION)
    begin = Zxid(me.epoch, 0)
    out.observe(Established(me.sid, me.epoch, me.tree.log))
    me.phase = Phase.BROADCAST
    me.renew_vote(me.epoch)
    me.tree.mark(begin)
    me.last_proposed = me.last_committed = begin if me.scope.switches.zxid_has_epoch else NONE
    me.supporting = frozenset()


# Broadcast


def propose(me: Server, value: Any, out: Outbox) -> None:
    """Propose a client's write to all followers, and log it (``Leader.propose``)."""
    require(me.is_leading and me.phase is Phase.BROADCAST)
    if me.last_proposed.counter == me.scope.counter:
        if me.scope.switches.guards_rollover:
            resign(me, out)
            return
        zxid = Zxid(me.last_proposed.epoch + 1, 0)
    else:
        zxid = Zxid(me.last_proposed.epoch, me.last_proposed.counter + 1)
    txn = Txn(zxid, value)
    me.last_proposed = txn.zxid
    me.outstanding = (*me.outstanding, Outstanding(txn))
    out.observe(Proposed(me.sid, txn))
    for learner in me.handled(*FORWARDED):
        if counts(me, learner):
            out.send(learner, Proposal(txn))
    me.to_log = (*me.to_log, txn)
