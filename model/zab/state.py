"""What a server knows, what is in transit, and what only the properties look at.

Fields have the names of the specification's variables where those say what they are; the comment beside a
field gives the specification's name where it differs. Everything is cut fine, one field per fact, because a
step that reads little is a step that need not be run again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from zabcheck.checker import Cell, Id, SetOf, durable
from zabcheck.model.transaction import NONE, Txn, Zxid
from zabcheck.model.zab.ghosts import Ghosts, no_ghosts
from zabcheck.model.zab.history import History, Log, last_zxid, txns
from zabcheck.model.zab.messages import Link, Message
from zabcheck.model.zab.scope import Scope, epoch, ids, model

T = TypeVar("T")


class Role(Enum):
    """What a server takes itself for (``state``)."""

    LOOKING = "looking"
    FOLLOWING = "following"
    LEADING = "leading"


class Phase(Enum):
    """How far a server is in its role (``zabState``)."""

    ELECTION = "election"
    DISCOVERY = "discovery"
    SYNCHRONIZATION = "synchronization"
    BROADCAST = "broadcast"


@dataclass(frozen=True)
class Committed:
    """How far a server has delivered: the index in its log, and the zxid it was told."""

    index: int
    zxid: Zxid


NOTHING = Committed(0, NONE)


@dataclass(frozen=True)
class Received(Generic[T]):
    """What a leader keeps of a follower's answer; it outlives the connection it came over."""

    connected: bool
    content: T


def _is_present(received: Received[T] | None) -> bool:
    return received is not None


def _is_connected(received: Received[T] | None) -> bool:
    return received is not None and received.connected


def _disconnected(received: Received[T] | None) -> Received[T] | None:
    return None if received is None else Received(connected=False, content=received.content)


def _content(received: Received[T] | None) -> T | None:
    return None if received is None else received.content


class Answer(Cell[Received[T] | None]):
    """The leader's record of one follower's answer, ``None`` while there is none.

    An answer counts for a quorum even after its sender has gone; only who is connected is sent anything.
    """

    @property
    def present(self) -> bool:
        """Whether there is an answer: what quorums are made of."""
        return self.view(_is_present)

    @property
    def connected(self) -> bool:
        """Whether there is an answer and its sender has not gone since."""
        return self.view(_is_connected)

    @property
    def content(self) -> T | None:
        """What was answered."""
        return self.view(_content)

    def record(self, content: T) -> None:
        """Note the answer of a connected server, in place of an earlier one."""
        self.value = Received(connected=True, content=content)

    def disconnect(self) -> None:
        """Note that the sender has gone."""
        self.apply(_disconnected)


@dataclass(frozen=True)
class Reported:
    """The content of ACKEPOCH: the last epoch that a server was synchronized in, and its log."""

    epoch: int
    history: Log


def _summary(received: Received[Reported] | None) -> tuple[int, Zxid]:
    assert received is not None  # noqa: S101 - the caller looked
    return received.content.epoch, last_zxid(received.content.history)


def _reported_txns(received: Received[Reported] | None) -> tuple[Txn, ...]:
    return () if received is None else txns(received.content.history)


class Report(Answer[Reported]):
    """The leader's record of one follower's ACKEPOCH."""

    @property
    def summary(self) -> tuple[int, Zxid]:
        """What decides how recent the log is: the epoch, then the last zxid."""
        return self.view(_summary)

    @property
    def txns(self) -> tuple[Txn, ...]:
        """The transactions of the log."""
        return self.view(_reported_txns)


@dataclass
class Peer:
    """What a server knows as leader about one server, itself included."""

    learner: bool  # j ∈ learners[i]
    cepoch: Answer[int]  # cepochRecv
    acke: Report  # ackeRecv
    ackld: Answer[None]  # ackldRecv


@durable("accepted_epoch", "current_epoch", "history")
@dataclass
class Server:
    """One server."""

    role: Role
    phase: Phase
    accepted_epoch: int  # paper: f.p
    current_epoch: int  # paper: f.a
    history: History  # paper: h_f
    last_committed: Committed
    leader: Id | None  # connectInfo
    send_counter: int
    peers: dict[Id, Peer]

    def forget_deliveries(self) -> None:
        """Deliver anew from the start of the log."""
        self.last_committed = NOTHING


@dataclass(frozen=True)
class Proposal:
    """A transaction as a leader broadcast it, alone or within an initial history."""

    source: Id
    epoch: int
    txn: Txn


@dataclass
class Spent:
    """What was used of the bounds (``recorder``)."""

    timeouts: int  # nTimeout
    restarts: int  # nRestart
    transactions: int  # nTransaction: the length of the longest log at the last request
    epochs: int  # maxEpoch
    requests: int  # nClientRequest: makes the values of transactions distinct


@dataclass
class State:
    """All of it."""

    scope: Scope
    servers: dict[Id, Server]
    channels: dict[Id, dict[Id, Link]]
    """by receiver, then sender"""
    oracle: Id | None
    spent: Spent
    proposals: SetOf[Proposal]
    """all that was ever broadcast"""
    epoch_leaders: dict[int, SetOf[Id]]
    """who ever led each epoch"""
    ghosts: Ghosts

    def send(self, sender: Id, receiver: Id, message: Message) -> None:
        """Put ``message`` on its way."""
        self.channels[receiver][sender].send(message)

    def has_quorum(self, members: int) -> bool:
        """Whether so many servers are a quorum of all."""
        return self.scope.rules.is_quorum(members, self.scope.servers)


def _new_server(servers: tuple[Id, ...]) -> Server:
    return Server(
        role=Role.LOOKING,
        phase=Phase.ELECTION,
        accepted_epoch=0,
        current_epoch=0,
        history=History(()),
        last_committed=NOTHING,
        leader=None,
        send_counter=0,
        peers={peer: Peer(False, Answer(None), Report(None), Answer(None)) for peer in servers},
    )


@model.initial
def initial(scope: Scope) -> State:
    """All servers are looking for a leader, with empty logs."""
    servers = ids(scope)
    return State(
        scope=scope,
        servers={one: _new_server(servers) for one in servers},
        channels={to: {sender: Link() for sender in servers if sender != to} for to in servers},
        oracle=None,
        spent=Spent(timeouts=0, restarts=0, transactions=0, epochs=0, requests=0),
        proposals=SetOf(),
        epoch_leaders={number: SetOf() for number in epoch(scope)},
        ghosts=no_ghosts(epoch(scope) if scope.ghosts else ()),
    )
