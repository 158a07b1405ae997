"""Where a run may end, and what is said of a state that should have gone on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from zabcheck.checker import Options, check
from zabcheck.model import models
from zabcheck.model.zab import Scope, model
from zabcheck.model.zab.final import at_rest
from zabcheck.model.zab.state import NOTHING, Phase

if TYPE_CHECKING:
    from collections.abc import Callable


def settled(ensemble: Callable[..., Any], **bounds: int) -> Any:
    """Two servers that have delivered one transaction and used up all bounds."""
    zab = ensemble(2, **({"transactions": 1, "epochs": 1, "timeouts": 0, "restarts": 0} | bounds))
    zab.establish(1, 2)
    zab.do("leader_process_request", 1)
    zab.do("leader_broadcast_propose", 1)
    zab.settle()
    return zab


def test_all_is_done(ensemble: Callable[..., Any]) -> None:
    assert at_rest(settled(ensemble).state) is True


def test_a_server_that_is_looking_can_go_on(ensemble: Callable[..., Any]) -> None:
    assert str(at_rest(ensemble(2).state)) == "s1 is looking for a leader"


def test_a_follower_can_connect(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(2)
    zab.lead(1)
    zab.do("follow_leader", 2)
    assert str(at_rest(zab.state)) == "s2 follows no leader"


def test_a_quorum_that_is_heard_leads_to_broadcast(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(2)
    zab.lead(1, 2)
    zab.deliver(1, 2, "Cepoch")
    assert str(at_rest(zab.state)) == "s1 hears a quorum and does not broadcast"


def test_a_follower_that_waits_at_the_bound_on_epochs_is_not_heard(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(2, epochs=0)
    zab.lead(1, 2)
    assert at_rest(zab.state) is True


def test_a_leader_that_hears_no_quorum_waits(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(3)
    for number in (1, 2, 3):
        zab.lead(number)
    assert at_rest(zab.state) is True


def test_a_follower_is_told_that_the_epoch_is_established(ensemble: Callable[..., Any]) -> None:
    zab = settled(ensemble)
    zab[2].phase = Phase.SYNCHRONIZATION
    assert str(at_rest(zab.state)) == "s1 broadcasts and its follower s2 is in synchronization"


def test_a_follower_delivers_what_its_leader_has(ensemble: Callable[..., Any]) -> None:
    zab = settled(ensemble)
    zab[2].last_committed = NOTHING
    assert str(at_rest(zab.state)) == "s2 has not got or not delivered all that its leader s1 has"


def test_a_leader_commits_what_all_have(ensemble: Callable[..., Any]) -> None:
    zab = settled(ensemble)
    zab[1].last_committed = zab[2].last_committed = NOTHING
    assert str(at_rest(zab.state)) == "s1 has not committed all of its log"


def test_a_leader_counts_every_acknowledgement(ensemble: Callable[..., Any]) -> None:
    zab = ensemble(2, transactions=1)
    zab.establish(1, 2)
    zab.do("leader_process_request", 1)
    zab[2].history.value = zab[1].history.value
    assert str(at_rest(zab.state)) == "s1 has not committed all of its log"


def test_a_leader_takes_requests_up_to_the_bound(ensemble: Callable[..., Any]) -> None:
    assert str(at_rest(settled(ensemble, transactions=2).state)) == "s1 takes no request"


def test_one_server_alone_never_broadcasts() -> None:
    result = check(model, Scope(1, 1, 1, 1, 1), Options(properties=("Deadlock",)), engine="interpreted")
    assert (result.verdict, result.terminal_states, result.deadlocks) == ("holds", 1, 0)


@pytest.mark.parametrize(
    ("variant", "clause"),
    [
        ("commitld-forgotten", "broadcasts and its follower"),
        ("never-committed", "has not committed all of its log"),
        ("acknowledged-before-logged", "has not got or not delivered all"),
    ],
)
def test_a_deadlock_says_what_is_unfinished(variant: str, clause: str) -> None:
    options = Options(properties=("Deadlock",))
    result = check(model, Scope(2, 0, 1, 1, 0), options, engine="interpreted", variant=variant)
    assert result.counterexample is not None
    assert clause in result.counterexample.clause


def test_the_registry_has_the_model() -> None:
    assert models()["zab"] is model
