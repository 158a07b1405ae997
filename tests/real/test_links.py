"""Links of an ensemble in which some servers are Apache ZooKeeper's: what is cut for ours is cut for them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.implementation.test_links import leaders
from tests.implementation.test_peers import conforms
from tests.real.ensemble import LOGGING, command, is_installed
from zabcheck.implementation.ensemble import Ensemble
from zabcheck.implementation.plan import Plan, free_ports

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.zookeeper,
    pytest.mark.skipif(not is_installed(), reason="ZooKeeper is not installed"),
]
PATIENCE = 90


class Mixed(Ensemble):
    """Servers of which some are Apache ZooKeeper's."""

    def __init__(self, folder: Path, real: set[int]) -> None:
        settings = ("admin.enableServer=false", "4lw.commands.whitelist=*")
        super().__init__(Plan(folder, client_port=free_ports(3)[0], sync_limit=6, settings=settings))
        self.real = real

    def command(self, sid: int) -> list[str]:
        if sid not in self.real:
            return super().command(sid)
        home = self.plan.home(sid).resolve()
        (home / "conf").mkdir(exist_ok=True)
        logging = LOGGING.replace("zookeeper.log", str(home / "zookeeper.log"))
        (home / "conf" / "log4j.properties").write_text(logging)
        return command(str(home / "conf"), str(home / "zoo.cfg"))


@pytest.mark.parametrize("real", [{3}, {1, 2}], ids=str)
def test_a_leader_that_is_isolated_is_replaced_and_comes_back(tmp_path: Path, real: set[int]) -> None:
    ensemble = Mixed(tmp_path, real)
    ensemble.start()
    try:
        old = ensemble.settle(PATIENCE)
        ensemble.isolate(old)
        end = time.monotonic() + PATIENCE
        while (leading := leaders(ensemble)) == [] or old in leading:
            assert time.monotonic() < end
            time.sleep(0.1)
        ensemble.heal()
        assert ensemble.settle(PATIENCE) != old
    finally:
        ensemble.stop()
    conforms(tmp_path)
