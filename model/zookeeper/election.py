"""FastLeaderElection: what a server does with one notification, and when it is done (``FastLeaderElection``).

A server counts its own vote at once; in the code it arrives a little later, through the loopback. Everything
else is as there, including that replies to whoever asks do not wait for the thread that looks for a leader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker import require
from zabcheck.model.transaction import NONE
from zabcheck.model.zookeeper.checks import decision_support, own_round
from zabcheck.model.zookeeper.leader import lead
from zabcheck.model.zookeeper.learner import follow
from zabcheck.model.zookeeper.messages import Notification, Role, Vote
from zabcheck.model.zookeeper.switches import VoteEquality, VoteOrder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zabcheck.model.zookeeper.scope import Scope
    from zabcheck.model.zookeeper.server import Outbox, Server


def beats(scope: Scope, new: Vote, current: Vote) -> bool:
    """Whether a vote is better than another (``totalOrderPredicate``); one for a server without weight never is."""
    if new.leader in scope.quorums.voters and not scope.quorums.weight(new.leader):
        return False
    match scope.switches.vote_order:
        case VoteOrder.SID_WITHOUT_EPOCH:
            return (
                new.epoch > current.epoch
                or (new.epoch == current.epoch and new.zxid > current.zxid)
                or (new.zxid == current.zxid and new.leader > current.leader)
            )
        case VoteOrder.ZXID_SID:
            return (new.zxid, new.leader) > (current.zxid, current.leader)
        case VoteOrder.SID:
            return new.leader > current.leader
        case _:
            return (new.epoch, new.zxid, new.leader) > (current.epoch, current.zxid, current.leader)


def begin(me: Server, out: Outbox) -> None:
    """Begin a new round with a vote for oneself, if one may vote (``lookForLeader``).

    Who is a quorum alone needs no other vote: its own comes back to it through the loopback, and is counted.
    """
    require(me.round < me.scope.rounds)
    me.round += 1
    me.proposal = own_vote(me)
    tell_all(me, out)
    me.finalizing = is_supported(me, me.recvset)


NOBODY = Vote(0, NONE, -1)
"""the vote of a server that may not vote; every other is better"""


def own_vote(me: Server) -> Vote:
    """What a server votes at first: itself, if it may (``getInitId``)."""
    return me.vote if me.is_voter else NOBODY


def look(me: Server, out: Outbox) -> None:
    """What the main loop does after each input: who looks for a leader takes part in a round (``QuorumPeer.run``)."""
    if me.role is Role.LOOKING and me.proposal is None:
        begin(me, out)


def tell_all(me: Server, out: Outbox) -> None:
    """Send the current vote to every voter (``sendNotifications``)."""
    for sid in me.scope.voters:
        if sid != me.sid:
            out.notify(sid, current(me))


def current(me: Server) -> Notification:
    """What a server says when it is asked: its candidate, or the leader it has."""
    if me.elected is not None:
        return Notification(me.elected.vote, me.elected.round, me.role)
    return Notification(candidate(me), me.round, me.role)


def candidate(me: Server) -> Vote:
    """Whom a server that looks for a leader votes for."""
    assert me.proposal is not None  # noqa: S101 - it takes part in a round
    return me.proposal


def on_notification(me: Server, sender: int, n: Notification, out: Outbox) -> None:
    """Answer a notification, and if this server looks for a leader, count it (``WorkerReceiver.run``).

    A vote for somebody who may not lead is not counted (``validVoter``).
    """
    if sender not in me.scope.voters:
        out.notify(sender, current(me))
    elif me.role is not Role.LOOKING:
        if n.role is Role.LOOKING and me.scope.switches.answers_candidates:
            out.notify(sender, current(me))
    elif n.vote.leader not in me.scope.voters:
        return
    elif n.role is Role.LOOKING:
        hear_candidate(me, sender, n, out)
    elif n.role in (Role.FOLLOWING, Role.LEADING):
        hear_settled(me, sender, n, out)


def on_cut_notification(me: Server) -> None:
    """Half a notification has come, and then the connection was over (``WorkerReceiver.run``)."""
    if not me.scope.switches.ignores_cut_votes:
        me.deaf = True


def hear_candidate(me: Server, sender: int, n: Notification, out: Outbox) -> None:
    """A server that looks for a leader has voted."""
    mine = candidate(me)
    if n.round < me.round:
        out.notify(sender, current(me))
        return
    if me.finalizing and not beats(me.scope, n.vote, mine):
        return
    me.finalizing = False
    if n.round > me.round:
        me.round = n.round
        for sid in me.recvset:
            me.recvset[sid] = None
        mine = own_vote(me)
        me.proposal = n.vote if beats(me.scope, n.vote, mine) else mine
        tell_all(me, out)
    elif beats(me.scope, n.vote, mine):
        me.proposal = n.vote
        tell_all(me, out)
    me.recvset[sender] = n
    forget_losers(me)
    me.finalizing = is_supported(me, me.recvset)


def forget_losers(me: Server) -> None:
    """Forget votes for other candidates: this server's only gets better, so they can never count again."""
    if me.scope.reduced and me.scope.switches.decides_by_quorum:
        for sid, n in me.recvset.items():
            if n is not None and n.role is Role.LOOKING and n.vote != me.proposal:
                me.recvset[sid] = None


