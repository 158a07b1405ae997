"""A packet capture as the messages in it, which can be changed, and a capture made of messages again."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

End = tuple[str, int]
QUORUM_PORT = 2888
SYN, FIN, ACK = 2, 1, 16
TYPES = {
    2: "PROPOSAL", 3: "ACK", 4: "COMMIT", 5: "PING", 8: "INFORM", 10: "NEWLEADER", 11: "FOLLOWERINFO", 12: "UPTODATE",
    13: "DIFF", 14: "TRUNC", 15: "SNAP", 16: "OBSERVERINFO", 17: "LEADERINFO", 18: "ACKEPOCH",
}  # fmt: skip
"""The packets that are changed here."""
SIGNATURE = b"\0\0\0\x0aBenWasHere"


@dataclass(frozen=True)
class Frame:
    """A captured frame with a TCP segment."""

    time: tuple[int, int]
    raw: bytes
    source: End
    target: End
    sequence: int
    flags: int
    data: bytes


@dataclass(frozen=True)
class Message:
    """Something that was said whole: a packet of the quorum, or some bytes of an election; or a beginning or an end."""

    time: tuple[int, int]
    source: End
    target: End
    number: int
    """of the connection"""
    kind: str
    data: bytes = b""

    @property
    def type(self) -> str:
        """Of a quorum packet."""
        return TYPES.get(struct.unpack_from(">i", self.data)[0], "") if self.kind == "packet" else ""

    @property
    def zxid(self) -> int:
        return int(struct.unpack_from(">q", self.data, 4)[0])

    @property
    def by_leader(self) -> bool:
        return self.source[1] == QUORUM_PORT

    @property
    def learner(self) -> End:
        return self.target if self.by_leader else self.source

    def with_zxid(self, zxid: int) -> Message:
        return replace(self, data=self.data[:4] + struct.pack(">q", zxid) + self.data[12:])

    def payload(self) -> bytes:
        """The data of a quorum packet."""
        (length,) = struct.unpack_from(">i", self.data, 12)
        return self.data[16 : 16 + max(length, 0)]

    def with_payload(self, payload: bytes) -> Message:
        """The same packet with other data of the same length."""
        return replace(self, data=self.data[:16] + payload + self.data[16 + len(payload) :])


def capture(folder: Path) -> Path | None:
    return next(iter(folder.glob("*.pcap")), None)


def frames(path: Path) -> tuple[bytes, list[Frame]]:
    """The header of a capture of Ethernet frames, and the frames."""
    data = path.read_bytes()
    at, found = 24, []
    while at < len(data):
        seconds, micros, size, _ = struct.unpack_from("<IIII", data, at)
        raw = data[at + 16 : at + 16 + size]
        at += 16 + size
        header = (raw[14] & 15) * 4
        (total,) = struct.unpack_from(">H", raw, 16)
        tcp = raw[14 + header : 14 + total]
        ports = struct.unpack_from(">HH", tcp)
        (sequence,) = struct.unpack_from(">I", tcp, 4)
        found.append(
            Frame(
                (seconds, micros),
                raw,
                (socket.inet_ntoa(raw[26:30]), ports[0]),
                (socket.inet_ntoa(raw[30:34]), ports[1]),
                sequence,
                tcp[13],
                tcp[(tcp[12] >> 4) * 4 :],
            )
        )
    return data[:24], found


def write_frames(path: Path, header: bytes, found: list[Frame]) -> None:
    path.write_bytes(
        header + b"".join(struct.pack("<IIII", *f.time, len(f.raw), len(f.raw)) + f.raw for f in found)
    )


@dataclass
class _Stream:
    """One direction, put together."""

    number: int
    next: int
    waiting: dict[int, bytes] = field(default_factory=dict)
    bytes: bytes = b""
    quorum: bool = False


def messages(path: Path) -> list[Message]:
    """What was said, in the order in which it was complete."""
    streams: dict[tuple[End, End], _Stream] = {}
    found: list[Message] = []
    count = 0
    for frame in frames(path)[1]:
        key = frame.source, frame.target
        if frame.flags & SYN:
            known = streams.get(key)
            if known is not None and known.next == frame.sequence + 1:
                continue
            back = streams.get((frame.target, frame.source))
            if frame.flags & ACK and back is not None:
                number = back.number
            else:
                count += 1
                number = count
                found.append(Message(frame.time, frame.source, frame.target, number, "begin"))
            streams[key] = _Stream(number, frame.sequence + 1, quorum=QUORUM_PORT in (key[0][1], key[1][1]))
            continue
        stream = streams.get(key)
        if stream is None:
            continue
        if frame.data:
            stream.waiting[frame.sequence] = frame.data
            fresh = _ready(stream)
            found += [
                Message(frame.time, *key, stream.number, "packet" if stream.quorum else "vote", data)
                for data in (_packets(stream) if stream.quorum else [fresh] if fresh else [])
            ]
        if frame.flags & FIN:
            found.append(Message(frame.time, *key, stream.number, "end"))
    return found


def _ready(stream: _Stream) -> bytes:
    fresh = b""
    for start in sorted(stream.waiting):
        data = stream.waiting[start]
        if start > stream.next:
            break
        del stream.waiting[start]
        part = data[stream.next - start :]
        stream.next += len(part)
        fresh += part
    stream.bytes += fresh
    return fresh


def _packets(stream: _Stream) -> list[bytes]:
    """The quorum packets that are complete."""
    found = []
    while (size := _size(stream.bytes)) is not None:
        found.append(stream.bytes[:size])
        stream.bytes = stream.bytes[size:]
    return found


def _size(data: bytes) -> int | None:
    try:
        kind, _, length = struct.unpack_from(">iqi", data)
        at = 16 + max(length, 0)
        (count,) = struct.unpack_from(">i", data, at)
        at += 4
        for _ in range(2 * max(count, 0)):
            at += 4 + int(struct.unpack_from(">i", data, at)[0])
    except struct.error:
        return None
    if TYPES.get(kind) == "SNAP":
        end = data.find(SIGNATURE, at)
        return None if end < 0 else end + len(SIGNATURE)
    return at if at <= len(data) else None


def write_messages(path: Path, found: list[Message], random: Random | None = None) -> None:
    """A capture in which this was said; each message is a segment, or several if they are cut at random."""
    made: list[Frame] = []
    numbers: dict[tuple[int, End], int] = {}
    for each in found:
        key = each.number, each.source
        back = each.number, each.target
        if each.kind == "begin":
            numbers[key], numbers[back] = 1000, 5000
            made += [_frame(each, 1000, 0, SYN), _frame(_turned(each), 5000, 1001, SYN | ACK)]
            numbers[key], numbers[back] = 1001, 5001
        elif each.kind == "end":
            made.append(_frame(each, numbers[key], numbers[back], FIN | ACK))
            numbers[key] += 1
        else:
            for piece in _cut(each.data, random):
                made.append(_frame(each, numbers[key], numbers[back], ACK, piece))
                numbers[key] += len(piece)
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
    write_frames(path, header, made)


def _cut(data: bytes, random: Random | None) -> list[bytes]:
    if random is None or len(data) < 2:
        return [data[at : at + 60000] for at in range(0, len(data), 60000)]
    places = sorted({random.randrange(1, len(data)) for _ in range(random.randrange(3))})
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


def _turned(message: Message) -> Message:
    return replace(message, source=message.target, target=message.source)


def _frame(message: Message, sequence: int, acknowledged: int, flags: int, data: bytes = b"") -> Frame:
    (source, sport), (target, dport) = message.source, message.target
    tcp = struct.pack(">HHIIBBHHH", sport, dport, sequence, acknowledged, 5 << 4, flags, 65535, 0, 0) + data
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0)
    raw = bytes(12) + b"\x08\0" + ip + socket.inet_aton(source) + socket.inet_aton(target) + tcp
    return Frame(message.time, raw, message.source, message.target, sequence, flags, data)
