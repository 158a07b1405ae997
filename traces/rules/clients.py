"""What clients saw: sessions that never go back, and reads that are explained by the writes on disk."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zabcheck.traces.event import Missing, Operation, Record, SessionState
from zabcheck.traces.finding import Finding
from zabcheck.traces.ledger import Property, Rule
from zabcheck.traces.transactions import MULTI, body_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zabcheck.traces.event import Base
    from zabcheck.traces.ledger import Ledger

FORWARD = "MonotonicReads"
FIFO = "ClientOrder"
ANSWERED = "AcknowledgedWrites"
READS = "ReadsExplained"
CHANGES = frozenset({1, 5, 15, 16, 19, 21})
"""Types of transactions that write the data of a node (``ZooDefs.OpCode``), besides a multi, which may."""


@dataclass
class Session:
    """How far a client has seen."""

    seen: Operation | None = None
    wrote: Operation | None = None
    nodes: dict[str, Operation] = field(default_factory=dict)
    """by path, what showed the node last"""


@dataclass
class Node:
    """The writes to one path that clients know of: zxid to the operation that wrote there."""

    writes: dict[int, Operation] = field(default_factory=dict)
    reads: dict[int, Operation] = field(default_factory=dict)


class Clients(Rule):
    """The histories of clients, against themselves and against the transaction logs."""

    properties = (
        Property(
            FORWARD,
            "No session is shown an older state than it was shown before.",
            "a client history",
            of_members=False,
        ),
        Property(
            FIFO,
            "The writes of a session take effect in the order in which it made them.",
            "a client history",
            of_members=False,
        ),
        Property(
            ANSWERED,
            "A write that was acknowledged is in the log under the zxid that the client was told, with its path.",
            "a client history and transaction logs",
            of_members=False,
        ),
        Property(
            READS,
            "What is read is what the write with the zxid of the node's last change wrote, and that is a write to "
            "this node.",
            "a client history, with values",
            of_members=False,
        ),
    )

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._sessions: dict[str, Session] = defaultdict(Session)
        self._paths: dict[str, Node] = defaultdict(Node)
        self._writes: dict[int, Operation] = {}
        self._reads: dict[int, dict[str, Operation]] = defaultdict(dict)
        """by the zxid of the last change, then by path"""

    def handlers(self) -> Mapping[type[Base], Callable[[Any], None]]:
        """By what clients did, and what is on the disks."""
        return {
            Missing: self._missing,
            Operation: self._operation,
            SessionState: self._state,
            Record: self._record,
        }

    def _missing(self, event: Missing) -> None:
        """The client may have begun another session in between."""
        kind, _, client = event.track.partition("/")
        if kind == "client":
            self._sessions.pop(client, None)

    def _state(self, event: SessionState) -> None:
        if event.state == "LOST":
            self._sessions.pop(event.client, None)

    def _operation(self, event: Operation) -> None:
        if event.op in {"connect", "close"}:
            self._sessions.pop(event.client, None)
        session = self._sessions[event.client]
        if event.ok is None:
            return
        if event.seen is not None:
            self._forward(session, event)
        if not event.ok:
            return
        self._shown(session, event)
        if event.zxid is not None:
            self._wrote(session, event)
        elif event.mzxid and event.path is not None:
            self._read(self._paths[event.path], event)

    def _forward(self, session: Session, event: Operation) -> None:
        last = session.seen
        if last is not None and last.seen is not None and event.seen is not None:
            before, now = last.seen, event.seen
            self.ledger.judge(
                FORWARD,
                now >= before,
                lambda: Finding(
                    property=FORWARD,
                    server=event.server,
                    observed=f"client {event.client} is shown the state at {now}",
                    allowed=f"the state at {before} or later, which it was shown before",
                    guard=f"zxid of the reply >= the one before: {now} >= {before}",
                    events=(last, event),
                ),
            )
        session.seen = event

    def _shown(self, session: Session, event: Operation) -> None:
        """A change that a session is told of is in the state that the reply shows, and is not undone later."""
        change = event.zxid or event.mzxid
        if not change:
            return
        if event.seen is not None:
            self.ledger.judge(
                FORWARD,
                change <= event.seen,
                lambda: Finding(
                    property=FORWARD,
                    server=event.server,
                    observed=f"client {event.client} is told of a change at {hex(change)}, and shown the state at "
                    f"{event.seen}",
                    allowed=f"the state at {hex(change)} or later",
                    guard=f"zxid of the reply >= that of the change: {event.seen} >= {hex(change)}",
                    events=(event,),
                ),
            )
        if event.path is None or _change(event) is None:
            return
        last = session.nodes.get(event.path)
        before = None if last is None else _change(last)
        if last is not None and before is not None:
            self.ledger.judge(
                FORWARD,
                change >= before,
                lambda: Finding(
                    property=FORWARD,
                    server=event.server,
                    observed=f"client {event.client} finds {event.path} as of {hex(change)}",
                    allowed=f"as of {hex(before)} or later, as which it knew it before",
                    guard=f"zxid of the last change >= the one known before: {hex(change)} >= {hex(before)}",
                    events=(last, event),
                ),
            )
        session.nodes[event.path] = event

    def _wrote(self, session: Session, event: Operation) -> None:
        last, zxid = session.wrote, int(event.zxid or 0)
        if last is not None and last.zxid is not None:
            before = last.zxid
            self.ledger.judge(
                FIFO,
                zxid > before,
                lambda: Finding(
                    property=FIFO,
                    server=event.server,
                    observed=f"a write of client {event.client} has {event.zxid}",
                    allowed=f"a zxid later than {before}, that of its write before",
                    guard=f"zxid > the one before: {event.zxid} > {before}",
                    events=(last, event),
                ),
            )
        session.wrote = event
        self._writes[zxid] = event
        if event.path is not None and event.value is not None and event.op in {"create", "set"}:
            node = self._paths[event.path]
            node.writes[zxid] = event
            if read := node.reads.get(zxid):
                self._same(event, read)

    def _read(self, node: Node, event: Operation) -> None:
        mzxid = int(event.mzxid or 0)
        self._reads[mzxid].setdefault(event.path or "", event)
        write = node.writes.get(mzxid)
        if write is not None:
            self._same(write, event)
        earlier = node.reads.setdefault(mzxid, event)
        if earlier is not event:
            self._same(earlier, event)

    def _same(self, one: Operation, other: Operation) -> None:
        """Two operations on one version of a node have one value, and its number is one."""
        zxid = one.zxid or one.mzxid
        if one.version is not None and other.version is not None:
            self.ledger.judge(
                READS,
                one.version == other.version,
                lambda: Finding(
                    property=READS,
                    server=other.server,
                    observed=f"client {other.client} finds version {other.version} of {other.path} at {zxid}",
                    allowed=f"version {one.version}, as client {one.client} was told",
                    guard=f"the version at {zxid} must be one: {one.version} and {other.version}",
                    events=(one, other),
                ),
            )
        if one.value is None or other.value is None:
            return
        self.ledger.judge(
            READS,
            one.value == other.value,
            lambda: Finding(
                property=READS,
                server=other.server,
                observed=f"client {other.client} reads {other.value!r} in {other.path} at {zxid}",
                allowed=f"{one.value!r}, which was {'written' if one.zxid else 'read'} there",
                guard=f"the value at {zxid} must be one: {one.value!r} and {other.value!r}",
                events=(one, other),
            ),
        )

    def _record(self, event: Record) -> None:
        if event.type is not None and event.type != MULTI:
            for read in self._reads.get(event.zxid, {}).values():
                self._explains(event, read)
        write = self._writes.get(event.zxid)
        if write is None:
            return
        ok = event.path is None or write.path is None or event.path == write.path
        data = None if write.value is None else body_of(write.value.encode())
        if write.op in {"create", "set"} and event.value is not None and data is not None:
            ok = ok and event.value == data
        self.ledger.judge(
            ANSWERED,
            ok,
            lambda: Finding(
                property=ANSWERED,
                server=event.server,
                observed=f"under {event.zxid} there is a write to {event.path}",
                allowed=f"the {write.op} of {write.path} with {write.value!r} that client {write.client} was told of",
                guard=f"path and data of {event.zxid} must be those of the client: they are not",
                events=(write, event),
            ),
        )

    def _explains(self, event: Record, read: Operation) -> None:
        """The last change of a node that was read is a write to this node."""
        self.ledger.judge(
            READS,
            event.type in CHANGES and event.path in (None, read.path),
            lambda: Finding(
                property=READS,
                server=event.server,
                observed=f"client {read.client} reads {read.path} as changed by {event.zxid}, and that is "
                + (f"about {event.path}" if event.path else f"of type {event.type}"),
                allowed=f"a zxid under which {read.path} was written",
                guard=f"path of {event.zxid} must be {read.path}: it is {event.path}",
                events=(read, event),
            ),
        )


def _change(event: Operation) -> int | None:
    """The zxid of the last change of a node's data, as far as an answer tells it."""
    if event.zxid is not None:
        return int(event.zxid) if event.op in {"create", "set"} else None
    return int(event.mzxid) if event.mzxid else None
