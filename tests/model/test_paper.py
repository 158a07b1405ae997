"""The protocol step by step, as the paper numbers it: f.1.2 is the second step of a follower in phase 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from zabcheck.checker.vocabulary import NotEnabled
from zabcheck.model.transaction import Txn, Zxid
from zabcheck.model.zab.history import Logged
from zabcheck.model.zab.messages import (
    Ack,
    Ackepoch,
    Ackld,
    Cepoch,
    Commit,
    Commitld,
    Newepoch,
    Newleader,
    Propose,
)
from zabcheck.model.zab.state import Phase, Role

if TYPE_CHECKING:
    from collections.abc import Callable


def logged(*txns: tuple[int, int]) -> tuple[Logged, ...]:
    """A log of transactions given by epoch and counter; each has its counter as value."""
    return tuple(Logged(Txn(Zxid(epoch, counter), counter), frozenset()) for epoch, counter in txns)


def test_f_1_1_a_follower_tells_the_leader_its_last_accepted_epoch(ensemble: Callable[..., Any]) -> None:
    zab = ensemble()
    zab[2].accepted_epoch = 4
    zab.lead(1, 2)
    assert zab.messages(1, 2) == (Cepoch(4),)


def test_l_1_1_a_quorum_of_epochs_makes_a_new_one_above_them_all(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(5)
    zab[2].accepted_epoch, zab[3].accepted_epoch = 4, 2
    zab.lead(1, 2, 3)
    zab.deliver(1, 3, "Cepoch")
    assert zab[1].accepted_epoch == 0
    zab.deliver(1, 2, "Cepoch")
    assert zab[1].accepted_epoch == 5
    assert zab.messages(2, 1) == zab.messages(3, 1) == (Newepoch(5),)


def test_f_1_2_a_follower_accepts_a_later_epoch_and_reports(ensemble: Callable[..., Any]) -> None:
    zab = ensemble()
    zab[2].current_epoch = zab[2].accepted_epoch = 3
    zab[2].history.value = logged((3, 1))
    zab.lead(1, 2)
    zab.deliver(1, 2, "Cepoch")
    zab.deliver(2, 1, "Newepoch")
    assert zab[2].accepted_epoch == 4
    assert zab.messages(1, 2) == (Ackepoch(3, logged((3, 1))),)


def test_f_1_2_a_follower_that_knows_a_later_epoch_leaves(ensemble: Callable[..., Any]) -> None:
    zab = ensemble()
    zab.lead(1, 2)
    zab.deliver(1, 2, "Cepoch")
    zab[2].accepted_epoch = 7
    zab.deliver(2, 1, "Newepoch")
    assert (zab[2].role, zab[2].leader, zab[2].accepted_epoch) == (Role.LOOKING, None, 7)
    assert not zab[1].peers[zab.id(2)].learner


@pytest.mark.parametrize(
    ("mine", "theirs", "chosen"),
    [
        pytest.param((1, [(1, 1), (1, 2)]), (2, [(1, 1)]), [(1, 1)], id="the later epoch wins"),
        pytest.param((1, [(1, 1)]), (1, [(1, 1), (1, 2)]), [(1, 1), (1, 2)], id="then the higher zxid"),
        pytest.param((2, [(2, 1)]), (1, [(1, 1), (1, 2)]), [(2, 1)], id="it may be the leader's own"),
    ],
)
def test_l_1_2_the_leader_chooses_the_most_recent_history(
    ensemble: Callable[..., Any], mine: Any, theirs: Any, chosen: Any
) -> None:
    zab = ensemble()
    for number, (epoch, txns) in ((1, mine), (2, theirs)):
        zab[number].accepted_epoch = zab[number].current_epoch = epoch
        zab[number].history.value = logged(*txns)
    zab.lead(1, 2)
    for receiver, sender, kind in ((1, 2, "Cepoch"), (2, 1, "Newepoch"), (1, 2, "Ackepoch")):
        zab.deliver(receiver, sender, kind)
    assert zab[1].history.txns == tuple(entry.txn for entry in logged(*chosen))
    assert (zab[1].current_epoch, zab[1].phase) == (
        3 if 2 in (mine[0], theirs[0]) else 2,
        Phase.SYNCHRONIZATION,
    )


def test_l_2_1_the_leader_proposes_the_history_to_those_who_reported(ensemble: Callable[..., Any]) -> None:
    zab = ensemble()
    zab[1].history.value = logged((1, 1))
    zab.lead(1, 2, 3)
    for receiver, sender, kind in (
        (1, 2, "Cepoch"),
        (1, 3, "Cepoch"),
        (2, 1, "Newepoch"),
        (1, 2, "Ackepoch"),
    ):
        zab.deliver(receiver, sender, kind)
    (newleader,) = zab.messages(2, 1)
    assert isinstance(newleader, Newleader)
    assert (newleader.epoch, newleader.history) == (1, zab[1].history.value)
    assert zab.messages(3, 1) == (Newepoch(1),)


def test_f_2_1_a_follower_replaces_its_history_and_acknowledges(ensemble: Callable[..., Any]) -> None:
    zab = ensemble()
    for number, txns in ((1, [(2, 1)]), (2, [(1, 1), (1, 2)])):
        zab[number].history.value = logged(*txns)
        zab[number].accepted_epoch = zab[number].current_epoch = txns[0][0]
    zab.lead(1, 2)
    for receiver, sender, kind in ((1, 2, "Cepoch"), (2, 1, "Newepoch"), (1, 2, "Ackepoch")):
        zab.deliver(receiver, sender, kind)
    zab.deliver(2, 1, "Newleader")
    assert zab.log(2) == ["2.1=1"]
    assert zab[2].current_epoch == 3
    assert zab.messages(1, 2) == (Ackld(Zxid(2, 1)),)


def test_f_2_1_a_follower_that_promised_another_epoch_leaves(ensemble: Callable[..., Any]) -> None:
    zab = ensemble()
    zab.lead(1, 2)
    for receiver, sender, kind in ((1, 2, "Cepoch"), (2, 1, "Newepoch"), (1, 2, "Ackepoch")):
        zab.deliver(receiver, sender, kind)
    zab[2].accepted_epoch = 2
    zab.deliver(2, 1, "Newleader")
    assert (zab[2].role, zab[2].current_epoch) == (Role.LOOKING, 0)


def test_l_2_2_a_quorum_of_acknowledgements_establishes_the_epoch(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(5)
    zab[1].history.value = logged((1, 1))
    zab.lead(1, 2, 3)
    for number in (2, 3):
        zab.deliver(1, number, "Cepoch")
    for number in (2, 3):
        zab.deliver(number, 1, "Newepoch")
        zab.deliver(1, number, "Ackepoch")
    for number in (2, 3):
        zab.deliver(number, 1, "Newleader")
    zab.deliver(1, 2, "Ackld")
    assert zab[1].phase is Phase.SYNCHRONIZATION
    zab.deliver(1, 3, "Ackld")
    assert (zab[1].phase, zab[1].last_committed.index) == (Phase.BROADCAST, 1)
    assert zab.messages(2, 1) == zab.messages(3, 1) == (Commitld(Zxid(1, 1)),)


def test_f_2_2_a_follower_delivers_the_initial_history(ensemble: Callable[..., Any]) -> None:
    zab = ensemble()
    zab[1].history.value = logged((1, 1), (1, 2))
    zab.establish(1, 2)
    assert (zab[2].phase, zab[2].last_committed.index) == (Phase.BROADCAST, 2)


def test_l_3_1_proposals_go_out_in_the_order_of_their_zxids(ensemble: Callable[..., Any]) -> None:
    zab = ensemble()
    zab.establish(1, 2)
    for _ in range(2):
        zab.do("leader_process_request", 1)
    for _ in range(2):
        zab.do("leader_broadcast_propose", 1)
    assert zab.messages(2, 1) == (Propose(Txn(Zxid(1, 1), 0)), Propose(Txn(Zxid(1, 2), 1)))
    with pytest.raises(NotEnabled):
        zab.do("leader_broadcast_propose", 1)


def test_f_3_2_a_follower_logs_a_proposal_then_acknowledges_it(ensemble: Callable[..., Any]) -> None:
    zab = ensemble()
    zab.establish(1, 2)
    zab.do("leader_process_request", 1)
    zab.do("leader_broadcast_propose", 1)
    zab.deliver(2, 1, "Propose")
    assert zab.log(2) == ["1.1=0"]
    assert zab.messages(1, 2) == (Ack(Zxid(1, 1)),)


def test_l_3_2_a_quorum_of_acknowledgements_commits(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(5)
    zab.establish(1, 2, 3, 4)
    zab.do("leader_process_request", 1)
    zab.do("leader_broadcast_propose", 1)
    for number in (2, 3):
        zab.deliver(number, 1, "Propose")
    zab.deliver(1, 2, "Ack")
    assert zab[1].last_committed.index == 0
    zab.deliver(1, 3, "Ack")
    assert zab[1].last_committed.index == 1
    assert zab.messages(2, 1) == (Commit(Zxid(1, 1)),)


def test_f_3_3_a_follower_delivers_what_is_committed_in_order(ensemble: Callable[..., Any]) -> None:
    zab = ensemble()
    zab.establish(1, 2)
    for _ in range(2):
        zab.do("leader_process_request", 1)
        zab.do("leader_broadcast_propose", 1)
    zab.settle()
    assert zab[1].last_committed == zab[2].last_committed
    assert zab[2].last_committed.index == 2


def test_l_3_3_a_latecomer_gets_the_epoch_and_the_log_as_it_is_now(ensemble: Callable[..., Any]) -> None:
    zab = ensemble()
    zab.establish(1, 2)
    zab.do("leader_process_request", 1)
    zab.join(1, 3)
    zab.deliver(1, 3, "Cepoch")
    assert zab.messages(3, 1) == (Newepoch(1),)
    zab.deliver(3, 1, "Newepoch")
    zab.deliver(1, 3, "Ackepoch")
    zab.deliver(3, 1, "Newleader")
    assert zab.log(3) == zab.log(1) == ["1.1=0"]


def test_l_3_4_a_latecomer_delivers_what_is_committed_and_takes_part(ensemble: Callable[..., Any]) -> None:
    zab = ensemble()
    zab.establish(1, 2)
    zab.do("leader_process_request", 1)
    zab.do("leader_broadcast_propose", 1)
    zab.settle()
    zab.join(1, 3)
    zab.settle()
    assert (zab[3].phase, zab[3].last_committed.index) == (Phase.BROADCAST, 1)
    zab.do("leader_process_request", 1)
    zab.do("leader_broadcast_propose", 1)
    zab.settle()
    assert zab.log(3) == ["1.1=0", "1.2=1"]
    assert zab[3].last_committed.index == 2
