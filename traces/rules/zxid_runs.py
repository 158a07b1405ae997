"""Sets of zxids that are mostly successive: kept as runs, so that a long recording takes no more room than a short."""

from __future__ import annotations

from collections import OrderedDict, deque

MOST = 10_000
"""Runs that are kept; the oldest are forgotten. Genuine proposals make one for each epoch."""


class Firsts:
    """The first zxid of each epoch, as far as it was seen.

    It is epoch:1, unless a server was started for a test that has the counter begin elsewhere
    (``zookeeper.testingonly.initialZxid``). So what comes first in an epoch is learned, not demanded.
    """

    def __init__(self) -> None:
        self._firsts: OrderedDict[int, int] = OrderedDict()

    def follows(self, before: int, zxid: int) -> bool:
        """Whether a proposal can come right after another: the next of its epoch, or the first of a later one."""
        epoch = zxid >> 32
        if epoch == before >> 32:
            return zxid == before + 1
        first = self._firsts.setdefault(epoch, zxid)
        if len(self._firsts) > MOST:
            self._firsts.popitem(last=False)
        return epoch > before >> 32 and (zxid == first or zxid & 0xFFFFFFFF == 1)

    @staticmethod
    def is_odd(before: int, zxid: int) -> bool:
        """Whether an epoch begins elsewhere than at 1: for a test, or because something is missing."""
        return zxid >> 32 > before >> 32 and zxid & 0xFFFFFFFF != 1


class Runs:
    """Zxids in the order in which they were added."""

    def __init__(self) -> None:
        self._runs: deque[list[int]] = deque(maxlen=MOST)

    def add(self, zxid: int) -> None:
        """Put it at the end."""
        if self._runs and self._runs[-1][1] + 1 == zxid:
            self._runs[-1][1] = zxid
        else:
            self._runs.append([zxid, zxid])

    def __contains__(self, zxid: int) -> bool:
        return any(first <= zxid <= last for first, last in reversed(self._runs))

    @property
    def first(self) -> int | None:
        """The one that was added first and is still there."""
        return self._runs[0][0] if self._runs else None

    def drop_until(self, zxid: int) -> None:
        """Remove this one and what was added before it."""
        while self._runs:
            first, last = self._runs[0]
            if first <= zxid <= last:
                self._runs[0][0] = zxid + 1
            if self._runs[0][0] > last or not first <= zxid <= last:
                self._runs.popleft()
            if first <= zxid <= last:
                return
