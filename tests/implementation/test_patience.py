"""How long a server waits, with a clock that the test moves."""

from __future__ import annotations

import pytest

from tests.implementation.group import ensemble
from zabcheck.implementation.patience import FINALIZE, FIRST, LONGEST, Patience
from zabcheck.model.zookeeper.ensemble import new_server
from zabcheck.model.zookeeper.messages import Role
from zabcheck.model.zookeeper.server import Phase, Server


@pytest.fixture
def me() -> Server:
    return new_server(ensemble(3), 1)


@pytest.fixture
def patience() -> Patience:
    return Patience(tick=2.0, init_limit=10, sync_limit=5)


def test_votes_are_sent_again_ever_more_slowly(me: Server, patience: Patience) -> None:
    now = 100.0
    patience.looked_at(me, now)
    waits = []
    for _ in range(12):
        over = patience.election_over(me)
        waits.append(round(over - now, 3))
        now = over
        patience.back_off(now)
    assert waits[:4] == [FIRST, 2 * FIRST, 4 * FIRST, 8 * FIRST]
    assert waits[-1] == LONGEST


def test_a_new_election_begins_fast(me: Server, patience: Patience) -> None:
    patience.looked_at(me, 0.0)
    patience.back_off(1.0)
    me.role, me.phase = Role.FOLLOWING, Phase.DISCOVERY
    patience.looked_at(me, 2.0)
    me.role, me.phase = Role.LOOKING, Phase.ELECTION
    patience.looked_at(me, 5.0)
    assert patience.election_over(me) == 5.0 + FIRST


def test_a_vote_that_comes_is_waited_on(me: Server, patience: Patience) -> None:
    patience.looked_at(me, 0.0)
    me.finalizing = True
    patience.heard_vote(0.15)
    assert patience.election_over(me) == 0.15 + FINALIZE


def test_a_phase_before_broadcast_is_not_waited_in_for_ever(me: Server, patience: Patience) -> None:
    me.role, me.phase = Role.FOLLOWING, Phase.DISCOVERY
    patience.looked_at(me, 10.0)
    assert not patience.is_stuck(me, 29.0)
    assert patience.is_stuck(me, 31.0)
    me.phase = Phase.SYNCHRONIZATION
    patience.looked_at(me, 31.0)
    assert not patience.is_stuck(me, 40.0)
    me.phase = Phase.BROADCAST
    patience.looked_at(me, 41.0)
    assert not patience.is_stuck(me, 1e6)
