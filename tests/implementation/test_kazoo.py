"""An ordinary client of ZooKeeper, kazoo, against a server alone."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import (
    AuthFailedError,
    BadVersionError,
    InvalidACLError,
    NoAuthError,
    NoChildrenForEphemeralsError,
    NodeExistsError,
    NoNodeError,
    NotEmptyError,
    RolledBackError,
)
from kazoo.protocol.states import EventType, KazooState
from kazoo.security import make_acl, make_digest_acl

if TYPE_CHECKING:
    from tests.implementation.servers import ServerProcess

pytestmark = pytest.mark.kazoo


def test_nodes(client: KazooClient) -> None:
    path, stat = client.create("/a", b"1", include_data=True)
    assert (path, stat.version, stat.dataLength, stat.numChildren) == ("/a", 0, 1, 0)
    assert client.get("/a") == (b"1", stat)
    assert client.exists("/a") == stat
    assert client.exists("/b") is None
    changed = client.set("/a", b"22")
    assert (changed.version, changed.mzxid > stat.mzxid, changed.czxid) == (1, True, stat.czxid)
    client.create("/a/b")
    children, parent = client.get_children("/a", include_data=True)
    assert (children, parent.numChildren, parent.cversion) == (["b"], 1, 1)
    assert parent.pzxid == client.exists("/a/b").czxid
    client.delete("/a/b")
    assert client.exists("/a").cversion == 2
    with pytest.raises(NodeExistsError):
        client.create("/a")
    with pytest.raises(BadVersionError):
        client.delete("/a", version=7)
    with pytest.raises(NoNodeError):
        client.get_children("/none")
    client.create("/a/c")
    with pytest.raises(NotEmptyError):
        client.delete("/a")
    client.delete("/a", recursive=True)
    assert client.exists("/a") is None


def test_large_and_missing_data(client: KazooClient) -> None:
    client.create("/large", b"x" * 1_000_000)
    assert client.get("/large")[0] == b"x" * 1_000_000


def test_sequential_nodes(client: KazooClient) -> None:
    names = [client.create("/n-", sequence=True) for _ in range(3)]
    assert names == [f"/n-{number:010d}" for number in range(3)]


def test_ephemeral_nodes_end_with_their_session(client: KazooClient, shared_server: ServerProcess) -> None:
    with shared_server.client() as other:
        other.chroot = client.chroot
        other.create("/e", ephemeral=True)
        assert client.exists("/e").ephemeralOwner == other.client_id[0]
        with pytest.raises(NoChildrenForEphemeralsError):
            client.create("/e/x")
    assert client.exists("/e") is None


def test_a_transaction_is_atomic(client: KazooClient) -> None:
    client.create("/a")
    wanted = client.transaction()
    wanted.create("/b")
    wanted.check("/a", version=0)
    wanted.set_data("/a", b"1")
    wanted.delete("/b")
    first, second, third, fourth = wanted.commit()
    assert (first, second, third.version, fourth) == ("/b", True, 1, True)
    wanted = client.transaction()
    wanted.create("/b")
    wanted.check("/a", version=0)
    wanted.set_data("/a", b"2")
    results = wanted.commit()
    assert [type(one) for one in results[:2]] == [RolledBackError, BadVersionError]
    assert client.exists("/b") is None
    assert client.get("/a")[0] == b"1"


def test_watches_are_told_once(client: KazooClient) -> None:
    told: queue.Queue[Any] = queue.Queue()
    client.exists("/a", watch=told.put)
    client.create("/a")
    assert told.get(timeout=5).type == EventType.CREATED
    client.get("/a", watch=told.put)
    client.get_children("/a", watch=told.put)
    client.create("/a/b")
    event = told.get(timeout=5)
    assert (event.type, event.path) == (EventType.CHILD, "/a")
    client.set("/a", b"1")
    assert told.get(timeout=5).type == EventType.CHANGED
    client.set("/a", b"2")
    client.get("/a", watch=told.put)
    client.delete("/a", recursive=True)
    assert told.get(timeout=5).type == EventType.DELETED
    client.sync("/")
    assert told.empty()


def test_a_client_hears_of_a_change_before_it_sees_it(
    client: KazooClient, shared_server: ServerProcess
) -> None:
    client.create("/a", b"0")
    told: list[int] = []
    all_told = threading.Event()

    def tell(number: int) -> None:
        told.append(number)
        if number == 49:
            all_told.set()

    with shared_server.client() as other:
        other.chroot = client.chroot
        for number in range(50):
            client.get("/a", watch=lambda _, number=number: tell(number))
            other.set("/a", str(number + 1).encode())
            while client.get("/a")[0] != str(number + 1).encode():
                pass
    assert all_told.wait(5)
    assert told == list(range(50))


def test_permissions(client: KazooClient, shared_server: ServerProcess) -> None:
    own = make_digest_acl("alice", "secret", all=True)
    client.create("/a", acl=[own])
    with pytest.raises(NoAuthError):
        client.get("/a")
    with pytest.raises(InvalidACLError):
        client.create("/b", acl=[make_acl("auth", "", all=True)])
    with shared_server.client(auth_data=[("digest", "alice:secret")]) as alice:
        alice.chroot = client.chroot
        alice.set("/a", b"1")
        found, _ = alice.get_acls("/a")
        assert found[0].id.id.startswith("alice:")
        alice.create("/b", acl=[make_acl("auth", "", all=True)])
        assert alice.get_acls("/b")[0][0].id == found[0].id
        alice.set_acls("/a", [make_acl("world", "anyone", read=True)])
    assert client.get("/a")[0] == b"1"
    with pytest.raises(NoAuthError):
        client.set("/a", b"2")
    assert client.get_acls("/a")[1].aversion == 1


def test_credentials_that_do_not_exist_are_refused(shared_server: ServerProcess) -> None:
    client = KazooClient(shared_server.hosts)
    client.start(timeout=5)
    with pytest.raises(AuthFailedError):
        client.add_auth("nobody", "x")
    client.stop()
    client.close()


def test_four_letter_words(client: KazooClient, shared_server: ServerProcess) -> None:
    assert client.command(b"ruok") == "imok"
    assert "Mode: standalone" in client.command(b"srvr")
    assert "Clients:\n /127.0.0.1:" in client.command(b"stat")
    assert "zk_server_state\tstandalone" in client.command(b"mntr")
    assert f"clientPort={shared_server.port}" in client.command(b"conf")
    assert client.command(b"isro") == "rw"
    assert client.server_version() == (3, 8, 0)


def test_a_session_goes_on_after_its_connection_broke(client: KazooClient) -> None:
    client.create("/e", ephemeral=True)
    session, states = client.client_id, []
    back = threading.Event()

    def listen(state: str) -> None:
        states.append(state)
        if state == KazooState.CONNECTED:
            back.set()

    client.add_listener(listen)
    client._connection._socket.shutdown(2)  # noqa: SLF001 - kazoo has no way to break a connection
    assert back.wait(10)
    assert states == [KazooState.SUSPENDED, KazooState.CONNECTED]
    assert client.client_id == session
    assert client.exists("/e").ephemeralOwner == session[0]


def test_a_session_ends_when_nothing_is_heard_of_its_client(server: ServerProcess) -> None:
    with server.client() as watcher, server.client(timeout=0.4) as silent:
        silent.create("/e", ephemeral=True)
        gone = threading.Event()
        watcher.exists("/e", watch=lambda _: gone.set())
        lost = threading.Event()
        silent.add_listener(lambda state: lost.set() if state == KazooState.LOST else None)
        hanging = threading.Event()
        silent._connection._send_ping = lambda _: hanging.wait(10)  # noqa: SLF001 - a client that hangs
        assert gone.wait(5)
        hanging.set()
        assert lost.wait(10)
        assert watcher.exists("/e") is None


def test_a_server_answers_in_the_order_of_requests(client: KazooClient) -> None:
    client.create("/a", b"0")
    answers = []
    for number in range(1, 200):
        client.set_async("/a", str(number).encode())
        answers.append((number, client.get_async("/a")))
    for number, answer in answers:
        assert answer.get(timeout=5)[0] == str(number).encode()
