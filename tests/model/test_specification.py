"""What the published specification settles where the paper does not, and is easily got wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from zabcheck.checker.vocabulary import NotEnabled, set_run
from zabcheck.model.transaction import Txn, Zxid
from zabcheck.model.zab.history import History, Logged
from zabcheck.model.zab.messages import Commit, Commitld, Newleader, Propose
from zabcheck.model.zab.rules import Rules
from zabcheck.model.zab.state import NOTHING, Phase, Received, Report, Reported, Role

if TYPE_CHECKING:
    from collections.abc import Callable


def test_bounds_are_guards(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(2, timeouts=1, transactions=1)
    zab.establish(1, 2)
    zab.do("leader_process_request", 1)
    with pytest.raises(NotEnabled):
        zab.do("leader_process_request", 1)
    zab.do("timeout", 1, 2)
    with pytest.raises(NotEnabled):
        zab.do("restart", 1)


def test_the_bound_on_epochs_blocks_even_a_mere_reply(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(3, epochs=1)
    zab.establish(1, 2)
    zab.join(1, 3)
    with pytest.raises(NotEnabled):
        zab.deliver(1, 3, "Cepoch")


def test_a_restart_costs_a_timeout_too(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(restarts=2, timeouts=1)
    zab.do("restart", 1)
    assert (zab.state.spent.restarts, zab.state.spent.timeouts) == (1, 1)
    with pytest.raises(NotEnabled):
        zab.do("restart", 1)


def test_a_restart_forgets_deliveries_and_nothing_else(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(2)
    zab.establish(1, 2)
    zab.do("leader_process_request", 1)
    zab.do("leader_broadcast_propose", 1)
    zab.settle()
    zab.do("restart", 2)
    assert (zab[2].last_committed, zab.log(2), zab[2].accepted_epoch, zab[2].current_epoch) == (
        NOTHING,
        ["1.1=0"],
        1,
        1,
    )
    assert zab[1].last_committed.index == 1


def test_the_longest_log_is_measured_only_at_a_request(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(3, transactions=2)
    zab.establish(1, 2)
    zab.do("leader_process_request", 1)
    zab.do("leader_process_request", 1)
    zab.do("timeout", 1, 2)
    zab.establish(2, 3)
    zab.do("follow_leader", 1)
    zab.do("connect_and_follower_send_cepoch", 2, 1)
    zab.settle()
    assert all(not zab.log(number) for number in (1, 2, 3))
    assert zab.state.spent.transactions == 2
    with pytest.raises(NotEnabled):
        zab.do("leader_process_request", 2)


def test_the_values_of_requests_go_on_where_logs_were_cut(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(3, transactions=3)
    zab.establish(1, 2)
    zab.do("leader_process_request", 1)
    zab.do("timeout", 1, 2)
    zab.establish(2, 3)
    zab.do("leader_process_request", 2)
    assert zab.log(2) == ["2.1=1"]
    assert zab.state.spent.transactions == 1


def test_acknowledgements_travel_with_the_history(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(3)
    zab.establish(1, 2)
    zab.do("leader_process_request", 1)
    zab.do("leader_broadcast_propose", 1)
    zab.settle()
    zab.join(1, 3)
    for receiver, sender, kind in ((1, 3, "Cepoch"), (3, 1, "Newepoch"), (1, 3, "Ackepoch")):
        zab.deliver(receiver, sender, kind)
    (newleader,) = zab.messages(3, 1)
    assert isinstance(newleader, Newleader)
    assert newleader.history[0].acks == {zab.id(1), zab.id(2)}
    zab.deliver(3, 1, "Newleader")
    assert zab[3].history.value == newleader.history
    assert zab[2].history.value[0].acks == frozenset()


def test_a_deposed_leader_keeps_what_it_was_answered(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(2)
    zab.establish(1, 2)
    zab.do("timeout", 1, 2)
    known = zab[1].peers[zab.id(2)]
    assert (zab[1].role, known.learner) == (Role.LOOKING, False)
    assert known.cepoch.connected
    assert known.acke.connected
    assert known.ackld.connected


def test_the_answer_of_one_who_left_counts_for_the_quorum(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(5)
    zab.lead(1, 2, 3, 4)
    zab.deliver(1, 2, "Cepoch")
    zab.do("timeout", 1, 2)
    assert zab[1].peers[zab.id(2)].cepoch.value == Received(connected=False, content=0)
    zab.deliver(1, 3, "Cepoch")
    assert zab[1].accepted_epoch == 1
    assert zab.messages(2, 1) == ()
    assert len(zab.messages(3, 1)) == 1


def test_a_leader_that_loses_its_quorum_takes_its_followers_with_it(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(3)
    zab.lead(1, 2)
    zab.do("follow_leader", 3)
    zab.do("timeout", 1, 2)
    assert [zab[number].role for number in (1, 2, 3)] == [Role.LOOKING, Role.LOOKING, Role.FOLLOWING]
    assert zab.messages(1, 2) == zab.messages(2, 1) == ()


def test_a_leader_that_keeps_its_quorum_loses_one_follower(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(3)
    zab.lead(1, 2, 3)
    zab.do("timeout", 1, 2)
    assert [zab[number].role for number in (1, 2, 3)] == [Role.LEADING, Role.LOOKING, Role.FOLLOWING]


def test_a_follower_without_a_leader_restarts_alone(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(3)
    zab.lead(1, 2)
    zab.do("follow_leader", 3)
    zab.do("restart", 3)
    assert [zab[number].role for number in (1, 2, 3)] == [Role.LEADING, Role.FOLLOWING, Role.LOOKING]


def test_a_leader_may_restart(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(3)
    zab.lead(1, 2, 3)
    zab.do("restart", 1)
    assert {zab[number].role for number in (1, 2, 3)} == {Role.LOOKING}


def test_a_latecomer_is_proposed_what_it_has_and_drops_it(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(3)
    zab.establish(1, 2)
    zab.do("leader_process_request", 1)
    zab.join(1, 3)
    zab.settle()
    zab.do("leader_broadcast_propose", 1)
    zab.deliver(3, 1, "Propose")
    assert (zab.log(3), zab.messages(1, 3)) == (["1.1=0"], ())


def test_commitld_to_a_latecomer_carries_what_is_committed_by_then(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(3)
    zab.establish(1, 2)
    zab.join(1, 3)
    for receiver, sender, kind in (
        (1, 3, "Cepoch"),
        (3, 1, "Newepoch"),
        (1, 3, "Ackepoch"),
        (3, 1, "Newleader"),
    ):
        zab.deliver(receiver, sender, kind)
    zab.do("leader_process_request", 1)
    zab.do("leader_broadcast_propose", 1)
    zab.deliver(2, 1, "Propose")
    zab.deliver(1, 2, "Ack")
    zab.deliver(1, 3, "Ackld")
    assert zab.messages(3, 1) == (Propose(Txn(Zxid(1, 1), 0)), Commitld(Zxid(1, 1)))


def test_a_commit_with_nothing_pending_is_ignored(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(3)
    zab.establish(1, 2)
    zab.state.send(zab.id(1), zab.id(2), Commit(Zxid(1, 1)))
    zab.deliver(2, 1, "Commit")
    assert zab[2].last_committed == NOTHING


def test_histories_that_tie_are_told_apart_by_contents_not_by_names(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(2)
    one, two = zab.id(1), zab.id(2)
    logs = [(Logged(Txn(Zxid(1, 1), value), frozenset()),) for value in (5, 6)]
    for first, second in ((one, two), (two, one)):
        reports = {}
        for server, log in zip((first, second), logs, strict=True):
            reports[server] = Report(None)
            reports[server].record(Reported(1, log))
        assert Rules().initial_history(one, reports) == (Txn(Zxid(1, 1), 6),)


@pytest.mark.parametrize(
    ("zxids", "sought", "index"),
    [
        ([], (0, 0), 0),
        ([(1, 1)], (0, 0), 0),
        ([], (1, 1), 1),
        ([(1, 1), (1, 2)], (1, 2), 2),
        ([(1, 1)], (1, 2), 2),
        ([(1, 1), (1, 1)], (1, 1), -1),
    ],
)
def test_index_of_a_zxid(zxids: list[tuple[int, int]], sought: tuple[int, int], index: int) -> None:
    history = History(tuple(Logged(Txn(Zxid(*zxid), 0), frozenset()) for zxid in zxids))
    assert history.index_of(Zxid(*sought)) == index


def test_a_leader_never_commits_on_ackld(ensemble: Callable[..., Any]) -> None:
    """A gap of the specification: everyone has the transaction, and it stays uncommitted (see `final`)."""
    zab = ensemble(3, epochs=2, timeouts=1, restarts=0, transactions=1)
    zab.establish(1, 2)
    zab.do("leader_process_request", 1)
    zab.do("leader_broadcast_propose", 1)
    zab.join(1, 3)
    for receiver, sender, kind in ((1, 3, "Cepoch"), (3, 1, "Newepoch")):
        zab.deliver(receiver, sender, kind)
    zab.do("timeout", 1, 2)
    zab.deliver(1, 3, "Ackepoch")
    zab.do("update_leader", 2)
    zab.settle()
    assert zab.log(1) == zab.log(3) == ["1.1=0"]
    assert len(zab[1].history.acks_at(1)) == 2
    assert (zab[1].phase, zab[1].last_committed) == (Phase.BROADCAST, NOTHING)
    assert zab.holds("Deadlock")


class Failures:
    """A run that notes which assertions fail."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def choose(self, count: int) -> int:
        raise NotImplementedError

    def fail(self, name: str) -> None:
        self.names.append(name)


@pytest.fixture
def failures() -> Any:
    run = Failures()
    previous = set_run(run)
    yield run.names
    set_run(previous)


def test_a_message_for_another_role_is_dropped_and_noted(
    ensemble: Callable[..., Any], failures: list[str]
) -> None:
    zab = ensemble(2)
    zab.lead(1, 2)
    zab[1].role = Role.LOOKING
    zab.do("filter_nonexistent_message", 1, 2)
    assert (zab.messages(1, 2), failures) == ((), ["MessageLegal"])
