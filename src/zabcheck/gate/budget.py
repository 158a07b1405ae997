"""The cores and the memory that cells share."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zabcheck.checker.errors import UsageError

if TYPE_CHECKING:
    from zabcheck.gate.cells import Cell

LEAST = 128 << 20
"""Bytes with which a cell can begin."""

LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Where Linux says what a container may use."""


@dataclass(frozen=True)
class Part:
    """What a cell may use: threads that compute, and bytes of memory."""

    workers: int
    memory: int


class Budget:
    """``jobs`` workers and ``memory`` bytes; fewer workers where there is not `LEAST` for each."""

    def __init__(self, jobs: int, memory: int) -> None:
        if memory < LEAST:
            raise UsageError(f"--max-memory: a cell needs {LEAST >> 20}M to begin")
        self.workers = min(jobs, memory // LEAST)
        self.memory = memory
        self._free = Part(self.workers, memory)
        self._changed = threading.Condition()

    def part(self, cell: Cell) -> Part:
        """What a cell gets: the workers it asks for, or all there are; its own memory, or a share for each worker."""
        workers = min(cell.workers, self.workers)
        return Part(workers, cell.memory or self.memory * workers // self.workers)

    def take(self, part: Part) -> None:
        """Wait until a part is free, and take it."""
        with self._changed:
            self._changed.wait_for(
                lambda: part.workers <= self._free.workers and part.memory <= self._free.memory
            )
            self._free = Part(self._free.workers - part.workers, self._free.memory - part.memory)

    def give_back(self, part: Part) -> None:
        """Let others have it."""
        with self._changed:
            self._free = Part(self._free.workers + part.workers, self._free.memory + part.memory)
            self._changed.notify_all()


def usual_memory() -> int:
    """Three quarters of what this machine, or this container, has."""
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in LIMITS:
        with suppress(OSError, ValueError):  # another system, or "max"
            found.append(int(Path(name).read_text(encoding="ascii")))
    return max(min(found) * 3 // 4, LEAST)
