"""Everything that two runs of the checker must agree on, and the place where the engines are compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from zabcheck.checker import Limits, Model, Options, check, native_available
from zabcheck.checker.model import Kind
from zabcheck.cli.loading import load_file

if TYPE_CHECKING:
    from zabcheck.checker import CheckResult

needs_core = pytest.mark.skipif(not native_available(), reason="the core was not built")

TWO_PHASE_COMMIT: Model[Any] = load_file(Path(__file__).parents[1] / "models/two_phase_commit.py")
TWO_PHASE_COUNTS = {3: 288, 5: 8_832, 6: 50_816, 7: 296_448, 8: 1_745_408, 9: 10_340_352}
"""Distinct states by the number of resource managers, as others have counted them."""

ENGINES = ("interpreted", pytest.param("native", marks=needs_core))
STORES = ("fingerprint", "exact")
CONFIGURATIONS = tuple((workers, store) for workers in (1, 2) for store in STORES)


def facts(result: CheckResult) -> dict[str, Any]:
    """What a result says of the model, and not of how it was found."""
    return {
        "verdict": result.verdict,
        "reason": result.reason,
        "distinct": result.distinct_states,
        "levels": result.states_by_depth,
        "generated": result.generated_states,
        "fired": fired(result),
        "properties": {name: (p.verdict, p.depth) for name, p in result.properties.items()},
        "terminal": result.terminal_states,
        "deadlocks": result.deadlocks,
        "counterexample": result.counterexample,
        "witness": result.witness,
    }


def fired(result: CheckResult) -> dict[str, int]:
    """How often each transition fired."""
    return {name: coverage.fired for name, coverage in result.transitions.items()}


def verdicts(result: CheckResult) -> dict[str, str]:
    """The verdict on each property."""
    return {name: p.verdict for name, p in result.properties.items()}


def native(model: Model[Any], scope: Any, *, variant: str | None = None, **options: Any) -> CheckResult:
    """Check with the native engine, learning everything anew."""
    return check(model, scope, Options(cache=False, **options), engine="native", variant=variant)


def interpreted(model: Model[Any], scope: Any, *, variant: str | None = None, **options: Any) -> CheckResult:
    """Check with the plain engine."""
    return check(model, scope, Options(**options), engine="interpreted", variant=variant)


def agree(
    model: Model[Any],
    scope: Any,
    *,
    configurations: tuple[tuple[int, str], ...] = CONFIGURATIONS,
    **options: Any,
) -> CheckResult:
    """Check with both engines, the native one in several configurations; all must find the same. Returns that."""
    plain = interpreted(model, scope, **options)
    for workers, store in configurations:
        found = native(model, scope, workers=workers, store=store, **options)
        assert (found.engine, found.workers, found.store) == ("native", workers, store)
        assert facts(found) == facts(plain), f"{workers} workers, {store} store"
    return plain


def bounded(model: Model[Any], scope: Any, states: int) -> Limits:
    """No limit where the model has fewer states; otherwise the depth up to which it has about as many."""
    tried = native(model, scope, limits=Limits(states=states))
    if tried.distinct_states < states:
        return Limits()
    return Limits(depth=max(1, tried.depth - 1))


def first_goal(model: Model[Any]) -> str | None:
    """A goal to ask a witness for."""
    return next((name for name, p in model.properties.items() if p.kind is Kind.GOAL), None)
