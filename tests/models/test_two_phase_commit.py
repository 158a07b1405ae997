"""Two-phase commit has as many states as others have counted, in both engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from zabcheck.checker import Options, check, native_available
from zabcheck.cli.loading import load_file

MODEL = load_file(Path(__file__).parent / "two_phase_commit.py")
DISTINCT = {3: 288, 5: 8_832, 6: 50_816, 7: 296_448, 8: 1_745_408, 9: 10_340_352}

needs_core = pytest.mark.skipif(not native_available(), reason="the core was not built")


@pytest.mark.parametrize("rms", [3, 5])
def test_interpreted(rms: int) -> None:
    result = check(MODEL, MODEL.scope(rms=rms), engine="interpreted")
    assert (result.verdict, result.distinct_states) == ("holds", DISTINCT[rms])


@needs_core
@pytest.mark.parametrize(
    "rms", [3, 5, 6, 7, pytest.param(8, marks=pytest.mark.slow), pytest.param(9, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("store", ["fingerprint", "exact"])
def test_native(rms: int, store: str) -> None:
    result = check(MODEL, MODEL.scope(rms=rms), Options(store=store, workers=2, cache=False), engine="native")
    assert (result.verdict, result.distinct_states) == ("holds", DISTINCT[rms])


@needs_core
def test_symmetry() -> None:
    result = check(MODEL, MODEL.scope(rms=5), Options(symmetry=True, cache=False), engine="native")
    assert (result.verdict, result.symmetric_states) == ("holds", DISTINCT[5])
    assert result.distinct_states < DISTINCT[5] / 20


def test_the_variant_is_caught() -> None:
    result = check(MODEL, MODEL.scope(), engine="interpreted", variant="hasty")
    assert result.verdict == "violated"
    assert result.counterexample is not None
    assert result.counterexample.property == "consistent"
    assert len(result.counterexample.steps) == 5
