"""kazoo's recipes on a server alone, each used by several clients at once."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from kazoo.recipe.cache import TreeCache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kazoo.client import KazooClient

    from tests.implementation.servers import ServerProcess

pytestmark = pytest.mark.kazoo


@pytest.fixture
def clients(shared_server: ServerProcess) -> Iterator[list[KazooClient]]:
    with ExitStack() as stack:
        yield [stack.enter_context(shared_server.client()) for _ in range(3)]


def together(
    clients: list[KazooClient],
    work: Callable[[KazooClient], None],
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """Let each client work in a thread of its own, and do something else meanwhile."""
    failures: list[BaseException] = []

    def guarded(client: KazooClient) -> None:
        try:
            work(client)
        except BaseException as error:  # noqa: BLE001 - it is shown below
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    meanwhile()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert failures == []


def test_a_lock_is_held_by_one(clients: list[KazooClient]) -> None:
    inside, most = [0], [0]

    def work(client: KazooClient) -> None:
        for _ in range(5):
            with client.Lock("/lock"):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                client.sync("/")
                inside[0] -= 1

    together(clients, work)
    assert most == [1]


def test_a_read_lock_is_shared_and_a_write_lock_is_not(clients: list[KazooClient]) -> None:
    first, second, third = clients
    with first.ReadLock("/rw"), second.ReadLock("/rw"):
        writer = third.WriteLock("/rw")
        assert not writer.acquire(blocking=False)
    assert third.WriteLock("/rw").acquire(timeout=5)


def test_a_semaphore_has_so_many_leases(clients: list[KazooClient]) -> None:
    first, second, third = clients
    one, two = first.Semaphore("/semaphore", max_leases=2), second.Semaphore("/semaphore", max_leases=2)
    assert one.acquire()
    assert two.acquire()
    three = third.Semaphore("/semaphore", max_leases=2)
    assert not three.acquire(blocking=False)
    one.release()
    assert three.acquire(timeout=5)


def test_each_is_elected_once(clients: list[KazooClient]) -> None:
    leaders: list[int] = []
    together(
        clients,
        lambda client: client.Election("/election").run(lambda: leaders.append(clients.index(client))),
    )
    assert sorted(leaders) == [0, 1, 2]


def test_a_queue_gives_each_item_to_one(clients: list[KazooClient]) -> None:
    items = [str(number).encode() for number in range(30)]
    for item in items:
        clients[0].Queue("/queue").put(item)
    taken: list[bytes] = []

    def work(client: KazooClient) -> None:
        queue = client.Queue("/queue")
        while (item := queue.get()) is not None:
            taken.append(item)

    together(clients, work)
    assert sorted(taken) == sorted(items)


def test_a_locking_queue_keeps_what_is_not_consumed(clients: list[KazooClient]) -> None:
    first, second, _ = clients
    queue = first.LockingQueue("/locking")
    queue.put(b"1")
    assert queue.get(5) == b"1"
    assert second.LockingQueue("/locking").get(0.1) is None
    assert queue.consume()


def test_a_barrier_holds_until_it_is_removed(clients: list[KazooClient]) -> None:
    barrier = clients[0].Barrier("/barrier")
    barrier.create()
    assert not clients[1].Barrier("/barrier").wait(0.1)
    waiting = threading.Thread(target=lambda: clients[1].Barrier("/barrier").wait(10))
    waiting.start()
    barrier.remove()
    waiting.join(5)
    assert not waiting.is_alive()


def test_a_double_barrier_is_entered_and_left_by_all(clients: list[KazooClient]) -> None:
    def work(client: KazooClient) -> None:
        barrier = client.DoubleBarrier("/double", 3)
        barrier.enter()
        barrier.leave()

    together(clients, work)


def test_a_counter_loses_nothing(clients: list[KazooClient]) -> None:
    def work(client: KazooClient) -> None:
        counter = client.Counter("/counter")
        for _ in range(10):
            counter += 1

    together(clients, work)
    assert clients[0].Counter("/counter").value == 30


def test_a_party_knows_who_is_there(clients: list[KazooClient]) -> None:
    parties = [client.Party("/party", str(number)) for number, client in enumerate(clients)]
    for party in parties:
        party.join()
    assert set(parties[0]) == {"0", "1", "2"}
    parties[2].leave()
    assert len(parties[0]) == 2


def test_partitions_are_shared_out(clients: list[KazooClient]) -> None:
    found: list[list[str]] = []

    def work(client: KazooClient) -> None:
        partitioner = client.SetPartitioner(
            "/partition", tuple("abc"), identifier=str(clients.index(client)), time_boundary=0.5
        )
        while not partitioner.acquired:
            partitioner.wait_for_acquire(10)
        found.append(list(partitioner))

    together(clients, work)
    assert sorted(part for own in found for part in own) == ["a", "b", "c"]


def test_watchers_follow_data_and_children(clients: list[KazooClient]) -> None:
    first, second, _ = clients
    first.create("/watched", b"0")
    data: list[bytes] = []
    children: list[list[str]] = []
    done = threading.Event()

    def on_data(value: bytes | None, *_: object) -> None:
        if value is not None:
            data.append(value)

    def on_children(names: list[str]) -> None:
        children.append(names)
        if len(names) == 2:
            done.set()

    first.DataWatch("/watched", on_data)
    first.ChildrenWatch("/watched", on_children)
    second.set("/watched", b"1")
    second.create("/watched/x")
    second.create("/watched/y")
    assert done.wait(5)
    assert data[-1] == b"1"
    assert sorted(children[-1]) == ["x", "y"]


def test_a_tree_cache_follows_a_tree(clients: list[KazooClient]) -> None:
    first, second, _ = clients
    second.ensure_path("/cached/a")
    cache = TreeCache(first, "/cached")
    seen = threading.Event()
    cache.listen(
        lambda event: seen.set() if event.event_data and event.event_data.path == "/cached/a/b" else None
    )
    cache.start()
    second.create("/cached/a/b", b"x")
    assert seen.wait(10)
    assert cache.get_data("/cached/a/b").data == b"x"
    cache.close()
