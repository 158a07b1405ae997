"""Everything that two runs of the checker must agree on, and the one place that compares engines."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from zabcheck.checker import Limits, Model, Options, check, native_available

if TYPE_CHECKING:
    from zabcheck.checker import CheckResult

needs_core = native_available()

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
        "fired": {name: coverage.fired for name, coverage in result.transitions.items()},
        "properties": {name: (p.verdict, p.depth) for name, p in result.properties.items()},
        "terminal": result.terminal_states,
        "deadlocks": result.deadlocks,
        "counterexample": result.counterexample,
        "witness": result.witness,
    }


def agree(
    model: Model[Any],
    scope: Any,
    *,
    variant: str | None = None,
    configurations: tuple[tuple[int, str], ...] = CONFIGURATIONS,
    **options: Any,
) -> CheckResult:
    """Check with both engines, the native one in several configurations; all must find the same. Returns that."""
    plain = check(model, scope, Options(cache=False, **options), engine="interpreted", variant=variant)
    for workers, store in configurations:
        native = check(
            model,
            scope,
            Options(cache=False, workers=workers, store=store, **options),
            engine="native",
            variant=variant,
        )
        assert (native.engine, native.workers, native.store) == ("native", workers, store)
        assert facts(native) == facts(plain), f"{workers} workers, {store}"
    return plain


def bounded(model: Model[Any], scope: Any, states: int) -> Limits:
    """No limit where the model has fewer states; otherwise the depth up to which it has about as many."""
    tried = check(model, scope, Options(cache=False, limits=Limits(states=states)), engine="native")
    if tried.distinct_states < states:
        return Limits()
    return Limits(depth=max(1, tried.depth - 1))


def with_goal(model: Model[Any], goal: str) -> dict[str, Any]:
    """Options that ask for a shortest run to ``goal``."""
    assert goal in model.properties
    return {"witness": goal}


def change(scope: Any, **values: Any) -> Any:
    return dataclasses.replace(scope, **values)
