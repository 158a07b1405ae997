"""Model `zab` does only what abstract Zab allows; variants fail at the step that is wrong."""

from __future__ import annotations

import pytest

from tests.model.abstract.following import followed_counterexample, problem
from zabcheck.checker.proof.refinement import Bounds, check_refinement, walk_refinement
from zabcheck.model.abstract import THEORY
from zabcheck.model.abstract.zab import ZabRefinement
from zabcheck.model.zab import Scope, model


def test_every_edge_of_a_small_scope() -> None:
    scope = Scope(servers=2, timeouts=1, transactions=1, epochs=1)
    result = check_refinement(problem(model, scope), THEORY, ZabRefinement())
    assert (result.verdict, result.reason, result.misstep) == ("holds", "", None)
    assert (result.edges, result.structures) == (346, 19)


def test_a_limit_is_no_verdict() -> None:
    scope = Scope(servers=2, timeouts=1, transactions=1, epochs=1)
    result = check_refinement(problem(model, scope), THEORY, ZabRefinement(), Bounds(edges=345))
    assert (result.verdict, result.reason) == ("incomplete", "the limit of 345 steps was reached")


def test_random_walks() -> None:
    scope = Scope(servers=3, timeouts=3, transactions=2, epochs=3, restarts=2)
    result = walk_refinement(problem(model, scope), THEORY, ZabRefinement(), 3000)
    assert result.misstep is None
    assert set(result.taken) >= {"promise", "newleader", "commit", "deliver", "crash"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scope", "edges"),
    [
        (Scope(servers=3, timeouts=2, transactions=1, epochs=1, restarts=1), 132_732),
        (Scope(servers=3, timeouts=1, transactions=1, epochs=2), 94_779),
    ],
    ids=["restart", "two-epochs"],
)
def test_every_edge_of_three_servers(scope: Scope, edges: int) -> None:
    result = check_refinement(problem(model, scope), THEORY, ZabRefinement())
    assert (result.verdict, result.edges, result.misstep) == ("holds", edges, None)


def needs(name: str) -> str:
    return f"needs “{name}”"


SMALL, LARGER = (3, 1, 1, 2, 0, 1), (3, 2, 2, 2, 1, 1)


WRONG = (
    ("half-is-a-quorum", (4, 0, 0, 2, 0), "leader_process_ackepoch", needs("a quorum promised")),
    ("epoch-reused", SMALL, "leader_process_ackepoch", needs("a quorum promised")),
    ("promise-forgotten", SMALL, "follower_process_newepoch", needs("promised to this epoch")),
    ("leader-keeps-its-history", SMALL, "leader_process_ackepoch", needs("none has a later currentEpoch")),
    ("sync-skips-committed", SMALL, "follower_process_newleader", needs("all of the initial history")),
    ("acknowledged-before-logged", SMALL, "follower_process_propose", needs("is logged")),
    ("follower-keeps-its-tail", (3, 1, 1, 3, 0), "follower_process_newleader", "log of"),
    ("earlier-epoch-accepted", (3, 2, 0, 3, 0), "follower_process_newepoch", needs("above all it accepted")),
    ("restart-loses-accepted-epoch", LARGER, "restart", "acceptedEpoch of"),
    ("restart-loses-current-epoch", LARGER, "restart", "currentEpoch of"),
    ("restart-loses-log", LARGER, "restart", "log of"),
    ("epoch-falls", LARGER, "leader_process_request", "no txn is called 0.2"),
)
LARGE = (3, 2, 1, 3, 0, 1)
WRONG_LATE = (
    ("committed-out-of-order", LARGER, "leader_process_ack", needs("in order")),
    ("zxid-before-epoch", LARGE, "leader_process_ackepoch", needs("none has a later currentEpoch")),
    ("histories-merged", LARGE, "leader_process_ackepoch", needs("none has a later currentEpoch")),
    ("latecomer-delivers-acknowledged", LARGER, "follower_process_commitld", needs("committed and logged")),
)
"""It takes longer to find their runs."""


@pytest.mark.parametrize(
    ("variant", "bounds", "step", "reason"),
    [*WRONG, *(pytest.param(*case, marks=pytest.mark.slow) for case in WRONG_LATE)],
)
def test_a_bug_fails_where_it_is(variant: str, bounds: tuple[int, ...], step: str, reason: str) -> None:
    result = followed_counterexample(model, Scope(*bounds), variant)
    assert result.misstep is not None
    assert result.misstep.step.startswith(f"{step}(")
    assert reason in result.misstep.reasons[0]
    assert result.misstep.trace.steps[-1].transition == step


ALLOWED = (
    *("propose-to-established-only", "redundant-proposal-illegal", "redundant-proposal-acknowledged"),
    *("leader-delivers-late", "follower-ignores-commitld", "commitld-forgotten", "never-committed"),
    *("messages-survive", "value-mangled"),
)


@pytest.mark.parametrize("variant", ALLOWED)
def test_what_abstract_zab_allows(variant: str) -> None:
    """Messages may be lost, repeated and late, deliveries may wait, and transactions have no values."""
    assert followed_counterexample(model, Scope(*SMALL), variant).misstep is None


def test_every_variant_is_accounted_for() -> None:
    """With `promise-unrecorded` goals are out of reach, and nothing is violated: there is no run to follow."""
    names = {case[0] for case in (*WRONG, *WRONG_LATE)} | set(ALLOWED)
    assert set(model.variants) - names == {"promise-unrecorded"}
