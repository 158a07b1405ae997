"""Packet captures: the TCP segments in a pcap or pcapng file.

Only frames with TCP in them are handed on. What is damaged is told as `Loss`, so that a reader of streams knows that
bytes may be missing; a file that is no capture at all, or whose blocks do not add up, cannot be read.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

import dpkt

from zabcheck.traces.errors import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST = 1 << 24
"""No frame and no block is longer; libpcap stops at 256 KiB."""
Endpoint: TypeAlias = tuple[str, int]
"""An IP address as text, and a port."""

FIN, SYN, RST, ACK = 1, 2, 4, 16

DAMAGE = (dpkt.Error, struct.error, ValueError, IndexError, KeyError, TypeError, AttributeError)
"""What decoding a frame raises when the bytes are no such frame."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A TCP segment, as it was captured."""

    number: int
    """of the frame in the capture, from 1, as other tools count"""
    time: float
    source: Endpoint
    target: Endpoint
    sequence: int
    acknowledged: int
    flags: int
    data: bytes
    length: int
    """how many bytes were sent; ``data`` is shorter if the capture was told to keep only the beginning of frames"""


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that the capture does not contain, though it should."""

    number: int
    """of the last frame before it"""
    what: str


def segments(stream: BinaryIO, name: str) -> Iterator[Segment | Loss]:
    """The TCP segments of the capture in ``stream``, in the order of the file ``name``."""
    source = _Source(stream, name)
    magic = source.peek(4)
    frames = _pcapng(source) if magic == b"\n\r\r\n" else _pcap(source)
    number = damaged = 0
    try:
        for number, (time, link, frame) in enumerate(frames, 1):
            if (decode := LINKS.get(link)) is None:
                raise source.refusal(f"frames of link type {link} cannot be read")
            try:
                found = _segment(number, time, decode(frame))
            except DAMAGE:
                damaged += 1
                continue
            if found is not None:
                yield found
    except EOFError:
        yield Loss(number, f"the file ends inside the frame after number {number}")
    if damaged:
        yield Loss(number, f"{damaged} frames are damaged or fragments of packets")


class _Source:
    """A stream that never reads more than a frame at a time, and tells an end at a boundary from one in a frame."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.stream = stream
        self.name = name
        self.offset = 0
        self._ahead = b""

    def peek(self, size: int) -> bytes:
        """The next bytes, which stay to be read."""
        found = self._read(size)
        self.offset -= len(found)
        self._ahead = found + self._ahead
        return found

    def read(self, size: int) -> bytes:
        """As of a file, but raises `EOFError` at an end in the middle."""
        if not 0 <= size <= MOST:
            raise self.refusal(f"a length of {size} is not possible")
        found = self._read(size)
        if found and len(found) < size:
            raise EOFError
        return found

    def rest(self, size: int) -> bytes:
        """What must follow."""
        found = self.read(size)
        if len(found) < size:
            raise EOFError
        return found

    def refusal(self, why: str) -> UnreadableError:
        """The error for what was just read."""
        return UnreadableError(self.name, self.offset, why)

    def _read(self, size: int) -> bytes:
        found, self._ahead = self._ahead[:size], self._ahead[size:]
        try:
            while len(found) < size and (more := self.stream.read(size - len(found))):
                found += more
        except EOFError:  # the file was compressed, and is cut off
            pass
        except (OSError, ValueError, zlib.error) as error:
            raise self.refusal(f"{error}") from error
        self.offset += len(found)
        return found


def _pcap(source: _Source) -> Iterator[tuple[float, int, bytes]]:
    """Time, link type and bytes of each frame of a pcap file."""
    try:
        reader = dpkt.pcap.Reader(source)
        link = reader.datalink() & 0xFFFF
        for time, frame in reader:
            if not frame and not source.peek(1):
                raise EOFError
            yield float(time), link, frame
    except EOFError:
        if source.offset < dpkt.pcap.FileHdr.__hdr_len__:
            raise source.refusal("this is no packet capture") from None
        raise
    except DAMAGE as error:
        raise source.refusal(f"this is no packet capture: {error}") from error


@dataclass
class _Interface:
    """What a capture says of one of the places where it was taken."""

    link: int
    divisor: int = 10**6
    offset: int = 0


