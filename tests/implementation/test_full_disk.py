"""A file system that is really full: the server ends, says why, and has acknowledged nothing that is not there."""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.implementation.test_peers import conforms
from zabcheck.implementation.ensemble import Ensemble
from zabcheck.implementation.plan import Plan, free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

kazoo = pytest.importorskip("kazoo.client")
from kazoo.exceptions import KazooException  # noqa: E402 - only if it is there
from kazoo.handlers.threading import KazooTimeoutError  # noqa: E402

from tests.implementation.test_ensemble import nodes_at  # noqa: E402

pytestmark = pytest.mark.kazoo
PATIENCE = 60
ANSWERED = 2.0
"""Seconds: a client whose server has ended keeps a request for the next one, here for ever."""


def mount(folder: Path, *options: str) -> None:
    done = subprocess.run(
        ["mount", "-t", "tmpfs", *options, "tmpfs", folder], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.decode().strip()}")


@contextmanager
def small(folder: Path) -> Iterator[None]:
    """A file system of one MiB at a folder."""
    folder.mkdir(parents=True)
    mount(folder, "-o", "size=1m")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def enlarge(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)


@pytest.mark.parametrize("servers", [1, 3])
def test_a_server_whose_disk_is_full_ends_and_loses_nothing(tmp_path: Path, servers: int) -> None:
    ports = free_ports(servers)
    plan = Plan(tmp_path, servers, client_port=ports[0], tick=200, settings=("preAllocSize=64",))
    victim = 1
    with small(plan.home(victim) / "data"):
        ensemble = Ensemble(plan)
        ensemble.start()
        ensemble.settle(PATIENCE)
        client = kazoo.KazooClient(ensemble.hosts, timeout=4.0)
        client.start(PATIENCE)
        client.ensure_path("/w")
        acknowledged: set[str] = set()
        end = time.monotonic() + PATIENCE
        while victim not in ensemble.ended():
            assert time.monotonic() < end, "the disk does not fill"
            name = f"n{len(acknowledged):05}"
            try:
                client.create_async(f"/w/{name}", b"x" * 8000).get(timeout=ANSWERED)
            except (KazooException, KazooTimeoutError):
                continue
            acknowledged.add(name)
        client.stop()
        client.close()
        said = ensemble.ended()[victim]
        assert f"No space left on device: '{plan.home(victim) / 'data'}" in said[-1], said
        assert not any("Traceback" in line for line in said), said
        enlarge(plan.home(victim) / "data")
        ensemble.start()
        ensemble.settle(PATIENCE)
        for sid in plan.sids:
            assert acknowledged <= nodes_at(plan.port(sid)), f"server {sid} has lost something"
        ensemble.stop()
        conforms(tmp_path)
