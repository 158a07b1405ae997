"""What came of a run that servers took: plain data, for whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OnDisk:
    """What of one server is on disk: as the model says, and as it was read from the files."""

    server: int
    what: str
    model: str
    files: str


@dataclass(frozen=True)
class Reenactment:
    """How far the servers came, and what they left."""

    steps: int
    """after so many, all that the model speaks of was the same"""
    difference: str
    """the first difference; empty if there was none"""
    failed: frozenset[str]
    """assertions that failed in the servers' own functions"""
    rows: tuple[OnDisk, ...]

    @property
    def agrees(self) -> bool:
        """Whether nothing was different, from the first state to the files at the end."""
        return not self.difference and all(row.model == row.files for row in self.rows)
