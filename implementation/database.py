"""The replicated database of a server: tree and sessions, and the transactions that change them (``ZKDatabase``)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zabcheck.implementation import encoder as jute
from zabcheck.implementation.errors import Code, RefusedError
from zabcheck.implementation.operations import CONTAINER_OWNER, TTL_OWNER, Op
from zabcheck.implementation.prepare import Preparation
from zabcheck.implementation.sessions import SessionTracker
from zabcheck.implementation.tree import Tree
from zabcheck.traces.transactions import (
    Body,
    Check,
    CloseSession,
    Create,
    CreateSession,
    Delete,
    Failed,
    Multi,
    SetAcl,
    SetData,
    decode_body,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zabcheck.implementation.replication import Entry, Request
    from zabcheck.traces.jute import Cursor


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a transaction (``ProcessTxnResult``)."""

    type: int
    code: int = 0
    path: str = ""
    stat: bytes = b""
    """of the node as it was right after, as clients are shown it"""
    parts: tuple[Result, ...] = ()
    """those of a multi"""


def wall_clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def steady_clock() -> int:
    """Milliseconds of a clock that nobody sets."""
    return time.monotonic_ns() // 1_000_000


class Database:
    """The `replication.StateMachine` of a server.

    ``listener`` and ``sync_listener`` are set by who answers clients. A server that begins to lead calls `lead`.
    """

    def __init__(self, clock: Callable[[], int] = wall_clock) -> None:
        self.tree = Tree()
        self.sessions: dict[int, int] = {}
        """time-outs in milliseconds by session"""
        self.tracker: SessionTracker | None = None
        """only while this server decides on sessions"""
        self.listener: Callable[[int, Entry, Result], None] | None = None
        self.sync_listener: Callable[[int, int], None] | None = None
        self._clock = clock
        self._last_zxid = 0
        self._preparation: Preparation | None = None

    @property
    def last_zxid(self) -> int:
        """The transaction that was applied last."""
        return self._last_zxid

    def lead(self, tracker: SessionTracker) -> None:
        """Decide on sessions and prepare requests from now on."""
        self.tracker = tracker
        self._preparation = Preparation(self.tree, tracker, self._clock)

    def prepare(self, request: Request) -> Entry:
        """Turn a request into a transaction."""
        if self._preparation is None:
            self.lead(SessionTracker(2000, steady_clock(), self.sessions))
        assert self._preparation is not None  # noqa: S101 - set by `lead`
        return self._preparation.prepare(request, steady_clock())

    def forget_prepared(self) -> None:
        """Lead no more."""
        self.tracker = self._preparation = None

    def apply(self, zxid: int, entry: Entry) -> None:
        """Make a transaction part of the tree, and tell who listens."""
        result = self._process(zxid, entry)
        self._last_zxid = max(self._last_zxid, zxid)
        if self._preparation is not None:
            self._preparation.applied(entry)
        if self.listener is not None:
            self.listener(zxid, entry, result)

    def synced(self, session: int, cxid: int) -> None:
        """All that was committed when a client asked is applied."""
        if self.sync_listener is not None:
            self.sync_listener(session, cxid)

    def idle_containers(self) -> list[str]:
        """Containers that had children and have none now, for who leads to remove."""
        nodes = self.tree.nodes
        return [
            path
            for path in self.tree.containers
            if not nodes[path].children and nodes[path].stat.cversion > 0
        ]

    def serialize(self) -> Iterator[bytes]:
        """The body of a snapshot, of this moment."""
        sessions = b"".join(
            jute.long(session) + jute.integer(timeout) for session, timeout in self.sessions.items()
        )
        return _after(jute.integer(len(self.sessions)) + sessions, self.tree.serialize())

    def deserialize(self, cursor: Cursor, zxid: int) -> None:
        """Become what a snapshot says; watches stay."""
        self.forget_prepared()
        self.sessions = {cursor.long(): cursor.integer() for _ in range(cursor.count())}
        self.tree.deserialize(cursor)
        self._last_zxid = zxid

    def _process(self, zxid: int, entry: Entry) -> Result:
        body = decode_body(entry.type, entry.body)
        if isinstance(body, CreateSession):
            self.sessions[entry.session] = body.timeout
            if self.tracker is not None and entry.session not in self.tracker:
                self.tracker.track(entry.session, body.timeout, steady_clock())
        elif isinstance(body, CloseSession):
            self.tree.end_session(entry.session, body.paths or (), zxid)
            self.sessions.pop(entry.session, None)
            if self.tracker is not None:
                self.tracker.remove(entry.session)
        elif isinstance(body, Multi):
            return self._multi(zxid, entry, body)
        return self._change(zxid, entry, entry.type, body)

    def _multi(self, zxid: int, entry: Entry, multi: Multi) -> Result:
        """All parts, or none: those before the culprit say 0, those behind it that something else failed."""
        culprit = next(
            (place for place, (_, part) in enumerate(multi.operations) if isinstance(part, Failed)), None
        )
        if culprit is not None:
            parts = [
                Result(Op.ERROR, part.error if isinstance(part, Failed) else _beside(place, culprit))
                for place, (_, part) in enumerate(multi.operations)
            ]
        else:
            parts = [self._change(zxid, entry, kind, part) for kind, part in multi.operations]
        code = next((part.code for part in parts if part.code), 0)
        return Result(Op.MULTI, code, parts=tuple(parts))

    def _change(self, zxid: int, entry: Entry, kind: int, body: Body) -> Result:
        """Do what one transaction or part says (``DataTree.processTxn``)."""
        tree, path = self.tree, getattr(body, "path", "")
        try:
            match body:
                case Create():
                    owner = _owner(kind, entry.session, body)
                    node = tree.create(
                        path, body.data, body.acl, owner, body.parent_cversion, zxid, entry.time
                    )
                    return Result(kind, path=path, stat=node.client_stat())
                case Delete():
                    tree.delete(path, zxid)
                case SetData():
                    node = tree.set_data(path, body.data, body.version, zxid, entry.time)
                    return Result(kind, path=path, stat=node.client_stat())
                case SetAcl():
                    node = tree.set_acl(path, body.acl, body.version)
                    return Result(kind, path=path, stat=node.client_stat())
                case Check():
                    found = tree.nodes.get(path)
                    return Result(kind, path=path, stat=found.client_stat() if found else b"")
                case Failed():
                    return Result(kind, body.error)
        except RefusedError as error:
            if kind == Op.CREATE and error.code == Code.NODE_EXISTS and isinstance(body, Create):
                tree.child_created_again(path, body.parent_cversion, zxid)
            return Result(kind, error.code, path)
        return Result(kind, path=path)


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _beside(place: int, culprit: int) -> Code:
    return Code.OK if place < culprit else Code.RUNTIME_INCONSISTENCY


def _owner(kind: int, session: int, body: Create) -> int:
    if kind == Op.CREATE_CONTAINER:
        return CONTAINER_OWNER
    if body.time_to_live is not None:
        return TTL_OWNER | body.time_to_live
    return session if body.ephemeral else 0
