"""kazoo's recipes on three servers, whose leader is killed in the middle of each.

One of the clients is connected to the leader, the others to the followers; all sessions outlive the leader. What a
recipe cannot promise then, because a client whose connection broke does not know what became of its request, is said
at the test.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from tests.implementation.test_recipes import together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zabcheck.implementation.ensemble import Ensemble

kazoo = pytest.importorskip("kazoo.client")
from kazoo.exceptions import ConnectionLoss, NodeExistsError, RolledBackError  # noqa: E402 - only if it is there

pytestmark = pytest.mark.kazoo
PATIENCE = 60
PERSISTENT = {"max_tries": -1, "delay": 0.02, "backoff": 1}


class Scene:
    """Three clients, one at each server, the first at the leader; `kill` ends that, once."""

    def __init__(self, ensemble: Ensemble, stack: ExitStack) -> None:
        self.ensemble = ensemble
        ensemble.start()
        self.leader = ensemble.settle(PATIENCE)
        sids = sorted(ensemble.plan.sids, key=lambda sid: sid != self.leader)
        self.clients = [self._client(sids[n:] + sids[:n], stack) for n in range(len(sids))]

    def _client(self, sids: list[int], stack: ExitStack) -> Any:
        hosts = ",".join(f"127.0.0.1:{self.ensemble.plan.port(sid)}" for sid in sids)
        client = kazoo.KazooClient(
            hosts=hosts,
            timeout=4.0,
            randomize_hosts=False,
            connection_retry=PERSISTENT,
            command_retry=PERSISTENT,
        )
        stack.callback(client.close)
        client.start(PATIENCE)
        stack.callback(client.stop)
        return client

    def kill(self) -> None:
        sessions = [client.client_id for client in self.clients]
        self.ensemble.kill(self.leader)
        self.ensemble.settle(PATIENCE)
        for client in self.clients:
            client.retry(client.exists, "/")
        assert sessions == [client.client_id for client in self.clients]

    def catch_up(self) -> None:
        """Let each client see what all have done so far."""
        for client in self.clients:
            client.retry(client.sync, "/")


@pytest.fixture
def scene(shared_ensemble: Ensemble) -> Iterator[Scene]:
    with ExitStack() as stack:
        yield Scene(shared_ensemble, stack)


def kill_amid(scene: Scene, work: Callable[[Any, Callable[[], None]], None], rounds: int) -> None:
    """Let all clients work, and kill the leader when they have told of so many rounds between them."""
    done = count(1)
    amid = threading.Event()

    def told() -> None:
        if next(done) == rounds:
            amid.set()

    def kill() -> None:
        assert amid.wait(PATIENCE)
        scene.kill()

    together(scene.clients, lambda client: work(client, told), kill)


def test_a_lock_is_held_by_one(scene: Scene) -> None:
    inside, most = [0], [0]

    def work(client: Any, told: Callable[[], None]) -> None:
        for _ in range(6):
            with client.Lock("/lock"):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                told()
                client.retry(client.get_children, "/lock")
                inside[0] -= 1

    kill_amid(scene, work, 6)
    assert most == [1]


def test_a_read_lock_is_shared_and_a_write_lock_is_not(scene: Scene) -> None:
    first, second, third = scene.clients
    with first.ReadLock("/rw"), second.ReadLock("/rw"):
        scene.kill()
        assert not third.WriteLock("/rw").acquire(blocking=False)
        with third.ReadLock("/rw"):
            pass
    with third.WriteLock("/rw"):
        assert not first.ReadLock("/rw").acquire(blocking=False)


def test_each_is_elected_once(scene: Scene) -> None:
    elected: list[int] = []

    def work(client: Any, told: Callable[[], None]) -> None:
        def leads() -> None:
            elected.append(scene.clients.index(client))
            told()
            client.retry(client.get_children, "/election")

        client.Election("/election").run(leads)

    kill_amid(scene, work, 1)
    assert sorted(elected) == [0, 1, 2]


def test_a_queue_gives_no_item_twice(scene: Scene) -> None:
    """A client that does not hear that its item is gone takes the next: each may lose one."""
    items = [b"%d" % number for number in range(30)]
    for item in items:
        scene.clients[0].Queue("/queue").put(item)
    taken: list[bytes] = []

    def work(client: Any, told: Callable[[], None]) -> None:
        queue = client.Queue("/queue")
        while (item := queue.get()) is not None:
            taken.append(item)
            told()

    kill_amid(scene, work, 8)
    assert len(set(taken)) == len(taken)
    assert len(set(items) - set(taken)) <= len(scene.clients)


def test_a_locking_queue_keeps_an_item_for_who_has_it(scene: Scene) -> None:
    first, second, third = (client.LockingQueue("/locking") for client in scene.clients)
    first.put_all([b"1", b"2"])
    assert first.get(PATIENCE) == b"1"
    scene.kill()
    assert second.get(PATIENCE) == b"2"
    assert third.get(0.1) is None
    assert first.consume()
    assert second.consume()
    scene.catch_up()
    assert len(third) == 0


def test_a_barrier_holds_until_it_is_removed(scene: Scene) -> None:
    """Who waits must ask again: kazoo forgets what it watches when a connection breaks."""
    first, *others = (client.Barrier("/barrier") for client in scene.clients)
    first.create()
    scene.catch_up()
    passed: list[bool] = []

    def wait(barrier: Any) -> None:
        while not barrier.wait(0.2):
            pass
        passed.append(True)

    waiting = [threading.Thread(target=wait, args=(barrier,)) for barrier in others]
    for one in waiting:
        one.start()
    scene.kill()
    assert not passed
    first.remove()
    for one in waiting:
        one.join(PATIENCE)
    assert passed == [True, True]


def test_a_double_barrier_is_entered_and_left_by_all(scene: Scene) -> None:
    """While nobody waits: who does would wait for ever, since kazoo forgets what it watches."""
    barriers = {client: client.DoubleBarrier("/double", 3) for client in scene.clients}
    together(scene.clients, lambda client: barriers[client].enter())
    assert all(barrier.participating for barrier in barriers.values())
    scene.kill()
    together(scene.clients, lambda client: barriers[client].leave())
    assert not any(barrier.participating for barrier in barriers.values())


def test_a_counter_loses_nothing(scene: Scene) -> None:
    """A client that does not hear that it counted counts again: each may count one more."""

    def work(client: Any, told: Callable[[], None]) -> None:
        counter = client.Counter("/counter")
        for _ in range(10):
            counter += 1
            told()

    kill_amid(scene, work, 10)
    first = scene.clients[0]
    scene.catch_up()
    assert 30 <= first.Counter("/counter").value <= 30 + len(scene.clients)


def test_partitions_are_shared_out(scene: Scene) -> None:
    shares: dict[int, list[str]] = {}

    def work(client: Any, told: Callable[[], None]) -> None:
        number = scene.clients.index(client)
        partitioner = client.SetPartitioner(
            "/partition", tuple("abcdef"), identifier=str(number), time_boundary=0.5
        )
        told()
        while sum(map(len, shares.values())) < 6:
            if partitioner.release:
                shares.pop(number, None)
                partitioner.release_set()
            elif partitioner.acquired:
                shares[number] = list(partitioner)
                threading.Event().wait(0.05)
            else:
                partitioner.wait_for_acquire(1)

    kill_amid(scene, work, 3)
    assert sorted(part for share in shares.values() for part in share) == list("abcdef")


def test_watchers_follow_data_and_children(scene: Scene) -> None:
    first, second, _ = scene.clients
    first.create("/watched", b"0")
    data: list[int] = []
    children: list[list[str]] = []
    done = threading.Event()

    def look() -> None:
        if data[-1:] == [20] and children[-1:] and len(children[-1]) == 2:
            done.set()

    def on_data(value: bytes | None, *_: object) -> None:
        data.append(int(value or b"-1"))
        look()

    def on_children(names: list[str]) -> None:
        children.append(names)
        look()

    first.DataWatch("/watched", on_data)
    first.ChildrenWatch("/watched", on_children)
    for number in range(1, 11):
        second.set("/watched", b"%d" % number)
    second.create("/watched/x")
    scene.kill()
    for number in range(11, 21):
        second.set("/watched", b"%d" % number)
    second.create("/watched/y")
    assert done.wait(PATIENCE)
    assert data == sorted(data), "nobody sees an older state than it has seen"


def test_a_party_knows_who_is_there(scene: Scene) -> None:
    parties = [client.Party("/party", str(number)) for number, client in enumerate(scene.clients)]
    for party in parties:
        party.join()
    scene.kill()
    scene.catch_up()
    assert set(parties[0]) == {"0", "1", "2"}
    parties[2].leave()
    scene.catch_up()
    assert set(parties[1]) == {"0", "1"}


def test_a_lease_is_kept(scene: Scene) -> None:
    first, second, third = scene.clients
    hour = timedelta(hours=1)
    assert first.NonBlockingLease("/lease", hour, identifier="first")
    assert first.MultiNonBlockingLease(2, "/leases", hour, identifier="first")
    scene.kill()
    assert not second.NonBlockingLease("/lease", hour, identifier="second")
    assert first.NonBlockingLease("/lease", hour, identifier="first")
    assert second.MultiNonBlockingLease(2, "/leases", hour, identifier="second")
    assert not third.MultiNonBlockingLease(2, "/leases", hour, identifier="third")


def test_a_semaphore_has_so_many_leases(scene: Scene) -> None:
    one, two, three = (client.Semaphore("/semaphore", max_leases=2) for client in scene.clients)
    assert one.acquire()
    assert two.acquire()
    scene.kill()
    assert not three.acquire(blocking=False)
    one.release()
    assert three.acquire(timeout=PATIENCE)


def test_a_transaction_is_done_whole_or_not_at_all(scene: Scene) -> None:
    first = scene.clients[0]
    first.create("/whole")
    scene.catch_up()
    numbers = count()

    def work(client: Any, told: Callable[[], None]) -> None:
        for _ in range(10):
            name = f"/whole/{next(numbers):03}"
            while True:
                transaction = client.transaction()
                transaction.create(f"{name}-1")
                transaction.create(f"{name}-2")
                try:
                    results = transaction.commit()
                except ConnectionLoss:
                    continue
                assert results == [f"{name}-1", f"{name}-2"] or isinstance(
                    results[0], NodeExistsError | RolledBackError
                )
                break
            told()

    kill_amid(scene, work, 10)
    scene.catch_up()
    there = sorted(first.get_children("/whole"))
    assert len(there) == 60
    assert [name[:-2] for name in there[::2]] == [name[:-2] for name in there[1::2]]
