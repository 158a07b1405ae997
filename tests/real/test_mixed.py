"""Servers of ours and of Apache ZooKeeper in one ensemble, each in every role, with leaders that are killed."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.implementation.test_ensemble import Writer, nodes_at
from tests.implementation.test_peers import conforms
from tests.real.ensemble import Ensemble, is_installed

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.zookeeper,
    pytest.mark.skipif(not is_installed(), reason="ZooKeeper is not installed"),
]


class Mixed(Ensemble):
    """Servers of which some are ours."""

    def __init__(self, folder: Path, ours: frozenset[int]) -> None:
        super().__init__(folder)
        self.ours = ours

    def start(self, sid: int) -> None:
        if sid not in self.ours:
            super().start(sid)
            return
        with (self.folder / f"s{sid}.out").open("ab") as output:
            self.processes[sid] = subprocess.Popen(
                [sys.executable, "-m", "zabcheck", "server", "zoo.cfg"],
                cwd=self.folder / f"s{sid}",
                stdout=output,
                stderr=output,
            )


@pytest.mark.parametrize("ours", [{1}, {2}, {3}, {1, 3}, {2, 3}], ids=str)
def test_ours_and_real_servers_are_one_ensemble(tmp_path: Path, ours: set[int]) -> None:
    ensemble = Mixed(tmp_path, frozenset(ours))
    for sid in (1, 2, 3):
        ensemble.start(sid)
    writer = None
    try:
        ensemble.leader()
        writer = Writer(",".join(f"127.0.0.1:{port}" for port in ensemble.clients.values()))
        led = set()
        for _ in range(4):
            leader = ensemble.leader()
            led.add(leader in ours)
            writer.write(60)
            ensemble.kill(leader)
            writer.write(60)
            ensemble.start(leader)
            time.sleep(0.5)
        ensemble.leader()
        for port in ensemble.clients.values():
            assert set(writer.acknowledged) <= nodes_at(port)
        assert led == {2 in ours, 3 in ours}, (
            "of two with the same history, the one with the larger number leads"
        )
    finally:
        if writer is not None:
            writer.close()
        ensemble.stop()
    conforms(tmp_path)


@pytest.mark.parametrize("ours", [{3}, {1, 2}], ids=str)
def test_what_only_the_old_leader_has_is_cut(tmp_path: Path, ours: set[int]) -> None:
    ensemble = Mixed(tmp_path, frozenset(ours))
    for sid in (1, 2, 3):
        ensemble.start(sid)
    writer = None
    try:
        while (leader := ensemble.leader()) != 3:
            ensemble.kill(leader)  # server 3 came too late for the first election; it wins the next one
            ensemble.leader()
            ensemble.start(leader)
        writer = Writer(f"127.0.0.1:{ensemble.clients[3]}")
        writer.write(20)
        ensemble.kill(1)
        ensemble.kill(2)
        for number in range(5):
            writer.client.create_async(f"/w/lost{number}")
        time.sleep(0.3)
        ensemble.kill(3)
        writer.close()
        ensemble.start(1)
        ensemble.start(2)
        ensemble.leader()
        ensemble.start(3)
        ensemble.leader()
        assert truncated(tmp_path / "s3")
        for port in ensemble.clients.values():
            assert nodes_at(port) == set(writer.acknowledged)
    finally:
        if writer is not None:
            writer.close()
        ensemble.stop()
    conforms(tmp_path)


def test_a_server_that_is_ours_at_times(tmp_path: Path) -> None:
    """In its folder are then its recording and a log, each of its own times."""
    ensemble = Mixed(tmp_path, frozenset({2}))
    for sid in (1, 2, 3):
        ensemble.start(sid)
    writer = None
    try:
        ensemble.leader()
        writer = Writer(",".join(f"127.0.0.1:{port}" for port in ensemble.clients.values()))
        for ours in ((), (2,), ()):
            writer.write(20)
            ensemble.kill(2)
            ensemble.ours = frozenset(ours)
            ensemble.start(2)
            ensemble.leader()
            ensemble.kill(3)
            writer.write(20)
            ensemble.start(3)
            ensemble.leader()
    finally:
        if writer is not None:
            writer.close()
        ensemble.stop()
    assert list((tmp_path / "s2").glob("data/recording/*.jsonl"))
    assert (tmp_path / "s2" / "zookeeper.log").exists()
    conforms(tmp_path)


def truncated(home: Path) -> bool:
    """Whether a server got TRUNC, of either kind."""
    log = home / "zookeeper.log"
    if log.exists() and b"Truncating log to get in sync with the leader" in log.read_bytes():
        return True
    return any(b'"mode":"trunc"' in path.read_bytes() for path in home.glob("data/recording/*.jsonl"))