def _pcapng(source: _Source) -> Iterator[tuple[float, int, bytes]]:
    """The same of a pcapng file: sections, each with interfaces of its own and in its own byte order.

    Written out because `dpkt.pcapng.Reader` takes all frames for those of the first interface.
    """
    order = "<"
    interfaces: list[_Interface] = []
    while head := source.read(8):
        if head[:4] == b"\n\r\r\n":
            bom = source.rest(4)
            order = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}.get(bom, "")
            if not order:
                raise source.refusal("unknown byte order")
            interfaces = []
            (length,) = struct.unpack(order + "I", head[4:])
            source.rest(_within(source, length, 16) - 12)
            continue
        kind, length = struct.unpack(order + "II", head)
        body = source.rest(_within(source, length, 12) - 8)[:-4]
        try:
            if kind == 1:
                interfaces.append(_interface(order, body))
            elif kind in (2, 6):
                number, high, low, size = struct.unpack_from(
                    order + ("HxxIII" if kind == 2 else "IIII"), body
                )
                place = interfaces[number]
                time = place.offset + (high << 32 | low) / place.divisor
                yield time, place.link, body[20 : 20 + size]
            elif kind == 3:
                yield 0.0, interfaces[0].link, body[4 : 4 + struct.unpack_from(order + "I", body)[0]]
        except (struct.error, IndexError) as error:
            raise source.refusal(f"a block of type {kind} is damaged: {error}") from error


def _within(source: _Source, length: int, least: int) -> int:
    """The length of a block if it is possible."""
    if not least <= length <= MOST or length % 4:
        raise source.refusal(f"a block cannot be {length} bytes long")
    return length


def _interface(order: str, body: bytes) -> _Interface:
    """An interface, with the options that say what a time stamp means."""
    found = _Interface(struct.unpack_from(order + "H", body)[0])
    at = 8
    while at + 4 <= len(body):
        code, size = struct.unpack_from(order + "HH", body, at)
        value = body[at + 4 : at + 4 + size]
        if code == 9 and value:  # if_tsresol
            found.divisor = (2 if value[0] & 0x80 else 10) ** min(value[0] & 0x7F, 63)
        elif code == 14 and len(value) == 8:  # if_tsoffset
            (found.offset,) = struct.unpack(order + "q", value)
        at += 4 + (size + 3) // 4 * 4
    return found


def _raw(frame: bytes) -> Any:
    """A frame that is an IP packet, of either version."""
    return dpkt.ip6.IP6(frame) if frame[:1] and frame[0] >> 4 == 6 else dpkt.ip.IP(frame)


LINKS: dict[int, Callable[[bytes], Any]] = {
    0: dpkt.loopback.Loopback,
    108: dpkt.loopback.Loopback,
    1: dpkt.ethernet.Ethernet,
    12: _raw,
    14: _raw,
    101: _raw,
    228: _raw,
    229: _raw,
    113: dpkt.sll.SLL,
    276: dpkt.sll2.SLL2,
}
"""How the frames of a link type are decoded."""


def _segment(number: int, time: float, frame: Any) -> Segment | None:
    """The TCP segment in a frame, if there is one."""
    packet = frame
    while not isinstance(packet, dpkt.ip.IP | dpkt.ip6.IP6):
        if not isinstance(packet, dpkt.Packet):
            return None
        packet = packet.data
    if isinstance(packet, dpkt.ip.IP):
        if packet.p != dpkt.ip.IP_PROTO_TCP:
            return None
        sent = packet.len - packet.hl * 4 if packet.len else 0
    else:
        if packet.p != dpkt.ip.IP_PROTO_TCP:
            return None
        sent = (
            packet.plen - sum(header.length for header in packet.all_extension_headers) if packet.plen else 0
        )
    tcp = packet.data
    if not isinstance(tcp, dpkt.tcp.TCP):
        raise dpkt.UnpackError("no TCP header")
    data = bytes(tcp.data)
    length = max(sent - tcp.off * 4, len(data)) if sent else len(data)
    source, target = _address(packet.src), _address(packet.dst)
    return Segment(
        number, time, (source, tcp.sport), (target, tcp.dport), tcp.seq, tcp.ack, tcp.flags, data, length
    )


def _address(raw: bytes) -> str:
    """An address as text; one of IPv4 inside IPv6 is shown as IPv4."""
    found = ip_address(raw)
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(found)


def normal(host: str) -> str:
    """The text that `Endpoint` has for an address; a name stays as it is."""
    try:
        return _address(ip_address(host.strip("[]")).packed)
    except ValueError:
        return host
