"""The request processors, each by itself: what they hand on, what they keep back, what they forget."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.implementation.group import ensemble
from tests.implementation.tiny import Tiny, write
from zabcheck.implementation import request_processors
from zabcheck.implementation.operations import Op
from zabcheck.implementation.replication import Entry, Request
from zabcheck.implementation.request_processors import (
    FollowerRequestProcessor,
    PrepRequestProcessor,
    ProposalRequestProcessor,
    SyncRequestProcessor,
    ToBeAppliedRequestProcessor,
)
from zabcheck.model.transaction import Txn, Zxid
from zabcheck.model.zookeeper.ensemble import new_server
from zabcheck.model.zookeeper.messages import Role
from zabcheck.model.zookeeper.server import Outstanding, Phase, Server

TABLE = Path(__file__).parents[2] / "docs" / "server.md"
SYNC = Request(7, 1, Op.SYNC, b"\0\0\0\0")


@dataclass
class Wire:
    """An outbox that keeps what was sent."""

    sent: list[tuple[int, object]] = field(default_factory=list)

    def send_wire(self, to: int, packet: object) -> None:
        self.sent.append((to, packet))


def server(role: Role, leader: int | None = None) -> Server:
    me = new_server(ensemble(3), 1)
    me.role, me.phase, me.leader = role, Phase.BROADCAST, leader
    return me


def txn(counter: int) -> Txn:
    return Txn(Zxid(1, counter), Entry(1, counter, 0, Op.SET_DATA, b""))


def test_the_table_of_the_documentation_has_all_of_them() -> None:
    named = set(re.findall(r"`(\w+Processor)\b", TABLE.read_text(encoding="utf-8")))
    assert named == {name for name in vars(request_processors) if name.endswith("Processor")}


def test_a_learner_hands_everything_to_its_leader_and_answers_syncs_in_their_order() -> None:
    wire, machine = Wire(), Tiny()
    processor = FollowerRequestProcessor(server(Role.FOLLOWING, 3), wire, machine)  # type: ignore[arg-type]
    requests = [SYNC, write(2), Request(8, 3, Op.SYNC, b"")]
    for request in requests:
        processor.process(request)
    assert wire.sent == [(3, request) for request in requests]
    processor.synced()
    assert machine.syncs == [(7, 1)]
    processor.forget()
    processor.synced()
    assert machine.syncs == [(7, 1)]


def test_a_sync_is_no_transaction() -> None:
    found: list[tuple[Request, Entry | None]] = []
    processor = PrepRequestProcessor(Tiny(), lambda *handed: found.append(handed))
    processor.process(SYNC)
    processor.process(write(2))
    assert [(request.cxid, entry and entry.cxid) for request, entry in found] == [(1, None), (2, 2)]


@pytest.mark.parametrize(("owner", "told", "answered"), [(1, [], [(7, 1)]), (2, [2], [])])
def test_a_sync_is_answered_where_it_came_from(
    owner: int, told: list[int], answered: list[tuple[int, int]]
) -> None:
    me, wire, machine = server(Role.LEADING), Wire(), Tiny()
    to_be_applied = ToBeAppliedRequestProcessor(me)
    processor = ProposalRequestProcessor(me, wire, machine, to_be_applied)  # type: ignore[arg-type]
    processor.process(Request(7, 1, Op.SYNC, b"", owner=owner), None)
    assert (wire.sent, machine.syncs) == ([], [])
    to_be_applied.release()
    assert [to for to, _ in wire.sent] == told
    assert machine.syncs == answered


def test_who_asks_behind_a_proposal_waits_until_it_is_committed_and_applied() -> None:
    me = server(Role.LEADING)
    processor = ToBeAppliedRequestProcessor(me)
    answers: list[int] = []
    for counter in (1, 2):
        me.last_proposed = Zxid(1, counter)
        me.outstanding = (*me.outstanding, Outstanding(txn(counter)))
        processor.behind(lambda counter=counter: answers.append(counter))  # type: ignore[misc]
    processor.release()
    assert answers == []
    me.outstanding, me.last_committed, me.to_apply = me.outstanding[1:], Zxid(1, 1), (txn(1),)
    processor.release()
    assert answers == []
    me.to_apply = ()
    processor.release()
    assert answers == [1]
    processor.forget()
    me.outstanding = ()
    processor.release()
    assert answers == [1]


@dataclass
class Thread:
    """A thread that writes when the test says so."""

    unsaved: int = 0
    batches: list[tuple[Txn, ...]] = field(default_factory=list)
    futures: list[Future[None]] = field(default_factory=list)
    failure: Exception | None = None
    snapshots: list[Zxid] = field(default_factory=list)

    def append(self, txns: tuple[Txn, ...]) -> Future[None]:
        self.batches.append(txns)
        self.futures.append(Future())
        return self.futures[-1]

    def raise_failure(self) -> None:
        if self.failure is not None:
            raise self.failure

    def begin_snapshot(self, at: Zxid) -> bool:
        self.snapshots.append(at)
        self.unsaved = 0
        return True


def test_one_write_is_under_way_and_takes_all_that_waits() -> None:
    async def run() -> None:
        thread, waiting = Thread(), [txn(1)]
        told: list[tuple[Txn, ...]] = []
        handed: list[Txn] = []

        def following(each: Txn) -> None:
            handed.append(each)
            assert waiting.pop(0) is each

        sync = SyncRequestProcessor(lambda: waiting, thread.append, thread, 10, told.append)  # type: ignore[arg-type]
        sync.flush()
        waiting += [txn(2), txn(3)]
        sync.flush()
        assert thread.batches == [(waiting[0],)]
        thread.futures[0].set_result(None)
        await asyncio.sleep(0)
        assert told == thread.batches
        sync.flushed(told[0], following)
        assert tuple(handed) == told[0]
        sync.flush()
        assert thread.batches[1:] == [tuple(waiting)]

    asyncio.run(run())


def test_what_does_not_wait_any_more_is_not_handed_on() -> None:
    async def run() -> None:
        thread, waiting = Thread(), [txn(1), txn(2)]
        handed: list[Txn] = []
        sync = SyncRequestProcessor(lambda: waiting, thread.append, thread, 10, lambda _: None)  # type: ignore[arg-type]
        sync.flush()
        waiting = [txn(1)]  # another server of the same name, after another election
        sync.flushed(thread.batches[0], handed.append)
        assert handed == []
        thread.failure = OSError(28, "No space left on device")
        with pytest.raises(OSError, match="No space left"):
            sync.flushed((waiting[0],), handed.append)
        assert handed == []

    asyncio.run(run())


def test_a_snapshot_is_due_between_half_and_all_of_what_is_configured() -> None:
    thread = Thread()
    sync = SyncRequestProcessor(list, thread.append, thread, 10, lambda _: None)  # type: ignore[arg-type]
    thread.unsaved = 5
    assert not sync.save_if_due(Zxid(1, 5))
    thread.unsaved = 10
    assert sync.save_if_due(Zxid(1, 10))
    assert thread.snapshots == [Zxid(1, 10)]
