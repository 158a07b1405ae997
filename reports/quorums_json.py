"""The quorums of an ensemble as one JSON document, with the keys that ``docs/command-line.md`` explains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.model.quorums import Hierarchical

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zabcheck.checker.result import QuorumAnalysis
    from zabcheck.traces.ensemble import Ensemble, Server


def quorums_document(ensemble: Ensemble, analysis: QuorumAnalysis) -> dict[str, Any]:
    """An ensemble and the answer about it as plain JSON values; sets are sorted lists."""
    quorums = ensemble.quorums
    groups = quorums.groups if isinstance(quorums, Hierarchical) else ()
    return {
        "files": list(ensemble.files),
        "verdict": analysis.verdict,
        "reason": analysis.reason,
        "disjoint_quorums": [sorted(q) for q in analysis.disjoint] if analysis.disjoint else None,
        "smallest_quorum": None if analysis.smallest is None else sorted(analysis.smallest),
        "stopping_servers": [sid for loss in analysis.losses if len(loss) == 1 for sid in loss],
        "stopping_sets": [sorted(loss) for loss in analysis.losses],
        "stopping_sets_complete": analysis.losses_complete,
        "quorums": "hierarchical" if isinstance(quorums, Hierarchical) else "majority",
        "groups": [{"group": group.number, "servers": sorted(group.sids)} for group in groups],
        "voters": [
            {**entry, "weight": quorums.weight(entry["server"])} for entry in _servers(ensemble.voters)
        ],
        "observers": _servers(ensemble.observers),
        "warnings": list(ensemble.warnings),
        "seconds": analysis.seconds,
    }


def _servers(servers: Iterable[Server]) -> list[dict[str, Any]]:
    return [{"server": s.sid, "addresses": list(map(str, s.addresses))} for s in servers]
