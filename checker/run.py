"""The front door: put a question, get a `CheckResult`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.checker import interpreted
from zabcheck.checker import simulate as walks
from zabcheck.checker.errors import UsageError
from zabcheck.checker.search import Options, Problem, Tally, conclude

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zabcheck.checker.model import Model
    from zabcheck.checker.result import CheckResult
    from zabcheck.checker.simulate import Simulation

NO_CORE = (
    "the native core was not built, so the interpreted engine is used; it is about a hundred times slower"
)


def native_available() -> bool:
    """Whether the compiled core can be imported."""
    try:
        from zabcheck.checker import _core  # noqa: F401, PLC0415 - whether this works is the question
    except ImportError:
        return False
    return True


def check(
    model: Model[Any],
    scope: Any,
    options: Options | None = None,
    *,
    engine: str | None = None,
    variant: str | Sequence[str] | None = None,
) -> CheckResult:
    """Explore ``model`` in ``scope`` and decide its properties.

    Args:
        model: what to check.
        scope: the bounds, an instance of ``model.scope``.
        options: which properties, limits, workers, store, symmetry, checkpoint.
        engine: ``"native"``, ``"interpreted"``, or ``None`` for native where it was built.
        variant: the name of a variant of the model, or several, applied to ``scope`` in turn.

    Raises:
        UsageError: unknown name, impossible scope, or options that exclude each other.
        ContractError: the model broke its contract.
    """
    problem = _problem(model, scope, options, engine, variant)
    return conclude(problem, search(problem, engine))


def simulate(
    model: Model[Any],
    scope: Any,
    simulation: Simulation,
    options: Options | None = None,
    *,
    engine: str | None = None,
    variant: str | Sequence[str] | None = None,
) -> CheckResult:
    """Walk at random through ``model`` in ``scope``; the verdict is ``violated`` or ``incomplete``, never ``holds``.

    The arguments, and what is raised, are those of `check`.
    """
    problem = _problem(model, scope, options, engine, variant, walking=True)
    native = engine != "interpreted" and native_available()
    tally = (walks.native_walks if native else walks.interpreted)(problem, simulation)
    if engine is None and not native:
        tally.notes = (NO_CORE, *tally.notes)
    return conclude(problem, tally)


def _problem(
    model: Model[Any],
    scope: Any,
    options: Options | None,
    engine: str | None,
    variant: str | Sequence[str] | None,
    *,
    walking: bool = False,
) -> Problem:
    options = options or Options()
    variants = (variant,) if isinstance(variant, str) else tuple(variant or ())
    scope = model.varied(scope, variants)
    if engine not in (None, "native", "interpreted"):
        raise UsageError(f"unknown engine {engine}: choose native or interpreted")
    if engine == "native" and not native_available():
        raise UsageError(
            "the native core was not built; reinstall with a C compiler, or use --engine interpreted"
        )
    if engine == "interpreted" or not native_available():
        _refuse_native_options(options)
    return Problem(model, scope, options, variants, walking=walking)


def search(problem: Problem, engine: str | None = None) -> Tally:
    """Explore a problem that was put together already."""
    return _engine(engine)(problem)  # type: ignore[no-any-return]


def _refuse_native_options(options: Options) -> None:
    for name, given in (
        ("--symmetry", options.symmetry),
        ("--checkpoint", options.checkpoint),
        ("--resume", options.resume),
    ):
        if given:
            raise UsageError(f"{name} needs the native engine")


def _engine(name: str | None) -> Any:
    """The search function of an engine."""
    if name != "interpreted" and native_available():
        from zabcheck.checker import native  # noqa: PLC0415 - needs the compiled core

        return native.search
    if name is None:
        return _interpreted_for_want_of_a_core
    return interpreted.search


def _interpreted_for_want_of_a_core(problem: Problem) -> Tally:
    tally = interpreted.search(problem)
    tally.notes = (NO_CORE, *tally.notes)
    return tally
