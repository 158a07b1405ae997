"""What servers send: notifications between all, and packets between a leader and its learners.

Names are those of the wire (``Leader.java``, ``FastLeaderElection.java``). A packet holds what the receiver
decides by and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeVar, cast

from zabcheck.checker import Cell, Channel, require

if TYPE_CHECKING:
    from zabcheck.model.transaction import Txn, Zxid
    from zabcheck.model.zookeeper.log import Stored


class Role(Enum):
    """What a server takes itself for (``QuorumPeer.ServerState``), or that it does not run."""

    LOOKING = "looking"
    FOLLOWING = "following"
    LEADING = "leading"
    OBSERVING = "observing"
    DOWN = "down"


@dataclass(frozen=True)
class Vote:
    """A server proposed as leader, with its last zxid and its current epoch (``peerEpoch``)."""

    leader: int
    zxid: Zxid
    epoch: int

    def __str__(self) -> str:
        return f"{self.leader} ({self.zxid}, epoch {self.epoch})"


@dataclass(frozen=True)
class Notification:
    """A vote with the round it was cast in and the role of who sends it."""

    vote: Vote
    round: int
    role: Role

    def __str__(self) -> str:
        return f"{self.role.name} votes {self.vote} in round {self.round}"


@dataclass(frozen=True)
class FollowerInfo:
    """Learner to leader: the last epoch that the learner accepted (FOLLOWERINFO, OBSERVERINFO)."""

    epoch: int


@dataclass(frozen=True)
class LeaderInfo:
    """Leader to learner: the new epoch (LEADERINFO)."""

    epoch: int


@dataclass(frozen=True)
class AckEpoch:
    """Learner to leader: the epoch is accepted; current epoch and last zxid of the learner (ACKEPOCH).

    The epoch is ``None`` (on the wire -1) if it had been accepted before: that does not count as an answer.
    """

    epoch: int | None
    zxid: Zxid


@dataclass(frozen=True)
class Diff:
    """Leader to learner: what you have is a beginning of what I have; the rest follows (DIFF)."""

    zxid: Zxid


@dataclass(frozen=True)
class Trunc:
    """Leader to learner: drop what you have beyond ``zxid`` (TRUNC)."""

    zxid: Zxid


@dataclass(frozen=True)
class Snap:
    """Leader to learner: my whole tree (SNAP)."""

    tree: Stored


@dataclass(frozen=True)
class Proposal:
    """Leader to follower: log this transaction (PROPOSAL)."""

    txn: Txn


@dataclass(frozen=True)
class Commit:
    """Leader to follower: apply this transaction (COMMIT)."""

    zxid: Zxid


@dataclass(frozen=True)
class Inform:
    """Leader to observer: proposal and commit in one (INFORM)."""

    txn: Txn


@dataclass(frozen=True)
class NewLeader:
    """Leader to learner: that was the initial history of the epoch (NEWLEADER)."""

    epoch: int


@dataclass(frozen=True)
class Ack:
    """Learner to leader: a transaction is on disk, or with counter 0 NEWLEADER or UPTODATE is done (ACK)."""

    zxid: Zxid


@dataclass(frozen=True)
class UpToDate:
    """Leader to learner: the epoch is established, serve clients (UPTODATE)."""


@dataclass(frozen=True)
class End:
    """Not a packet: the connection ends here."""


Packet = (
    FollowerInfo
    | LeaderInfo
    | AckEpoch
    | Diff
    | Trunc
    | Snap
    | Proposal
    | Commit
    | Inform
    | NewLeader
    | Ack
    | UpToDate
)
P = TypeVar("P")
ENDED: tuple[Packet | End, ...] = (End(),)


def _kind(queue: tuple[Packet | End, ...]) -> str | None:
    return type(queue[0]).__name__ if queue else None


def _is_open(queue: tuple[Packet | End, ...]) -> bool:
    return not queue or not isinstance(queue[-1], End)


def _send(queue: tuple[Packet | End, ...], packet: Packet | End) -> tuple[Packet | End, ...]:
    return (*queue, packet) if _is_open(queue) else queue


class Link(Channel[Packet | End]):
    """One direction of the connection between a learner and a leader: FIFO until it ends.

    What is sent after the end is lost. A link that is `ENDED` is also what there is before any connection.
    """

    @staticmethod
    def in_transit(value: tuple[Packet | End, ...]) -> tuple[Packet | End, ...]:
        """The packets, without the end."""
        return tuple(packet for packet in value if not isinstance(packet, End))

    def next_is(self, *kinds: type[object]) -> bool:
        """Whether the next packet is of one of these classes; that is all that is looked at."""
        kind = self.view(_kind)
        return any(kind == wanted.__name__ for wanted in kinds)

    def take(self, kind: type[P]) -> P:
        """The next packet, which must be of class ``kind``; looked at only then."""
        require(self.next_is(kind))
        return cast("P", self.receive())

    def send(self, message: Packet | End) -> None:
        """Put a packet on its way."""
        self.apply(_send, message)

    def open(self) -> None:
        """A new connection."""
        self.value = ()

    def cut(self) -> None:
        """End it and lose what is in transit."""
        self.value = ENDED

    @property
    def is_open(self) -> bool:
        """Whether what is sent now can arrive."""
        return self.view(_is_open)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in transit, not even the end."""
        return self.view(_kind) is None


def _is_none(notification: Notification | None) -> bool:
    return notification is None


class Mailbox(Cell[Notification | None]):
    """What one server's election thread has for another: the newest notification only.

    ``QuorumCnxManager`` keeps one message per peer that is not sent yet, replaced by a newer one, and sends the
    last one again over a new connection. So nothing is queued, and what is in the box survives a broken
    connection.
    """

    def __init__(self, value: Notification | None = None) -> None:
        super().__init__(value)

    @staticmethod
    def in_transit(value: Notification | None) -> tuple[Notification, ...]:
        """The notification that is there, if any."""
        return () if value is None else (value,)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is there."""
        return self.view(_is_none)

    def put(self, notification: Notification) -> None:
        """Replace what is there."""
        self.value = notification

    @property
    def content(self) -> Notification:
        """What is there, if anything is."""
        return cast("Notification", self.value)

    def clear(self) -> None:
        """Take what is there away."""
        self.value = None

    def take(self) -> Notification:
        """What is there; not enabled when there is nothing."""
        require(not self.is_empty)
        notification = self.content
        self.clear()
        return notification
