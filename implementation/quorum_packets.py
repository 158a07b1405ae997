"""Packets between a leader and a learner as bytes (``QuorumPacket`` of jute), and what they mean to the model.

Most are packets of the model. The rest is not about agreement: heartbeats, requests that a learner hands on, sessions
that move, the end of a ``sync``.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zabcheck.implementation import entries
from zabcheck.implementation.replication import Request
from zabcheck.model.transaction import NONE, Txn, Zxid
from zabcheck.model.zookeeper import messages
from zabcheck.model.zookeeper.log import Log, Stored
from zabcheck.traces.incremental import DecodeError, Incremental
from zabcheck.traces.members import number, zxid
from zabcheck.traces.quorum_packets import MOST, MOST_ENTRIES, SIGNATURE, TYPES, database

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zabcheck.traces.incremental import Parser

NUMBERS = {name: kind for kind, name in TYPES.items()}
PROTOCOL = 0x10000
"""The version of the protocol that both sides speak (``Learner.registerWithLeader``)."""
OLD_EPOCH = -1
"""In ACKEPOCH: the epoch had been accepted before, so this is no answer."""
NO_ZXID = -1

_HEAD = struct.Struct(">iQ")
_INT = struct.Struct(">i")
_REQUEST = struct.Struct(">qii")
_SESSION = struct.Struct(">qi")
_VALID = struct.Struct(">q?")
_LEARNER = struct.Struct(">qiq")


@dataclass(frozen=True)
class Ping:
    """A heartbeat; the answer of a learner names the sessions that were active, with their time-outs."""

    zxid: Zxid = NONE
    sessions: tuple[tuple[int, int], ...] | None = None
    """``None`` in the question; a leader of ZooKeeper takes nothing but a list for an answer"""


@dataclass(frozen=True)
class Revalidate:
    """Learner to leader: a client came to me with this session; is it alive?"""

    session: int
    timeout: int


@dataclass(frozen=True)
class Revalidated:
    """Leader to learner: so it is, or not."""

    session: int
    valid: bool


@dataclass(frozen=True)
class Synced:
    """Leader to learner: all that was proposed before your client's ``sync`` was committed (SYNC)."""


@dataclass(frozen=True)
class Joined:
    """The first packet of a learner: FOLLOWERINFO or OBSERVERINFO, with who it is."""

    sid: int
    observer: bool
    info: messages.FollowerInfo


@dataclass(frozen=True)
class Received(Stored):
    """A tree as SNAP brought it: which transactions are in it is not known, only the last zxid, and the bytes."""

    body: bytes = b""


MODEL = messages.Packet
"""the packets that the model's functions handle"""
Wire = messages.Packet | Ping | Revalidate | Revalidated | Synced | Joined | Request


@dataclass(frozen=True, slots=True)
class Raw:
    """A packet as jute has it; behind SNAP, with the whole database."""

    type: str
    zxid: int
    data: bytes
    auth: tuple[tuple[str, str], ...] = ()
    database: bytes = b""


def packet(name: str, at: int, data: bytes | None = None, auth: Iterable[tuple[str, str]] = ()) -> bytes:
    """A packet with these fields."""
    out = [_HEAD.pack(NUMBERS[name], at % 2**64)]
    out += [_INT.pack(-1)] if data is None else [_INT.pack(len(data)), data]
    identities = tuple(auth)
    out.append(_INT.pack(len(identities) or -1))
    for text in (part for identity in identities for part in identity):
        out += [_INT.pack(len(text.encode())), text.encode()]
    return b"".join(out)


def encoded(what: Wire, *, sid: int = 0, observer: bool = False, config: str = "") -> bytes:
    """A packet of the model or of ours as bytes; ``sid`` and ``config`` are of who sends it.

    SNAP is only its head: the database follows as `snapshot` makes it.
    """
    match what:
        case messages.FollowerInfo(epoch):
            name = "OBSERVERINFO" if observer else "FOLLOWERINFO"
            return packet(name, epoch << 32, _LEARNER.pack(sid, PROTOCOL, 0))
        case messages.LeaderInfo(epoch):
            return packet("LEADERINFO", epoch << 32, _INT.pack(PROTOCOL))
        case messages.AckEpoch(current, last):
            return packet("ACKEPOCH", number(last), _INT.pack(OLD_EPOCH if current is None else current))
        case messages.Diff(at):
            return packet("DIFF", number(at))
        case messages.Trunc(at):
            return packet("TRUNC", number(at))
        case messages.Snap(tree):
            return packet("SNAP", number(tree.zxid))
        case messages.Proposal(txn):
            return packet("PROPOSAL", number(txn.zxid), entries.encoded(txn))
        case messages.Inform(txn):
            return packet("INFORM", number(txn.zxid), entries.encoded(txn))
        case messages.Commit(at):
            return packet("COMMIT", number(at))
        case messages.NewLeader(epoch):
            return packet("NEWLEADER", epoch << 32, config.encode())
        case messages.Ack(at):
            return packet("ACK", number(at))
        case messages.UpToDate():
            return packet("UPTODATE", NO_ZXID)
        case Ping(at, sessions):
            data = None if sessions is None else b"".join(_SESSION.pack(*each) for each in sessions)
            return packet("PING", number(at), data)
        case Revalidate(session, timeout):
            return packet("REVALIDATE", NO_ZXID, _SESSION.pack(session, timeout))
        case Revalidated(session, valid):
            return packet("REVALIDATE", NO_ZXID, _VALID.pack(session, valid))
        case Synced():
            return packet("SYNC", 0)
        case Request(session, cxid, kind, body, auth):
            return packet("REQUEST", NO_ZXID, _REQUEST.pack(session, cxid, kind) + body, auth)
    raise TypeError(what)


