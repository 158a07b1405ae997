"""What the validator says of a recording: plain data, for whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from zabcheck.traces.finding import Anomaly, Finding
    from zabcheck.traces.ledger import Property

Verdict = Literal["conforms", "violates", "inconclusive"]


@dataclass(frozen=True)
class Judged:
    """A property, and what was found out about it."""

    property: Property
    verdict: Literal["holds", "violated", "inconclusive", "not decidable"]
    checked: int
    """at how many places it was decided"""


@dataclass(frozen=True)
class Covered:
    """How much of the model a recording shows."""

    seen: tuple[str, ...]
    """transitions, in the model's order"""
    never: tuple[str, ...]
    phases: tuple[tuple[str, str], ...]
    """roles, each with a phase in which a server was seen in it"""
    never_in: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Outcome:
    """What the validator says of a recording."""

    verdict: Verdict
    reason: str
    properties: tuple[Judged, ...]
    findings: tuple[Finding, ...]
    anomalies: tuple[Anomaly, ...]
    events: int
    kinds: dict[str, int]
    tracks: dict[str, int]
    coverage: Covered
    seconds: float
    notes: tuple[str, ...] = ()
    """what of the recording was not understood, or lacks something"""
