"""Sessions of clients: their ids and passwords, and when they end (``SessionTrackerImpl``).

Who leads decides on a session's end, by a transaction. The others only collect who was heard of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.implementation.errors import Code, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECRET = 0xB3415C00
"""``ZooKeeperServer.superSecret``, so that a client can go on at a server of Apache's, and come from one."""

_MULTIPLIER, _ADDEND, _MASK = 0x5DEECE66D, 0xB, 2**48 - 1


def password(session: int) -> bytes:
    """The password of a session (``generatePasswd``): 16 bytes of ``java.util.Random`` seeded with its id.

    It keeps honest clients apart and is no secret to anybody else, here as there.
    """
    seed = ((session ^ _SECRET) ^ _MULTIPLIER) & _MASK
    found = b""
    for _ in range(4):
        seed = (seed * _MULTIPLIER + _ADDEND) & _MASK
        found += (seed >> 16).to_bytes(4, "little")
    return found


def session_ids(server: int, milliseconds: int) -> Iterator[int]:
    """Ids for new sessions: the server in the top byte, then the time of its start (``initializeNextSessionId``)."""
    number = (((milliseconds << 24) & (2**64 - 1)) >> 8) | (server & 0xFF) << 56
    if number == 2**63:
        number += 1
    while True:
        yield number - 2**64 if number >= 2**63 else number
        number = (number + 1) % 2**64


class SessionTracker:
    """When each session ends if nothing is heard of its client; for who leads, and for a server alone.

    Ends come in steps of a tick, so that sessions end together (``ExpiryQueue``). Times are milliseconds that the
    caller gives, and need no beginning in particular.
    """

    def __init__(self, tick: int, now: int, sessions: dict[int, int] | None = None) -> None:
        self._tick = tick
        self._timeouts: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._buckets: dict[int, set[int]] = {}
        self._owners: dict[int, int] = {}
        self._closing: set[int] = set()
        for session, timeout in (sessions or {}).items():
            self.track(session, timeout, now)

    def __contains__(self, session: int) -> bool:
        return session in self._timeouts and session not in self._closing

    def track(self, session: int, timeout: int, now: int) -> None:
        """Begin to look after a session."""
        self._timeouts[session] = timeout
        self.touch(session, timeout, now)

    def touch(self, session: int, timeout: int, now: int) -> bool:
        """The client was heard of; whether the session is alive."""
        if session not in self:
            return False
        end = (now + timeout) // self._tick * self._tick + self._tick
        if self._ends.get(session) != end:
            self._leave_bucket(session)
            self._ends[session] = end
            self._buckets.setdefault(end, set()).add(session)
        return True

    def expired(self, now: int) -> list[int]:
        """Sessions whose time is over; each is closing from now on, and is told only once."""
        found = []
        for end in sorted(end for end in self._buckets if end <= now):
            for session in sorted(self._buckets[end]):
                self.close(session)
                found.append(session)
        return found

    def close(self, session: int) -> None:
        """Accept no more requests of a session (``setSessionClosing``)."""
        if session in self._timeouts:
            self._closing.add(session)
            self._leave_bucket(session)

    def remove(self, session: int) -> None:
        """Forget a session that has ended."""
        self._leave_bucket(session)
        self._timeouts.pop(session, None)
        self._owners.pop(session, None)
        self._closing.discard(session)

    def set_owner(self, session: int, owner: int | None) -> None:
        """The client is connected to this server now."""
        if owner is not None and session in self:
            self._owners[session] = owner

    def check(self, session: int, owner: int | None = None) -> None:
        """Refuse a request of a session that ended, or that moved to another server (``checkSession``)."""
        if session not in self:
            raise RefusedError(Code.SESSION_EXPIRED)
        if owner is not None and self._owners.setdefault(session, owner) != owner:
            raise RefusedError(Code.SESSION_MOVED)

    def _leave_bucket(self, session: int) -> None:
        if (end := self._ends.pop(session, None)) is not None:
            self._buckets[end].discard(session)
            if not self._buckets[end]:
                del self._buckets[end]
