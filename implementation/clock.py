"""Time as a server sees it, so that a test can be in charge of it."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Two clocks: one that only goes forward, and one on the wall."""

    def now(self) -> float:
        """Seconds since some moment."""

    def wall(self) -> float:
        """Seconds since 1970, as far as this machine knows."""


class SystemClock:
    """The clocks of the machine."""

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since 1970, as far as this machine knows."""
        return time.time()
