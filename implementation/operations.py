"""The numbers of the client protocol (``ZooDefs.OpCode``, ``CreateMode``, ``ZooDefs.Perms``, ``Watcher.Event``)."""

from __future__ import annotations

from enum import IntEnum, IntFlag


class Op(IntEnum):
    """What a request asks for."""

    CREATE = 1
    DELETE = 2
    EXISTS = 3
    GET_DATA = 4
    SET_DATA = 5
    GET_ACL = 6
    SET_ACL = 7
    GET_CHILDREN = 8
    SYNC = 9
    PING = 11
    GET_CHILDREN_2 = 12
    CHECK = 13
    MULTI = 14
    CREATE_2 = 15
    RECONFIG = 16
    CHECK_WATCHES = 17
    REMOVE_WATCHES = 18
    CREATE_CONTAINER = 19
    DELETE_CONTAINER = 20
    CREATE_TTL = 21
    MULTI_READ = 22
    AUTH = 100
    SET_WATCHES = 101
    SASL = 102
    GET_EPHEMERALS = 103
    GET_ALL_CHILDREN_NUMBER = 104
    SET_WATCHES_2 = 105
    ADD_WATCH = 106
    WHO_AM_I = 107
    CREATE_SESSION = -10
    CLOSE_SESSION = -11
    ERROR = -1


CREATIONS = frozenset({Op.CREATE, Op.CREATE_2, Op.CREATE_CONTAINER, Op.CREATE_TTL})
"""The ways to make a node."""

CREATED_WITH_STAT = CREATIONS - {Op.CREATE}
"""Those whose answer has the new node's `Stat`."""

WRITES = CREATIONS | {
    Op.DELETE,
    Op.SET_DATA,
    Op.SET_ACL,
    Op.CHECK,
    Op.MULTI,
    Op.RECONFIG,
    Op.DELETE_CONTAINER,
    Op.CLOSE_SESSION,
}
"""What becomes a transaction; a session is created by connecting."""


class Mode(IntEnum):
    """How a node is created; above 3 it needs a request of its own type."""

    PERSISTENT = 0
    EPHEMERAL = 1
    PERSISTENT_SEQUENTIAL = 2
    EPHEMERAL_SEQUENTIAL = 3
    CONTAINER = 4
    PERSISTENT_WITH_TTL = 5
    PERSISTENT_SEQUENTIAL_WITH_TTL = 6


class Permission(IntFlag):
    """What a permission allows."""

    READ = 1
    WRITE = 2
    CREATE = 4
    DELETE = 8
    ADMIN = 16
    ALL = 31


class Event(IntEnum):
    """What a watch tells."""

    CREATED = 1
    DELETED = 2
    DATA_CHANGED = 3
    CHILDREN_CHANGED = 4


CONTAINER_OWNER = -(2**63)
"""The owner of a container (``EphemeralType.CONTAINER_EPHEMERAL_OWNER``)."""

TTL_OWNER = -(2**56)
"""With the time in its lower bits, the owner of a node with a time to live."""
