"""Who wants to hear of which nodes (``WatchManager``); one of these is for data, another for children.

A watch is spent when it was told, unless it is persistent; a recursive one is also told of what happens below.
"""

from __future__ import annotations

from enum import IntFlag
from typing import TYPE_CHECKING, Protocol

from zabcheck.implementation.paths import parent_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from zabcheck.implementation.operations import Event
    from zabcheck.traces.transactions import Acl


class Watcher(Protocol):
    """A connection of a client."""

    def notify(self, event: Event, path: str, acl: tuple[Acl, ...]) -> None:
        """Tell the client, if the permissions of the node let it know."""


class WatchMode(IntFlag):
    """How a watch behaves; a watcher may have several at one path."""

    STANDARD = 1
    PERSISTENT = 2
    RECURSIVE = 4
    ALL = 7


class Watches:
    """The watches of one kind."""

    def __init__(self) -> None:
        self._by_path: dict[str, dict[Watcher, WatchMode]] = {}
        self._by_watcher: dict[Watcher, set[str]] = {}
        self._recursive = 0

    def __len__(self) -> int:
        return sum(map(len, self._by_path.values()))

    def add(self, path: str, watcher: Watcher, mode: WatchMode = WatchMode.STANDARD) -> None:
        """Add a watch."""
        modes = self._by_path.setdefault(path, {})
        old = modes.get(watcher, WatchMode(0))
        self._recursive += bool(mode & ~old & WatchMode.RECURSIVE)
        modes[watcher] = old | mode
        self._by_watcher.setdefault(watcher, set()).add(path)

    def remove(self, path: str, watcher: Watcher, modes: WatchMode = WatchMode.ALL) -> bool:
        """Remove a watch; whether there was one."""
        old = self._by_path.get(path, {}).get(watcher, WatchMode(0))
        if not old & modes:
            return False
        self._recursive -= bool(old & modes & WatchMode.RECURSIVE)
        if left := old & ~modes:
            self._by_path[path][watcher] = left
            return True
        del self._by_path[path][watcher]
        if not self._by_path[path]:
            del self._by_path[path]
        self._by_watcher[watcher].discard(path)
        if not self._by_watcher[watcher]:
            del self._by_watcher[watcher]
        return True

    def has(self, path: str, watcher: Watcher) -> bool:
        """Whether there is a watch."""
        return watcher in self._by_path.get(path, ())

    def forget(self, watcher: Watcher) -> None:
        """Remove all watches of a connection that is gone."""
        for path in tuple(self._by_watcher.get(watcher, ())):
            self.remove(path, watcher)

    def trigger(
        self, path: str, event: Event, acl: tuple[Acl, ...], told: AbstractSet[Watcher] = frozenset()
    ) -> AbstractSet[Watcher]:
        """Tell all who watch, but those who were ``told``; says who they are."""
        if not self._by_path:
            return frozenset()
        found: dict[Watcher, None] = {}
        for place in self._above(path) if self._recursive else (path,):
            for watcher, mode in tuple(self._by_path.get(place, {}).items()):
                if place == path:
                    found[watcher] = None
                    if mode & WatchMode.STANDARD:
                        self.remove(path, watcher, WatchMode.STANDARD)
                elif mode & WatchMode.RECURSIVE:
                    found[watcher] = None
        for watcher in found:
            if watcher not in told:
                watcher.notify(event, path, acl)
        return found.keys()

    @staticmethod
    def _above(path: str) -> Iterator[str]:
        yield path
        while path != "/":
            path = parent_of(path)
            yield path
