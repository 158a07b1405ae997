"""Sessions of clients between servers: who is alive is known to the leader, who was heard of to each server.

A learner tells with its answer to a heartbeat, and asks when a client comes to it with a session that it had
elsewhere (``LearnerSessionTracker``, ``LearnerHandler``'s PING and REVALIDATE).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Front(Protocol):
    """Who serves the clients of a server, and while it leads decides which sessions are alive."""

    def serves(self, *, leads: bool) -> None:
        """Clients are served from now on."""

    def serves_no_more(self) -> None:
        """Clients must look for another server."""

    def touch(self, session: int, timeout: int) -> bool:
        """As leader: a client was heard of. Whether its session is alive."""

    def own(self, session: int, server: int) -> None:
        """As leader: a client has moved to a server."""

    def tick(self) -> None:
        """As leader: some time has passed."""


class NoFront:
    """Of a server without clients."""

    def serves(self, *, leads: bool) -> None:
        """There is nobody to serve."""

    def serves_no_more(self) -> None:
        """There was nobody."""

    def touch(self, session: int, timeout: int) -> bool:  # noqa: ARG002 - an interface
        """No session is known."""
        return False

    def own(self, session: int, server: int) -> None:
        """Nobody moves."""

    def tick(self) -> None:
        """Nothing grows old."""


class Heard:
    """As learner: the sessions that were heard of, and who waits to know whether one is alive."""

    def __init__(self) -> None:
        self._touched: dict[int, int] = {}
        self._asking: defaultdict[int, list[Callable[[bool], None]]] = defaultdict(list)

    def touch(self, session: int, timeout: int) -> None:
        """A client of this server was heard of."""
        self._touched[session] = timeout

    def taken(self) -> tuple[tuple[int, int], ...]:
        """What was heard of since the last time."""
        taken, self._touched = tuple(self._touched.items()), {}
        return taken

    def ask(self, session: int, answer: Callable[[bool], None]) -> None:
        """Somebody waits to know whether a session is alive."""
        self._asking[session].append(answer)

    def answer(self, session: int, *, valid: bool) -> None:
        """The leader has said so."""
        for each in self._asking.pop(session, ()):
            each(valid)

    def forget(self) -> None:
        """There is no leader to ask any more: who waits is not answered, since an answer would end the session."""
        self._asking.clear()
        self._touched.clear()
