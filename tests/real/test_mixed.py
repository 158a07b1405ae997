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
        assert led == {True, False}, "servers of both kinds have led"
    finally:
        if writer is not None:
            writer.close()
        ensemble.stop()
    conforms(tmp_path)
