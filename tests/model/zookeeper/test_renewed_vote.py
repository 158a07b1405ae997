"""Servers that elected their leader in different epochs answer with one vote once they serve."""

from __future__ import annotations

from random import Random

import pytest

from tests.model.zookeeper.peers import Network, Peer
from zabcheck.model.zookeeper import Scope, election
from zabcheck.model.zookeeper.messages import Notification, Role, Vote
from zabcheck.model.zookeeper.switches import VoteEquality


def settled(scope: Scope, sid: int, role: Role, epoch: int, round_: int) -> Peer:
    """A server that has elected 3, in this epoch and round, and now serves in epoch 3."""
    peer = Peer(scope, sid, Network(Random(0)))
    me = peer.me
    me.role = role
    me.elected = Notification(Vote(3, me.tree.zxid, epoch), round_, Role.LOOKING)
    me.renew_vote(3)
    return peer


@pytest.mark.parametrize(("equality", "joins"), [(VoteEquality.RELAXED, True), (VoteEquality.STRICT, False)])
def test_who_joins_later_sees_a_quorum(equality: VoteEquality, *, joins: bool) -> None:
    scope = Scope(election="fine", changed=(("vote_equality", equality),))
    leader = settled(scope, 3, Role.LEADING, epoch=2, round_=2)
    follower = settled(scope, 2, Role.FOLLOWING, epoch=1, round_=1)
    joining = Peer(scope, 1, Network(Random(0)))
    joining.me.round = 2
    election.look(joining.me, joining)
    for peer in (follower, leader):
        election.on_notification(joining.me, peer.me.sid, election.current(peer.me), joining)
    assert (joining.me.leader == 3) is joins
