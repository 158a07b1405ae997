"""The nine messages, and the channel between two servers.

``epoch`` and ``zxid`` are the specification's ``mepoch`` and ``mzxid``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

from zabcheck.checker import Channel, require

if TYPE_CHECKING:
    from zabcheck.model.transaction import Txn, Zxid
    from zabcheck.model.zab.history import Log


@dataclass(frozen=True)
class Cepoch:
    """Follower to leader: the last epoch the follower accepted (paper, f.1.1)."""

    epoch: int


@dataclass(frozen=True)
class Newepoch:
    """Leader to follower: the epoch the leader proposes (paper, l.1.1 and l.3.3)."""

    epoch: int


@dataclass(frozen=True)
class Ackepoch:
    """Follower to leader: the epoch was accepted; the follower's current epoch and log (paper, f.1.2)."""

    epoch: int
    history: Log


@dataclass(frozen=True)
class Newleader:
    """Leader to follower: the history to start the epoch with (paper, l.2.1 and l.3.3)."""

    epoch: int
    history: Log


@dataclass(frozen=True)
class Ackld:
    """Follower to leader: that history was adopted, up to ``zxid`` (paper, f.2.1)."""

    zxid: Zxid


@dataclass(frozen=True)
class Commitld:
    """Leader to follower: the epoch is established; deliver up to ``zxid`` (paper, l.2.2 and l.3.4)."""

    zxid: Zxid


@dataclass(frozen=True)
class Propose:
    """Leader to follower: log this transaction (paper, l.3.1)."""

    txn: Txn


@dataclass(frozen=True)
class Ack:
    """Follower to leader: the transaction is in the log (paper, f.3.2)."""

    zxid: Zxid


@dataclass(frozen=True)
class Commit:
    """Leader to follower: deliver this transaction (paper, l.3.2)."""

    zxid: Zxid


TO_LEADER = (Cepoch, Ackepoch, Ackld, Ack)
TO_FOLLOWER = (Newepoch, Newleader, Commitld, Propose, Commit)
Message = Cepoch | Newepoch | Ackepoch | Newleader | Ackld | Commitld | Propose | Ack | Commit
M = TypeVar("M", Cepoch, Newepoch, Ackepoch, Newleader, Ackld, Commitld, Propose, Ack, Commit)


def _kind(queue: tuple[Message, ...]) -> str | None:
    return type(queue[0]).__name__ if queue else None


class Link(Channel[Message]):
    """The channel from one server to another: FIFO, nothing is lost but by breaking the connection."""

    def next_is(self, *kinds: type[Message]) -> bool:
        """Whether the next message is of one of these classes; that is all that is looked at."""
        kind = self.view(_kind)
        return any(kind == wanted.__name__ for wanted in kinds)

    def take(self, kind: type[M]) -> M:
        """The next message, which must be of class ``kind``; looked at only then."""
        require(self.next_is(kind))
        return cast("M", self.receive())
