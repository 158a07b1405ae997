"""What the rules found out so far: which properties were looked at, how often, and what was wrong."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zabcheck.traces.finding import Anomaly

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zabcheck.traces.event import Base
    from zabcheck.traces.finding import Finding
    from zabcheck.traces.members import Members

MOST = 1000
"""Findings of one property that are kept, the rest are counted; and anomalies of one kind, each once."""


@dataclass(frozen=True)
class Property:
    """A property of recordings."""

    name: str
    sentence: str
    needs: str
    """what a recording must contain so that it can be decided"""
    of_members: bool = True
    """whether it depends on who is in the ensemble, and so on its configuration"""


@dataclass
class Ledger:
    """Where the rules write, and what they all know: the ensemble, and which tracks are incomplete."""

    members: Members
    checked: Counter[str] = field(default_factory=Counter)
    """how often each property was decided at some place"""
    violated: Counter[str] = field(default_factory=Counter)
    doubtful: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    anomalies: list[Anomaly] = field(default_factory=list)
    remarked: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """by kind, the texts of anomalies"""
    incomplete: dict[tuple[str, int | None], str] = field(default_factory=dict)
    """kinds of evidence of a server (``log``, ``disk``, ``wire``, ``client``) that lack something, and what"""

    first: dict[str, Base] = field(default_factory=dict)
    latest: dict[str, Base] = field(default_factory=dict)
    """the first and the last event of each track so far"""

    def judge(self, name: str, ok: bool, finding: Callable[[], Finding]) -> bool:  # noqa: FBT001 - the judged condition
        """Decide property ``name`` at one place."""
        self.checked[name] += 1
        if not ok:
            self.add(finding())
        return ok

    def add(self, found: Finding) -> None:
        """Keep a finding."""
        tally = self.doubtful if found.doubt else self.violated
        tally[found.property] += 1
        if tally[found.property] <= MOST:
            self.findings.append(found)

    def remark(self, kind: str, text: str, *events: Base) -> None:
        """Keep an anomaly, if it is new."""
        known = self.remarked[kind]
        if text not in known and len(known) < MOST:
            known.add(text)
            self.anomalies.append(Anomaly(kind, text, events))

    def lacks(self, evidence: str, *servers: int | None) -> str | None:
        """Why evidence of these servers, or of this kind as a whole, is incomplete; ``None`` if it is not."""
        for server in (*servers, None):
            if why := self.incomplete.get((evidence, server)):
                return why
        return None

    def outside(self, server: int, event: Base) -> str | None:
        """Why what the log of a server lacks may have been in parts of it that are gone, or were written later.

        Clocks prove nothing, so this only ever gives a reason for doubt.
        """
        first, last = (ends.get(f"s{server}/log") for ends in (self.first, self.latest))
        if event.wall is None:
            return None
        if last is not None and last.wall is not None and last.wall < event.wall:
            return f"the log of server {server} ends, by the clocks, before {event.at or 'that'}"
        if first is not None and first.wall is not None and first.wall > event.wall:
            return f"the log of server {server} begins, by the clocks, after {event.at or 'that'}"
        return None


class Rule:
    """Some properties that are decided together, event by event.

    A rule keeps little, so that a recording may be as long as it likes.
    """

    properties: tuple[Property, ...] = ()

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    @property
    def members(self) -> Members:
        """The ensemble."""
        return self.ledger.members

    def handlers(self) -> Mapping[type[Base], Callable[[Any], None]]:
        """What is done with events of each kind."""
        raise NotImplementedError

    def finish(self) -> None:
        """Decide what can only be decided when there are no more events."""
