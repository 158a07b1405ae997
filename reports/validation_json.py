"""What the validator says of a recording as one JSON document, with the keys that ``docs/command-line.md`` explains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.reports.events import plain
from zabcheck.traces.finding import cut

if TYPE_CHECKING:
    from zabcheck.traces.event import Recording
    from zabcheck.traces.finding import Anomaly, Finding
    from zabcheck.traces.outcome import Covered, Outcome


def validation_document(outcome: Outcome, recording: Recording, names: tuple[str, ...]) -> dict[str, Any]:
    """The outcome as plain JSON values. ``rejection`` is the first violation, all are in ``findings``."""
    violations = [f for f in outcome.findings if not f.doubt]
    return {
        "recording": list(names),
        "verdict": outcome.verdict,
        "reason": outcome.reason,
        "release": recording.release,
        "servers": {"voters": list(recording.voters), "observers": list(recording.observers)},
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
        "rejection": finding_document(violations[0]) if violations else None,
        "findings": [finding_document(f) for f in outcome.findings],
        "anomalies": [_anomaly(a) for a in outcome.anomalies],
        "coverage": coverage_document(outcome.coverage),
        "notes": list(outcome.notes),
        "seconds": outcome.seconds,
    }


def coverage_document(covered: Covered) -> dict[str, Any]:
    """What of the model was shown, and what never was."""
    return {
        "transitions": {"seen": list(covered.seen), "never": list(covered.never)},
        "phases": {
            "seen": [list(pair) for pair in covered.phases],
            "never": [list(pair) for pair in covered.never_in],
        },
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """A finding as plain JSON values."""
    return {
        "property": finding.property,
        "server": finding.server,
        "observed": finding.observed,
        "allowed": finding.allowed,
        "guard": finding.guard,
        "known_bug": finding.known_bug,
        "doubt": finding.doubt,
        "consistent_up_to": cut(finding),
        "minimal": finding.minimal,
        "events": [plain(e) for e in finding.events],
    }


def _anomaly(anomaly: Anomaly) -> dict[str, Any]:
    return {"kind": anomaly.kind, "text": anomaly.text, "events": [plain(e) for e in anomaly.events]}
