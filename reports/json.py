"""A result as one JSON document. ``docs/command-line.md`` explains its keys, which are only ever added to."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zabcheck.checker.result import CheckResult, Performance, Step, Trace


def document(result: CheckResult, simulation: dict[str, int] | None = None) -> dict[str, Any]:
    """``result`` as plain JSON values; ``simulation`` says which random walks it comes from."""
    return {
        "model": result.model,
        "scope": result.scope,
        "variants": list(result.variants),
        "simulation": simulation,
        "release": result.scope.get("release"),
        "grain": result.scope.get("grain"),
        "engine": result.engine,
        "workers": result.workers,
        "store": result.store,
        "verdict": result.verdict,
        "reason": result.reason,
        "distinct_states": result.distinct_states,
        "symmetric_states": result.symmetric_states,
        "generated_states": result.generated_states,
        "depth": result.depth,
        "states_by_depth": list(result.states_by_depth),
        "terminal_states": result.terminal_states,
        "deadlocks": result.deadlocks,
        "transitions": {name: coverage.fired for name, coverage in result.transitions.items()},
        "coverage": {name: dataclasses.asdict(coverage) for name, coverage in result.transitions.items()},
        "properties": {name: outcome.verdict for name, outcome in result.properties.items()},
        "property_details": {
            name: dataclasses.asdict(outcome) for name, outcome in result.properties.items()
        },
        "counterexample": trace_document(result.counterexample),
        "witness": trace_document(result.witness),
        "seconds": result.seconds,
        "peak_memory_bytes": result.peak_memory_bytes,
        "bytes_per_state": result.bytes_per_state,
        "collision_bound": result.collision_bound,
        "evaluations": result.evaluations,
        "notes": list(result.notes),
    }


def trace_document(trace: Trace | None) -> dict[str, Any] | None:
    """A run as plain JSON values."""
    if trace is None:
        return None
    return {
        "property": trace.property,
        "arguments": trace.arguments,
        "clause": trace.clause,
        "evidence": dict(trace.evidence),
        "initial": dict(trace.initial),
        "steps": _steps(trace.steps),
        "since": trace.since,
        "cycle_from": trace.cycle_from,
        "lanes": list(trace.lanes),
        "messages": [dataclasses.asdict(message) for message in trace.messages],
    }


def _steps(steps: tuple[Step, ...]) -> list[dict[str, Any]]:
    return [
        {
            "transition": step.transition,
            "arguments": step.arguments,
            "changes": [dataclasses.asdict(change) for change in step.changes],
            "choices": list(step.choices),
            "lanes": list(step.lanes),
            "environment": step.environment,
            "fault": step.fault,
            "durable": list(step.durable),
            "down": list(step.down),
        }
        for step in steps
    ]


def performance_document(performance: Performance) -> dict[str, Any]:
    """A script as it was played, as plain JSON values."""
    return {
        "name": performance.name,
        "sentence": performance.sentence,
        "holds": performance.holds,
        "stopped": performance.stopped,
        "claims": [dataclasses.asdict(claim) for claim in performance.claims],
        "initial": dict(performance.initial),
        "acts": [{"remark": act.remark, "steps": _steps(act.steps)} for act in performance.acts],
        "lanes": list(performance.lanes),
        "messages": [dataclasses.asdict(message) for message in performance.messages],
    }


def encode(document: object) -> bytes:
    """A JSON document as UTF-8, indented, with a final newline."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"
