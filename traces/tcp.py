"""TCP streams from captured segments: what one side of a connection wrote, in the order it wrote it.

Segments come twice, late and in any order, and sequence numbers wrap around. What was never captured is recognised by
the acknowledgement of the other side, or by how much waits behind it; then the direction is given up, because a stream
without frames cannot be understood again in its middle.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from zabcheck.traces.capture import ACK, FIN, RST, SYN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zabcheck.traces.capture import Endpoint, Segment

MOST_WAITING = 1 << 23
"""Bytes that wait for others before them, in one direction; a receive window is seldom larger."""
MOST_PIECES = 1 << 13
PATIENCE = 64
"""How many segments of a connection a missing one may be late after the other side acknowledged it.

A capture on several queues may write frames in another order than they came.
"""
MOST_CONNECTIONS = 1 << 14
"""Connections that are remembered; the ones that were quiet for longest are forgotten."""
HALF = 1 << 31
WHOLE = 1 << 32


@dataclass(eq=False)
class Flow:
    """One direction of a connection."""

    connection: Connection
    source: Endpoint
    target: Endpoint
    first: int | None = None
    """the sequence number of its SYN"""
    begun: bool = False
    """whether it is known where it begins"""
    next: int = 0
    """the sequence number of the next byte, not wrapped around"""
    waiting: dict[int, bytes] = field(default_factory=dict)
    size: int = 0
    fin: int | None = None
    """the sequence number of the FIN"""
    missed: int | None = None
    """the count of segments when the other side had acknowledged what was not captured"""
    over: bool = False
    """nothing more comes from it: it ended, or was given up"""

    def unwrapped(self, sequence: int) -> int:
        """The full number that is nearest to the next byte."""
        return self.next + (sequence - self.next + HALF) % WHOLE - HALF


@dataclass(eq=False)
class Connection:
    """Two directions. ``client`` is the side that connected, if that is known."""

    number: int
    flows: tuple[Flow, ...] = ()
    known: bool = False
    """whether the beginning was seen"""
    segments: int = 0
    spoke: bool = False
    """whether any data came"""
    attached: object = None
    """what a reader of the connection keeps of it"""

    @property
    def client(self) -> Flow:
        """What the side that connected writes."""
        return self.flows[0]

    @property
    def server(self) -> Flow:
        """What the other side writes."""
        return self.flows[1]

    @property
    def over(self) -> bool:
        """Whether both directions are."""
        return self.client.over and self.server.over


@dataclass(frozen=True, slots=True)
class Data:
    """The next bytes of a direction."""

    flow: Flow
    data: bytes


@dataclass(frozen=True, slots=True)
class Lost:
    """From here on a direction cannot be read."""

    flow: Flow
    why: str


@dataclass(frozen=True, slots=True)
class End:
    """A direction is over."""

    flow: Flow


class Streams:
    """All connections of a capture."""

    def __init__(self) -> None:
        self._connections: OrderedDict[frozenset[Endpoint], Connection] = OrderedDict()
        self._count = 0

    def feed(self, segment: Segment) -> Iterator[Data | Lost | End]:
        """What a segment completes."""
        connection, flow = self._find(segment)
        if connection is None or flow is None:
            return
        connection.segments += 1
        other = connection.server if flow is connection.client else connection.client
        if segment.flags & SYN:
            self._begin(flow, other, segment)
        if segment.length and not connection.known and not connection.spoke:
            connection.spoke = True
            for each in connection.flows:
                each.over = True
            yield Lost(flow, "the connection began before the capture")
            return
        if segment.flags & (ACK | RST) == ACK and connection.known and not other.begun and not other.over:
            # The answer to the SYN was not captured, but its acknowledgement tells where that side begins.
            other.begun, other.next = True, segment.acknowledged
        if flow.begun and not flow.over:
            yield from self._data(flow, segment)
        elif segment.length and not flow.over and connection.known:
            yield self._give_up(flow)
        if segment.flags & RST:
            for each in connection.flows:
                if not each.over:
                    missing = each.missed is not None or each.waiting
                    yield self._give_up(each) if missing else End(each)
                    each.over = True
                    each.waiting.clear()
        elif segment.flags & ACK and other.begun and not other.over:
            yield from self._acknowledged(connection, other, segment)

    def finish(self) -> Iterator[Lost]:
        """What is known to be missing when no more segments come."""
        for connection in self._connections.values():
            for flow in connection.flows:
                if not flow.over and (flow.missed is not None or flow.waiting):
                    yield Lost(flow, "bytes of the connection were not captured")

    def _find(self, segment: Segment) -> tuple[Connection, Flow] | tuple[None, None]:
        """The connection and direction of a segment; a SYN may begin another on the same ports."""
        key = frozenset((segment.source, segment.target))
        connection = self._connections.get(key)
        opens = bool(segment.flags & SYN)
        if connection is not None:
            flow = next(f for f in connection.flows if f.source == segment.source)
            answers = bool(segment.flags & ACK) and flow.first is None and connection.known
            if not opens or answers or flow.first == segment.sequence:
                self._connections.move_to_end(key)
                return connection, flow
        elif not opens and not segment.length:
            return None, None
        self._count += 1
        connection = Connection(self._count)
        ends = segment.source, segment.target
        if opens and segment.flags & ACK:
            ends = ends[1], ends[0]
        connection.flows = Flow(connection, *ends), Flow(connection, ends[1], ends[0])
        self._connections[key] = connection
        self._connections.move_to_end(key)
        while len(self._connections) > MOST_CONNECTIONS:
            self._connections.popitem(last=False)
        return connection, next(f for f in connection.flows if f.source == segment.source)

    @staticmethod
    def _begin(flow: Flow, other: Flow, segment: Segment) -> None:
        """Number the bytes of a direction; the SYN of the accepting side tells the numbers of both."""
        flow.first = segment.sequence
        if not flow.begun:
            flow.begun, flow.next = True, (segment.sequence + 1) % WHOLE
        if segment.flags & ACK and not other.begun:
            other.begun, other.next = True, segment.acknowledged
        flow.connection.known = True

    def _data(self, flow: Flow, segment: Segment) -> Iterator[Data | Lost | End]:
        """Take the bytes of a segment, and hand on what is next."""
        start = flow.unwrapped((segment.sequence + bool(segment.flags & SYN)) % WHOLE)
        if segment.flags & FIN and flow.fin is None:
            flow.fin = start + segment.length
        if segment.data and start + len(segment.data) > flow.next:
            flow.connection.spoke = True
            self._keep(flow, start, segment.data)
        yield from self._ready(flow)
        if start > flow.next + MOST_WAITING or flow.size > MOST_WAITING or len(flow.waiting) > MOST_PIECES:
            yield self._give_up(flow)
        elif flow.next == flow.fin:
            flow.over = True
            yield End(flow)

    @staticmethod
    def _keep(flow: Flow, start: int, data: bytes) -> None:
        if start < flow.next:
            start, data = flow.next, data[flow.next - start :]
        old = flow.waiting.get(start, b"")
        if len(old) < len(data):
            flow.waiting[start] = data
            flow.size += len(data) - len(old)

    @staticmethod
    def _ready(flow: Flow) -> Iterator[Data]:
        """The bytes that nothing is missing before."""
        while flow.waiting:
            start = flow.next if flow.next in flow.waiting else min(flow.waiting)
            if start > flow.next:
                return
            data = flow.waiting.pop(start)
            flow.size -= len(data)
            if fresh := data[flow.next - start :]:
                flow.next += len(fresh)
                yield Data(flow, fresh)
        flow.missed = None

    def _acknowledged(self, connection: Connection, flow: Flow, segment: Segment) -> Iterator[Lost]:
        """Notice what the other side got and the capture did not."""
        reached = flow.unwrapped(segment.acknowledged)
        if reached > flow.next:
            if flow.missed is None:
                flow.missed = connection.segments
            elif connection.segments - flow.missed > PATIENCE:
                yield self._give_up(flow)

    @staticmethod
    def _give_up(flow: Flow) -> Lost:
        flow.over = True
        flow.waiting.clear()
        return Lost(flow, "bytes of the connection were not captured")
