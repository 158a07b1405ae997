"""Captures and conversations made for tests, byte by byte."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

import dpkt

from zabcheck.traces.event import Hex, Sent
from zabcheck.traces.quorum_packets import TYPES

NUMBERS = {name: number for number, name in TYPES.items()}
FIN, SYN, RST, ACK = 1, 2, 4, 16


def buffer(data: bytes | None) -> bytes:
    return struct.pack(">i", -1) if data is None else struct.pack(">i", len(data)) + data


def packet(
    kind: str, zxid: int = -1, data: bytes | None = None, identities: tuple[bytes, ...] | None = None
) -> bytes:
    end = struct.pack(">i", -1 if identities is None else len(identities))
    end += b"".join(buffer(b"ip") + buffer(each) for each in identities or ())
    return struct.pack(">iQ", NUMBERS[kind], zxid % 2**64) + buffer(data) + end


def info(sid: int, accepted: int = 0, kind: str = "FOLLOWERINFO") -> bytes:
    return packet(kind, accepted << 32, struct.pack(">qiq", sid, 0x10000, 0))


def database(nodes: dict[bytes, bytes | None], sessions: int = 2) -> bytes:
    acls = struct.pack(">iqi", 2, 1, 1) + struct.pack(">i", 31) + buffer(b"world") + buffer(b"anyone")
    acls += struct.pack(">qi", 2, -1)
    found = struct.pack(">i", sessions) + bytes(12 * sessions) + acls
    for path, data in nodes.items():
        found += buffer(path) + buffer(data) + bytes(68)
    return found + buffer(b"/") + buffer(b"BenWasHere")


def hello(sid: int, address: bytes, version: int = -65536) -> bytes:
    return struct.pack(">qqi", version, sid, len(address)) + address


def vote(state: int, leader: int, zxid: int, election: int, epoch: int, config: bytes = b"") -> bytes:
    body = struct.pack(">iqqqqii", state, leader, zxid, election, epoch, 2, len(config)) + config
    return buffer(body)


def segment(
    source: tuple[str, int],
    target: tuple[str, int],
    sequence: int,
    acknowledged: int,
    flags: int,
    data: bytes = b"",
) -> Any:
    """An IP packet."""
    raw = [ip_address(host).packed for host, _ in (source, target)]
    tcp = dpkt.tcp.TCP(
        sport=source[1],
        dport=target[1],
        seq=sequence % 2**32,
        ack=acknowledged % 2**32,
        flags=flags,
        data=data,
    )
    if len(raw[0]) == 16:
        return dpkt.ip6.IP6(src=raw[0], dst=raw[1], nxt=6, plen=len(tcp), data=tcp)
    made = dpkt.ip.IP(src=raw[0], dst=raw[1], p=6, data=tcp)
    made.len = len(made)
    return made


@dataclass
class Connection:
    """Two ends, and how far each is."""

    client: tuple[str, int]
    server: tuple[str, int]
    sent: list[int] = field(default_factory=lambda: [2**32 - 5, 1000])
    packets: list[Any] = field(default_factory=list)

    def open(self) -> Connection:
        a, b = self.sent
        self.packets.append(segment(self.client, self.server, a, 0, SYN))
        self.packets.append(segment(self.server, self.client, b, a + 1, SYN | ACK))
        self.sent = [a + 1, b + 1]
        return self

    def say(self, who: int, data: bytes, flags: int = ACK, *, lost: bool = False) -> Any:
        ends = (self.client, self.server) if who == 0 else (self.server, self.client)
        made = segment(*ends, self.sent[who], self.sent[1 - who], flags, data)
        self.sent[who] += len(data) + bool(flags & FIN)
        if not lost:
            self.packets.append(made)
        return made


def ethernet(packet: Any) -> bytes:
    kind = 0x86DD if isinstance(packet, dpkt.ip6.IP6) else 0x0800
    return bytes(12) + struct.pack(">H", kind) + bytes(packet)


def pcap(frames: list[bytes], link: int = 1, order: str = "<", *, nano: bool = False) -> bytes:
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    found = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    for number, frame in enumerate(frames):
        found += struct.pack(order + "IIII", 1000 + number, 500, len(frame), len(frame)) + frame
    return found


def pcapng(frames: list[tuple[int, bytes]], links: tuple[int, ...] = (1,), order: str = "<") -> bytes:
    """Frames with the number of their interface; the second interface counts nanoseconds."""
    found = struct.pack(order + "IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
    for number, link in enumerate(links):
        options = struct.pack(order + "HHBxxxHH", 9, 1, 9, 0, 0) if number else b""
        size = 20 + len(options)
        found += struct.pack(order + "IIHHI", 1, size, link, 0, 0) + options + struct.pack(order + "I", size)
    for number, (place, frame) in enumerate(frames):
        padded = frame + bytes(-len(frame) % 4)
        time = (1000 + number) * (10**9 if place else 10**6)
        size = 32 + len(padded)
        found += struct.pack(
            order + "IIIIIII", 6, size, place, time >> 32, time % 2**32, len(frame), len(frame)
        )
        found += padded + struct.pack(order + "I", size)
    return found


def capture(*packets: Any) -> io.BytesIO:
    return io.BytesIO(pcap([ethernet(each) for each in packets]))


@dataclass
class Line:
    """A packet of a conversation: who sends it to whom, on which connection."""

    connection: int
    server: int
    to: int
    type: str
    zxid: int | None = None
    epoch: int | None = None
    body: int | None = None


def events(lines: list[Line]) -> list[Sent]:
    tracks: dict[str, int] = {}
    found = []
    for number, line in enumerate(lines):
        name = f"wire/{line.connection}"
        track = f"{name}/{line.server}-{line.to}"
        seq = tracks.get(track, 0)
        tracks[track] = seq + 1
        found.append(
            Sent(
                track=track,
                seq=seq,
                at=f"frame {number}",
                connection=name,
                server=line.server,
                to=line.to,
                type=line.type,
                zxid=None if line.zxid is None else Hex(line.zxid),
                epoch=line.epoch,
                body=None if line.body is None else Hex(line.body),
            )
        )
    return found
