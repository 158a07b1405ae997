"""What looks wrong because something was not seen, until it is clear that the capture did not just miss it.

A capture may lose a frame, and it shows only later: the stream behind the lost frame cannot be read. So before it is
said that a packet did not come, the stream it belongs to must go on without a gap, or end. And if anything at all of a
capture is missing, whole connections may be: then what did not come is in doubt to the end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zabcheck.traces.finding import Finding
    from zabcheck.traces.ledger import Ledger

MOST = 1000
"""Suspicions at one time; what exceeds them is not pursued."""


@dataclass
class _Suspicion:
    """A finding to be, and the tracks that must go on before it is one."""

    finding: Finding
    waits: set[str]


class Suspicions:
    """All that wait."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._open: list[_Suspicion] = []
        self._confirmed: list[Finding] = []
        self._losses: dict[str, str] = {}
        """by capture, what is missing of it"""

    def judge(self, name: str, ok: bool, finding: Callable[[], Finding], tracks: Iterable[str]) -> bool:  # noqa: FBT001 - the judged condition
        """As of the ledger, but what is not ok waits for ``tracks`` to go on."""
        waits = {track for track in tracks if track}
        if ok:
            return self._ledger.judge(name, ok, finding)
        if not waits:
            self._confirm(finding())
        elif len(self._open) < MOST:
            self._open.append(_Suspicion(finding(), waits))
        return False

    def heard(self, track: str) -> None:
        """A track goes on: nothing was lost on it so far."""
        for each in self._open:
            each.waits.discard(track)
            if not each.waits:
                self._confirm(each.finding)
        self._open = [each for each in self._open if each.waits]

    def lost(self, track: str, why: str = "frames were not captured") -> None:
        """Something of a track was not captured, which may be what was not seen."""
        self._losses.setdefault(capture_of(track), f"{track}: {why}")
        told: set[str] = set()
        for each in self._open:
            name = each.finding.property
            if track in each.waits and name not in told:
                told.add(name)
                text = f"{name} is not decided, because {why}: {each.finding.observed}"
                self._ledger.remark("undecided", text, *each.finding.events)
        self._open = [each for each in self._open if track not in each.waits]

    def finish(self) -> None:
        """Nothing more comes: what waits has nothing to wait for."""
        for found in [*self._confirmed, *(each.finding for each in self._open)]:
            lost = self._losses.get(capture_of(found.events[-1].track)) if found.events else None
            self._ledger.judge(found.property, False, lambda f=found, lost=lost: replace(f, doubt=lost))  # type: ignore[misc]
        self._open.clear()
        self._confirmed.clear()

    def _confirm(self, found: Finding) -> None:
        if len(self._confirmed) < MOST:
            self._confirmed.append(found)


def capture_of(track: str) -> str:
    """Which capture a track is of: ``wire`` of ``wire/3/a-b``."""
    return track.split("/", 1)[0]
