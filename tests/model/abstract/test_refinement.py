"""Model `zab` does only what abstract Zab allows; variants fail at the step that is wrong."""

from __future__ import annotations

import pytest

from zabcheck.checker.proof.refinement import check_refinement, walk_refinement
from zabcheck.checker.search import Options, Problem
from zabcheck.model.abstract import THEORY
from zabcheck.model.abstract.zab import ZabRefinement
from zabcheck.model.zab import Scope, model

QUICK = Options(properties=("Leadership1",))
"""The properties of the model are not what is asked here."""


def problem(scope: Scope, variant: str | None = None) -> Problem:
    return Problem(model, model.variants[variant].apply(scope) if variant else scope, QUICK)


def test_every_edge_of_a_small_scope() -> None:
    checked = check_refinement(
        problem(Scope(servers=2, timeouts=1, transactions=1, epochs=1)), THEORY, ZabRefinement(), 1000
    )
    assert checked.failure is None
    assert (checked.complete, checked.edges, checked.structures) == (True, 346, 19)


def test_random_walks() -> None:
    scope = Scope(servers=3, timeouts=3, transactions=2, epochs=3, restarts=2)
    checked = walk_refinement(problem(scope), THEORY, ZabRefinement(), 6000)
    assert checked.failure is None
    assert set(checked.taken) >= set(THEORY.transitions) - {"inform", "truncate", "renew"}


@pytest.mark.slow
def test_a_hundred_thousand_edges() -> None:
    scope = Scope(servers=3, timeouts=1, transactions=1, epochs=2, restarts=1)
    checked = check_refinement(problem(scope), THEORY, ZabRefinement(), 100_000)
    assert checked.failure is None
    assert checked.edges >= 100_000
    assert set(checked.taken) == set(THEORY.transitions) - {"inform", "truncate"}


@pytest.mark.parametrize(
    ("variant", "step", "reason"),
    [
        ("acknowledged-before-logged", "follower_process_propose", "is logged"),
        ("promise-forgotten", "follower_process_newepoch", "promised to this epoch"),
        ("epoch-reused", "leader_process_ackepoch", "a quorum promised"),
        ("committed-out-of-order", "leader_process_ack", "in order"),
        ("latecomer-delivers-acknowledged", "follower_process_commitld", "committed and logged"),
        ("sync-skips-committed", "follower_process_newleader", "log of"),
        ("restart-loses-accepted-epoch", "restart", "acceptedEpoch of"),
        ("epoch-falls", "leader_process_request", "no txn is called 0.2"),
    ],
)
def test_a_bug_fails_where_it_is(variant: str, step: str, reason: str) -> None:
    scope = Scope(servers=3, timeouts=3, transactions=2, epochs=3, restarts=2)
    checked = walk_refinement(problem(scope, variant), THEORY, ZabRefinement(), 10_000)
    assert checked.failure is not None
    assert checked.failure.step.startswith(f"{step}(")
    assert reason in checked.failure.reasons[0]
