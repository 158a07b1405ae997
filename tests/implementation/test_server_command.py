"""``zabcheck server``: it starts and stops, or says in one line why not."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.implementation.raw_client import RawClient
from tests.implementation.servers import ServerProcess, command
from zabcheck.cli.main import main
from zabcheck.implementation.configuration import read_configuration

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.kazoo  # the server's harness has kazoo's client


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it(tmp_path: Path, number: signal.Signals) -> None:
    server = ServerProcess(tmp_path).start()
    assert "standalone, zxid 0x0" in server.lines[0]
    assert server.end(number) == 0
    assert server.lines[1:] == ["zabcheck: stopped at zxid 0x0\n"]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("clientPort=1", "dataDir is not set"),
        ("dataDir=DATA", "clientPort is not set"),
        ("dataDir=DATA\nclientPort=70000", "no port 70000"),
        ("dataDir=DATA\nclientPort=x", "clientPort"),
        ("dataDir=DATA\nclientPort=1\ntickTime=0", "tickTime"),
        ("dataDir=DATA\nclientPort=1\ntickTime=-5", "tickTime"),
        ("dataDir=DATA\nclientPort=1\nminSessionTimeout=9000\nmaxSessionTimeout=10", "minSessionTimeout"),
        ("dataDir=DATA\nclientPort=1\nsnapCount=many", "snapCount"),
        ("dataDir=DATA\nclientPort=1\nclientPortAddress=203.0.113.77", "cannot listen"),
        ("dataDir=/proc/nowhere\nclientPort=1", "cannot use"),
    ],
)
def test_what_cannot_start_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lines: str, reason: str
) -> None:
    path = tmp_path / "zoo.cfg"
    path.write_text(lines.replace("DATA", str(tmp_path / "data")), encoding="utf-8")
    assert main(["server", str(path)]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert reason in output.err
    assert output.err.count("\n") == 1


def test_a_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["server", str(tmp_path / "none")]) == 2
    assert "cannot read" in capsys.readouterr().err


def test_two_servers_do_not_share_a_folder(server: ServerProcess) -> None:
    second = command("server", str(server.folder / "zoo.cfg"))
    _, error = second.communicate(timeout=20)
    assert second.returncode == 2
    assert "is used by another server" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("damage", ["lost", "damaged"])
def test_an_inconsistent_folder_is_refused(tmp_path: Path, damage: str) -> None:
    server = ServerProcess(tmp_path).start()
    with server.client() as client:
        client.create("/a")
    server.end()
    for path in server.data.glob("snapshot.*"):
        path.write_bytes(b"") if damage == "damaged" else path.unlink()
    process = command("server", str(tmp_path / "zoo.cfg"))
    _, error = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "snapshot" in error
    assert error.count("\n") == 1


def test_a_disk_that_fails_ends_the_server_without_an_answer(tmp_path: Path) -> None:
    """The log's next file cannot be made: what was asked is not acknowledged, and one line says why."""
    server = ServerProcess(tmp_path).start()
    (server.data / "log.1").mkdir()
    with RawClient(server.port) as client:
        assert not client.connect()
    assert server.wait() == 2
    assert "the server stopped" in server.lines[-1]
    assert "log.1" in server.lines[-1]


def test_servers_that_are_named_make_an_ensemble_unless_it_is_one(tmp_path: Path) -> None:
    path = tmp_path / "zoo.cfg"
    base = f"dataDir={tmp_path}\nclientPort=2181\n"
    lines = "".join(f"server.{number}=127.0.0.1:{2888 + number}:{3888 + number}\n" for number in (1, 2, 3))
    for text, alone in [
        (base, True),
        (base + lines, False),
        (base + lines.splitlines()[0], True),
        (base + lines.splitlines()[0] + "\nstandaloneEnabled=false", False),
    ]:
        path.write_text(text, encoding="utf-8")
        assert (read_configuration(path).ensemble is None) == alone


def test_defaults_and_settings(tmp_path: Path) -> None:
    path = tmp_path / "zoo.cfg"
    path.write_text(f"dataDir={tmp_path}\nclientPort=2181\n", encoding="utf-8")
    found = read_configuration(path)
    assert (found.tick, found.snapshot_after, found.retained) == (3000, 100_000, None)
    assert found.logs == found.snapshots == tmp_path / "version-2"
    assert (found.clients.host, found.clients.shortest_timeout) == ("127.0.0.1", 6000)
    assert (found.clients.longest_timeout, found.clients.most_connections) == (60_000, 60)
    path.write_text(
        f"dataDir={tmp_path}\ndataLogDir={tmp_path}/logs\nclientPort=2181\nclientPortAddress=0.0.0.0\n"
        "tickTime=10\nautopurge.purgeInterval=1\nautopurge.snapRetainCount=1\n4lw.commands.whitelist=ruok, stat\n",
        encoding="utf-8",
    )
    found = read_configuration(path)
    assert (found.logs, found.retained) == (tmp_path / "logs" / "version-2", 3)
    assert (found.clients.host, found.clients.words) == ("0.0.0.0", frozenset({"ruok", "stat"}))  # noqa: S104


def test_a_word_that_is_not_allowed_is_not_answered(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, **{"4lw.commands.whitelist": "ruok"}).start()
    with server.client() as client:
        assert client.command(b"ruok") == "imok"
        assert "not in the whitelist" in client.command(b"mntr")
    server.end()
