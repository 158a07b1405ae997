"""Random requests: what was prepared works, and what was applied can be had again from log and snapshot."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from tests.implementation.wire import create, multi, opening, request, set_acl, set_data, versioned
from zabcheck.implementation.database import Database, Result
from zabcheck.implementation.operations import Op
from zabcheck.implementation.permissions import OPEN, READABLE
from zabcheck.implementation.sessions import SessionTracker
from zabcheck.traces.jute import Cursor

if TYPE_CHECKING:
    from zabcheck.implementation.replication import Entry, Request

PATHS = st.sampled_from(["/a", "/b", "/a/a", "/a/b", "/a/a/a", "/b/n-"])
SESSIONS = st.sampled_from([1, 2, -3])
VERSIONS = st.sampled_from([-1, -1, 0, 1])
ACLS = st.sampled_from([OPEN, OPEN, OPEN, READABLE])
DATA = st.sampled_from([None, b"", b"x"])

PARTS = st.one_of(
    st.tuples(
        st.sampled_from([Op.CREATE, Op.CREATE_2]), st.builds(create, PATHS, DATA, st.integers(0, 3), ACLS)
    ),
    st.tuples(st.just(Op.CREATE_CONTAINER), st.builds(create, PATHS, DATA, st.just(4), ACLS)),
    st.tuples(st.just(Op.DELETE), st.builds(versioned, PATHS, VERSIONS)),
    st.tuples(st.just(Op.SET_DATA), st.builds(set_data, PATHS, DATA, VERSIONS)),
    st.tuples(st.just(Op.CHECK), st.builds(versioned, PATHS, VERSIONS)),
)
REQUESTS = st.one_of(
    st.builds(lambda part, session: request(part[0], part[1], session), PARTS, SESSIONS),
    st.builds(
        lambda parts, session: request(Op.MULTI, multi(*parts), session),
        st.lists(PARTS, max_size=4),
        SESSIONS,
    ),
    st.builds(
        lambda path, acl, session: request(Op.SET_ACL, set_acl(path, acl), session), PATHS, ACLS, SESSIONS
    ),
    st.builds(opening, SESSIONS),
    st.builds(lambda session: request(Op.CLOSE_SESSION, b"", session), SESSIONS),
    st.builds(request, st.sampled_from(list(Op)), st.binary(max_size=30)),
)
STEPS = st.lists(st.tuples(REQUESTS, st.integers(0, 3)), max_size=40)
"""A request, and how many transactions are applied after it was prepared."""


def state_of(database: Database) -> dict[str, Any]:
    tree = database.tree
    return {
        "nodes": {path: (n.data, n.acl, n.stat, n.children) for path, n in tree.nodes.items()},
        "ephemerals": {session: set(paths) for session, paths in tree.ephemerals.items()},
        "containers": set(tree.containers),
        "sessions": database.sessions,
        "size": tree.size,
        "zxid": database.last_zxid,
    }


def leader() -> Database:
    database = Database(clock=lambda: 5)
    database.lead(SessionTracker(1000, 0))
    return database


def restored(snapshot: bytes, zxid: int) -> Database:
    database = Database()
    cursor = Cursor("a snapshot", stream=io.BytesIO(snapshot))
    database.deserialize(cursor, zxid)
    assert cursor.left(1) == 0
    return database


def run(steps: list[tuple[Request, int]]) -> tuple[Database, list[Entry], list[tuple[int, bytes]]]:
    """The database at the end, its log, and a snapshot after each step."""
    database = leader()
    log: list[Entry] = []
    waiting: list[Entry] = []
    snapshots = []
    results: list[Result] = []
    database.listener = lambda _zxid, _entry, result: results.append(result)

    def apply(count: int) -> None:
        for _ in range(min(count, len(waiting))):
            entry = waiting.pop(0)
            log.append(entry)
            database.apply(len(log), entry)
            failed = entry.type == Op.ERROR or any(part.code for part in results[-1].parts)
            assert bool(results[-1].code) == failed

    for wanted, count in [(opening(1), 0), (opening(2), 0), *steps]:
        waiting.append(database.prepare(wanted))
        apply(count)
        snapshots.append((database.last_zxid, b"".join(database.serialize())))
    apply(len(waiting))
    return database, log, snapshots


@given(STEPS)
def test_what_was_prepared_succeeds_and_a_replay_of_the_log_gives_the_same_state(
    steps: list[tuple[Request, int]],
) -> None:
    database, log, _ = run(steps)
    again = Database()
    for zxid, entry in enumerate(log, 1):
        again.apply(zxid, entry)
    assert state_of(again) == state_of(database)


@given(STEPS, st.data())
def test_a_snapshot_with_the_log_from_any_earlier_place_gives_the_same_state(
    steps: list[tuple[Request, int]], data: st.DataObject
) -> None:
    database, log, snapshots = run(steps)
    zxid, snapshot = data.draw(st.sampled_from(snapshots))
    again = restored(snapshot, zxid)
    begin = data.draw(st.integers(0, zxid))
    for number, entry in enumerate(log[begin:], begin + 1):
        again.apply(number, entry)
    assert state_of(again) == state_of(database)


@given(STEPS)
def test_a_snapshot_holds_everything(steps: list[tuple[Request, int]]) -> None:
    database, _, _ = run(steps)
    pieces = database.serialize()
    copy = b"".join(pieces)
    again = restored(copy, database.last_zxid)
    assert state_of(again) == state_of(database)
    assert b"".join(again.serialize()) == copy


def test_a_snapshot_is_of_the_moment_in_which_it_was_asked_for() -> None:
    database = leader()
    for zxid, wanted in enumerate([opening(1), request(Op.CREATE, create("/a"), 1)], 1):
        database.apply(zxid, database.prepare(wanted))
    before, pieces = state_of(database), database.serialize()
    first = next(pieces)
    database.apply(3, database.prepare(request(Op.SET_DATA, set_data("/a", b"later"), 1)))
    database.apply(4, database.prepare(request(Op.CREATE, create("/b", b"later"), 1)))
    assert state_of(restored(first + b"".join(pieces), 2))["nodes"].keys() == before["nodes"].keys()
