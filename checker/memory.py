"""Keeping within a memory budget: how much of it Python takes, and what is left for the core."""

from __future__ import annotations

from zabcheck.checker.errors import UsageError
from zabcheck.checker.search import current_memory

PER_EVALUATION = 4096
"""Bytes of Python objects that one learned path may leave behind, generously."""

RESERVE = 24 << 20
"""Bytes kept free for what is allocated between two looks at the clock."""

SMALLEST_CORE = 16 << 20
"""Bytes without which the core cannot begin."""

NO_LIMIT = 2**63


class Budget:
    """The memory that a search may use, in bytes of the whole process; ``None`` for all there is."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._baseline = current_memory()
        if limit is not None and self.for_core(0) < SMALLEST_CORE:
            least = (self._baseline + RESERVE + SMALLEST_CORE >> 20) + 1
            raise UsageError(f"the memory limit is too small to begin: at least {least}M is needed")

    def for_core(self, evaluations: int) -> int:
        """What is left for the core, with so many evaluations learned."""
        if self._limit is None:
            return NO_LIMIT
        return max(0, self._limit - self._baseline - RESERVE - evaluations * PER_EVALUATION)
