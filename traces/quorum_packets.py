"""Packets on a quorum connection, between a leader and a learner, as ``QuorumPacket`` of jute writes them.

They follow one another without a frame. After SNAP comes a whole database, in which nothing says how long it is: it
must be read through (``LearnerHandler.run``, ``SerializeUtils.serializeSnapshot``), and is not kept.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zabcheck.traces.event import Hex
from zabcheck.traces.incremental import DecodeError, Incremental
from zabcheck.traces.transactions import identity

if TYPE_CHECKING:
    from zabcheck.traces.incremental import Parser

TYPES = {
    1: "REQUEST",
    2: "PROPOSAL",
    3: "ACK",
    4: "COMMIT",
    5: "PING",
    6: "REVALIDATE",
    7: "SYNC",
    8: "INFORM",
    9: "COMMITANDACTIVATE",
    10: "NEWLEADER",
    11: "FOLLOWERINFO",
    12: "UPTODATE",
    13: "DIFF",
    14: "TRUNC",
    15: "SNAP",
    16: "OBSERVERINFO",
    17: "LEADERINFO",
    18: "ACKEPOCH",
    19: "INFORMANDACTIVATE",
}
"""The names that ``Leader`` gives to the types of packets."""
WITHOUT_ZXID = frozenset({"REQUEST", "REVALIDATE", "SYNC", "UPTODATE"})
"""Types whose zxid is a filler."""
MOST = 1 << 26
"""No buffer is longer: far above any ``jute.maxbuffer`` (1 MiB unless set)."""
MOST_ENTRIES = 1 << 24
"""No vector and no table is longer."""
SIGNATURE = b"BenWasHere"

_HEAD = struct.Struct(">iq")
_INT = struct.Struct(">i")
_LONG = struct.Struct(">q")
_AFTER_DATA = 8 + 60
"""A node's key in the table of ACLs, and its ``StatPersisted``."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet, and what its data says as far as the protocol needs it."""

    type: str
    zxid: Hex | None
    data: bytes | None
    authinfo: int = 0
    """how many identities of a client come with it"""

    @property
    def sid(self) -> int | None:
        """Of FOLLOWERINFO and OBSERVERINFO: who connects (``LearnerInfo``)."""
        known = (
            self.type in ("FOLLOWERINFO", "OBSERVERINFO") and self.data is not None and len(self.data) >= 8
        )
        return int(_LONG.unpack_from(self.data)[0]) if known and self.data else None

    @property
    def epoch(self) -> int | None:
        """Of ACKEPOCH: the learner's current epoch, or -1 if it had accepted the new one before."""
        known = self.type == "ACKEPOCH" and self.data is not None and len(self.data) >= 4
        return int(_INT.unpack_from(self.data)[0]) if known and self.data else None

    @property
    def body(self) -> Hex | None:
        """Of a proposal: a checksum of its bytes, which are those of the record in a transaction log."""
        if self.data is None or self.type not in ("PROPOSAL", "INFORM", "INFORMANDACTIVATE"):
            return None
        payload = self.data[8:] if self.type == "INFORMANDACTIVATE" else self.data
        return identity(payload)


class QuorumDecoder(Incremental[Packet]):
    """One direction of a quorum connection."""

    def __init__(self) -> None:
        super().__init__(_packets)


def _packets(found: list[Packet]) -> Parser[None]:
    """Packet after packet."""
    while True:
        kind, zxid = _HEAD.unpack((yield 12))
        if not 0 < kind < 256:
            raise DecodeError(f"there is no packet of type {kind}")
        data = yield from _buffer()
        count = yield from _count(null=True)
        for _ in range(2 * count):
            yield from _skipped_buffer()
        name = TYPES.get(kind, str(kind))
        found.append(Packet(name, None if name in WITHOUT_ZXID else Hex(zxid % 2**64), data, count))
        if name == "SNAP":
            yield from database()


def database() -> Parser[None]:
    """The database behind SNAP: sessions, table of ACLs, nodes until ``/``, signature."""
    for _ in range((yield from _count())):
        yield -12
    for _ in range((yield from _count())):
        yield -8
        for _ in range((yield from _count(null=True))):
            yield -4
            yield from _skipped_buffer()
            yield from _skipped_buffer()
    while (yield from _buffer()) != b"/":
        yield from _skipped_buffer()
        yield -_AFTER_DATA
    if (yield from _buffer()) != SIGNATURE:
        raise DecodeError("the database of SNAP does not end with its signature")


def _length() -> Parser[int]:
    """The length of what follows; 0 for a null."""
    (length,) = _INT.unpack((yield 4))
    if not -1 <= length <= MOST:
        raise DecodeError(f"a buffer cannot have {length} bytes")
    return int(length)


def _buffer() -> Parser[bytes | None]:
    length = yield from _length()
    return None if length < 0 else (yield length)


def _skipped_buffer() -> Parser[None]:
    length = yield from _length()
    if length > 0:
        yield -length


def _count(*, null: bool = False) -> Parser[int]:
    (count,) = _INT.unpack((yield 4))
    if not (-1 if null else 0) <= count <= MOST_ENTRIES:
        raise DecodeError(f"there cannot be {count} entries")
    return max(int(count), 0)
