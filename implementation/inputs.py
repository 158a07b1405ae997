"""What comes to a peer from outside its own task, one at a time through its queue; so does a client's `Request`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zabcheck.implementation.replication import Request

if TYPE_CHECKING:
    from zabcheck.implementation.quorum_connection import Connection
    from zabcheck.implementation.quorum_packets import Revalidate
    from zabcheck.model.transaction import Txn
    from zabcheck.traces.election_packets import Vote


@dataclass(frozen=True)
class Voted:
    """A notification came."""

    sender: int
    vote: Vote


@dataclass(frozen=True)
class Arrived:
    """A connection has a packet, or has ended."""

    connection: Connection


@dataclass(frozen=True)
class Found:
    """The leader was reached, or not."""

    leader: int
    connection: Connection | None


@dataclass(frozen=True)
class Written:
    """Records are on disk."""

    txns: tuple[Txn, ...]


@dataclass(frozen=True)
class Asked:
    """A session is to be asked for."""

    packet: Revalidate


@dataclass(frozen=True)
class Tick:
    """Half a tick is over."""


@dataclass(frozen=True)
class Waited:
    """An election has waited."""


Input = Voted | Arrived | Found | Written | Asked | Tick | Waited | Request
