"""Commands of four letters, for operators and their tools (``org.apache.zookeeper.server.command``)."""

from __future__ import annotations

import platform
import resource
from pathlib import Path
from typing import TYPE_CHECKING

from zabcheck import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.implementation.client_port import ClientPort

VERSION = f"3.8.0-zabcheck-{__version__}"
"""What tools read as the version: the release of Apache's whose protocol this is, then whose server it is."""

_DESCRIPTORS = Path("/proc/self/fd")
_NOT_SERVING = "This ZooKeeper instance is not currently serving requests\n"


def answer(word: str, port: ClientPort) -> bytes:
    """The answer to a word that is one of `WORDS`."""
    allowed = port.settings.words
    if "*" not in allowed and word not in allowed:
        return f"{word} is not executed because it is not in the whitelist.\n".encode()
    return WORDS[word.encode()](port).encode()


def _srvr(port: ClientPort) -> str:
    if not port.replication.is_serving():
        return _NOT_SERVING
    return _head() + _figures(port)


def _stat(port: ClientPort) -> str:
    if not port.replication.is_serving():
        return _NOT_SERVING
    clients = [
        f" {one.peer}[{int(one.established)}](queued={one.outstanding},recved={one.received},sent={one.sent})\n"
        for one in port.connections
    ]
    return _head() + "Clients:\n" + "".join(clients) + "\n" + _figures(port)


def _head() -> str:
    return f"Zookeeper version: {VERSION}\n"


def _figures(port: ClientPort) -> str:
    return (
        f"Received: {port.received}\nSent: {port.sent}\nConnections: {len(port.connections)}\n"
        f"Outstanding: {_outstanding(port)}\nZxid: 0x{port.database.last_zxid:x}\n"
        f"Mode: {port.replication.role}\nNode count: {len(port.database.tree.nodes)}\n"
    )


def _outstanding(port: ClientPort) -> int:
    return sum(one.outstanding for one in port.connections)


def _mntr(port: ClientPort) -> str:
    if not port.replication.is_serving():
        return _NOT_SERVING
    tree = port.database.tree
    files = len(list(_DESCRIPTORS.iterdir())) if _DESCRIPTORS.is_dir() else -1
    figures = {
        "version": VERSION,
        "server_state": port.replication.role,
        "packets_received": port.received,
        "packets_sent": port.sent,
        "num_alive_connections": len(port.connections),
        "outstanding_requests": _outstanding(port),
        "znode_count": len(tree.nodes),
        "watch_count": len(tree.data_watches) + len(tree.child_watches),
        "ephemerals_count": sum(map(len, tree.ephemerals.values())),
        "approximate_data_size": tree.size,
        "global_sessions": len(port.database.sessions),
        "open_file_descriptor_count": files,
        "max_file_descriptor_count": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
    }
    return "".join(f"zk_{name}\t{value}\n" for name, value in figures.items())


def _conf(port: ClientPort) -> str:
    shown = {**port.settings.shown, "serverId": port.replication.server_id}
    return "".join(f"{name}={value}\n" for name, value in shown.items())


def _envi(_: ClientPort) -> str:
    return (
        f"Environment:\nzookeeper.version={VERSION}\nhost.name={platform.node()}\n"
        f"python.version={platform.python_version()}\nos.name={platform.system()}\nos.arch={platform.machine()}\n"
        f"os.version={platform.release()}\nuser.dir={Path.cwd()}\n"
    )


def _isro(port: ClientPort) -> str:
    return "rw" if port.replication.is_serving() else "null"


WORDS: dict[bytes, Callable[[ClientPort], str]] = {
    b"ruok": lambda _: "imok",
    b"srvr": _srvr,
    b"stat": _stat,
    b"mntr": _mntr,
    b"conf": _conf,
    b"envi": _envi,
    b"isro": _isro,
}
