"""Ensembles of processes: killed with SIGKILL, paused and restarted, while an ordinary client writes."""

from __future__ import annotations

import socket
import time
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.implementation.servers import command
from tests.implementation.test_peers import conforms
from zabcheck.implementation.ensemble import Ensemble, ask
from zabcheck.implementation.errors import ServerError
from zabcheck.implementation.plan import Plan, free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

kazoo = pytest.importorskip("kazoo.client")
from kazoo.exceptions import KazooException, NodeExistsError  # noqa: E402 - only if it is there

pytestmark = pytest.mark.kazoo
PATIENCE = 60


@pytest.fixture
def ensemble(tmp_path: Path) -> Iterator[Ensemble]:
    made = Ensemble(Plan(tmp_path / "ensemble", client_port=free_ports(3)[0], tick=200))
    made.start()
    yield made
    made.stop()


class Writer:
    """A client that writes one node after another and knows what it was told is there."""

    def __init__(self, hosts: str) -> None:
        self.client = kazoo.KazooClient(hosts=hosts, timeout=4.0)
        self.client.start(PATIENCE)
        self.client.ensure_path("/w")
        self.acknowledged: list[str] = []
        self._next = 0

    def write(self, count: int) -> None:
        """Write so many nodes, again where it is not known what became of one."""
        for _ in range(count):
            name = f"n{self._next:05}"
            self._next += 1
            end = time.monotonic() + PATIENCE
            while True:
                try:
                    self.client.create(f"/w/{name}", name.encode())
                except NodeExistsError:
                    pass
                except KazooException:
                    assert time.monotonic() < end, "the ensemble does not come back"
                    time.sleep(0.05)
                    continue
                self.acknowledged.append(name)
                break

    def close(self) -> None:
        self.client.stop()
        self.client.close()


def nodes_at(port: int, path: str = "/w") -> set[str]:
    """What one server has, all that is committed included."""
    client = kazoo.KazooClient(hosts=f"127.0.0.1:{port}", timeout=4.0)
    client.start(PATIENCE)
    try:
        client.sync(path)
        return set(client.get_children(path))
    finally:
        client.stop()
        client.close()


def nothing_is_lost(ensemble: Ensemble, writer: Writer) -> None:
    ensemble.settle(PATIENCE)
    for sid in ensemble.plan.sids:
        assert set(writer.acknowledged) <= nodes_at(ensemble.plan.port(sid)), f"server {sid} has all"


def test_a_client_writes_on_while_the_leader_is_killed(ensemble: Ensemble) -> None:
    leader = ensemble.settle(PATIENCE)
    writer = Writer(ensemble.hosts)
    writer.write(100)
    ensemble.kill(leader)
    writer.write(100)
    ensemble.start(leader)
    writer.write(50)
    nothing_is_lost(ensemble, writer)
    writer.close()
    ensemble.stop()
    conforms(ensemble.plan.folder)


@pytest.mark.parametrize("seed", [1, 2])
def test_no_write_is_lost_when_servers_are_killed_and_paused(ensemble: Ensemble, seed: int) -> None:
    random = Random(seed)
    ensemble.settle(PATIENCE)
    writer = Writer(ensemble.hosts)
    for _ in range(6):
        victim = random.choice(list(ensemble.plan.sids))
        writer.write(random.randrange(5, 30))
        (ensemble.pause if random.random() < 0.3 else ensemble.kill)(victim)
        writer.write(random.randrange(5, 30))
        ensemble.resume(victim)
        ensemble.start(victim)
    nothing_is_lost(ensemble, writer)
    writer.close()
    for sid in ensemble.plan.sids:
        ensemble.kill(sid)
    conforms(ensemble.plan.folder)


def test_all_are_killed_at_once_and_everything_is_there(ensemble: Ensemble) -> None:
    ensemble.settle(PATIENCE)
    writer = Writer(ensemble.hosts)
    writer.write(60)
    for sid in ensemble.plan.sids:
        ensemble.kill(sid)
    ensemble.start()
    nothing_is_lost(ensemble, writer)
    writer.close()
    ensemble.stop()
    conforms(ensemble.plan.folder)


def test_what_nobody_committed_is_not_acknowledged_when_a_leader_gives_up(ensemble: Ensemble) -> None:
    """It has logged the write, and its tree takes over what is logged; the client must not hear of that."""
    leader = ensemble.settle(PATIENCE)
    writer = Writer(f"127.0.0.1:{ensemble.plan.port(leader)}")
    writer.write(5)
    for sid in ensemble.plan.sids:
        if sid != leader:
            ensemble.pause(sid)
    answer = writer.client.create_async("/w/alone")
    with pytest.raises(KazooException):
        answer.get(timeout=PATIENCE)
    writer.close()


def test_a_folder_keeps_its_ensemble(tmp_path: Path) -> None:
    Plan(tmp_path, servers=3).write()
    first = (tmp_path / "s1" / "zoo.cfg").read_bytes()
    Plan(tmp_path, servers=3).write()
    assert (tmp_path / "s1" / "zoo.cfg").read_bytes() == first
    with pytest.raises(ServerError, match="another ensemble"):
        Plan(tmp_path, servers=5).write()
    with pytest.raises(ServerError, match="another ensemble"):
        Plan(tmp_path, servers=1).write()
    with pytest.raises(ServerError, match="made with --client-port 2181"):
        Plan(tmp_path, servers=3, client_port=4000).write()
    assert (tmp_path / "s1" / "zoo.cfg").read_bytes() == first


def test_an_ensemble_that_cannot_start_says_why(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1] - 1
        process = command("run", "--data", str(tmp_path), "--client-port", str(port), "--quiet")
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert said.count("\n") == 1
    assert f"server 2 could not start: cannot listen to 127.0.0.1:{port + 1}" in said


def test_a_server_tells_its_number(ensemble: Ensemble) -> None:
    ensemble.settle()
    assert "serverId=2\n" in ask(ensemble.plan.port(2), "conf")
