"""Permuting ids: a smaller search with the same verdicts, and orbits that add up to the full count."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import pytest
from hypothesis import assume, given, settings

from tests.checker import protocols
from tests.checker.agreement import (
    TWO_PHASE_COMMIT,
    TWO_PHASE_COUNTS,
    bounded,
    first_goal,
    interpreted,
    native,
    needs_core,
    verdicts,
)
from tests.checker.brute_force import levels, orbits
from tests.strategies import IDS, Program, Scope, build, programs
from zabcheck.checker import CheckerError, Id, Model, Options, UsageError, check, option, require

pytestmark = needs_core


@pytest.mark.parametrize("rms", [1, 2, 3, 4])
def test_one_state_of_each_orbit_is_stored(rms: int) -> None:
    scope = TWO_PHASE_COMMIT.scope(rms=rms)
    ids = tuple(Id(f"rm{i + 1}") for i in range(rms))
    full = levels(TWO_PHASE_COMMIT, scope)
    reduced = native(TWO_PHASE_COMMIT, scope, symmetry=True)
    assert reduced.states_by_depth == tuple(len(orbits(level, ids)) for level in full)
    assert reduced.symmetric_states == sum(map(len, full))


@pytest.mark.parametrize("rms", [5, 6])
def test_orbits_add_up_to_the_full_count(rms: int) -> None:
    reduced = native(TWO_PHASE_COMMIT, TWO_PHASE_COMMIT.scope(rms=rms), symmetry=True)
    assert reduced.verdict == "holds"
    assert reduced.symmetric_states == TWO_PHASE_COUNTS[rms]
    assert reduced.distinct_states < TWO_PHASE_COUNTS[rms] / 20


@pytest.mark.parametrize("variant", [None, "hasty"])
@pytest.mark.parametrize("rms", [2, 3, 4])
def test_verdicts_and_depths_are_those_of_the_full_search(rms: int, variant: str | None) -> None:
    scope = TWO_PHASE_COMMIT.scope(rms=rms)
    full = native(TWO_PHASE_COMMIT, scope, variant=variant, witness="all_committed")
    reduced = native(TWO_PHASE_COMMIT, scope, variant=variant, witness="all_committed", symmetry=True)
    assert reduced.verdict == full.verdict
    assert reduced.properties == full.properties
    assert (reduced.deadlocks > 0) == (full.deadlocks > 0)
    for ours, theirs in ((reduced.counterexample, full.counterexample), (reduced.witness, full.witness)):
        assert (ours is None) == (theirs is None)
        assert not ours or not theirs or len(ours.steps) == len(theirs.steps)


@dataclass
class Clock:
    hours: int = 0
    minutes: int = 0


@dataclass
class Clocks:
    clocks: dict[Id, Clock]


@dataclass(frozen=True)
class Size:
    clocks: int = option(3, "how many", minimum=1)
    dial: int = option(10, "hours, and minutes of an hour", minimum=1)


clocks = Model("clocks", "clocks that cannot be told apart", Size)


@clocks.identities
def names(scope: Size) -> tuple[Id, ...]:
    return tuple(Id(f"c{i}") for i in range(scope.clocks))


@clocks.initial
def midnight(scope: Size) -> Clocks:
    return Clocks({name: Clock() for name in names(scope)})


@clocks.transition(over=lambda scope: [(name, scope.dial) for name in names(scope)])
def tick(s: Clocks, name: Id, dial: int) -> None:
    clock = s.clocks[name]
    require(clock.minutes + 1 < dial)
    clock.minutes += 1


@clocks.transition(over=lambda scope: [(name, scope.dial) for name in names(scope)])
def strike(s: Clocks, name: Id, dial: int) -> None:
    clock = s.clocks[name]
    require(clock.hours + 1 < dial)
    clock.hours += 1


@pytest.mark.parametrize("workers", [1, 2])
def test_orbits_are_multisets_of_what_each_member_does(workers: int) -> None:
    """Levels are wide enough to be shared between workers; the count is plain combinatorics."""
    reduced = native(clocks, Size(3, 10), symmetry=True, workers=workers)
    assert reduced.distinct_states == comb(100 + 3 - 1, 3)
    assert reduced.symmetric_states == 100**3
    assert max(reduced.states_by_depth) > 16 * 256
    assert reduced.terminal_states == 1


def test_the_collision_bound_takes_into_account_that_the_least_of_several_hashes_is_stored() -> None:
    full = native(clocks, Size(3, 4))
    reduced = native(clocks, Size(3, 4), symmetry=True)
    pairs = reduced.distinct_states * (reduced.distinct_states - 1) / 2
    assert full.collision_bound == full.distinct_states * (full.distinct_states - 1) / 2 / 2**128
    least_of_six = 6 * 6 / (2 * 6 - 1)
    assert reduced.collision_bound >= pairs * least_of_six / 2**128


def test_a_single_id_changes_nothing() -> None:
    scope = TWO_PHASE_COMMIT.scope(rms=1)
    full, reduced = native(TWO_PHASE_COMMIT, scope), native(TWO_PHASE_COMMIT, scope, symmetry=True)
    assert reduced.symmetric_states == reduced.distinct_states == full.distinct_states


def test_without_symmetry_nothing_is_said_of_orbits() -> None:
    assert native(TWO_PHASE_COMMIT, TWO_PHASE_COMMIT.scope()).symmetric_states is None


def test_a_model_without_identities_has_no_symmetry() -> None:
    with pytest.raises(UsageError, match="model philosophers declares no symmetry; leave out --symmetry"):
        native(protocols.philosophers, protocols.Scope(), symmetry=True)


def test_orbits_have_no_exact_store() -> None:
    with pytest.raises(UsageError, match=r"--symmetry .* leave out --store exact"):
        native(TWO_PHASE_COMMIT, TWO_PHASE_COMMIT.scope(), symmetry=True, store="exact")


def test_too_many_ids_to_permute() -> None:
    with pytest.raises(UsageError, match="--symmetry works up to 6 ids, not 7"):
        native(TWO_PHASE_COMMIT, TWO_PHASE_COMMIT.scope(rms=7), symmetry=True)


def test_the_interpreted_engine_has_no_symmetry() -> None:
    with pytest.raises(UsageError, match="--symmetry needs the native engine"):
        check(TWO_PHASE_COMMIT, TWO_PHASE_COMMIT.scope(), Options(symmetry=True), engine="interpreted")


@pytest.mark.parametrize("culprit", ["initial", "transition", "invariant"])
def test_a_model_that_singles_out_an_id_is_refused(culprit: str) -> None:
    model = Model("lopsided", "clocks of which one is special", Size)
    model.identities(names)
    some = {
        name: (lambda scope: names(scope)[:1]) if name == culprit else names
        for name in ("transition", "invariant")
    }

    @model.initial
    def initial(scope: Size) -> Clocks:
        first, *others = names(scope)
        return Clocks({first: Clock(hours=int(culprit == "initial")), **{name: Clock() for name in others}})

    @model.transition(over=some["transition"])
    def strike(s: Clocks, name: Id) -> None:
        require(s.clocks[name].hours < 2)
        s.clocks[name].hours += 1

    @model.invariant(over=some["invariant"])
    def early(s: Clocks, name: Id) -> bool:
        return s.clocks[name].hours < 3

    assert native(model, Size()).verdict == "holds"
    with pytest.raises(CheckerError, match="symmetr"):
        native(model, Size(), symmetry=True)


def compare(program: Program, states: int) -> None:
    assume(program.nodes > 1)
    model, scope = build(program), Scope(program.nodes)
    limits = bounded(model, scope, states)
    goal = first_goal(model)
    full = interpreted(model, scope, limits=limits, witness=goal)
    reduced = native(model, scope, limits=limits, witness=goal, symmetry=True)
    assert reduced.symmetric_states == full.distinct_states
    assert reduced.states_by_depth == tuple(
        len(orbits(level, IDS[: program.nodes])) for level in levels(model, scope, limits)
    )
    assert (reduced.verdict, reduced.reason) == (full.verdict, full.reason)
    assert verdicts(reduced) == verdicts(full)
    assert reduced.properties == full.properties


@settings(max_examples=60, derandomize=True, database=None)
@given(programs())
def test_random_protocols(program: Program) -> None:
    compare(program, 150)


@pytest.mark.slow
@settings(max_examples=600)
@given(programs())
def test_many_random_protocols(program: Program) -> None:
    compare(program, 1_500)
