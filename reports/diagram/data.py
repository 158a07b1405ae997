"""What a sequence diagram shows, whoever it comes from and however it is drawn.

All texts are legible (`zabcheck.reports.legible`) but not escaped. Rows are counted from 1; row 0 is what was there
before the first of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["step", "fault", "environment", "event", "context"]
"""``environment``: something that happens to several. ``event``: of a recording, and part of what shows the finding;
``context``: of a recording, around it."""


@dataclass(frozen=True)
class Changed:
    """A field of the state that a row changes."""

    field: str
    before: str
    after: str
    durable: bool = False


@dataclass(frozen=True)
class Row:
    """One step or event."""

    name: str
    detail: str
    """its arguments, or what was observed"""
    sentence: str
    """what it means, or where it was found"""
    kind: Kind
    lanes: tuple[int, ...]
    """who takes it; all whom it concerns if it is one of the environment"""
    fault: bool = False
    changes: tuple[Changed, ...] = ()
    down: frozenset[int] = frozenset()
    """lanes of those who do not run after it"""
    remark: str = ""
    """what is said in front of it: a remark of an example"""

    @property
    def writes(self) -> tuple[str, ...]:
        """The fields on disk that it changes."""
        return tuple(changed.field for changed in self.changes if changed.durable)


@dataclass(frozen=True)
class Arrow:
    """A message from one lane to another. A lane is ``None`` where nobody knows it."""

    sender: int | None
    receiver: int | None
    text: str
    sent: int
    ended: int | None
    """the row that took it off its channel; ``None`` if it is in transit after the last one"""
    received: bool
    """otherwise it was lost, if it ended"""


@dataclass(frozen=True)
class Diagram:
    """A run, and what is wrong at the end of it."""

    headline: str
    """the verdict in a few words"""
    clause: str
    """what is false, for whom"""
    facts: tuple[tuple[str, str], ...]
    """more about it, each with its name"""
    lanes: tuple[str, ...]
    initial: tuple[tuple[str, str], ...]
    """the state before the first row: fields and values; empty for events"""
    rows: tuple[Row, ...]
    arrows: tuple[Arrow, ...]
    evidence: frozenset[str] = frozenset()
    """the fields that the verdict rests on"""
    cycle_from: int | None = None
    """after this row begins what is repeated for ever; after the last one, where the run may stop there"""
    since: int | None = None
    """of liveness: after this row it is demanded"""

    @property
    def is_run(self) -> bool:
        """Whether the rows are steps of a model, and not events of a recording."""
        return bool(self.initial)

    @property
    def stops(self) -> bool:
        """Whether the run may stop for ever after its last row."""
        return self.cycle_from == len(self.rows)
