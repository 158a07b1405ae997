"""What is recorded of a server: the differences that an input made, and what its functions say by themselves.

The diary only looks. It knows the server's record before and after, and the packets that pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zabcheck.implementation.entries import encoded
from zabcheck.model.zookeeper import events as said
from zabcheck.model.zookeeper import messages
from zabcheck.model.zookeeper.election import NOBODY, current
from zabcheck.model.zookeeper.messages import Role
from zabcheck.traces import event as kinds
from zabcheck.traces.event import Hex
from zabcheck.traces.members import number
from zabcheck.traces.transactions import identity

if TYPE_CHECKING:
    from zabcheck.implementation.recording import Recorder
    from zabcheck.model.transaction import Txn, Zxid
    from zabcheck.model.zookeeper.messages import Notification, Vote
    from zabcheck.model.zookeeper.server import Phase, Server

UNSET = Hex(2**63)
"""How a vote of a server that may not vote stands in a recording, as in a log."""


def at(zxid: Zxid) -> Hex:
    """A zxid as an event has it."""
    return Hex(number(zxid))


@dataclass(frozen=True)
class Standing:
    """What of a server's record is compared."""

    role: Role
    phase: Phase
    round: int
    proposal: Vote | None
    current_epoch: int

    @staticmethod
    def of(me: Server) -> Standing:
        """As it is now."""
        return Standing(me.role, me.phase, me.round, me.proposal, me.current_epoch)


class Diary:
    """Writes down what happens to one server."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.event = recorder.event
        self.mark = recorder.mark
        self.undo = recorder.undo
        self.flush = recorder.flush
        self._standing: Standing | None = None

    def begin(self, me: Server, release: str) -> None:
        """The process has started and read its disk."""
        self.event(kinds.Started, release=release)
        self.event(kinds.Loaded, zxid=at(me.tree.zxid))
        self.event(kinds.Looking)
        self._standing = Standing.of(me)

    def compare(self, me: Server, reason: str | None = None) -> None:
        """Something was done; ``reason`` is why, if the server was given up for it."""
        before, now = self._standing, Standing.of(me)
        if before is None or before == now:
            return
        self._standing = now
        if before.role is not now.role:
            if now.role is Role.LOOKING:
                self.event(kinds.Left, role=before.role.value, reason=reason)
                self.event(kinds.Looking)
            elif now.role is not Role.DOWN:
                leader = me.leader if me.leader is not None else me.sid
                self.event(kinds.RoleTaken, role=now.role.value, leader=leader)
        if before.current_epoch != now.current_epoch:
            self.event(kinds.EpochSet, epoch=Hex(now.current_epoch))
        if before.phase is not now.phase and me.role not in (Role.LOOKING, Role.DOWN):
            self.event(kinds.PhaseEntered, phase=now.phase.value, role=now.role.value)
        if now.role is Role.LOOKING and now.proposal is not None:
            if before.proposal is None or before.role is not Role.LOOKING:
                self.event(kinds.ElectionBegan, zxid=at(me.tree.zxid))
            if (before.round, before.proposal) != (now.round, now.proposal):
                self.own_vote(me)

    def own_vote(self, me: Server) -> None:
        """A server votes; it is told so itself, as everybody."""
        if me.is_voter:
            self.heard(me, me.sid, current(me))

    def heard(self, me: Server, sender: int, n: Notification) -> None:
        """A notification has come."""
        nobody = n.vote == NOBODY
        self.event(
            kinds.Notified,
            sender=sender,
            state=n.role.value,
            leader=int(UNSET) if nobody else n.vote.leader,
            zxid=UNSET if nobody else at(n.vote.zxid),
            epoch=UNSET if nobody else Hex(n.vote.epoch),
            round=Hex(n.round),
            my_state=me.role.value,
        )

    def observed(self, me: Server, what: said.Event) -> None:
        """A function of the server says something that others may want to know."""
        self.compare(
            me
        )  # a leader that is a quorum by itself begins to lead and activates its epoch in one step
        match what:
            case said.Established(_, epoch, _):
                self.event(
                    kinds.Activated, epoch=Hex(epoch), supporters=tuple(sorted(me.supporting | {me.sid}))
                )
            case said.Proposed(_, txn):
                self.event(kinds.Proposed, zxid=at(txn.zxid), body=identity(encoded(txn)))
            case said.Committed():
                self.event(kinds.Committed, zxid=at(me.last_committed))
            case said.Leads():
                pass

    def sends(self, me: Server, to: int, packet: messages.Packet) -> None:
        """A packet is about to go out: what a leader decides about a learner shows here."""
        match packet:
            case messages.Diff(zxid):
                self._synchronizes(me, to, "diff", zxid)
            case messages.Trunc(zxid):
                self._synchronizes(me, to, "trunc", zxid)
            case messages.Snap(tree):
                self._synchronizes(me, to, "snap", tree.zxid)

    def _synchronizes(self, me: Server, learner: int, mode: kinds.ModeName, zxid: Zxid) -> None:
        window = me.committed_log.value
        self.event(
            kinds.SyncInputs,
            learner=learner,
            max_committed=at(window[-1].zxid) if window else Hex(0),
            min_committed=at(window[0].zxid) if window else Hex(0),
            last_processed=at(me.tree.zxid),
            peer_last=at(me.handlers[learner].reported),
        )
        self.event(kinds.SyncSent, learner=learner, mode=mode, zxid=at(zxid))

    def comes(self, me: Server, sender: int, packet: messages.Packet) -> None:
        """A packet has come and is about to be handled."""
        match packet:
            case messages.Diff(zxid):
                self.event(kinds.SyncReceived, mode="diff", zxid=at(zxid))
            case messages.Trunc(zxid):
                self.event(kinds.SyncReceived, mode="trunc", zxid=at(zxid))
            case messages.Snap(tree):
                self.event(kinds.SyncReceived, mode="snap", zxid=at(tree.zxid))
            case messages.NewLeader(epoch):
                self.event(kinds.NewleaderReceived, epoch=Hex(epoch))
            case messages.UpToDate():
                self.event(kinds.UptodateReceived)
            case messages.Ack(zxid):
                if zxid.counter and me.is_leading:
                    self.event(kinds.Counted, zxid=at(zxid), sender=sender)

    def failed(self, check: str) -> None:
        """A check of the model fails in a server that is meant to have bugs."""
        self.event(kinds.Alarm, what="failed check", text=check)

    def applied(self, me: Server, txn: Txn) -> None:
        """The commit thread has applied a transaction; a learner was told to."""
        if me.is_learning:
            self.event(kinds.Committed, zxid=at(txn.zxid))
        self.event(kinds.Applied, zxid=at(txn.zxid))

    def logged(self, txn: Txn) -> None:
        """A transaction is called on disk."""
        self.event(kinds.Logged, zxid=at(txn.zxid), body=identity(encoded(txn)))
