"""Answers requests that change nothing, from the tree of the server that the client is connected to.

The half of ``FinalRequestProcessor.processRequest`` that is not about transactions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.implementation import encoder as jute
from zabcheck.implementation.errors import Code, RefusedError
from zabcheck.implementation.operations import Event, Op, Permission
from zabcheck.implementation.permissions import Identities, allow, check, without_secrets
from zabcheck.implementation.requests import PARTS_OF_MULTI_READ, Part, Reading, read_multi
from zabcheck.implementation.watches import Watcher, WatchMode
from zabcheck.traces.jute import Cursor

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.implementation.node import Node
    from zabcheck.implementation.tree import Tree

_ADDED = {0: WatchMode.PERSISTENT, 1: WatchMode.RECURSIVE}
"""``ZooDefs.AddWatchModes``"""

_CHILDREN, _DATA, _ANY = 1, 2, 3
"""``Watcher.WatcherType``"""


class Reader:
    """The reads of one client."""

    def __init__(self, tree: Tree, watcher: Watcher) -> None:
        self._tree = tree
        self._watcher = watcher
        self.session = 0
        self.identities: Identities = ()

    def answer(self, kind: int, body: bytes) -> bytes:
        """The record of the answer; a `RefusedError` or `UnreadableError` if there is only a code."""
        if kind not in _ANSWERS:
            raise RefusedError(Code.UNIMPLEMENTED)
        return _ANSWERS[kind](self, Cursor("a request", body))

    def _readable(self, path: str) -> Node:
        node = self._tree.get(path)
        check(node.acl, Permission.READ, self.identities)
        return node

    def exists(self, cursor: Cursor) -> bytes:
        """The ``Stat`` of a node; a watch may wait for it to appear."""
        path, watch = cursor.text(), cursor.boolean()
        if "\0" in path:
            raise RefusedError(Code.BAD_ARGUMENTS)
        node = self._tree.nodes.get(path)
        if node is not None:
            check(node.acl, Permission.READ, self.identities)
        if watch:
            self._tree.data_watches.add(path, self._watcher)
        return self._tree.get(path).client_stat()

    def data(self, cursor: Cursor) -> bytes:
        """Data and ``Stat``."""
        path, watch = cursor.text(), cursor.boolean()
        node = self._readable(path)
        if watch:
            self._tree.data_watches.add(path, self._watcher)
        return jute.buffer(node.data) + node.client_stat()

    def children(self, cursor: Cursor) -> bytes:
        """The names of the children."""
        path, watch = cursor.text(), cursor.boolean()
        node = self._readable(path)
        if watch:
            self._tree.child_watches.add(path, self._watcher)
        return jute.texts(node.children)

    def children_with_stat(self, cursor: Cursor) -> bytes:
        """The names of the children, and the ``Stat``."""
        at = cursor.at
        path = cursor.text()
        cursor.at = at
        return self.children(cursor) + self._tree.get(path).client_stat()

    def number_below(self, cursor: Cursor) -> bytes:
        """How many nodes are below one."""
        path = cursor.text()
        self._readable(path)
        if path == "/":
            return jute.integer(len(self._tree.nodes) - 1)
        return jute.integer(sum(name.startswith(f"{path}/") for name in self._tree.nodes))

    def acl(self, cursor: Cursor) -> bytes:
        """Permissions and ``Stat``."""
        node = self._tree.get(cursor.text())
        check(node.acl, Permission.READ | Permission.ADMIN, self.identities)
        shown = node.acl if allow(node.acl, Permission.ADMIN, self.identities) else without_secrets(node.acl)
        return jute.acl(shown) + node.client_stat()

    def ephemerals(self, cursor: Cursor) -> bytes:
        """The client's own ephemeral nodes below a path."""
        prefix = cursor.text()
        own = self._tree.ephemerals.get(self.session, {})
        return jute.texts([path for path in own if prefix.strip() in ("", "/") or path.startswith(prefix)])

    def identity(self, _: Cursor) -> bytes:
        """As whom the client is known, without secrets (``AuthUtil.getClientInfos``)."""
        return jute.vector(
            [
                jute.text(scheme) + jute.text(name.partition(":")[0] if scheme == "digest" else name)
                for scheme, name in self.identities
            ]
        )

    def several(self, cursor: Cursor) -> bytes:
        """Several reads at once, each with its own success."""
        found = []
        for kind, part in read_multi(cursor, PARTS_OF_MULTI_READ):
            try:
                found.append(result_header(kind) + self._part(kind, part))
            except RefusedError as error:
                found.append(failed_part(error.code))
        return b"".join(found) + END_OF_RESULTS

    def _part(self, kind: int, part: Part) -> bytes:
        if not isinstance(part, Reading):
            raise RefusedError(Code.BAD_ARGUMENTS)
        node = self._readable(part.path)
        if kind == Op.GET_CHILDREN:
            return jute.texts(node.children)
        return jute.buffer(node.data) + node.client_stat()

    def set_watches(self, cursor: Cursor) -> bytes:
        """Go on watching after a change of the server; what was missed is told (``DataTree.setWatches``)."""
        zxid = cursor.long()
        data, exist, child = (_texts(cursor) for _ in range(3))
        self._set_again(zxid, data, exist, child)
        return b""

    def set_more_watches(self, cursor: Cursor) -> bytes:
        """As `set_watches`, also those that are persistent."""
        self.set_watches(cursor)
        persistent, recursive = _texts(cursor), _texts(cursor)
        for path in persistent:
            self._tree.child_watches.add(path, self._watcher, WatchMode.PERSISTENT)
            self._tree.data_watches.add(path, self._watcher, WatchMode.PERSISTENT)
        for path in recursive:
            self._tree.data_watches.add(path, self._watcher, WatchMode.RECURSIVE)
        return b""

    def _set_again(self, zxid: int, data: list[str], exist: list[str], child: list[str]) -> None:
        tree, nodes = self._tree, self._tree.nodes
        for path in data:
            if (node := nodes.get(path)) is None:
                self._watcher.notify(Event.DELETED, path, ())
            elif node.stat.mzxid > zxid:
                self._watcher.notify(Event.DATA_CHANGED, path, node.acl)
            else:
                tree.data_watches.add(path, self._watcher)
        for path in exist:
            if (node := nodes.get(path)) is not None:
                self._watcher.notify(Event.CREATED, path, node.acl)
            else:
                tree.data_watches.add(path, self._watcher)
        for path in child:
            if (node := nodes.get(path)) is None:
                self._watcher.notify(Event.DELETED, path, ())
            elif node.stat.pzxid > zxid:
                self._watcher.notify(Event.CHILDREN_CHANGED, path, node.acl)
            else:
                tree.child_watches.add(path, self._watcher)

    def add_watch(self, cursor: Cursor) -> bytes:
        """Watch until told otherwise."""
        path, mode = cursor.text(), _ADDED.get(cursor.integer())
        if mode is None:
            raise RefusedError(Code.BAD_ARGUMENTS)
        self._tree.data_watches.add(path, self._watcher, mode)
        if mode is WatchMode.PERSISTENT:
            self._tree.child_watches.add(path, self._watcher, mode)
        return jute.integer(Code.OK)

    def remove_watches(self, cursor: Cursor) -> bytes:
        """Watch no more."""
        path, kind = cursor.text(), cursor.integer()
        removed = False
        if kind in (_DATA, _ANY):
            removed |= self._tree.data_watches.remove(path, self._watcher)
        if kind in (_CHILDREN, _ANY):
            removed |= self._tree.child_watches.remove(path, self._watcher)
        if not removed:
            raise RefusedError(Code.NO_WATCHER)
        return b""

    def check_watches(self, cursor: Cursor) -> bytes:
        """Refuse if there is no such watch."""
        path, kind = cursor.text(), cursor.integer()
        data = kind in (_DATA, _ANY) and self._tree.data_watches.has(path, self._watcher)
        if not data and not (kind in (_CHILDREN, _ANY) and self._tree.child_watches.has(path, self._watcher)):
            raise RefusedError(Code.NO_WATCHER)
        return b""

    def forget(self) -> None:
        """The connection is gone, and its watches with it."""
        self._tree.data_watches.forget(self._watcher)
        self._tree.child_watches.forget(self._watcher)


