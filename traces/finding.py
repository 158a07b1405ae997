"""What is wrong, or odd, in a recording: plain data, for whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zabcheck.traces.event import Base


@dataclass(frozen=True)
class Finding:
    """A property that the recording violates, and what shows it.

    ``events`` are what shows it, the last one being the place: without any of them there would be no finding.
    """

    property: str
    server: int | None
    observed: str
    """what was seen, one sentence"""
    allowed: str
    """what the model would have allowed there"""
    guard: str
    """the condition that was false, with both values"""
    events: tuple[Base, ...]
    known_bug: str | None = None
    """the JIRA id of a bug that leaves such a trace"""
    doubt: str | None = None
    """what is missing from the recording that could explain it; then it is no violation, and not conforming either"""
    minimal: bool = False
    """the events show it by themselves, and none of them can be left out"""


def cut(finding: Finding) -> dict[str, int]:
    """How far the tracks that show a finding are without contradiction: the number of the last event before it.

    What is up to there on these tracks agrees with the model as far as this property goes.
    """
    last: dict[str, int] = {}
    for event in finding.events:
        last[event.track] = max(event.seq, last.get(event.track, 0))
    return {track: seq - 1 for track, seq in last.items()}


@dataclass(frozen=True)
class Anomaly:
    """Something that an operator may want to know, and that breaks no property."""

    kind: str
    text: str
    events: tuple[Base, ...]
