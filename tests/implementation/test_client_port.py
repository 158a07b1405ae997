"""What clients may send, and what they get, byte by byte."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.implementation.raw_client import RawClient
from tests.implementation.wire import create, set_data, versioned
from zabcheck.implementation import encoder as jute
from zabcheck.implementation.errors import Code
from zabcheck.implementation.operations import Event, Mode, Op
from zabcheck.implementation.sessions import password, session_ids
from zabcheck.traces.jute import Cursor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.implementation.servers import ServerProcess

pytestmark = pytest.mark.kazoo  # the server's harness has kazoo's client


@pytest.fixture
def client(shared_server: ServerProcess) -> Iterator[RawClient]:
    with RawClient(shared_server.port) as made:
        assert made.connect()
        yield made


def alive(server: ServerProcess) -> bool:
    with RawClient(server.port) as client:
        return client.connect() and client.session != 0


@pytest.mark.parametrize(("asked", "given"), [(1, 400), (1000, 1000), (10**6, 4000), (-5, 400)])
def test_the_time_out_is_kept_within_bounds(shared_server: ServerProcess, asked: int, given: int) -> None:
    with RawClient(shared_server.port) as client:
        assert client.connect(timeout=asked)
        assert client.timeout == given


def test_a_client_that_has_seen_more_is_refused(shared_server: ServerProcess) -> None:
    with RawClient(shared_server.port) as client:
        assert not client.connect(seen=2**40)
    assert alive(shared_server)


def test_a_session_moves_to_a_new_connection(shared_server: ServerProcess, client: RawClient) -> None:
    with RawClient(shared_server.port) as other:
        assert other.connect(session=client.session, password=client.password)
        assert (other.session, other.timeout) == (client.session, 1000)
        assert client.receive() is None
        other.ask(7, Op.EXISTS, jute.text("/") + jute.boolean(False))
        assert other.reply().code == 0


def test_a_wrong_password_or_an_unknown_session_ends_it(
    shared_server: ServerProcess, client: RawClient
) -> None:
    for session, given in [(client.session, bytes(16)), (client.session + 99, password(client.session + 99))]:
        with RawClient(shared_server.port) as other:
            assert other.connect(session=session, password=given)
            assert (other.session, other.timeout) == (0, 0)
            assert other.receive() is None
    client.ask(1, Op.PING)
    assert client.reply().code == 0


def test_a_read_waits_for_the_writes_before_it(client: RawClient) -> None:
    node = f"/order-{client.session:x}"
    client.ask(1, Op.CREATE, create(node))
    for number in range(2, 100, 2):
        client.ask(number, Op.SET_DATA, set_data(node, str(number).encode()))
        client.ask(number + 1, Op.GET_DATA, jute.text(node) + jute.boolean(False))
    client.ask(100, Op.SYNC, jute.text(node))
    client.ask(-2, Op.PING)
    assert client.reply().xid == 1
    for number in range(2, 100, 2):
        assert client.reply().xid == number
        answer = client.reply()
        assert answer.xid == number + 1
        assert Cursor("data", answer.body).buffer() == str(number).encode()
    assert client.reply().body == jute.text(node)
    assert client.reply().xid == -2


def test_watches_are_set_again_and_what_was_missed_is_told(client: RawClient) -> None:
    base = f"/again-{client.session:x}"
    client.ask(1, Op.CREATE, create(base))
    zxid = client.reply().zxid
    client.ask(2, Op.CREATE, create(f"{base}/new"))
    client.reply()
    lists = [[base, "/gone"], [f"{base}/new", f"{base}/later"], [base]]
    client.ask(-8, Op.SET_WATCHES, jute.long(zxid) + b"".join(map(jute.texts, lists)))
    told = set()
    while (reply := client.reply()).xid == -1:
        cursor = Cursor("an event", reply.body)
        kind, state, path = cursor.integer(), cursor.integer(), cursor.text()
        told.add((kind, path))
        assert state == 3
    assert reply.xid == -8
    assert told == {
        (Event.DELETED, "/gone"),
        (Event.CREATED, f"{base}/new"),
        (Event.CHILDREN_CHANGED, base),
    }
    client.ask(3, Op.CREATE, create(f"{base}/later"))
    assert client.reply().xid == -1
    assert client.reply().xid == 3
    client.ask(4, Op.SET_DATA, set_data(base, b"x"))
    assert client.reply().xid == -1


def test_a_persistent_recursive_watch_stays(client: RawClient) -> None:
    base = f"/recursive-{client.session:x}"
    client.ask(1, Op.CREATE, create(base))
    client.reply()
    client.ask(2, Op.ADD_WATCH, jute.text(base) + jute.integer(1))
    assert client.reply().code == 0
    for xid, kind, body in [
        (3, Op.CREATE, create(f"{base}/a")),
        (4, Op.CREATE, create(f"{base}/a/b")),
        (5, Op.DELETE, versioned(f"{base}/a/b")),
    ]:
        client.ask(xid, kind, body)
        assert (client.reply().xid, client.reply().xid) == (-1, xid)
    client.ask(6, Op.REMOVE_WATCHES, jute.text(base) + jute.integer(3))
    assert client.reply().code == 0
    client.ask(7, Op.DELETE, versioned(f"{base}/a"))
    assert client.reply().xid == 7
    client.ask(8, Op.REMOVE_WATCHES, jute.text(base) + jute.integer(3))
    assert client.reply().code == Code.NO_WATCHER


def test_smaller_requests(client: RawClient) -> None:
    node = f"/own-{client.session:x}"
    client.ask(1, Op.CREATE, create(node, flags=Mode.EPHEMERAL))
    client.reply()
    client.ask(2, Op.GET_EPHEMERALS, jute.text("/own"))
    assert client.reply().body == jute.texts([node])
    client.ask(3, Op.WHO_AM_I)
    assert client.reply().body == jute.integer(1) + jute.text("ip") + jute.text("127.0.0.1")
    client.ask(4, Op.GET_ALL_CHILDREN_NUMBER, jute.text("/zookeeper"))
    assert client.reply().body == jute.integer(2)
    client.ask(5, Op.RECONFIG)
    assert client.reply().code == Code.RECONFIG_DISABLED
    client.ask(6, 4711)
    assert client.reply().code == Code.UNIMPLEMENTED
    client.ask(7, Op.CLOSE_SESSION)
    assert client.reply().xid == 7
    assert client.receive() is None


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff\xff\xff\xff",
        struct.pack(">i", 2**31 - 1),
        struct.pack(">i", 2**20),
        struct.pack(">i", 5) + b"hello",
        struct.pack(">i", 0),
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_garbage_ends_the_connection_and_not_the_server(shared_server: ServerProcess, garbage: bytes) -> None:
    with RawClient(shared_server.port) as client:
        client.socket.sendall(garbage)
        assert client.receive() is None
    with RawClient(shared_server.port) as client:
        assert client.connect()
        client.socket.sendall(garbage[:4] if garbage[:1] == b"\xff" else struct.pack(">i", 2**20))
        assert client.receive() is None
    assert alive(shared_server)


def test_a_broken_request_is_answered_and_the_connection_stays(client: RawClient) -> None:
    for kind in (Op.EXISTS, Op.CREATE, Op.GET_DATA, Op.MULTI, Op.SET_WATCHES, Op.SYNC):
        client.ask(1, kind, b"\0\0\0\x7fabc")
        assert client.reply().code == Code.MARSHALLING_ERROR
    client.ask(2, Op.PING)
    assert client.reply().code == 0


def test_many_half_open_connections_hinder_nobody(shared_server: ServerProcess) -> None:
    half = [RawClient(shared_server.port) for _ in range(200)]
    for one in half:
        one.socket.sendall(b"\0\0")
    assert alive(shared_server)
    for one in half:
        one.socket.close()


def test_a_flood_of_requests_that_nobody_reads_is_held_back(shared_server: ServerProcess) -> None:
    with RawClient(shared_server.port, timeout=1) as client:
        assert client.connect()
        node = f"/flood-{client.session:x}"
        client.ask(1, Op.CREATE, create(node, b"x" * 100_000))
        client.reply()
        frame = jute.buffer(jute.integer(2) + jute.integer(Op.GET_DATA) + jute.text(node) + b"\0")
        sent = 0
        with suppress(TimeoutError):
            while sent < 2**26:
                sent += client.socket.send(frame * 1000)
        assert sent < 2**25
        assert alive(shared_server)


def test_passwords_are_those_of_the_java_server() -> None:
    """The first bytes of ``java.util.Random`` for the seed 0 are known: 60 b4 20 bb."""
    assert password(0xB3415C00)[:4].hex() == "60b420bb"
    assert len(password(-5)) == 16
    assert password(1) != password(2)


def test_ids_of_sessions_have_the_server_on_top() -> None:
    ids = session_ids(200, 1_700_000_000_000)
    first, second = next(ids), next(ids)
    assert second == first + 1
    assert first >> 56 & 0xFF == 200
    assert first < 0
