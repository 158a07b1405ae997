"""The native engine finds what the interpreted one finds. Sanitizers run this file too."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.checker import protocols
from tests.checker.agreement import (
    CONFIGURATIONS,
    TWO_PHASE_COMMIT,
    TWO_PHASE_COUNTS,
    agree,
    bounded,
    facts,
    fired,
    first_goal,
    native,
    needs_core,
)
from tests.strategies import Program, Scope, build, programs
from zabcheck.checker import Limits, Options, Simulation, simulate

if TYPE_CHECKING:
    from pathlib import Path

    from zabcheck.checker import Model

pytestmark = needs_core


@pytest.mark.parametrize("rms", [1, 3, 5])
@pytest.mark.parametrize("variant", [None, "hasty"])
def test_two_phase_commit_is_the_same_in_both_engines(rms: int, variant: str | None) -> None:
    result = agree(
        TWO_PHASE_COMMIT, TWO_PHASE_COMMIT.scope(rms=rms), variant=variant, witness="all_committed"
    )
    if variant is None and rms > 1:
        assert result.distinct_states == TWO_PHASE_COUNTS[rms]


@pytest.mark.parametrize("rms", [6, 7, pytest.param(8, marks=pytest.mark.slow)])
def test_two_phase_commit_has_as_many_states_as_others_have_counted(rms: int) -> None:
    results = [
        native(TWO_PHASE_COMMIT, TWO_PHASE_COMMIT.scope(rms=rms), workers=workers, store=store)
        for workers, store in CONFIGURATIONS
    ]
    assert [r.distinct_states for r in results] == [TWO_PHASE_COUNTS[rms]] * len(CONFIGURATIONS)
    assert all(facts(r) == facts(results[0]) for r in results)


KNOWN: list[tuple[Model[Any], int, str | None, str, int, int, int]] = [
    # model, size, variant: verdict, distinct states, steps, levels
    (protocols.philosophers, 5, None, "holds", 81, 260, 6),
    (protocols.philosophers, 5, "crowded", "violated", 82, 265, 6),
    (protocols.alternating_bit, 3, None, "holds", 84, 233, 15),
    (protocols.alternating_bit, 3, "credulous", "violated", 15, 24, 5),
    (protocols.gossip, 3, None, "holds", 121, 462, 7),
    (protocols.lottery, 1, None, "holds", 2, 1, 2),
    (protocols.lottery, 3, None, "holds", 23, 34, 3),
    (protocols.lottery, 5, None, "violated", 294, 419, 3),
    (protocols.switches, 3, None, "holds", 7, 18, 3),
    (protocols.odometer, 3, None, "holds", 1_000, 2_700, 28),
    (protocols.odometer, 3, "endless", "holds", 1_000, 3_000, 28),
]


@pytest.mark.parametrize(
    ("model", "size", "variant", "verdict", "states", "steps", "levels"),
    KNOWN,
    ids=[f"{model.name} {size} {variant or ''}".strip() for model, size, variant, *_ in KNOWN],
)
def test_small_protocols(
    model: Model[Any], size: int, variant: str | None, verdict: str, states: int, steps: int, levels: int
) -> None:
    result = agree(model, model.scope(size), variant=variant, witness=first_goal(model))
    assert (result.verdict, result.distinct_states, result.depth) == (verdict, states, levels)
    assert sum(fired(result).values()) == steps


def test_more_transitions_and_properties_than_bits_in_a_word() -> None:
    n = 70
    result = agree(protocols.switches, protocols.Scope(n), configurations=((1, "fingerprint"), (2, "exact")))
    assert result.states_by_depth == (1, n, comb(n, 2))
    assert fired(result) == {"switch_on": n + n * (n - 1), "switch_off": n + n * (n - 1)}


@pytest.mark.parametrize("variant", [None, "endless"])
@pytest.mark.parametrize(("workers", "store"), CONFIGURATIONS)
def test_levels_wide_enough_to_be_shared_between_workers(
    variant: str | None, workers: int, store: str
) -> None:
    """Each number of five digits is at the level of its digits' sum; nothing but combinatorics."""
    wheels = 5
    found = native(protocols.odometer, protocols.Scope(wheels), workers=workers, store=store, variant=variant)
    levels = [1]
    for _ in range(wheels):
        levels = [sum(levels[max(0, i - 9) : i + 1]) for i in range(len(levels) + 9)]
    assert found.states_by_depth == tuple(levels)
    assert max(levels) > 16 * 256  # below that, one worker does it alone
    assert fired(found) == {"turn": wheels * 10 ** (wheels - 1) * (10 if variant else 9)}
    assert found.terminal_states == (0 if variant else 1)
    assert found.properties["all_nines"].depth == 9 * wheels + 1


@pytest.mark.parametrize("symmetry", [False, True])
def test_checkpoints_in_every_configuration(tmp_path: Path, symmetry: bool) -> None:  # noqa: FBT001
    scope = TWO_PHASE_COMMIT.scope(rms=5)
    for workers, store in CONFIGURATIONS[:: 2 if symmetry else 1]:
        options: dict[str, Any] = {"workers": workers, "store": store, "symmetry": symmetry}
        whole = native(TWO_PHASE_COMMIT, scope, **options)
        path = tmp_path / f"{workers} {store}"
        native(
            TWO_PHASE_COMMIT,
            scope,
            checkpoint=path,
            limits=Limits(states=whole.distinct_states // 2),
            **options,
        )
        assert facts(native(TWO_PHASE_COMMIT, scope, resume=path, **options)) == facts(whole)


def test_random_walks() -> None:
    scope = TWO_PHASE_COMMIT.scope(rms=4)
    walks = Simulation(seed=7, walks=300, length=40)
    results = [
        simulate(TWO_PHASE_COMMIT, scope, walks, Options(cache=False), engine=engine)
        for engine in ("interpreted", "native")
    ]
    assert facts(results[0]) == facts(results[1])


def compare(program: Program, states: int, configurations: tuple[tuple[int, str], ...]) -> None:
    model, scope = build(program), Scope(program.nodes)
    limits = bounded(model, scope, states)
    agree(model, scope, configurations=configurations, limits=limits, witness=first_goal(model))


@settings(
    max_examples=150,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(programs())
def test_random_protocols(program: Program) -> None:
    compare(program, 300, ((1, "fingerprint"), (2, "exact")))


@pytest.mark.slow
@settings(max_examples=400, suppress_health_check=list(HealthCheck))
@given(programs())
def test_many_random_protocols(program: Program) -> None:
    compare(program, 5_000, CONFIGURATIONS)
