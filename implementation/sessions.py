"""What the replication of a server needs of its clients' sessions, and of nothing else of theirs.

A leader is told by its learners which sessions are alive and asked whether one that moves to another server is; a
learner is told what came of that, and when a ``sync`` is over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from zabcheck.implementation.replication import Request


class Sessions(Protocol):
    """The sessions of one server."""

    def touch(self, session: int, timeout: int) -> bool:
        """As leader: a client with this session was heard of. Whether the session is alive."""

    def touched(self) -> tuple[tuple[int, int], ...]:
        """As learner: sessions heard of since the last time, with their time-outs in milliseconds."""

    def revalidated(self, session: int, *, valid: bool) -> None:
        """As learner: the leader says whether a session is alive."""

    def synced(self, request: Request) -> None:
        """A ``sync`` of a client of this server is over."""


class NoSessions:
    """Of a server without clients."""

    def touch(self, session: int, timeout: int) -> bool:  # noqa: ARG002 - an interface
        """No session is known."""
        return False

    def touched(self) -> tuple[tuple[int, int], ...]:
        """No client was heard of."""
        return ()

    def revalidated(self, session: int, *, valid: bool) -> None:
        """Nobody asked."""

    def synced(self, request: Request) -> None:
        """Nobody asked."""
