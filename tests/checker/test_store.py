"""Fingerprints and exact keys: the same count, and what may be said of the first."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.checker import protocols
from tests.checker.agreement import STORES, TWO_PHASE_COMMIT, facts, native, needs_core
from zabcheck.checker import Id, Model, option, require

pytestmark = needs_core

ROOT = Path(__file__).parents[2]


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


# -- a state of many blocks, which take their values late --


@dataclass
class Step:
    height: int = 0


@dataclass
class Stairs:
    steps: dict[int, Step]
    wheels: dict[int, Step]
    at: int = 0


stairs = Model(
    "stairs", "somebody climbs many little stairs, one after the other, while two wheels turn", Scope
)


@stairs.initial
def bottom(scope: Scope) -> Stairs:
    return Stairs({i: Step() for i in range(100)}, {0: Step(), 1: Step()})


@stairs.transition(over=lambda scope: (0, 1))
def turn(s: Stairs, i: int) -> None:
    s.wheels[i].height = (s.wheels[i].height + 1) % 10


@stairs.transition()
def climb(s: Stairs) -> None:
    require(s.steps[s.at].height < 5)
    s.steps[s.at].height += 1


@stairs.transition()
def go_on(s: Stairs) -> None:
    require(s.steps[s.at].height == 5)
    s.steps[s.at].height = 0
    s.at = (s.at + 1) % 100


LITTLE_MEMORY = """
import resource, sys
from tests.checker.agreement import native
from tests.checker.test_store import Scope, stairs

resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
result = native(stairs, Scope(), store=sys.argv[1], workers=int(sys.argv[2]))
print(result.verdict, result.distinct_states, result.generated_states, result.depth, result.bytes_per_state)
"""


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("store", STORES)
def test_keys_are_laid_out_anew_when_a_block_outgrows_its_bits(store: str, workers: int) -> None:
    """In a process of its own that may not take all memory, as it once did."""
    done = subprocess.run(
        [sys.executable, "-c", LITTLE_MEMORY, store, str(workers)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": ":".join([str(ROOT), *sys.path])},
    )
    verdict, states, generated, depth, per_state = done.stdout.split()
    n = 100 * 10 * 10 * 6
    assert (verdict, int(states), int(generated)) == ("holds", n, 3 * n + 1)
    assert int(depth) > 600
    assert float(per_state) < 500
