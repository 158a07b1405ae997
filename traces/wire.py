"""What servers said to each other: a packet capture as events.

Each direction of a connection is a track. Whether a connection is one of the quorum or of an election is recognised by
how it begins, or by its port; what is neither is named, since it may be either one, encrypted.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Literal, TypeAlias

from zabcheck.traces import event as events
from zabcheck.traces.addresses import Addresses
from zabcheck.traces.capture import Loss, segments
from zabcheck.traces.election_packets import SASL, VERSIONS, ElectionDecoder, Hello, Strange
from zabcheck.traces.incremental import DecodeError
from zabcheck.traces.quorum_packets import QuorumDecoder
from zabcheck.traces.tcp import Data, End, Streams
from zabcheck.traces.track import Track

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zabcheck.traces.capture import Endpoint
    from zabcheck.traces.election_packets import Vote
    from zabcheck.traces.event import Base
    from zabcheck.traces.quorum_packets import Packet
    from zabcheck.traces.tcp import Connection, Flow, Lost

Protocol: TypeAlias = Literal["quorum", "election"]
MOST_UNKNOWN = 1 << 16
"""Bytes that wait for a connection to be recognised."""


def read(
    stream: BinaryIO,
    name: str,
    addresses: Mapping[tuple[str, int] | str, int] | None = None,
    ports: Mapping[int, Protocol] | None = None,
    prefix: str = "wire",
) -> Iterator[Base]:
    """The events of the capture in ``stream``, in the order in which its frames complete them.

    ``addresses`` are those of the servers as far as known, ``ports`` the ones they listen on. Events of several
    captures need different prefixes.
    """
    return _Reader(name, Addresses(addresses or {}), ports or {}, prefix).read(stream)


@dataclass(eq=False)
class _Side:
    """One direction, as far as it is understood."""

    flow: Flow
    track: Track
    decoder: QuorumDecoder | ElectionDecoder | None = None
    early: bytearray = field(default_factory=bytearray)
    """what came before the connection was recognised"""
    sid: int | None = None
    """of the server that writes here"""


@dataclass(eq=False)
class _Conversation:
    """A connection on which something was said."""

    name: str
    client: _Side
    server: _Side
    protocol: Protocol | None = None
    given_up: bool = False


class _Reader:
    """One capture being read."""

    def __init__(self, name: str, addresses: Addresses, ports: Mapping[int, Protocol], prefix: str) -> None:
        self.name = name
        self.addresses = addresses
        self.ports = ports
        self.prefix = prefix
        self.count = 0
        self.own = Track(prefix)
        self.at = name
        self.time: float | None = None

    def read(self, stream: BinaryIO) -> Iterator[Base]:
        """See `zabcheck.traces.wire.read`."""
        streams = Streams()
        for found in segments(stream, self.name):
            self.at = f"{self.name}, frame {found.number}"
            if isinstance(found, Loss):
                yield self.own.event(events.Missing, self.at, what=found.what)
                continue
            self.time = found.time
            for piece in streams.feed(found):
                yield from self._piece(piece)
        for lost in streams.finish():
            yield from self._lost(lost)

    def _piece(self, piece: Data | Lost | End) -> Iterator[Base]:
        if isinstance(piece, End):
            talk = piece.flow.connection.attached
            if isinstance(talk, _Conversation):
                side = talk.client if talk.client.flow is piece.flow else talk.server
                yield self._event(side, events.Closed, connection=talk.name)
        elif isinstance(piece, Data):
            yield from self._data(piece.flow, piece.data)
        else:
            yield from self._lost(piece)

    def _lost(self, lost: Lost) -> Iterator[Base]:
        talk, side = self._side(lost.flow)
        side.decoder = None
        talk.given_up |= talk.protocol is None
        ends = lost.flow.source, lost.flow.target
        what = f"connection {_text(ends[0])} - {_text(ends[1])}: {lost.why}"
        foreign = self.ports and talk.protocol is None and not any(port in self.ports for _, port in ends)
        yield self._event(side, events.Unrecognised if foreign else events.Missing, what=what)

    def _data(self, flow: Flow, data: bytes) -> Iterator[Base]:
        talk, side = self._side(flow)
        if talk.given_up:
            return
        if talk.protocol is not None:
            yield from self._decode(talk, side, data)
            return
        side.early += data
        why = self._recognise(talk)
        if why:
            talk.given_up = True
            ends = f"{_text(talk.client.flow.source)} - {_text(talk.server.flow.source)}"
            yield self._event(side, events.Unrecognised, what=f"connection {ends}: {why}")
        elif talk.protocol is not None:
            for each in (talk.client, talk.server):
                early, each.early = bytes(each.early), bytearray()
                if early:
                    yield from self._decode(talk, each, early)

    def _recognise(self, talk: _Conversation) -> str | None:
        """Find out what is spoken; returns why that cannot be read."""
        start = talk.client.early[:8]
        port = self.ports.get(talk.server.flow.source[1])
        if start[:2] == b"\x16\x03":
            return "encrypted by TLS"
        if len(start) < 8:
            return (
                "the side that did not connect speaks first"
                if len(talk.server.early) > MOST_UNKNOWN
                else None
            )
        (number,) = struct.unpack(">q", start)
        if number == SASL:
            return "the servers authenticate each other by SASL, which is not read"
        if number in VERSIONS or (number >= 0 and port == "election"):
            talk.protocol = "election"
            talk.client.decoder = ElectionDecoder(connected=True)
            talk.server.decoder = ElectionDecoder(connected=False)
        elif number >> 32 in (11, 16) or port == "quorum":
            talk.protocol = "quorum"
            talk.client.decoder, talk.server.decoder = QuorumDecoder(), QuorumDecoder()
        else:
            return "neither the protocol of a quorum nor that of an election, or encrypted"
        return None

    def _side(self, flow: Flow) -> tuple[_Conversation, _Side]:
        """The conversation on a connection, which begins with its first bytes."""
        connection: Connection = flow.connection
        talk = connection.attached
        if not isinstance(talk, _Conversation):
            self.count += 1
            name = f"{self.prefix}/{self.count}"
            talk = _Conversation(
                name, self._new_side(name, connection.client), self._new_side(name, connection.server)
            )
            connection.attached = talk
        return talk, talk.client if talk.client.flow is flow else talk.server

    def _new_side(self, name: str, flow: Flow) -> _Side:
        track = Track(f"{name}/{_text(flow.source)}-{_text(flow.target)}")
        return _Side(flow, track, sid=self.addresses.sid(flow.source))

    def _decode(self, talk: _Conversation, side: _Side, data: bytes) -> Iterator[Base]:
        other = talk.server if side is talk.client else talk.client
        decoder = side.decoder
        if decoder is None:
            return
        damage = None
        try:
            found = decoder.feed(data)
        except DecodeError as error:
            damage = error
            found = decoder.taken()
        for each in found:
            if isinstance(each, Strange):
                yield self._event(side, events.Unrecognised, what=each.why)
            elif isinstance(each, Hello):
                yield self._hello(side, each)
            elif talk.protocol == "election":
                yield self._vote(side, other, each)  # type: ignore[arg-type]
            else:
                yield self._packet(talk, side, other, each)  # type: ignore[arg-type]
        if damage:
            side.decoder = None
            ends = f"{_text(side.flow.source)} - {_text(side.flow.target)}"
            yield self._event(side, events.Unrecognised, what=f"connection {ends}: {damage}")

    def _hello(self, side: _Side, hello: Hello) -> Base:
        side.sid = hello.sid
        self.addresses.learn_sender(side.flow.source[0], hello.sid)
        return self._event(side, events.Handshake, sender=hello.sid, address=hello.address or None)

    def _vote(self, side: _Side, other: _Side, vote: Vote) -> Base:
        if vote.config:
            self.addresses.learn_configuration(vote.config)
        self._name(side, other)
        return self._event(
            side,
            events.Ballot,
            state=vote.state,
            leader=vote.leader,
            zxid=vote.zxid,
            epoch=vote.epoch,
            round=vote.round,
            to=other.sid,
        )

    def _packet(self, talk: _Conversation, side: _Side, other: _Side, packet: Packet) -> Base:
        if packet.sid is not None:
            side.sid = packet.sid
        if packet.type == "NEWLEADER" and packet.data:
            self.addresses.learn_configuration(packet.data.decode(errors="replace"))
        self._name(side, other)
        return self._event(
            side,
            events.Sent,
            connection=talk.name,
            type=packet.type,
            to=other.sid,
            zxid=packet.zxid,
            epoch=packet.epoch,
            body=packet.body,
        )

    def _name(self, *sides: _Side) -> None:
        """Look for the sids again: more is known as the capture goes on."""
        for side in sides:
            if side.sid is None:
                side.sid = self.addresses.sid(side.flow.source)

    def _event(self, side: _Side, kind: type[Base], **fields: object) -> Base:
        return side.track.event(kind, self.at, server=side.sid, wall=self.time, **fields)


def _text(endpoint: Endpoint) -> str:
    """An address and a port, in one word."""
    host, port = endpoint
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