END_OF_RESULTS = jute.integer(-1) + jute.boolean(True) + jute.integer(-1)
"""``MultiHeader`` behind the last result of a multi."""


def result_header(kind: int, code: int = 0) -> bytes:
    """``MultiHeader`` in front of a result."""
    return jute.integer(kind) + jute.boolean(False) + jute.integer(code)


def failed_part(code: int) -> bytes:
    """The result of a part that was not done."""
    return result_header(Op.ERROR, code) + jute.integer(code)


def _texts(cursor: Cursor) -> list[str]:
    return [cursor.text() for _ in range(cursor.count())]


_ANSWERS: dict[int, Callable[[Reader, Cursor], bytes]] = {
    Op.PING: lambda _reader, _cursor: b"",
    Op.EXISTS: Reader.exists,
    Op.GET_DATA: Reader.data,
    Op.GET_ACL: Reader.acl,
    Op.GET_CHILDREN: Reader.children,
    Op.GET_CHILDREN_2: Reader.children_with_stat,
    Op.GET_ALL_CHILDREN_NUMBER: Reader.number_below,
    Op.GET_EPHEMERALS: Reader.ephemerals,
    Op.WHO_AM_I: Reader.identity,
    Op.MULTI_READ: Reader.several,
    Op.SET_WATCHES: Reader.set_watches,
    Op.SET_WATCHES_2: Reader.set_more_watches,
    Op.ADD_WATCH: Reader.add_watch,
    Op.REMOVE_WATCHES: Reader.remove_watches,
    Op.CHECK_WATCHES: Reader.check_watches,
}
