"""A server is killed at random moments, and nothing that it acknowledged is lost."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING

import pytest
from kazoo.exceptions import ConnectionClosedError, ConnectionLoss, NoNodeError, SessionExpiredError
from kazoo.retry import KazooRetry

from tests.implementation.servers import ServerProcess
from zabcheck.implementation.transaction_log import TransactionLog
from zabcheck.traces.disk import read
from zabcheck.traces.event import Snapshot
from zabcheck.traces.source import walk
from zabcheck.traces.track import Track

if TYPE_CHECKING:
    from pathlib import Path

    from kazoo.client import KazooClient

pytestmark = pytest.mark.kazoo

LOST = (ConnectionLoss, SessionExpiredError, ConnectionClosedError)


class Writer(threading.Thread):
    """A client that creates nodes and counts in one, and knows what was acknowledged."""

    def __init__(self, server: ServerProcess, name: str) -> None:
        super().__init__()
        self.server = server
        self.base = f"/{name}"
        self.created: set[str] = set()
        self.version = -1
        self.removed: set[str] = set()
        self.ended = threading.Event()
        self.done = 0

    def run(self) -> None:
        retry = KazooRetry(max_tries=-1, delay=0.02, max_delay=0.1)
        with self.server.client(timeout=4, connection_retry=retry) as client:
            number = 0
            while not self.ended.is_set():
                try:
                    self.step(client, number)
                except LOST:
                    self.ended.wait(0.01)
                number += 1

    def step(self, client: KazooClient, number: int) -> None:
        path = f"{self.base}-{number}"
        client.create(path, b"x" * (number % 700))
        self.created.add(path)
        if number == 0:
            client.create(self.base)
        self.version = client.set(self.base, str(number).encode()).version
        if number % 3 == 0:
            self.removed.add(path)  # it may be gone, acknowledged or not
            self.created.discard(path)
            client.delete(path)
        self.done += 1


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, snapCount=100, maxClientCnxns=0).start()
    writers = [Writer(server, f"w{number}") for number in range(3)]
    for writer in writers:
        writer.start()
    moment = random.Random(5)
    pause = threading.Event()
    for _ in range(8):
        pause.wait(0.2 + moment.random() / 2)
        server.kill()
        server.start()
    for writer in writers:
        writer.ended.set()
    for writer in writers:
        writer.join(30)
        assert not writer.is_alive()
        assert writer.done > 20
    server.kill()
    server.start()
    with server.client() as client:
        names = {f"/{name}" for name in client.get_children("/")}
        for writer in writers:
            assert writer.created <= names
            assert client.exists(writer.base).version >= writer.version
    assert server.end() == 0
    zxids = [zxid for zxid, _ in TransactionLog(server.data).read()]
    assert zxids == list(range(1, len(zxids) + 1))
    events = list(read(walk(server.data), Track("disk")))
    valid = [event.valid for event in events if isinstance(event, Snapshot)]
    assert len(valid) > 2
    assert all(valid)


def test_state_and_sessions_are_the_same_after_a_restart(server: ServerProcess) -> None:
    with server.client() as client:
        client.create("/a", b"1")
        client.create("/e", ephemeral=True)
        client.set("/a", b"2")
        before = client.get("/a")
        session = client.client_id
        for end in (server.kill, server.end):
            end()
            server.start()
            assert client.retry(client.get, "/a") == before
            assert client.client_id == session
            assert client.exists("/e").ephemeralOwner == session[0]
        name = client.create("/n-", sequence=True)
    server.kill()
    server.start()
    with server.client() as client:
        assert client.exists("/e") is None
        assert client.create("/n-", sequence=True) > name


def test_a_session_that_nobody_renews_after_a_restart_expires(server: ServerProcess) -> None:
    client = server.client(timeout=0.5)
    with client as opened:
        opened.create("/e", ephemeral=True)
        server.kill()
    server.start()
    with server.client() as other:
        gone = threading.Event()
        if other.exists("/e", watch=lambda _: gone.set()) is not None:
            assert gone.wait(5)
        with pytest.raises(NoNodeError):
            other.get("/e")


def test_snapshots_and_logs_are_purged(tmp_path: Path) -> None:
    settings = {"snapCount": 50, "autopurge.purgeInterval": 1, "autopurge.snapRetainCount": 3}
    server = ServerProcess(tmp_path, **settings).start()
    with server.client() as client:
        for _ in range(10):
            for answer in [client.create_async("/n-", sequence=True) for _ in range(60)]:
                answer.get(5)
    assert server.end() == 0
    kinds = [path.name.partition(".")[0] for path in server.data.iterdir()]
    assert kinds.count("snapshot") == 3
    assert kinds.count("log") <= 5
    server.start()
    with server.client() as client:
        assert len(client.get_children("/")) == 601
    server.end()
