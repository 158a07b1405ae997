"""Messages on an election connection: a handshake of the side that connected, then notifications both ways.

As ``QuorumCnxManager`` frames them and ``FastLeaderElection`` fills them. A notification has 28 bytes in the oldest
releases, 40 with the peer's epoch, and a version and the configuration behind that since 3.4.6.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from zabcheck.traces.event import Hex
from zabcheck.traces.incremental import DecodeError, Incremental

if TYPE_CHECKING:
    from zabcheck.traces.event import RoleName
    from zabcheck.traces.incremental import Parser

VERSIONS = (-65536, -65535)
"""Of the handshake: with one address, or with several (``PROTOCOL_VERSION_V1`` and ``V2``)."""
MOST_ADDRESS = 2048
MOST_MESSAGE = 512 * 1024
"""``PACKETMAXSIZE``."""
SASL = -0xA0DBCAFECAFE1234 % 2**64
"""What ``QuorumAuth`` begins its packets with."""
STATES = ("looking", "following", "leading", "observing")
"""The states of a server, by their numbers (``FastLeaderElection.buildMsg``)."""

_LONG = struct.Struct(">q")
_INT = struct.Struct(">i")
_OLDEST = struct.Struct(">iqqq")


@dataclass(frozen=True, slots=True)
class Hello:
    """Who connects, and where it listens itself: ``host:port``, several with ``|`` between. Empty in old releases."""

    sid: int
    address: str


@dataclass(frozen=True, slots=True)
class Vote:
    """What a notification says."""

    state: RoleName
    leader: int
    zxid: Hex
    round: Hex
    epoch: Hex
    config: str = ""
    """the configuration that the sender has, as in a file; from version 2 on"""


@dataclass(frozen=True, slots=True)
class Strange:
    """A message that a server ignores."""

    why: str


class ElectionDecoder(Incremental[Hello | Vote | Strange]):
    """One direction of an election connection; only the side that ``connected`` says hello."""

    def __init__(self, *, connected: bool) -> None:
        super().__init__(partial(_messages, connected))


def _messages(connected: bool, found: list[Hello | Vote | Strange]) -> Parser[None]:  # noqa: FBT001 - given above
    if connected:
        found.append((yield from _hello()))
    while True:
        (length,) = _INT.unpack((yield 4))
        if length == SASL >> 32:
            raise DecodeError("the servers authenticate each other by SASL, which is not read")
        if not 0 < length <= MOST_MESSAGE:
            raise DecodeError(f"a message cannot have {length} bytes")
        found.append(_vote((yield length)))


def _hello() -> Parser[Hello]:
    """``InitialMessage.parse``; before 3.5 there was only the sid."""
    (version,) = _LONG.unpack((yield 8))
    if version >= 0:
        return Hello(version, "")
    if version not in VERSIONS:
        raise DecodeError(f"unknown version {version} of the handshake")
    sid, length = struct.unpack(">qi", (yield 12))
    if not 0 < length <= MOST_ADDRESS:
        raise DecodeError(f"an address cannot have {length} bytes")
    return Hello(sid, (yield length).decode(errors="replace"))


def _vote(message: bytes) -> Vote | Strange:
    """``WorkerReceiver.run``."""
    if len(message) < 28:
        return Strange(f"a notification of {len(message)} bytes")
    state, leader, zxid, election_epoch = _OLDEST.unpack_from(message)
    if not 0 <= state < len(STATES):
        return Strange(f"a notification of a server in state {state}")
    epoch = zxid % 2**64 >> 32
    config = b""
    if len(message) > 28:
        if len(message) < 40:
            return Strange(f"a notification of {len(message)} bytes")
        epoch, version = struct.unpack_from(">qi", message, 28)
        if len(message) > 40 and version > 1:
            length = _INT.unpack_from(message, 40)[0] if len(message) >= 44 else -1
            if not 0 <= length <= len(message) - 44:
                return Strange(f"a notification with a configuration of {length} bytes")
            config = message[44 : 44 + length]
    return Vote(
        cast("RoleName", STATES[state]),
        leader,
        Hex(zxid % 2**64),
        Hex(election_epoch % 2**64),
        Hex(epoch % 2**64),
        config.decode(errors="replace"),
    )
