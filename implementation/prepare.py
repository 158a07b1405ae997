"""Turns requests into transactions, on the server that leads (``PrepRequestProcessor``).

What a request may do depends on what is ordered before it and perhaps not applied yet. So beside the tree there are
the outstanding changes: what each node will be once all that was prepared is applied.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from zabcheck.implementation import encoder as jute
from zabcheck.implementation.errors import Code, RefusedError
from zabcheck.implementation.node import int32
from zabcheck.implementation.operations import CONTAINER_OWNER, Mode, Op, Permission
from zabcheck.implementation.paths import (
    check_path,
    parent_for_create,
    parent_for_delete,
    parent_of,
)
from zabcheck.implementation.permissions import check, settled
from zabcheck.implementation.replication import Entry, Request
from zabcheck.implementation.requests import (
    PARTS_OF_MULTI,
    AclChange,
    Creation,
    DataChange,
    Part,
    Versioned,
    read_multi,
    read_part,
)
from zabcheck.implementation.tree import is_session
from zabcheck.traces.errors import UnreadableError
from zabcheck.traces.jute import Cursor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zabcheck.implementation.sessions import SessionTracker
    from zabcheck.implementation.tree import Tree
    from zabcheck.traces.transactions import Acl


class Change(NamedTuple):
    """What a node will be (``ChangeRecord``)."""

    version: int
    cversion: int
    aversion: int
    owner: int
    children: int
    acl: tuple[Acl, ...]


Changes = dict[str, Change | None]
"""By path; ``None`` is a node that will be gone."""


class Preparation:
    """The first step of a request on the server that leads, until it leads no more."""

    def __init__(self, tree: Tree, sessions: SessionTracker, clock: Callable[[], int]) -> None:
        self._tree = tree
        self._sessions = sessions
        self._clock = clock
        self._outstanding: deque[tuple[Entry, Iterable[str]]] = deque()
        self._latest: dict[str, tuple[Entry, Change | None]] = {}

    def prepare(self, request: Request, now: int) -> Entry:
        """The transaction of a request; ``now`` is the tracker's time."""
        changes: Changes = {}
        kind = request.type
        try:
            body = self._prepared(request, changes, now)
        except RefusedError as error:
            kind, body, changes = Op.ERROR, jute.integer(error.code), {}
        except UnreadableError:
            kind, body, changes = Op.ERROR, jute.integer(Code.MARSHALLING_ERROR), {}
        entry = Entry(request.session, request.cxid, self._clock(), kind, body)
        self._outstanding.append((entry, tuple(changes)))
        for path, change in changes.items():
            self._latest[path] = (entry, change)
        return entry

    def applied(self, entry: Entry) -> None:
        """Forget the changes of a transaction that is part of the tree now."""
        if self._outstanding and self._outstanding[0][0] == entry:
            prepared, paths = self._outstanding.popleft()
            for path in paths:
                if self._latest[path][0] is prepared:
                    del self._latest[path]

    def _prepared(self, request: Request, changes: Changes, now: int) -> bytes:
        if request.type == Op.MULTI:
            return self._multi(request, changes)
        cursor = Cursor("a request", request.body)
        if request.type == Op.CREATE_SESSION:
            timeout = cursor.integer()
            self._sessions.track(request.session, timeout, now)
            self._sessions.set_owner(request.session, request.owner)
            return jute.integer(timeout)
        if request.type == Op.CLOSE_SESSION:
            return self._close_session(request.session, changes)
        if request.type == Op.RECONFIG:
            raise RefusedError(Code.RECONFIG_DISABLED)
        return self._part(request, request.type, read_part(request.type, cursor), changes)

    def _multi(self, request: Request, changes: Changes) -> bytes:
        """All operations, or for each the reason why none is done."""
        found: list[bytes] = []
        failure: Code | None = None
        operations = read_multi(Cursor("a request", request.body), PARTS_OF_MULTI)
        for kind, part in operations:
            if failure is None:
                try:
                    body = self._part(request, kind, part, changes)
                    found.append(jute.integer(kind) + jute.buffer(body))
                    continue
                except RefusedError as error:
                    failure = code = error.code
                    changes.clear()
            else:
                code = Code.RUNTIME_INCONSISTENCY
            found.append(jute.integer(Op.ERROR) + jute.buffer(jute.integer(code)))
        return jute.vector(found)

    def _part(self, request: Request, kind: int, part: Part, changes: Changes) -> bytes:
        if kind != Op.DELETE_CONTAINER:
            self._sessions.check(request.session, request.owner)
        match part:
            case Creation():
                return self._create(request, kind, part, changes)
            case DataChange():
                return self._set_data(request, part, changes)
            case AclChange():
                return self._set_acl(request, part, changes)
            case Versioned() if kind == Op.CHECK:
                return self._check(request, part, changes)
            case Versioned():
                return self._delete(request, kind, part, changes)
        raise RefusedError(Code.UNIMPLEMENTED)

    def _create(self, request: Request, kind: int, part: Creation, changes: Changes) -> bytes:
        mode = part.mode
        if kind == Op.CREATE_TTL or mode > Mode.CONTAINER:
            raise RefusedError(Code.UNIMPLEMENTED)  # unless ``extendedTypesEnabled``, which is off by default
        parent_path = parent_for_create(part.path)
        acl = settled(part.acl, request.auth)
        parent = self._change(parent_path, changes)
        check(parent.acl, Permission.CREATE, request.auth)
        path = part.path
        if mode in (Mode.PERSISTENT_SEQUENTIAL, Mode.EPHEMERAL_SEQUENTIAL):
            path += f"{parent.cversion:010d}"
        check_path(path)
        if self._find(path, changes) is not None:
            raise RefusedError(Code.NODE_EXISTS)
        if is_session(parent.owner):
            raise RefusedError(Code.NO_CHILDREN_FOR_EPHEMERALS)
        cversion = int32(parent.cversion + 1)
        ephemeral = mode in (Mode.EPHEMERAL, Mode.EPHEMERAL_SEQUENTIAL)
        container = kind == Op.CREATE_CONTAINER
        owner = CONTAINER_OWNER if container else request.session if ephemeral else 0
        changes[parent_path] = parent._replace(cversion=cversion, children=parent.children + 1)
        changes[path] = Change(0, 0, 0, owner, 0, acl)
        flag = b"" if container else jute.boolean(ephemeral)
        return jute.text(path) + jute.buffer(part.data) + jute.acl(acl) + flag + jute.integer(cversion)

    def _delete(self, request: Request, kind: int, part: Versioned, changes: Changes) -> bytes:
        parent_path = parent_for_delete(part.path)
        parent = self._change(parent_path, changes)
        if kind == Op.DELETE:
            check(parent.acl, Permission.DELETE, request.auth)
        node = self._change(part.path, changes)
        _next_version(node.version, part.version)
        if node.children:
            raise RefusedError(Code.NOT_EMPTY)
        if kind == Op.DELETE_CONTAINER and is_session(node.owner):
            raise RefusedError(Code.BAD_VERSION)
        changes[parent_path] = parent._replace(children=parent.children - 1)
        changes[part.path] = None
        return jute.text(part.path)

    def _set_data(self, request: Request, part: DataChange, changes: Changes) -> bytes:
        check_path(part.path)
        node = self._change(part.path, changes)
        check(node.acl, Permission.WRITE, request.auth)
        version = _next_version(node.version, part.version)
        changes[part.path] = node._replace(version=version)
        return jute.text(part.path) + jute.buffer(part.data) + jute.integer(version)

    def _set_acl(self, request: Request, part: AclChange, changes: Changes) -> bytes:
        check_path(part.path)
        acl = settled(part.acl, request.auth)
        node = self._change(part.path, changes)
        check(node.acl, Permission.ADMIN, request.auth)
        version = _next_version(node.aversion, part.version)
        changes[part.path] = node._replace(aversion=version, acl=acl)
        return jute.text(part.path) + jute.acl(acl) + jute.integer(version)

    def _check(self, request: Request, part: Versioned, changes: Changes) -> bytes:
        check_path(part.path)
        node = self._change(part.path, changes)
        check(node.acl, Permission.READ, request.auth)
        return jute.text(part.path) + jute.integer(_next_version(node.version, part.version))

    def _close_session(self, session: int, changes: Changes) -> bytes:
        paths = dict(self._tree.ephemerals.get(session, {}))
        for path, (_, change) in self._latest.items():
            if change is None:
                paths.pop(path, None)
            elif change.owner == session:
                paths[path] = None
        for path in paths:
            changes[path] = None
            parent_path = parent_of(path)
            parent = self._change(parent_path, changes)
            changes[parent_path] = parent._replace(children=parent.children - 1)
        self._sessions.close(session)
        return jute.texts(paths)

    def _find(self, path: str, changes: Changes) -> Change | None:
        """What a node will be, seen from behind all that comes before."""
        if path in changes:
            return changes[path]
        if path in self._latest:
            return self._latest[path][1]
        if (node := self._tree.nodes.get(path)) is None:
            return None
        stat = node.stat
        return Change(stat.version, stat.cversion, stat.aversion, stat.owner, len(node.children), node.acl)

    def _change(self, path: str, changes: Changes) -> Change:
        if (found := self._find(path, changes)) is None:
            raise RefusedError(Code.NO_NODE)
        return found


def _next_version(current: int, expected: int) -> int:
    """The version after a change; never -1, which would mean any (``checkAndIncVersion``, ZOOKEEPER-4743)."""
    if expected not in (-1, current):
        raise RefusedError(Code.BAD_VERSION)
    following = int32(current + 1)
    return 0 if following == -1 else following
