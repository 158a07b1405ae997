"""The border between what clients see and how it is replicated: a request goes in, a transaction comes out.

On one side are the database and the client port, on the other what makes servers agree on one order of transactions:
a peer of an ensemble, or `standalone` alone. Neither knows more of the other than is here. That is what keeps every
decision of the protocol out of the side of the clients.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zabcheck.traces.jute import Cursor


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for, as a REQUEST packet carries it to the leader.

    ``type`` is one of ``ZooDefs.OpCode``, ``body`` the record that came behind the header; to create a session it is
    the time-out in four bytes, to close one it is empty.
    """

    session: int
    cxid: int
    type: int
    body: bytes
    auth: tuple[tuple[str, str], ...] = ()
    """scheme and identity, as whom the client is known"""
    owner: int | None = None
    """the server to which the client is connected, where that is known; for ``SessionTracker.checkSession``"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A transaction that has no place in the order yet.

    ``body`` is what stands behind ``TxnHeader`` in a record of the log, with the digest if the leader makes one.
    """

    session: int
    cxid: int
    time: int
    """the leader's clock, in milliseconds"""
    type: int
    body: bytes


class StateMachine(Protocol):
    """What is replicated: the database of a server.

    ``prepare`` and ``forget_prepared`` are for a leader alone; ``apply`` is called on every server, in the one order.
    """

    @property
    def last_zxid(self) -> int:
        """The transaction that was applied last (``DataTree.lastProcessedZxid``)."""

    def prepare(self, request: Request) -> Entry:
        """Turn a request into a transaction, seen from behind all that was prepared and is not applied yet.

        A client's mistake is no exception but a transaction of type -1, as in ``PrepRequestProcessor.pRequest``.
        """

    def forget_prepared(self) -> None:
        """Forget what was prepared and not applied: this server leads no more."""

    def apply(self, zxid: int, entry: Entry) -> None:
        """Change the tree (``DataTree.processTxn``), and answer the client of this server that waits for it."""

    def synced(self, session: int, cxid: int) -> None:
        """Answer the client of this server that waits for a sync: all that the leader had committed is applied."""

    def serialize(self) -> Iterator[bytes]:
        """The body of a snapshot, from the sessions to the path ``/``, in pieces.

        It is of the moment of this call, whatever is applied while the pieces are taken.
        """

    def deserialize(self, cursor: Cursor, zxid: int) -> None:
        """Become what `serialize` wrote, as of ``zxid``; moves the cursor right behind it."""


class Replication(Protocol):
    """What the client port is given: the way to the order of transactions, and what four-letter words tell of it."""

    @property
    def role(self) -> str:
        """What ``srvr`` calls the mode: ``leader``, ``follower``, ``observer`` or ``standalone``."""

    @property
    def epoch(self) -> int:
        """The current epoch."""

    @property
    def server_id(self) -> int:
        """The id of this server, the highest byte of the sessions that it creates."""

    def is_serving(self) -> bool:
        """Whether clients are served now."""

    def submit(self, request: Request) -> None:
        """Bring a write, or a sync, into the order; the answer is a later call of `StateMachine`."""

    def touch(self, session: int, timeout: int) -> None:
        """Tell who decides on sessions that a client was heard of; the time-out is in milliseconds."""

    def revalidate(self, session: int, timeout: int, answer: Callable[[bool], None]) -> None:
        """Ask who decides on sessions whether this one is alive; it then belongs to this server.

        There is no answer if nobody decides any more: the server then has stopped to serve.
        """
