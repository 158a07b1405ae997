"""One folder, used in turn by a server of ours and by Apache's: each goes on where the other stopped or was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import NodeExistsError
from kazoo.retry import KazooRetry
from kazoo.security import make_acl, make_digest_acl

from tests.real.ensemble import JARS, PATIENCE, Ensemble, is_installed
from zabcheck.implementation.transaction_log import TransactionLog

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.zookeeper, pytest.mark.filterwarnings("ignore")]


class Server(Ensemble):
    """A server alone."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, size=1)
        self.home = folder / "s1"
        with (self.home / "zoo.cfg").open("a") as file:
            file.write("snapCount=60\npreAllocSize=64\n")

    def run(self, *, ours: bool) -> None:
        if ours:
            command = [sys.executable, "-m", "zabcheck", "server", "zoo.cfg", "--quiet"]
            self.processes[1] = subprocess.Popen(command, cwd=self.home)
        else:
            self.start(1)
        end = time.monotonic() + PATIENCE
        while self.mode(1) != "standalone":
            assert time.monotonic() < end
            time.sleep(0.1)

    def end(self, number: signal.Signals) -> None:
        process = self.processes.pop(1)
        process.send_signal(number)
        process.wait(PATIENCE)


def state_of(client: KazooClient, path: str = "/") -> dict[str, Any]:
    data, children = client.get(path), sorted(client.get_children(path))
    found = {path: (data, tuple(client.get_acls(path)[0]), tuple(children))}
    for name in children:
        found |= state_of(client, f"{path.rstrip('/')}/{name}")
    return found


def work(client: KazooClient, name: str, hosts: str) -> None:
    """Something of everything that a transaction can be."""
    base = f"/{name}"
    client.create(base, b"x")
    for number in range(40):
        client.create(f"{base}/n-", bytes(number), sequence=True)
    client.delete(client.create(f"{base}/n-", sequence=True))
    for number in range(10):
        client.set(base, str(number).encode())
    client.create(f"{base}/e", ephemeral=True)
    client.create(
        f"{base}/acl", acl=[make_digest_acl("u", "p", read=True), make_acl("world", "anyone", all=True)]
    )
    client.set_acls(f"{base}/acl", [make_acl("world", "anyone", read=True, admin=True)])
    for version in (10, 1):
        wanted = client.transaction()
        wanted.create(f"{base}/t-{version}")
        wanted.check(base, version)
        wanted.set_data(base, b"multi")
        wanted.delete(f"{base}/t-{version}")
        wanted.commit()
    with pytest.raises(NodeExistsError):
        client.create(base)
    other = KazooClient(hosts)
    other.start(timeout=PATIENCE)
    other.create(f"{base}/gone", ephemeral=True)
    other.stop()
    other.close()


def test_each_goes_on_where_the_other_ended(tmp_path: Path) -> None:
    if not is_installed():
        assert "ZABCHECK_ZOOKEEPER" not in os.environ, "ZooKeeper is required, and not installed"
        pytest.skip("ZooKeeper is not installed: apt-get install --no-install-recommends zookeeper")
    server = Server(tmp_path)
    hosts = f"127.0.0.1:{server.clients[1]}"
    client = KazooClient(
        hosts, timeout=10, connection_retry=KazooRetry(max_tries=-1, delay=0.1, max_delay=0.3)
    )
    try:
        server.run(ours=True)
        client.start(timeout=PATIENCE)
        session = client.client_id
        for number, how in enumerate([signal.SIGTERM, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM]):
            work(client, f"turn-{number}", hosts)
            before = state_of(client)
            server.end(how)
            server.run(ours=number % 2 == 1)
            assert client.retry(state_of, client) == before
            assert client.client_id == session
        client.stop()
    finally:
        client.close()
        server.stop()
    for path in TransactionLog(server.home / "data" / "version-2").files():
        shown = subprocess.run(
            [
                "java",
                "-cp",
                ":".join(map(str, [*JARS, JARS[0].parent / "commons-cli.jar"])),
                _TOOL,
                str(path),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "CRC ERROR" not in shown.stdout
        assert "EOF reached after" in shown.stdout


_TOOL = "org.apache.zookeeper.server.persistence.TxnLogToolkit"
