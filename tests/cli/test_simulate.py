"""``zabcheck simulate``: random walks find violations and prove nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from zabcheck.checker import native_available

if TYPE_CHECKING:
    from collections.abc import Callable

TWO_PHASE_COMMIT = "tests/models/two_phase_commit.py"


def skip_without(engine: str) -> None:
    if engine == "native" and not native_available():
        pytest.skip("the core was not built")


@pytest.mark.parametrize("engine", ["interpreted", "native"])
def test_no_violation_is_no_proof(zabcheck: Callable[..., Any], engine: str) -> None:
    skip_without(engine)
    outcome = zabcheck(
        "simulate", TWO_PHASE_COMMIT, "--walks", 20, "--length", 30, "--seed", 5, "--engine", engine
    )
    assert outcome.status == 3
    words = " ".join(outcome.out.split())
    assert words.startswith(
        "incomplete: two-phase-commit --rms 3 no violation found; 20 random walks with 580 steps are not a "
        "proof (seed 5, walks of at most 30 states) 580 steps · "
    )


@pytest.mark.parametrize("engine", ["interpreted", "native"])
def test_violation(zabcheck: Callable[..., Any], engine: str) -> None:
    skip_without(engine)
    outcome = zabcheck("simulate", TWO_PHASE_COMMIT, "--variant", "hasty", "--engine", engine)
    assert outcome.status == 1
    assert outcome.out.startswith(
        "violated: two-phase-commit --rms 3 --variant hasty\n"
        "  consistent is violated (seed 0, walks of at most 100 states)\n"
    )
    assert "Counterexample: consistent  " in outcome.out


def test_same_seed_same_walks(zabcheck: Callable[..., Any]) -> None:
    def walked(seed: int) -> Any:
        arguments = (TWO_PHASE_COMMIT, "--rms", 5, "--variant", "hasty", "--seed", seed, "--json", "-")
        result = json.loads(zabcheck("simulate", *arguments).out)
        assert result["simulation"] == {"seed": seed, "walks": 1000, "length": 100}
        return result["counterexample"]

    assert walked(1) == walked(1)
    assert len({json.dumps(walked(seed)) for seed in range(5)}) > 1


def test_time_limit(zabcheck: Callable[..., Any]) -> None:
    outcome = zabcheck("simulate", TWO_PHASE_COMMIT, "--walks", 10**9, "--max-seconds", 0.5, "--quiet")
    assert outcome.status == 3
    assert "the limit of 0.5 seconds was reached" in outcome.out


@pytest.mark.parametrize(
    ("option", "value"),
    [("--walks", "0"), ("--length", "0"), ("--seed", "-1"), ("--seed", "x"), ("--workers", "2")],
)
def test_senseless(zabcheck: Callable[..., Any], option: str, value: str) -> None:
    outcome = zabcheck("simulate", TWO_PHASE_COMMIT, f"{option}={value}")
    assert outcome.status == 2
    assert outcome.err.startswith((f"zabcheck: {option}: expected", "zabcheck: unknown option --workers"))
    assert outcome.err.count("\n") == 1
