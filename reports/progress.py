"""Where a search stands, while it runs: a live display on a terminal, single lines in a log, or nothing.

A reporter is a context manager; inside it, it is called with each `Progress`. It never fails: when its stream
cannot be written, progress is simply not shown.
"""

from __future__ import annotations

import sys
from collections import deque
from typing import TYPE_CHECKING, Protocol, Self, TextIO

from rich.live import Live
from rich.text import Text

from zabcheck.reports.console import console_for
from zabcheck.reports.estimate import states_left
from zabcheck.reports.quantities import count, duration, rate, rough, size

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from rich.console import Console

    from zabcheck.checker.result import Progress

BARS = "▁▂▃▄▅▆▇█"
REFRESH = 0.1
"""Seconds between two updates of the live display."""

INTERVAL = 5.0
"""Seconds between two lines in a log."""

RECENT = 5.0
"""Seconds over which the rate is taken."""


class Reporter(Protocol):
    """Shows progress between entering and leaving."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    def __call__(self, progress: Progress) -> None:
        """Show where the search stands."""


def reporter_for(stream: TextIO | None, title: str, *, quiet: bool = False) -> Reporter:
    """The reporter that suits ``stream``: live when it is a terminal that can move its cursor."""
    if quiet or stream is None or stream.closed:
        return Silent()
    console = console_for(stream)
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveDisplay(console, title)
    return LogLines(stream)


class Silent:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def __call__(self, progress: Progress) -> None:
        """Do nothing."""


class Pace:
    """The rate of the last seconds, and from it the time that is left."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def add(self, progress: Progress) -> None:
        """Take another sample."""
        self._samples.append((progress.seconds, progress.distinct_states))
        while len(self._samples) > 2 and progress.seconds - self._samples[1][0] >= RECENT:
            self._samples.popleft()

    @property
    def rate(self) -> float:
        """Distinct states per second."""
        (start, before), (end, after) = self._samples[0], self._samples[-1]
        if len(self._samples) == 1:
            start, before = 0.0, 0
        return (after - before) / (end - start) if end > start else 0.0

    def left(self, progress: Progress) -> str:
        """What remains, in words."""
        levels = progress.states_by_depth
        if not levels or progress.phase:
            return ""
        if (estimate := states_left(levels[:-1])) is None:
            if len(levels) > 2 and levels[-3] > 0:
                growth = levels[-2] / levels[-3]
                return f"left unknown, levels still grow ×{growth:.2f}" if growth >= 1 else "left unknown yet"
            return "left unknown yet"
        states = max(estimate - levels[-1], 0.0)
        about = f"about {rough(states)} states left"
        return f"{about}, {duration(states / self.rate)}" if self.rate else about


def _facts(progress: Progress, pace: Pace) -> list[str]:
    if not progress.depth:  # random walks, which remember no states
        pace_of_steps = rate(progress.generated_states, progress.seconds, "steps")
        return [duration(progress.seconds), count(progress.generated_states, "step"), pace_of_steps]
    if progress.phase:
        states = count(progress.distinct_states, "state")
        return [duration(progress.seconds), states, progress.phase, size(progress.memory_bytes)]
    facts = [
        duration(progress.seconds),
        count(progress.distinct_states, "state"),
        f"{rough(pace.rate)}/s",
        f"level {progress.depth}",
        f"frontier {rough(progress.frontier)}",
        size(progress.memory_bytes),
    ]
    if progress.evaluations:
        facts.append(f"{rough(progress.evaluations)} evaluations")
    return facts


class LogLines:
    """A plain line every few seconds."""

    def __init__(self, stream: TextIO) -> None:
        self._stream: TextIO | None = stream
        self._next = INTERVAL
        self._pace = Pace()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def __call__(self, progress: Progress) -> None:
        """Print a line, if it is time."""
        if self._stream is None:
            return
        self._pace.add(progress)
        if progress.seconds < self._next:
            return
        self._next = progress.seconds + INTERVAL
        try:
            print(
                "  ".join([*_facts(progress, self._pace), self._pace.left(progress)]).rstrip(),
                file=self._stream,
                flush=True,
            )
        except OSError:
            self._stream = None


class LiveDisplay:
    """A few lines that are redrawn in place and erased at the end."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._pace = Pace()
        self._drawn = -1.0
        self._live: Live | None = Live(
            console=console, auto_refresh=False, transient=True, redirect_stdout=sys.stdout.isatty()
        )

    def __enter__(self) -> Self:
        self._try(lambda live: live.start())
        self._try(lambda live: live.update(self._line(self._title, "bold"), refresh=True))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._try(lambda live: live.stop())

    def __call__(self, progress: Progress) -> None:
        """Redraw, if it is time."""
        self._pace.add(progress)
        if progress.seconds - self._drawn < REFRESH:
            return
        self._drawn = progress.seconds
        self._try(lambda live: live.update(self.drawn(progress), refresh=True))

    def _try(self, action: Callable[[Live], None]) -> None:
        """Draw; when the terminal is gone, go on without."""
        if self._live is None:
            return
        try:
            action(self._live)
        except OSError:
            self._live = None

    def drawn(self, progress: Progress) -> Text:
        """All the lines of one moment."""
        facts = _facts(progress, self._pace)
        lines = [
            self._line(self._title, "bold"),
            self._line("  " + " · ".join(facts[:4])),
        ]
        if progress.depth and not progress.phase:
            lines += [
                self._line("  " + " · ".join(facts[4:])),
                self._line("  " + self.curve(progress.states_by_depth), "cyan"),
                self._line("  " + self._pace.left(progress), "dim"),
            ]
        return Text("\n").join(lines)

    def curve(self, levels: list[int]) -> str:
        """The sizes of the latest levels as bars, as many as fit on the line."""
        latest = levels[-(self._console.width - 4) :]
        most = max(latest, default=0)
        return "".join(BARS[min(n * len(BARS) // (most + 1), len(BARS) - 1)] for n in latest)

    def _line(self, content: str, style: str = "") -> Text:
        line = Text(content, style=style, no_wrap=True, overflow="ellipsis")
        line.truncate(self._console.width, overflow="ellipsis")
        return line
