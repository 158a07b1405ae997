"""What can be asked of a search, and the parts of an answer that do not depend on the engine."""

from __future__ import annotations

import resource
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from zabcheck.checker.errors import UsageError
from zabcheck.checker.evaluate import Evaluator, Selection, State, select
from zabcheck.checker.model import LIVENESS, Kind, Model, Property, options, validate
from zabcheck.checker.result import (
    CheckResult,
    Coverage,
    Progress,
    PropertyResult,
    PropertyVerdict,
    Trace,
    Verdict,
)
from zabcheck.checker.trace import Taken, Unfulfilled, explain
from zabcheck.checker.values import content_hash

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Limits:
    """Where to stop, each ``None`` for never. Stopping at one makes the verdict ``incomplete``.

    ``depth`` counts levels, the initial states being level 1; ``memory`` is in bytes, of the whole process.
    """

    depth: int | None = None
    states: int | None = None
    seconds: float | None = None
    memory: int | None = None


@dataclass(frozen=True)
class Options:
    """How to search: which properties (all when empty), limits, workers, store, symmetry, liveness, checkpoint."""

    properties: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    workers: int = 1
    store: str = "fingerprint"
    symmetry: bool = False
    liveness: bool = True
    witness: str | None = None
    checkpoint: Path | None = None
    resume: Path | None = None
    cache: bool = True
    on_progress: Callable[[Progress], None] | None = None


class Stop(Exception):  # noqa: N818 - a request, not an error
    """Raised out of a progress listener to end a search with what it has (Ctrl-C)."""


@dataclass
class Found:
    """The state that decides a property, at the first level that has one: the least by fingerprint."""

    depth: int
    fingerprint: int
    path: Callable[[], tuple[State, list[Taken]]]
    """makes the path to the state: its initial state and the steps; for liveness, perhaps on into a cycle"""
    unfulfilled: Unfulfilled | None = None


def _validate_options(model: Model[Any], options: Options) -> None:
    """Refuse what no engine can do, in one line."""
    if options.workers < 1:
        raise UsageError(f"there must be at least 1 worker, not {options.workers}")
    if options.store not in ("fingerprint", "exact"):
        raise UsageError(f"unknown store {options.store}: choose fingerprint or exact")
    for name in ("depth", "states", "seconds", "memory"):
        limit = getattr(options.limits, name)
        if limit is not None and limit < 0:
            raise UsageError(f"the limit on {name} must not be negative, but is {limit}")
    goals = [p.name for p in model.properties.values() if p.kind is Kind.GOAL]
    if options.witness is not None and options.witness not in goals:
        known = ", ".join(goals) or "none"
        raise UsageError(f"model {model.name} has no goal {options.witness} to show; it has: {known}")


class Problem:
    """One question: a model in a scope, with the properties asked for and how to go about it."""

    def __init__(
        self,
        model: Model[Any],
        scope: Any,
        options: Options,
        variants: tuple[str, ...] = (),
        *,
        walking: bool = False,
    ) -> None:
        validate(scope)
        _validate_options(model, options)
        self.model = model
        self.scope = scope
        self.options = options
        self.variants = variants
        names = options.properties
        if names and options.witness and options.witness not in names:
            names = (*names, options.witness)
        self.walking = walking
        self.selection: Selection = select(model, scope, names, self._out_of_reach)
        self.evaluator = Evaluator(model, scope, self.selection)
        self.shape = self.evaluator.shape
        self.started = time.monotonic()

    def _out_of_reach(self, prop: Property) -> str:
        """Why a property cannot be decided in this way, or nothing."""
        if prop.kind not in LIVENESS:
            return ""
        if self.walking:
            return "random walks say nothing about all runs"
        if not self.options.liveness:
            return "--no-liveness leaves it out"
        if self.options.symmetry and prop.kind is Kind.EVENTUALLY:
            return "with --symmetry one cannot tell to whom a run is fair"
        if self.options.symmetry and prop.over is not None:
            return "with --symmetry one cannot tell for whom it is true"
        return ""

    def fingerprint(self, state: State) -> int:
        """The 128-bit content fingerprint of ``state``, the same in every engine and process."""
        result = 0
        for f, value in zip(self.shape.fields, state, strict=True):
            result ^= content_hash(f.key, value)
        return result

    @property
    def seconds(self) -> float:
        """Seconds since the question was put."""
        return time.monotonic() - self.started


