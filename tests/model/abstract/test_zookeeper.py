"""Model `zookeeper` does only what abstract Zab allows; bugs fail at the step that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.model.abstract.following import followed_counterexample, followed_script, problem
from zabcheck.checker.proof.refinement import check_refinement, walk_refinement
from zabcheck.model.abstract import THEORY
from zabcheck.model.abstract.zookeeper import ZooKeeperRefinement
from zabcheck.model.zookeeper import Scope, model

if TYPE_CHECKING:
    from collections.abc import Iterator


def mended(**bounds: Any) -> Scope:
    return Scope(release="mended", discovery="coarse", **bounds)


def as_needed(variant: str) -> Scope:
    """The least bounds in which a variant shows."""
    bounds: dict[str, Any] = dict(model.variants[variant].needs)
    return Scope(release="mended", **bounds)


def test_every_step_of_two_servers() -> None:
    scope = mended(servers=2)
    result = check_refinement(problem(model, scope), THEORY, ZooKeeperRefinement())
    assert (result.verdict, result.misstep) == ("holds", None)
    assert set(result.taken) >= {"newleader", "establish", "append", "commit", "deliver", "crash"}


def test_random_walks_with_an_observer() -> None:
    scope = mended(transactions=2, crashes=2, timeouts=2, partitions=1, observers=1)
    result = walk_refinement(problem(model, scope), THEORY, ZooKeeperRefinement(), 1500)
    assert result.misstep is None
    assert result.edges == 1500


@pytest.mark.slow
def test_every_step_of_three_servers() -> None:
    scope = mended(grain="coarse", transactions=2, crashes=0)
    result = check_refinement(problem(model, scope), THEORY, ZooKeeperRefinement())
    assert (result.verdict, result.edges, result.misstep) == ("holds", 14053, None)


def serving(leader: int, *followers: int) -> Iterator[str]:
    """An election, and what follows until all serve, where threads run to the end."""
    yield f"elect({leader}, {tuple(sorted((leader, *followers)))})"
    for one in followers:
        yield f"learner_process_diff({one}, {leader})"
        yield f"leader_send_newleader({leader}, {one})"
        yield f"learner_process_newleader({one}, {leader})"
        yield f"leader_process_ack({leader}, {one})"
    for one in followers:
        yield f"learner_process_uptodate({one}, {leader})"


REJOINED = (
    *serving(3, 1, 2),
    "leader_process_request(3)",
    "learner_process_proposal(1, 3)",
    "learner_time_out(1, 3)",
    "leader_notice_end(3, 1)",
    "join(1, 3)",
)
"""Server 1 has logged and acknowledged 2.1, and comes back to the leader, which has not committed it."""
COMMITTED_MEANWHILE = (
    *REJOINED,
    "learner_process_proposal(2, 3)",
    "leader_process_ack(3, 2)",
    "leader_process_ack(3, 2)",
    "learner_process_trunc(1, 3)",
)
"""While the TRUNC is on its way to 1, the leader commits 2.1 with server 2."""


def test_a_leader_forgets_before_a_follower_truncates() -> None:
    scope = mended(grain="coarse", timeouts=1)
    result = followed_script(problem(model, scope), COMMITTED_MEANWHILE)
    assert result.misstep is None
    assert (result.taken["forget"], result.taken["truncate"]) == (1, 1)


INTERRUPTED = (
    *serving(3, 1),
    "leader_process_request(3)",
    "learner_process_proposal(1, 3)",
    "leader_process_ack(3, 1)",
    "leader_process_ack(3, 1)",
    "crash(3)",
    "learner_notice_end(1, 3)",
    "restart(3)",
    "elect(3, (2, 3))",
    "learner_process_diff(2, 3)",
    "leader_send_newleader(3, 2)",
    "learner_process_proposal(2, 3)",
    "learner_process_commit(2, 3)",
    "learner_process_newleader(2, 3)",
)


def finely(steps: tuple[str, ...]) -> Iterator[str]:
    """The same steps, each followed by what the threads of the servers do then."""
    for step in steps:
        yield step
        if step.startswith(("learner_process_newleader", "learner_process_uptodate")):
            yield from ("learner_continue_sync(1)",) * 2
        elif step.startswith("leader_process_request"):
            yield "log_thread_write(3)"
        elif step.startswith("learner_process_proposal(1"):
            yield "log_thread_write(1)"


def test_a_restart_recovers_the_epoch_of_the_log() -> None:
    """Server 2 has written what it lacked and not currentEpoch, and it is already promised to epoch 3."""
    scope = mended(crashes=2)
    steps = (*finely(INTERRUPTED[:-1]), INTERRUPTED[-1], "learner_continue_sync(2)", "crash(2)", "restart(2)")
    result = followed_script(problem(model, scope), steps)
    assert result.misstep is None
    assert result.taken["recover"] == 1


WRONG = (
    ("ZOOKEEPER-335", "leader_process_ackepoch", "needs “a quorum promised”"),
    ("ZOOKEEPER-2307", "learner_continue_sync", "currentEpoch of"),
    ("ZOOKEEPER-2845", "leader_process_ackepoch", "needs “none with this currentEpoch has a later zxid”"),
    ("ZOOKEEPER-4646", "learner_continue_sync", "needs “all of the initial history”"),
    ("ZOOKEEPER-4882", "log_thread_write", "needs “without a gap”"),
    ("trunc-of-committed", "leader_process_ackepoch", "needs “committed still counts”"),
    ("accepted-epoch-forgotten", "leader_process_ackepoch", "needs “a quorum promised”"),
    ("acknowledged-before-logged", "log_thread_write", "needs “is logged”"),
    ("uptodate-before-quorum", "leader_process_ackepoch", "needs “a quorum adopted the history”"),
)
WRONG_LATE = (
    ("ZOOKEEPER-3911", "learner_continue_sync", "needs “all of the initial history”"),
    ("ZOOKEEPER-4643", "learner_continue_sync", "needs “all of the initial history”"),
    ("ZOOKEEPER-4712", "orphaned_log_thread_write", "needs “was proposed”"),
    ("ZOOKEEPER-1136", "learner_continue_sync", "needs “all of the initial history”"),
    ("ZOOKEEPER-1154", "learner_continue_sync", "needs “nothing but the history”"),
    ("ZOOKEEPER-1156", "learner_process_trunc", "needs “nothing initial is lost”"),
    ("vote-by-sid", "leader_process_ackepoch", "needs “none has a later currentEpoch”"),
    ("earlier-epoch-accepted", "learner_process_leaderinfo", "acceptedEpoch of"),
    ("no-trunc", "learner_continue_sync", "log of"),
)
"""It takes longer to find their runs."""


@pytest.mark.parametrize(
    ("variant", "step", "reason"),
    [*WRONG, *(pytest.param(*case, marks=pytest.mark.slow) for case in WRONG_LATE)],
)
def test_a_bug_fails_where_it_is(variant: str, step: str, reason: str) -> None:
    result = followed_counterexample(model, as_needed(variant), variant)
    assert result.misstep is not None
    assert result.misstep.step.startswith(f"{step}(")
    assert reason in result.misstep.reasons[0]


@pytest.mark.parametrize(
    "variant",
    [
        *("ZOOKEEPER-975", "value-mangled"),
        *(pytest.param(late, marks=pytest.mark.slow) for late in ("ZOOKEEPER-4685", "ZOOKEEPER-4394")),
    ],
)
def test_what_abstract_zab_does_not_see(variant: str) -> None:
    """Elections are left open, servers may fail at any time, and transactions have no values."""
    assert followed_counterexample(model, as_needed(variant), variant).misstep is None