def snapshot(pieces: Iterable[bytes]) -> bytes:
    """A database as it follows SNAP."""
    return b"".join([*pieces, _INT.pack(len(SIGNATURE)), SIGNATURE])


class QuorumStream(Incremental[Raw]):
    """What comes in on one connection, whole packets."""

    def __init__(self) -> None:
        super().__init__(_packets)


def _packets(found: list[Raw]) -> Parser[None]:
    while True:
        kind, at = _HEAD.unpack((yield _HEAD.size))
        if kind not in TYPES:
            raise DecodeError(f"there is no packet of type {kind}")
        data = yield from _buffer()
        (count,) = _INT.unpack((yield 4))
        if not -1 <= count <= MOST_ENTRIES:
            raise DecodeError(f"there cannot be {count} identities")
        identities = []
        for _ in range(count):
            scheme = yield from _buffer()
            identity = yield from _buffer()
            identities.append((scheme.decode(errors="replace"), identity.decode(errors="replace")))
        pieces: list[bytes] = []
        if TYPES[kind] == "SNAP":
            yield from _kept(database(), pieces)
        found.append(Raw(TYPES[kind], at, data, tuple(identities), b"".join(pieces)))


def _buffer() -> Parser[bytes]:
    (length,) = _INT.unpack((yield 4))
    if not -1 <= length <= MOST:
        raise DecodeError(f"a buffer cannot have {length} bytes")
    return b"" if length <= 0 else (yield length)


def _kept(parser: Parser[None], pieces: list[bytes]) -> Parser[None]:
    """Run a parser that skips what it does not look at, and keep all bytes."""
    need = next(parser)
    while True:
        data = yield abs(need)
        pieces.append(data)
        try:
            need = parser.send(b"" if need < 0 else data)
        except StopIteration:
            return


def from_learner(raw: Raw) -> Wire:
    """What a learner says to a leader."""
    try:
        return _from_learner(raw)
    except struct.error:
        raise DecodeError(f"{raw.type} with {len(raw.data)} bytes of data") from None


def _from_learner(raw: Raw) -> Wire:
    match raw.type:
        case "FOLLOWERINFO" | "OBSERVERINFO":
            (sid,) = struct.unpack_from(">q", raw.data)
            return Joined(sid, raw.type == "OBSERVERINFO", messages.FollowerInfo(raw.zxid >> 32))
        case "ACKEPOCH":
            (epoch,) = _INT.unpack_from(raw.data)
            return messages.AckEpoch(None if epoch == OLD_EPOCH else epoch, zxid(raw.zxid))
        case "ACK":
            return messages.Ack(zxid(raw.zxid))
        case "PING":
            whole = len(raw.data) - len(raw.data) % _SESSION.size
            return Ping(zxid(raw.zxid), tuple(_SESSION.iter_unpack(raw.data[:whole])))
        case "REQUEST":
            session, cxid, kind = _REQUEST.unpack_from(raw.data)
            return Request(session, cxid, kind, raw.data[_REQUEST.size :], raw.auth)
        case "REVALIDATE":
            return Revalidate(*_SESSION.unpack_from(raw.data))
    raise DecodeError(f"a learner does not send {raw.type}")


def from_leader(raw: Raw) -> Wire:
    """What a leader says to a learner."""
    try:
        return _from_leader(raw)
    except struct.error:
        raise DecodeError(f"{raw.type} with {len(raw.data)} bytes of data") from None


def _from_leader(raw: Raw) -> Wire:
    at = zxid(raw.zxid)
    match raw.type:
        case "LEADERINFO":
            return messages.LeaderInfo(at.epoch)
        case "DIFF":
            return messages.Diff(at)
        case "TRUNC":
            return messages.Trunc(at)
        case "SNAP":
            return messages.Snap(Received(Log(last=Txn(at, None)), at, body=raw.database))
        case "PROPOSAL":
            return messages.Proposal(_same(raw, entries.decoded(raw.data)))
        case "INFORM":
            return messages.Inform(_same(raw, entries.decoded(raw.data)))
        case "COMMIT":
            return messages.Commit(at)
        case "NEWLEADER":
            return messages.NewLeader(at.epoch)
        case "UPTODATE":
            return messages.UpToDate()
        case "PING":
            return Ping(at)
        case "SYNC":
            return Synced()
        case "REVALIDATE":
            return Revalidated(*_VALID.unpack_from(raw.data))
    raise DecodeError(f"a leader does not send {raw.type}")


def _same(raw: Raw, txn: Txn) -> Txn:
    if number(txn.zxid) != raw.zxid:
        raise DecodeError(f"{raw.type} {raw.zxid:#x} has the transaction {number(txn.zxid):#x} in it")
    return txn
