"""The writes of a model as transactions that ZooKeeper's tools can read: write ``n`` creates the node ``/write-n``.

In the model a write is a number and nothing more. A number below zero is one of those that every server begins with.
"""

from __future__ import annotations

import io
from typing import Any

from zabcheck.checker.values import field_names, is_frozen_dataclass
from zabcheck.implementation import encoder as jute
from zabcheck.implementation.database import Database
from zabcheck.implementation.operations import Op
from zabcheck.implementation.permissions import OPEN
from zabcheck.implementation.quorum_packets import Received
from zabcheck.implementation.replication import Entry
from zabcheck.model.transaction import Txn
from zabcheck.model.zookeeper.log import Log, Stored, log_of
from zabcheck.traces.jute import Cursor
from zabcheck.traces.members import number, zxid

SESSION = 0x100000000000000
"""Of the one client."""
TIME = 1_600_000_000_000
"""When all is written: a replay is the same whenever it is made."""
NO_CVERSION = -1
"""The version of the parent's children is counted where the transaction is applied, as with old servers."""


def path_of(write: int) -> str:
    """The node that a write creates."""
    return f"/write-{write}" if write > 0 else f"/first-{-write}"


def entry_of(write: int) -> Entry:
    """The transaction that a write becomes."""
    body = jute.text(path_of(write)) + jute.buffer(str(write).encode()) + jute.acl(OPEN)
    body += jute.boolean(False) + jute.integer(NO_CVERSION)
    return Entry(SESSION, write, TIME, Op.CREATE, body)


def log_in(database: Database) -> Log:
    """The transactions that made a database, by the nodes that are in it."""
    made = sorted((node.stat.czxid, node.data) for path, node in database.tree.nodes.items() if node.data)
    return log_of(*(Txn(zxid(at), entry_of(int(data or b""))) for at, data in made))


def received(tree: Stored) -> Stored:
    """A tree that SNAP brought, with the transactions in it, which are known here by its bytes."""
    if not isinstance(tree, Received):
        return tree
    database = Database()
    database.deserialize(Cursor("SNAP", stream=io.BytesIO(tree.body)), number(tree.zxid))
    return Received(log_in(database), tree.zxid, body=tree.body)


def as_modelled(value: Any) -> Any:
    """A value of a server as the model has it: with the number of a write in the place of its transaction."""
    match value:
        case Entry():
            return value.cxid
        case Log():
            return log_of(*(Txn(txn.zxid, as_modelled(txn.value)) for txn in value))
        case Received():
            return Stored(as_modelled(value.log), value.zxid)
        case tuple() | frozenset():
            return type(value)(map(as_modelled, value))
    if is_frozen_dataclass(value):
        return type(value)(**{name: as_modelled(getattr(value, name)) for name in field_names(type(value))})
    return value
