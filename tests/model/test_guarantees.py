"""P1s and P2 on runs that a person would tell: what they say, when they bind, and when they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.checker.model import Kind
from zabcheck.model.transaction import Txn, Zxid
from zabcheck.model.zab import model
from zabcheck.model.zab.ghosts import Commitment
from zabcheck.model.zab.guarantees import p1s, p2
from zabcheck.model.zab.history import Logged
from zabcheck.model.zab.state import Phase, Role

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST = Txn(Zxid(1, 1), 0)


def reached(zab: Any, name: str) -> bool:
    goals = model.properties[name].instances(zab.state.scope)
    return any(goal.function(zab.state, *goal.arguments) for goal in goals)


def lone_proposal(ensemble: Callable[..., Any]) -> Any:
    """Server 1 led epoch 1 with server 2, broadcast a transaction that nobody got, and lost its follower."""
    zab = ensemble(3)
    zab.establish(1, 2)
    zab.do("leader_process_request", 1)
    zab.do("leader_broadcast_propose", 1)
    zab.do("timeout", 1, 2)
    return zab


def test_p1s_what_was_committed_is_in_every_later_initial_history(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(3)
    zab.establish(1, 2)
    zab.do("leader_process_request", 1)
    zab.do("leader_broadcast_propose", 1)
    zab.settle()
    zab.do("timeout", 1, 2)
    zab.establish(2, 3)
    assert zab.state.ghosts.committed.value == {Commitment(FIRST, 1)}
    assert zab.state.ghosts.established[2] == (FIRST,)
    assert zab.log(3) == ["1.1=0"]
    assert zab.holds("P1s")


def test_p1s_names_what_was_lost_and_the_epoch_that_lost_it(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(3)
    zab.establish(1, 2)
    zab.do("leader_process_request", 1)
    zab.do("leader_broadcast_propose", 1)
    zab.settle()
    zab.do("timeout", 1, 2)
    zab[2].history.value = ()
    zab.establish(2, 3)
    assert str(p1s(zab.state, 2)) == "1.1=0 was committed before epoch 2, which started without it"
    assert not zab.holds("CommittedLogMonotonicity")


def test_p2_a_proposal_that_only_the_crashed_leader_has_is_discarded(ensemble: Callable[..., Any]) -> None:
    zab = lone_proposal(ensemble)
    zab.establish(2, 3)
    assert zab.log(1) == ["1.1=0"]
    assert zab.holds("P2")
    zab.join(2, 1)
    zab.settle()
    assert zab.log(1) == []
    assert zab.holds("P2")
    assert reached(zab, "OrphanDiscarded")


def test_p2_binds_only_once_an_epoch_is_established_without_the_proposal(
    ensemble: Callable[..., Any],
) -> None:
    zab = lone_proposal(ensemble)
    zab.establish(1, 3)
    assert zab.log(3) == ["1.1=0"]
    assert zab[3].last_committed.index == 1
    assert zab.holds("P1s")
    assert zab.holds("P2")
    assert reached(zab, "OldLeaderCommits")


def test_p2_names_who_kept_an_orphan(ensemble: Callable[..., Any]) -> None:
    zab = lone_proposal(ensemble)
    zab.establish(2, 3)
    zab.join(2, 1)
    zab.settle()
    zab[1].history.value = (Logged(FIRST, frozenset()),)
    assert str(p2(zab.state, zab.id(1), 2)) == "epoch 2 started without 1.1=0, s1 has joined it and kept that"


def test_p2_names_who_delivered_an_orphan(ensemble: Callable[..., Any]) -> None:
    zab = lone_proposal(ensemble)
    zab.establish(2, 3)
    zab[1].last_committed = type(zab[1].last_committed)(1, FIRST.zxid)
    assert str(p2(zab.state, zab.id(1), 2)) == "epoch 2 started without 1.1=0, s1 has delivered that"


def test_ghosts_stay_empty_unless_asked_for(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(2, ghosts=0)
    zab.establish(1, 2)
    zab.do("leader_process_request", 1)
    zab.do("leader_broadcast_propose", 1)
    zab.settle()
    ghosts = zab.state.ghosts
    assert (ghosts.committed.value, ghosts.established, ghosts.opened) == (frozenset(), {}, {})


def test_a_commitment_keeps_the_earliest_epoch(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(2)
    committed = zab.state.ghosts.committed
    for epoch in (3, 1, 2):
        committed.add((FIRST,), epoch)
    assert committed.value == {Commitment(FIRST, 1)}
    assert (committed.before(1), committed.before(2)) == ((), (FIRST,))


def test_a_leader_that_broadcasts_without_a_quorum_breaks_no_promise(ensemble: Callable[..., Any]) -> None:
    """A quorum may be completed by the answer of one who left, and a follower that leaves by itself is not missed."""
    zab = ensemble(5)
    for _ in range(2):  # server 4 comes to accept epoch 2, which nobody hears of
        zab.lead(4, 5, 2)
        for follower in (5, 2):
            zab.deliver(4, follower, "Cepoch")
        zab.do("timeout", 4, 2)
    zab.lead(1, 2, 3)
    for receiver, sender, kind in (
        (1, 2, "Cepoch"),
        (1, 3, "Cepoch"),
        (2, 1, "Newepoch"),
        (3, 1, "Newepoch"),
    ):
        zab.deliver(receiver, sender, kind)
    for receiver, sender, kind in (
        (1, 2, "Ackepoch"),
        (1, 3, "Ackepoch"),
        (2, 1, "Newleader"),
        (1, 2, "Ackld"),
    ):
        zab.deliver(receiver, sender, kind)
    zab.join(1, 4)
    zab.deliver(1, 4, "Cepoch")
    zab.do("timeout", 1, 2)
    zab.deliver(3, 1, "Newleader")
    zab.deliver(1, 3, "Ackld")
    zab.deliver(4, 1, "Newepoch")
    assert (zab[1].phase, zab[4].role) == (Phase.BROADCAST, Role.LOOKING)
    assert sum(known.learner for known in zab[1].peers.values()) == 2

    zab.do("leader_process_request", 1)
    zab.do("leader_broadcast_propose", 1)
    zab.lead(2, 4, 5)
    zab.settle()
    zab.do("leader_process_request", 2)
    zab.do("leader_broadcast_propose", 2)
    zab.settle()
    assert (zab[1].role, zab[2].role) == (Role.LEADING, Role.LEADING)
    assert (zab[1].phase, zab[2].phase) == (Phase.BROADCAST, Phase.BROADCAST)
    assert (zab.log(1), zab.log(3), zab.log(2), zab.log(4)) == (["1.1=0"], ["1.1=0"], ["3.1=1"], ["3.1=1"])
    assert (zab[1].last_committed.index, zab[5].last_committed.index) == (0, 1)
    invariants = [p.name for p in model.properties.values() if p.kind is Kind.INVARIANT]
    assert [name for name in invariants if not zab.holds(name)] == []
