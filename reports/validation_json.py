"""What the validator says of a recording as one JSON document, with the keys that ``docs/command-line.md`` explains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.reports.events import plain

if TYPE_CHECKING:
    from zabcheck.traces.finding import Anomaly, Finding
    from zabcheck.traces.members import Members
    from zabcheck.traces.validator import Outcome


def validation_document(outcome: Outcome, members: Members, names: tuple[str, ...]) -> dict[str, Any]:
    """The outcome as plain JSON values. ``rejection`` is the first violation, all are in ``findings``."""
    violations = [f for f in outcome.findings if not f.doubt]
    return {
        "recording": list(names),
        "verdict": outcome.verdict,
        "reason": outcome.reason,
        "release": members.release,
        "servers": {"voters": list(members.voters), "observers": list(members.recorded_observers)},
        "events": outcome.events,
        "kinds": outcome.kinds,
        "tracks": outcome.tracks,
        "properties": {j.property.name: j.verdict for j in outcome.properties},
        "property_details": {
            j.property.name: {
                "verdict": j.verdict,
                "checked": j.checked,
                "sentence": j.property.sentence,
                "needs": j.property.needs,
            }
            for j in outcome.properties
        },
        "rejection": _finding(violations[0]) if violations else None,
        "findings": [_finding(f) for f in outcome.findings],
        "anomalies": [_anomaly(a) for a in outcome.anomalies],
        "coverage": {
            "transitions": {"seen": list(outcome.coverage.seen), "never": list(outcome.coverage.never)},
            "phases": {
                "seen": sorted(map(list, outcome.coverage.phases)),
                "never": [list(pair) for pair in outcome.coverage.never_in],
            },
        },
        "notes": list(outcome.notes),
        "seconds": outcome.seconds,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "property": finding.property,
        "server": finding.server,
        "observed": finding.observed,
        "allowed": finding.allowed,
        "guard": finding.guard,
        "known_bug": finding.known_bug,
        "doubt": finding.doubt,
        "events": [plain(e) for e in finding.events],
    }


def _anomaly(anomaly: Anomaly) -> dict[str, Any]:
    return {"kind": anomaly.kind, "text": anomaly.text, "events": [plain(e) for e in anomaly.events]}