def without_futile(n: Notification | None, round_: int, proposal: Vote, scope: Scope) -> Notification | None:
    """``n``, unless it would change nothing at a candidate with this proposal, now or later in this round."""
    futile = (
        n is not None
        and n.role is Role.LOOKING
        and n.round == round_
        and n.vote != proposal
        and not beats(scope, n.vote, proposal)
    )
    return None if futile else n


def is_supported(me: Server, votes: Mapping[int, Notification | None]) -> bool:
    """Whether the candidate of this server has a quorum, this server's own vote included."""
    if not me.scope.switches.decides_by_quorum:
        return all(votes[sid] is not None for sid in me.scope.voters if sid != me.sid)
    return has_quorum(me, votes)


def has_quorum(me: Server, votes: Mapping[int, Notification | None]) -> bool:
    """Whether a quorum votes for the candidate of this server."""
    same = frozenset(
        sid for sid, n in votes.items() if n is not None and n.vote == me.proposal and n.role is Role.LOOKING
    )
    own = frozenset({me.sid}) if me.is_voter else frozenset()
    return me.is_quorum(same | own)


def hear_settled(me: Server, sender: int, n: Notification, out: Outbox) -> None:
    """A server that has a leader says which: join it, if a quorum says the same and the leader itself does."""
    if me.finalizing:
        if not beats(me.scope, n.vote, candidate(me)):
            return
        me.finalizing = False
    if n.round == me.round:
        me.recvset[sender] = n
        if agrees(me, me.recvset, n, by_epoch=False) and leads(me, me.recvset, n):
            settle_on(me, n, out)
            return
    me.outofelection[sender] = n
    if agrees(me, me.outofelection, n, by_epoch=True) and leads(me, me.outofelection, n):
        own_round.check(n.vote.leader != me.sid or n.round == me.round)
        me.round = n.round
        settle_on(me, n, out)


def agrees(me: Server, votes: Mapping[int, Notification | None], n: Notification, *, by_epoch: bool) -> bool:
    """Whether a quorum has the same vote as ``n`` (``Vote.equals``); in this round a candidate's own counts too."""
    strict = me.scope.switches.vote_equality is VoteEquality.STRICT

    def same(other: Notification) -> bool:
        if strict or other.role is Role.LOOKING:
            return other.vote == n.vote and other.round == n.round
        if by_epoch:
            return other.vote.leader == n.vote.leader and other.vote.epoch == n.vote.epoch
        return other.vote.leader == n.vote.leader

    others = frozenset(sid for sid, other in votes.items() if other is not None and same(other))
    if by_epoch or not me.is_voter:
        return me.is_quorum(others)
    own = Notification(candidate(me), me.round, Role.LOOKING)
    return me.is_quorum(others | {me.sid} if same(own) else others)


def leads(me: Server, votes: Mapping[int, Notification | None], n: Notification) -> bool:
    """Whether the proposed leader says so itself (``checkLeader``)."""
    if n.vote.leader == me.sid:
        return me.round == n.round or not me.scope.switches.checks_round
    said = votes[n.vote.leader]
    return said is not None and said.role is Role.LEADING


def finalize(me: Server, out: Outbox) -> None:
    """No better vote has come for a while: the election is over (``finalizeWait``)."""
    require(me.role is Role.LOOKING and me.finalizing)
    decision_support.check(has_quorum(me, me.recvset))
    settle_on(me, Notification(candidate(me), me.round, Role.LOOKING), out)


def settle_on(me: Server, n: Notification, out: Outbox) -> None:
    """Take the role that the vote means, and forget the candidates (``setPeerState``, ``leaveInstance``)."""
    for sid in me.recvset:
        me.recvset[sid] = me.outofelection[sid] = None
    me.proposal = None
    me.finalizing = False
    me.elected = Notification(n.vote, n.round, Role.LOOKING)
    if n.vote.leader == me.sid:
        lead(me, out)
    else:
        follow(me, n.vote.leader)
