"""A proof, and a refinement, as JSON documents with the keys that ``docs/command-line.md`` explains."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from zabcheck.reports.json import trace_document

if TYPE_CHECKING:
    from zabcheck.checker.proof.result import ProofResult, RefinementResult, Refutation, Rows


def proof_document(result: ProofResult) -> dict[str, Any]:
    """A proof as plain JSON values; relations are sorted lists of lists."""
    return {
        "theory": result.theory,
        "mutant": result.mutant or None,
        "servers": result.servers,
        "verdict": result.verdict,
        "proved": result.counts["proved"],
        "refuted": result.counts["refuted"],
        "unknown": result.counts["unknown"],
        "total": result.total,
        "obligations": [asdict(judged) for judged in result.judged],
        "counterexample": None if result.refutation is None else _refutation(result.refutation),
        "run": None if result.replay is None else asdict(result.replay),
        "seconds": result.seconds,
    }


def _refutation(found: Refutation) -> dict[str, Any]:
    return {
        "stage": found.judged.stage,
        "claim": found.judged.claim,
        "step": found.step or None,
        "false_for": list(found.false_for),
        "size": dict(found.size),
        "individuals": {sort: list(names) for sort, names in found.individuals.items()},
        "before": _relations(found.before),
        "after": _relations(found.after),
    }


def _relations(relations: Any) -> dict[str, list[list[str]]]:
    rows: dict[str, Rows] = dict(relations)
    return {name: sorted(map(list, inside)) for name, inside in rows.items() if inside}


def refinement_document(result: RefinementResult) -> dict[str, Any]:
    """How a model was followed with the theory, as plain JSON values."""
    misstep = result.misstep
    return {
        "model": result.model,
        "scope": dict(result.scope),
        "variants": list(result.variants),
        "theory": result.theory,
        "verdict": result.verdict,
        "reason": result.reason,
        "steps": result.edges,
        "pairs": result.pairs,
        "protocol_states": result.structures,
        "taken": dict(result.taken),
        "misstep": None
        if misstep is None
        else {
            "step": misstep.step,
            "reasons": list(misstep.reasons),
            "trace": trace_document(misstep.trace),
        },
        "seconds": result.seconds,
    }
