"""What goes wrong: a server that cannot start or go on, and a request that is refused."""

from __future__ import annotations

from enum import IntEnum

from zabcheck.checker import UsageError


class ServerError(UsageError):
    """A server does not start, or stops, and says why in one line."""


class Code(IntEnum):
    """``KeeperException.Code``, as far as a server of ours answers with it."""

    OK = 0
    RUNTIME_INCONSISTENCY = -2
    MARSHALLING_ERROR = -5
    UNIMPLEMENTED = -6
    BAD_ARGUMENTS = -8
    NO_NODE = -101
    NO_AUTH = -102
    BAD_VERSION = -103
    NO_CHILDREN_FOR_EPHEMERALS = -108
    NODE_EXISTS = -110
    NOT_EMPTY = -111
    SESSION_EXPIRED = -112
    INVALID_ACL = -114
    AUTH_FAILED = -115
    SESSION_MOVED = -118
    NO_WATCHER = -121
    RECONFIG_DISABLED = -123


class RefusedError(Exception):
    """A request cannot be done (``KeeperException``); the client is told the code."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.name)
        self.code = code
