"""The tree of nodes, as transactions change it (``DataTree``).

Applying a transaction never fails in a way that would make servers differ: what cannot be done, because a snapshot
already contains later changes or because the leader recorded a failure, is left out everywhere alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.implementation import encoder as jute
from zabcheck.implementation.errors import Code, RefusedError
from zabcheck.implementation.node import FRESH, STORED, Node, Stat
from zabcheck.implementation.operations import CONTAINER_OWNER, TTL_OWNER, Event
from zabcheck.implementation.paths import parent_of
from zabcheck.implementation.permissions import OPEN, READABLE
from zabcheck.implementation.watches import Watches
from zabcheck.traces.transactions import read_acl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zabcheck.traces.jute import Cursor
    from zabcheck.traces.transactions import Acl

_OPEN_KEY = -1
"""The key of `OPEN`, which is in no table (``ReferenceCountedACLCache.OPEN_UNSAFE_ACL_ID``)."""

_CONFIG_AVERSION = -1


def is_session(owner: int) -> bool:
    """Whether an owner is a session (``EphemeralType.get``)."""
    return owner not in (0, CONTAINER_OWNER) and not TTL_OWNER <= owner < 0


class Tree:
    """All nodes by their paths; parents come before their children."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {
            "/": Node(b"", OPEN, FRESH, {"zookeeper"}),
            "/zookeeper": Node(b"", OPEN, FRESH, {"quota", "config"}),
            "/zookeeper/quota": Node(b"", OPEN, FRESH),
            "/zookeeper/config": Node(b"", READABLE, FRESH._replace(aversion=_CONFIG_AVERSION)),
        }
        self.ephemerals: dict[int, dict[str, None]] = {}
        self.containers: dict[str, None] = {}
        self.data_watches = Watches()
        self.child_watches = Watches()
        self.size = sum(map(len, self.nodes)) - 1
        """bytes of data and paths, without the root's"""

    def get(self, path: str) -> Node:
        """A node that is there."""
        if (node := self.nodes.get(path)) is None:
            raise RefusedError(Code.NO_NODE)
        return node

    def create(
        self,
        path: str,
        data: bytes | None,
        acl: tuple[Acl, ...],
        owner: int,
        cversion: int,
        zxid: int,
        time: int,
    ) -> Node:
        """Make a node; ``cversion`` is the parent's afterwards, -1 in what old servers wrote."""
        parent_path = parent_of(path)
        parent = self.get(parent_path)
        if path in self.nodes:
            self.nodes[path].acl = acl
            raise RefusedError(Code.NODE_EXISTS)
        _count_creation(parent, cversion, zxid)
        node = Node(data, acl, Stat(zxid, zxid, time, time, 0, 0, 0, owner, zxid))
        parent.children.add(path[path.rindex("/") + 1 :])
        self._add(path, node)
        self.data_watches.trigger(path, Event.CREATED, acl)
        self.child_watches.trigger(parent_path, Event.CHILDREN_CHANGED, parent.acl)
        return node

    def child_created_again(self, path: str, cversion: int, zxid: int) -> None:
        """Count a creation that a snapshot already has, but perhaps not the parent in it."""
        _count_creation(self.get(parent_of(path)), cversion, zxid)

    def delete(self, path: str, zxid: int) -> None:
        """Remove a node; the parent learns of it even when the node is gone already."""
        parent_path = parent_of(path)
        parent = self.get(parent_path)
        parent.children.discard(path[path.rindex("/") + 1 :])
        if zxid > parent.stat.pzxid:
            parent.stat = parent.stat._replace(pzxid=zxid)
        node = self.get(path)
        del self.nodes[path]
        self.size -= len(path) + len(node.data or b"")
        self.containers.pop(path, None)
        if (owned := self.ephemerals.get(node.stat.owner)) is not None:
            owned.pop(path, None)
            if not owned:
                del self.ephemerals[node.stat.owner]
        told = self.data_watches.trigger(path, Event.DELETED, node.acl)
        self.child_watches.trigger(path, Event.DELETED, node.acl, told)
        self.child_watches.trigger(parent_path, Event.CHILDREN_CHANGED, parent.acl)

    def set_data(self, path: str, data: bytes | None, version: int, zxid: int, time: int) -> Node:
        """Give a node other data."""
        node = self.get(path)
        self.size += len(data or b"") - len(node.data or b"")
        node.data = data
        node.stat = node.stat._replace(mtime=time, mzxid=zxid, version=version)
        self.data_watches.trigger(path, Event.DATA_CHANGED, node.acl)
        return node

    def set_acl(self, path: str, acl: tuple[Acl, ...], version: int) -> Node:
        """Give a node other permissions; nobody who watches is told."""
        node = self.get(path)
        node.acl = acl
        node.stat = node.stat._replace(aversion=version)
        return node

    def end_session(self, session: int, paths: Iterable[str], zxid: int) -> None:
        """Remove the nodes of a session: those that the transaction names, and what else it has."""
        for path in dict.fromkeys((*paths, *self.ephemerals.get(session, ()))):
            try:
                self.delete(path, zxid)
            except RefusedError:
                continue
        self.ephemerals.pop(session, None)

    def _add(self, path: str, node: Node) -> None:
        self.nodes[path] = node
        self.size += len(path) + len(node.data or b"")
        owner = node.stat.owner
        if owner == CONTAINER_OWNER:
            self.containers[path] = None
        elif is_session(owner):
            self.ephemerals.setdefault(owner, {})[path] = None

    def serialize(self) -> Iterator[bytes]:
        """The table of permissions and the nodes, as they are now (``DataTree.serialize``)."""
        keys: dict[tuple[Acl, ...], int] = {OPEN: _OPEN_KEY}
        nodes = [
            (path, node.data, keys.setdefault(node.acl, len(keys)), node.stat)
            for path, node in self.nodes.items()
        ]
        return _serialized(keys, nodes)

    def deserialize(self, cursor: Cursor) -> None:
        """Become what a snapshot says. Permissions that it lacks come with a later transaction."""
        table: dict[int, tuple[Acl, ...]] = {_OPEN_KEY: OPEN}
        for _ in range(cursor.count()):
            key = cursor.long()
            table[key] = read_acl(cursor)
        self.nodes, self.ephemerals, self.containers, self.size = {}, {}, {}, 0
        while (path := cursor.text()) != "/":
            data, key = cursor.buffer(), cursor.long()
            node = Node(data, table.get(key, ()), Stat(*cursor.unpack(STORED)))
            if not path:
                self.nodes["/"] = node
                continue
            parent = self.nodes.get(parent_of(path)) if path.startswith("/") else None
            if parent is None:
                raise cursor.wrong(f"the node {path} has no parent")
            parent.children.add(path[path.rindex("/") + 1 :])
            self._add(path, node)
        if "/" not in self.nodes:
            raise cursor.wrong("there is no root")


def _count_creation(parent: Node, cversion: int, zxid: int) -> None:
    """Count a creation below a node, unless a later one is counted (``DataTree.setCversionPzxid``)."""
    stat = parent.stat
    if cversion == -1:
        cversion = stat.cversion + 1
    if cversion > stat.cversion:
        parent.stat = stat._replace(cversion=cversion, pzxid=zxid)


def _serialized(
    keys: dict[tuple[Acl, ...], int], nodes: list[tuple[str, bytes | None, int, Stat]]
) -> Iterator[bytes]:
    yield jute.integer(len(keys) - 1)
    for acl, key in keys.items():
        if key != _OPEN_KEY:
            yield jute.long(key) + jute.acl(acl)
    for path, data, key, stat in nodes:
        name = "" if path == "/" else path
        yield jute.text(name) + jute.buffer(data) + jute.long(key) + STORED.pack(*stat)
    yield jute.text("/")
