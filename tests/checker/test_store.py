"""Fingerprints and exact keys: the same count, and what may be said of the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.checker import protocols
from tests.checker.agreement import STORES, TWO_PHASE_COMMIT, facts, native, needs_core
from zabcheck.checker import Id, Model, option, require

pytestmark = needs_core


@pytest.mark.parametrize(
    ("model", "size"),
    [
        (TWO_PHASE_COMMIT, 6),
        (protocols.philosophers, 8),
        (protocols.alternating_bit, 20),
        (protocols.gossip, 3),
        (protocols.switches, 50),
        (protocols.odometer, 4),
    ],
)
def test_both_stores_find_the_same(model: Model[Any], size: int) -> None:
    fingerprint, exact = (native(model, model.scope(size), store=store) for store in STORES)
    assert facts(fingerprint) == facts(exact)
    n = fingerprint.distinct_states
    assert exact.collision_bound == 0
    assert fingerprint.collision_bound == pytest.approx(n * (n - 1) / 2 / 2**128)
    assert 0 < fingerprint.collision_bound < 1e-25
    assert (fingerprint.store, exact.store) == STORES


@dataclass(frozen=True)
class Scope:
    most: int = option(2, "how far to count")


@dataclass
class Families:
    scope: Scope
    plain: dict[Any, int]
    nested: dict[Any, dict[Any, int]]


KEYS: tuple[Any, ...] = (1, "1", Id("1"), (1,), ("1",), b"1", None, "None", "a.b", "a[b]", ("a", "b"))


@pytest.mark.parametrize("store", STORES)
def test_keys_that_look_alike_are_different_fields(store: str) -> None:
    """A fingerprint says which field holds what; fields that people cannot tell apart must not be exchanged."""
    model = Model("lookalikes", "counters with odd names", Scope)

    @model.initial
    def initial(scope: Scope) -> Families:
        return Families(scope, dict.fromkeys(KEYS, 0), {"a": {"b": 0}, "a.b": {"c": 0}})

    @model.transition(over=lambda scope: [(key,) for key in KEYS])
    def count(s: Families, key: Any) -> None:
        require(sum(s.plain.values()) < s.scope.most)
        s.plain[key] += 1

    @model.transition(over=lambda scope: [("a", "b"), ("a.b", "c")])
    def count_below(s: Families, key: Any, below: Any) -> None:
        require(s.nested[key][below] < s.scope.most)
        s.nested[key][below] += 1

    n = len(KEYS)
    assert native(model, Scope(2), store=store).distinct_states == (1 + n + n * (n + 1) // 2) * 9


@pytest.mark.parametrize("store", STORES)
def test_a_state_of_very_many_blocks(store: str) -> None:
    """Exact keys of several words; the levels are those of subsets by size."""
    model = Model("subsets", "members of a set, two at most", Scope)

    @dataclass
    class Member:
        chosen: bool = False

    @dataclass
    class Club:
        members: dict[int, Member]
        size: int = 0

    @model.initial
    def initial(scope: Scope) -> Club:
        return Club({i: Member() for i in range(150)})

    @model.transition(over=lambda scope: range(150))
    def choose_one(s: Club, i: int) -> None:
        require(not s.members[i].chosen)
        require(s.size < 2)
        s.members[i].chosen = True
        s.size += 1

    assert native(model, Scope(), store=store).states_by_depth == (1, 150, 150 * 149 // 2)


@pytest.mark.parametrize("workers", [1, 2])
def test_exact_keys_are_laid_out_anew_when_a_block_outgrows_its_bits(workers: int) -> None:
    """One block takes its values late, when the table is already full of keys."""
    model = Model("late", "a wheel, and a log that grows a little with every turn", Scope)

    @dataclass
    class Log:
        items: tuple[int, ...] = ()

    @dataclass
    class Machine:
        wheel: dict[int, int]
        log: dict[int, Log]

    @model.initial
    def initial(scope: Scope) -> Machine:
        return Machine({0: 0, 1: 0}, {0: Log()})

    @model.transition(over=lambda scope: (0, 1))
    def turn(s: Machine, i: int) -> None:
        s.wheel[i] = (s.wheel[i] + 1) % 20

    @model.transition(over=lambda scope: range(3))
    def write(s: Machine, item: int) -> None:
        require(s.wheel[0] == 19)
        require(len(s.log[0].items) < 5)
        s.log[0].items = (*s.log[0].items, item)

    fingerprint, exact = (native(model, Scope(), store=store, workers=workers) for store in STORES)
    assert exact.distinct_states == 20 * 20 * sum(3**i for i in range(6))
    assert facts(fingerprint) == facts(exact)
