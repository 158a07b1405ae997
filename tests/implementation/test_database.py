"""What requests become, and what transactions do to the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.implementation.wire import (
    SESSION,
    create,
    multi,
    opening,
    request,
    set_acl,
    set_data,
    versioned,
)
from zabcheck.implementation.database import Database, Result
from zabcheck.implementation.errors import Code
from zabcheck.implementation.operations import Mode, Op
from zabcheck.implementation.permissions import READABLE, authenticate
from zabcheck.implementation.sessions import SessionTracker
from zabcheck.traces.transactions import Acl, Create, Multi, decode_body

if TYPE_CHECKING:
    from zabcheck.implementation.replication import Entry, Request

(ALICE,) = authenticate("digest", b"alice:secret")
(BOB,) = authenticate("digest", b"bob:secret")


class Server:
    """A database whose transactions are applied at once, or when a test says so."""

    def __init__(self) -> None:
        self.database = Database(clock=lambda: 1000)
        self.database.lead(SessionTracker(1000, 0))
        self.results: list[Result] = []
        self.database.listener = lambda _zxid, _entry, result: self.results.append(result)
        self.prepared: list[Entry] = []
        self.do(opening())

    def prepare(self, wanted: Request) -> Entry:
        entry = self.database.prepare(wanted)
        self.prepared.append(entry)
        return entry

    def apply(self) -> Result:
        self.database.apply(self.database.last_zxid + 1, self.prepared.pop(0))
        return self.results[-1]

    def do(self, wanted: Request) -> Result:
        self.prepare(wanted)
        while self.prepared:
            result = self.apply()
        return result


@pytest.fixture
def server() -> Server:
    return Server()


def test_create_makes_a_node_with_the_stat_of_its_transaction(server: Server) -> None:
    result = server.do(request(Op.CREATE_2, create("/a", b"x")))
    node = server.database.tree.nodes["/a"]
    assert (result.path, node.data) == ("/a", b"x")
    assert node.stat[:5] == (2, 2, 1000, 1000, 0)
    assert node.stat.pzxid == 2
    assert result.stat == node.client_stat()
    assert server.database.tree.nodes["/"].stat.pzxid == 2


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("a", Code.BAD_ARGUMENTS),
        ("/zookeeper/", Code.BAD_ARGUMENTS),
        ("//", Code.BAD_ARGUMENTS),
        ("/a/", Code.NO_NODE),
        ("/.", Code.BAD_ARGUMENTS),
        ("/zookeeper/..", Code.BAD_ARGUMENTS),
        ("/\0", Code.BAD_ARGUMENTS),
        ("/x\u0001", Code.BAD_ARGUMENTS),
        ("/", Code.NODE_EXISTS),
        ("/zookeeper", Code.NODE_EXISTS),
        ("/no/parent", Code.NO_NODE),
        ("/..b", 0),
        ("/ä", 0),
    ],
)
def test_paths(server: Server, path: str, code: int) -> None:
    assert server.do(request(Op.CREATE, create(path))).code == code


def test_versions(server: Server) -> None:
    server.do(request(Op.CREATE, create("/a")))
    assert server.do(request(Op.SET_DATA, set_data("/a", b"1", 0))).code == 0
    assert server.do(request(Op.SET_DATA, set_data("/a", b"2", 0))).code == Code.BAD_VERSION
    assert server.do(request(Op.SET_DATA, set_data("/a", b"2", 1))).code == 0
    assert server.do(request(Op.DELETE, versioned("/a", 1))).code == Code.BAD_VERSION
    assert server.do(request(Op.DELETE, versioned("/a", 2))).code == 0


def test_a_version_never_becomes_minus_one(server: Server) -> None:
    server.do(request(Op.CREATE, create("/a")))
    node = server.database.tree.nodes["/a"]
    node.stat = node.stat._replace(version=2**31 - 1)
    server.do(request(Op.SET_DATA, set_data("/a", b"")))
    assert node.stat.version == -(2**31)
    node.stat = node.stat._replace(version=-2)
    server.do(request(Op.SET_DATA, set_data("/a", b"")))
    assert node.stat.version == 0


def test_names_of_sequential_nodes_count_creations_even_before_they_are_applied(server: Server) -> None:
    server.do(request(Op.CREATE, create("/a")))
    bodies = [
        server.prepare(request(Op.CREATE, create("/a/n-", flags=Mode.PERSISTENT_SEQUENTIAL))).body
        for _ in range(3)
    ]
    made = [decode_body(Op.CREATE, body) for body in bodies]
    assert [one.path for one in made if isinstance(one, Create)] == [f"/a/n-000000000{n}" for n in range(3)]
    while server.prepared:
        assert server.apply().code == 0
    server.do(request(Op.DELETE, versioned("/a/n-0000000002")))
    assert (
        server.do(request(Op.CREATE, create("/a/", flags=Mode.EPHEMERAL_SEQUENTIAL))).path == "/a/0000000003"
    )


def test_a_request_sees_what_is_prepared_before_it(server: Server) -> None:
    server.prepare(request(Op.CREATE, create("/a")))
    server.prepare(request(Op.CREATE, create("/a/b")))
    assert server.prepare(request(Op.DELETE, versioned("/a"))).type == Op.ERROR
    server.prepare(request(Op.DELETE, versioned("/a/b")))
    assert server.prepare(request(Op.DELETE, versioned("/a"))).type == Op.DELETE
    assert server.prepare(request(Op.SET_DATA, set_data("/a", b""))).type == Op.ERROR
    results = []
    while server.prepared:
        results.append(server.apply().code)
    assert results == [0, 0, Code.NOT_EMPTY, 0, 0, Code.NO_NODE]


def test_who_leads_no_more_forgets_what_was_prepared(server: Server) -> None:
    server.prepare(request(Op.CREATE, create("/a")))
    server.database.forget_prepared()
    assert server.database.prepare(request(Op.CREATE, create("/a"))).type == Op.CREATE


def test_ephemeral_nodes_go_with_their_session_and_have_no_children(server: Server) -> None:
    server.do(request(Op.CREATE, create("/e", flags=Mode.EPHEMERAL)))
    server.do(request(Op.CREATE, create("/p")))
    assert server.do(request(Op.CREATE, create("/e/x"))).code == Code.NO_CHILDREN_FOR_EPHEMERALS
    server.prepare(request(Op.CREATE, create("/p/late", flags=Mode.EPHEMERAL)))
    server.do(request(Op.CLOSE_SESSION, b""))
    assert {"/e", "/p/late"}.isdisjoint(server.database.tree.nodes)
    assert server.database.sessions == {}
    assert server.database.tree.ephemerals == {}
    assert server.do(request(Op.CREATE, create("/x"))).code == Code.SESSION_EXPIRED


def test_a_session_that_is_closing_is_refused_before_its_end_is_applied(server: Server) -> None:
    server.prepare(request(Op.CLOSE_SESSION, b""))
    assert server.prepare(request(Op.CREATE, create("/x"))).type == Op.ERROR


def test_a_request_through_the_server_that_a_client_left_is_refused(server: Server) -> None:
    tracker = server.database.tracker
    assert tracker is not None
    tracker.set_owner(SESSION, 2)
    wanted = request(Op.CREATE, create("/x"))
    late = type(wanted)(wanted.session, wanted.cxid, wanted.type, wanted.body, owner=1)
    assert server.do(late).code == Code.SESSION_MOVED


def test_a_multi_does_all_or_nothing(server: Server) -> None:
    good = (Op.CREATE, create("/a")), (Op.CREATE_2, create("/a/b")), (Op.SET_DATA, set_data("/a", b"1", 0))
    bad = (Op.DELETE, versioned("/a"))
    result = server.do(request(Op.MULTI, multi(*good, bad, good[0])))
    assert [part.code for part in result.parts] == [0, 0, 0, Code.NOT_EMPTY, Code.RUNTIME_INCONSISTENCY]
    assert "/a" not in server.database.tree.nodes
    result = server.do(request(Op.MULTI, multi(*good, (Op.CHECK, versioned("/a", 1)))))
    assert [part.code for part in result.parts] == [0, 0, 0, 0]
    assert {"/a", "/a/b"} <= set(server.database.tree.nodes)
    stats = {server.database.tree.nodes[path].stat.mzxid for path in ("/a", "/a/b")}
    assert stats == {server.database.last_zxid}


def test_a_failed_multi_leaves_no_outstanding_change(server: Server) -> None:
    body = multi((Op.CREATE, create("/a")), (Op.CHECK, versioned("/none")))
    entry = server.prepare(request(Op.MULTI, body))
    assert isinstance(decode_body(Op.MULTI, entry.body), Multi)
    assert server.prepare(request(Op.CREATE, create("/a"))).type == Op.CREATE


@pytest.mark.parametrize(
    "body", [b"", b"\0", multi((Op.GET_DATA, b"")), multi((Op.MULTI, multi())), multi()[:-1], b"\0" * 40]
)
def test_what_is_no_request_is_answered_as_such(server: Server, body: bytes) -> None:
    assert server.do(request(Op.MULTI, body)).code == Code.MARSHALLING_ERROR
    assert server.do(request(Op.CREATE, body[:7])).code == Code.MARSHALLING_ERROR


def test_permissions(server: Server) -> None:
    own = (Acl(31, *ALICE), Acl(1, "world", "anyone"))
    server.do(request(Op.CREATE, create("/a", acl=own)))
    for kind, body in [
        (Op.SET_DATA, set_data("/a", b"")),
        (Op.CREATE, create("/a/b")),
        (Op.SET_ACL, set_acl("/a", READABLE)),
    ]:
        assert server.do(request(kind, body)).code == Code.NO_AUTH
        assert server.do(request(kind, body, auth=(BOB,))).code == Code.NO_AUTH
    assert server.do(request(Op.SET_DATA, set_data("/a", b""), auth=(ALICE,))).code == 0
    assert server.do(request(Op.CREATE, create("/a/b"), auth=(BOB, ALICE))).code == 0
    assert server.do(request(Op.DELETE, versioned("/a/b"))).code == Code.NO_AUTH
    assert server.do(request(Op.DELETE, versioned("/a"))).code == Code.NOT_EMPTY
    assert server.do(request(Op.SET_ACL, set_acl("/a", READABLE, 1), auth=(ALICE,))).code == Code.BAD_VERSION
    assert server.do(request(Op.SET_ACL, set_acl("/a", READABLE, 0), auth=(ALICE,))).code == 0
    assert server.database.tree.nodes["/a"].stat.aversion == 1


@pytest.mark.parametrize(
    ("acl", "valid"),
    [
        ((), False),
        ((Acl(31, "auth", ""),), True),
        ((Acl(31, "digest", "no-colon"),), False),
        ((Acl(31, "ip", "10.0.0.0/8"),), True),
        ((Acl(31, "ip", "10.0.0.0/99"),), False),
        ((Acl(31, "world", "somebody"),), False),
        ((Acl(31, "sasl", "x"),), False),
    ],
)
def test_what_is_a_permission(server: Server, acl: tuple[Acl, ...], valid: bool) -> None:  # noqa: FBT001
    wanted = request(Op.CREATE, create("/a", acl=acl), auth=(("ip", "10.1.2.3"), ALICE))
    assert server.do(wanted).code == (0 if valid else Code.INVALID_ACL)
    if valid and acl[0].scheme == "auth":
        assert server.database.tree.nodes["/a"].acl == (Acl(31, *ALICE),)


def test_addresses_are_permissions(server: Server) -> None:
    server.do(request(Op.CREATE, create("/a", acl=(Acl(31, "ip", "10.0.0.0/8"),))))
    wanted = set_data("/a", b"")
    assert server.do(request(Op.SET_DATA, wanted, auth=(("ip", "10.9.9.9"),))).code == 0
    assert server.do(request(Op.SET_DATA, wanted, auth=(("ip", "11.9.9.9"),))).code == Code.NO_AUTH


def test_the_superuser_may_do_everything(server: Server) -> None:
    server.do(request(Op.CREATE, create("/a", acl=(Acl(1, "digest", "nobody:x"),))))
    root = authenticate("digest", b"super:test", "super:D/InIHSb7yEEbrWz8b9l71RjZJU=")
    assert ("super", "") in root
    assert server.do(request(Op.DELETE, versioned("/a"), auth=root)).code == 0
    assert authenticate("digest", b"super:test", "") == (root[1],)


@pytest.mark.parametrize("path", ["/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"])
def test_what_is_always_there_cannot_be_removed(server: Server, path: str) -> None:
    assert server.do(request(Op.DELETE, versioned(path))).code == Code.BAD_ARGUMENTS


def test_containers_are_found_when_their_last_child_is_gone(server: Server) -> None:
    server.do(request(Op.CREATE_CONTAINER, create("/c", flags=Mode.CONTAINER)))
    assert server.database.idle_containers() == []
    server.do(request(Op.CREATE, create("/c/x")))
    assert server.database.idle_containers() == []
    server.do(request(Op.DELETE, versioned("/c/x")))
    assert server.database.idle_containers() == ["/c"]


def test_the_time_to_live_is_refused_as_by_default(server: Server) -> None:
    assert (
        server.do(request(Op.CREATE, create("/c", flags=Mode.PERSISTENT_WITH_TTL))).code == Code.UNIMPLEMENTED
    )
    assert server.do(request(Op.CREATE, create("/c", flags=77))).code == Code.BAD_ARGUMENTS
