"""What a server's database and its replication know of each other, and nothing more.

The database turns what a client asks into a transaction and applies what is committed. When a transaction is
committed, and by whom, is decided on the other side, by the functions of the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Request:
    """What a client asks for, as it came (``Request``)."""

    session: int
    cxid: int
    type: int
    body: bytes
    auth: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Entry:
    """A transaction without its zxid: what a leader proposes and every server logs and applies (``TxnHeader``)."""

    session: int
    cxid: int
    time: int
    type: int
    body: bytes


class StateMachine(Protocol):
    """The database of one server."""

    last_zxid: int

    def prepare(self, request: Request) -> Entry:
        """The transaction that a request becomes, after all those prepared before; only a leader asks."""

    def forget_prepared(self) -> None:
        """Forget what was prepared and not applied: this server leads no more."""

    def apply(self, zxid: int, entry: Entry) -> None:
        """Apply a committed transaction."""

    def serialize(self) -> Iterator[bytes]:
        """The whole database, as SNAP and a snapshot have it."""

    def deserialize(self, stream: BinaryIO) -> None:
        """Become the database that a stream has."""


class Replication(Protocol):
    """What a database sees of its server."""

    role: str
    epoch: int
    zxid: int

    def submit(self, request: Request) -> None:
        """Ask for a write; it comes back as a transaction to apply, or never."""

    def is_serving(self) -> bool:
        """Whether clients may be served."""
