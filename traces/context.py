"""What happened around a finding: the events before and after those that show it, on the same tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zabcheck.traces.event import Base
    from zabcheck.traces.finding import Finding

BEFORE, AFTER = 3, 2
"""Events of a track before and after each event of a finding."""


def around(finding: Finding, events: Iterable[Base]) -> list[Base]:
    """Those of ``events`` that belong to the finding or are next to it, in the order in which they come.

    Empty if ``events`` lacks one of the finding's own.
    """
    own = {(event.track, event.seq): event for event in finding.events}
    wanted = {(track, seq + shift) for track, seq in own for shift in range(-BEFORE, AFTER + 1)}
    found = [event for event in events if (event.track, event.seq) in wanted]
    present = sum(own.get((event.track, event.seq)) == event for event in found)
    return found if present == len(own) else []
