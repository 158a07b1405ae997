"""A recording as a timeline: one event to a line, a colour for each server."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from rich.text import Text

from zabcheck.reports.events import sentence
from zabcheck.reports.layout import cut

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from zabcheck.traces.event import Base

_COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "red")


def show_timeline(console: Console, events: Iterable[Base]) -> None:
    """Print events in the order given."""
    for event in events:
        colour = _COLOURS[event.server % len(_COLOURS)] if event.server is not None else "default"
        line = Text(f"{_clock(event.wall):<12} ", style="dim")
        line.append(f"{event.track:<12.12} ", style=f"not dim {colour}")
        line.append(sentence(event), style="not dim default")
        cut(console, line)


def _clock(wall: float | None) -> str:
    if wall is None:
        return ""
    moment = dt.datetime.fromtimestamp(wall, tz=dt.UTC)
    return moment.strftime("%H:%M:%S.") + f"{moment.microsecond // 1000:03}"
