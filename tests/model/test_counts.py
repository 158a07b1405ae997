"""The model has the states of the published specification, level by level, as TLC counts them.

``tlc.json`` holds what TLC 2 reports for ``Zab.tla`` with ``recorder.pc`` left out of the view.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from zabcheck.checker import Options, check, native_available
from zabcheck.model.zab import Scope, model

Bounds = tuple[int, ...]

TLC: dict[Bounds, list[int]] = {
    tuple(row["scope"]): row["levels"]
    for row in json.loads((Path(__file__).parent / "tlc.json").read_text(encoding="utf-8"))
}

HAND_WRITTEN: dict[Bounds, tuple[int, int]] = {
    (3, 1, 2, 2, 1): (1_282_949, 43),
    (3, 2, 2, 2, 0): (5_652_958, 48),
    (3, 2, 2, 2, 1): (26_936_456, 51),
}
"""States and levels counted by a C program for this one specification, beyond the reach of TLC."""

GHOSTS: dict[Bounds, int] = {
    (2, 2, 2, 2, 1): 35_332,
    (3, 1, 1, 1, 1): 10_655,
    (3, 1, 1, 2, 0): 46_774,
    (3, 1, 1, 3, 0): 78_517,
}
"""States with ``ghosts=1``: what was recorded tells few states apart."""

needs_core = pytest.mark.skipif(not native_available(), reason="the core was not built")


def sized(bounds: Bounds, states: int, limit: int) -> object:
    """A parameter of a test, marked slow where there are more states than ``limit``."""
    name = "-".join(map(str, bounds))
    return pytest.param(bounds, id=name, marks=[pytest.mark.slow] if states > limit else [])


@pytest.mark.parametrize(
    "bounds", [sized(bounds, sum(levels), 5_000) for bounds, levels in TLC.items() if sum(levels) <= 50_000]
)
def test_interpreted(bounds: Bounds) -> None:
    result = check(model, Scope(*bounds), Options(properties=("MessageLegal",)), engine="interpreted")
    assert (result.verdict, list(result.states_by_depth)) == ("holds", TLC[bounds])


@needs_core
@pytest.mark.parametrize("bounds", [sized(bounds, sum(levels), 10**6) for bounds, levels in TLC.items()])
def test_native_with_every_property(bounds: Bounds) -> None:
    result = check(model, Scope(*bounds), Options(cache=False), engine="native")
    assert (result.verdict, list(result.states_by_depth)) == ("holds", TLC[bounds])


@needs_core
@pytest.mark.parametrize(
    "bounds", [sized(bounds, states, 2 * 10**6) for bounds, (states, _) in HAND_WRITTEN.items()]
)
def test_larger_scopes(bounds: Bounds) -> None:
    result = check(model, Scope(*bounds), Options(cache=False), engine="native")
    assert (result.verdict, (result.distinct_states, result.depth)) == ("holds", HAND_WRITTEN[bounds])


@needs_core
@pytest.mark.parametrize("bounds", GHOSTS)
def test_ghosts_add_few_states(bounds: Bounds) -> None:
    plain = check(model, Scope(*bounds), Options(cache=False), engine="native")
    ghosts = check(model, replace(Scope(*bounds), ghosts=1), Options(cache=False), engine="native")
    assert (ghosts.verdict, ghosts.distinct_states) == ("holds", GHOSTS[bounds])
    assert ghosts.distinct_states < 1.12 * plain.distinct_states


def test_every_transition_fires_but_the_filter() -> None:
    result = check(model, Scope(2, 1, 1, 1, 1), Options(properties=("MessageLegal",)), engine="interpreted")
    silent = [name for name, coverage in result.transitions.items() if not coverage.fired]
    assert silent == ["filter_nonexistent_message"]
