"""Servers for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.implementation.servers import ServerProcess
from tests.implementation.test_peers import conforms
from zabcheck.implementation.ensemble import Ensemble
from zabcheck.implementation.plan import Plan, free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kazoo.client import KazooClient


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server of the test's own, that it may kill."""
    made = ServerProcess(tmp_path).start()
    yield made
    made.end()


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server for all tests of a module; each works below a node of its own."""
    made = ServerProcess(tmp_path_factory.mktemp("server"), maxClientCnxns=0).start()
    yield made
    assert made.end() == 0
    assert "stopped at zxid" in made.lines[-1]


@pytest.fixture(scope="module")
def shared_ensemble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ensemble]:
    """Three servers for all tests of a module; what they have recorded in the end conforms."""
    folder = tmp_path_factory.mktemp("ensemble") / "ensemble"
    made = Ensemble(Plan(folder, client_port=free_ports(3)[0], tick=200, settings=("maxClientCnxns=0",)))
    made.start()
    yield made
    made.stop()
    conforms(folder)


@pytest.fixture
def client(shared_server: ServerProcess, request: pytest.FixtureRequest) -> Iterator[KazooClient]:
    """A client of the shared server, in a name space of the test."""
    with shared_server.client() as plain:
        plain.ensure_path(f"/{request.node.name}")
        plain.chroot = f"/{request.node.name}"
        yield plain