@dataclass
class Tally:
    """The numbers of a finished or stopped search, as an engine reports them."""

    engine: str
    workers: int
    store: str
    states_by_depth: list[int]
    generated: int
    fired: dict[str, int]
    terminal: int
    deadlocks: int
    found: dict[str, Found]
    reason: str = ""
    undecided: dict[str, str] = field(default_factory=dict)
    """properties that the search could not decide although it left out no state, each with the reason"""
    bytes_per_state: float = 0.0
    collision_bound: float = 0.0
    evaluations: dict[str, int] = field(default_factory=dict)
    advice: dict[str, str] = field(default_factory=dict)
    symmetric_states: int | None = None
    notes: tuple[str, ...] = ()


def conclude(problem: Problem, tally: Tally) -> CheckResult:
    """The result that follows from a tally: verdicts, and the replayed counterexample or witness."""
    selection, found = problem.selection, tally.found
    violated = [p for p in selection.checked if p.kind is not Kind.GOAL and p.name in found]
    reason = tally.reason or next(iter(tally.undecided.values()), "")
    verdict: Verdict = "violated" if violated else "incomplete" if reason else "holds"
    explicit = set(problem.options.properties)
    if verdict == "holds" and any(
        p.kind is Kind.GOAL and p.name in explicit and p.name not in found for p in selection.checked
    ):
        verdict = "violated"
    counterexample = witness = None
    if violated:
        first = min(violated, key=lambda p: found[p.name].depth)
        counterexample = _trace(problem, first, found[first.name])
    if (name := problem.options.witness) is not None and name in found:
        witness = _trace(problem, problem.model.properties[name], found[name])
    return CheckResult(
        model=problem.model.name,
        scope={f.name: getattr(problem.scope, f.name) for f in options(type(problem.scope))},
        variants=problem.variants,
        engine=tally.engine,
        workers=tally.workers,
        store=tally.store,
        verdict=verdict,
        reason=reason if verdict == "incomplete" else "",
        distinct_states=sum(tally.states_by_depth),
        generated_states=tally.generated,
        depth=len(tally.states_by_depth),
        states_by_depth=tuple(tally.states_by_depth),
        transitions={
            t.name: Coverage(
                tally.fired.get(t.name, 0),
                tally.evaluations.get(t.name, 0),
                t.sentence,
                tally.advice.get(t.name, ""),
                t.where,
            )
            for t in problem.model.transitions.values()
        },
        properties=_properties(problem, tally),
        counterexample=counterexample,
        witness=witness,
        terminal_states=tally.terminal,
        deadlocks=tally.deadlocks,
        seconds=problem.seconds,
        peak_memory_bytes=peak_memory(),
        bytes_per_state=tally.bytes_per_state,
        collision_bound=tally.collision_bound,
        evaluations=sum(tally.evaluations.values()),
        symmetric_states=tally.symmetric_states,
        notes=tally.notes,
    )


def _properties(problem: Problem, tally: Tally) -> dict[str, PropertyResult]:
    stopped = _stopped(tally, problem)

    def judge(prop: Property) -> PropertyResult:
        hit, note = tally.found.get(prop.name), tally.undecided.get(prop.name, "")
        decided, opposite = ("reached", "unreached") if prop.kind is Kind.GOAL else ("violated", "holds")
        word = decided if hit else "incomplete" if stopped or note else opposite
        return PropertyResult(
            cast("PropertyVerdict", word),
            prop.kind.value,
            prop.sentence,
            hit.depth if hit else None,
            note,
            prop.where,
        )

    results = {}
    for prop in problem.model.properties.values():
        if prop in problem.selection.checked:
            results[prop.name] = judge(prop)
        elif why := problem.selection.unchecked.get(prop.name):
            results[prop.name] = PropertyResult(
                "not checked", prop.kind.value, prop.sentence, note=why, where=prop.where
            )
    return results


def _stopped(tally: Tally, problem: Problem) -> bool:
    """Whether part of the space was left out, be it for a limit or because a violation ended the search."""
    return bool(tally.reason) or any(
        p.kind is not Kind.GOAL and p.kind not in LIVENESS and p.name in tally.found
        for p in problem.selection.checked
    )


def _trace(problem: Problem, prop: Property, found: Found) -> Trace:
    root, path = found.path()
    return explain(problem.evaluator, prop, root, path, found.unfulfilled)


def peak_memory() -> int:
    """The largest resident size that this process has had, in bytes."""
    with suppress(
        OSError, ValueError, IndexError
    ):  # Linux: what getrusage tells includes the parent's before exec
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.split("VmHWM:")[1].split()[0]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def current_memory() -> int:
    """The resident size of this process, in bytes."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return peak_memory()
    return pages * resource.getpagesize()
