"""The smallest set of events that shows a violation: what is left when no event can be left out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from zabcheck.traces.validator import Validator

if TYPE_CHECKING:
    from zabcheck.traces.event import Base
    from zabcheck.traces.finding import Finding
    from zabcheck.traces.outcome import Outcome

MOST = 20
"""Findings that are minimised; one is enough to begin with, and the others tend to have the same cause."""


def minimised(validator: Validator, outcome: Outcome) -> Outcome:
    """The outcome with findings that have no more events than they need; the first `MOST` of them.

    The events of a finding are held against the model by themselves, with nothing else but who had which role and
    which disk is read. One after the other is left out as long as the rest shows the same. A
    finding whose events do not suffice, because it rests on the whole of a recording, stays as it is.
    """
    smaller = (_smallest(validator, finding) for finding in outcome.findings[:MOST])
    return replace(outcome, findings=(*smaller, *outcome.findings[MOST:]))


def _smallest(validator: Validator, finding: Finding) -> Finding:
    events = finding.events
    if finding.doubt or not _shows(validator, events, finding):
        return finding
    for event in finding.events:
        fewer = tuple(e for e in events if e is not event)
        if _shows(validator, fewer, finding):
            events = fewer
    return replace(finding, events=events, minimal=True)


def _shows(validator: Validator, events: tuple[Base, ...], finding: Finding) -> bool:
    tracks = {event.track for event in events}
    rank = {track: place for place, track in enumerate(validator.tracks)}
    around = [e for e in validator.landmarks if e.track in tracks and not any(e is own for own in events)]
    alone = Validator(validator.members, whole=False)
    alone.feed(sorted([*around, *events], key=lambda e: (rank.get(e.track, 0), e.seq)))
    return any(
        f.property == finding.property and f.observed == finding.observed and not f.doubt
        for f in alone.outcome().findings
    )
