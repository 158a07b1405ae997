"""``zabcheck run``: what a person can tell an ensemble, at the prompt and from elsewhere."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING, Any

import pytest

from zabcheck.checker.errors import UsageError
from zabcheck.cli.orders import ORDERS, obey
from zabcheck.implementation.ensemble import Ensemble
from zabcheck.implementation.plan import Plan, free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE = 30


@pytest.fixture
def ensemble(tmp_path: Path) -> Ensemble:
    """Three servers that do not run."""
    return Ensemble(Plan(tmp_path / "e", client_port=free_ports(3)[0]))


def last(ensemble: Ensemble) -> list[str]:
    """What the status says of links."""
    return obey(ensemble, "status").splitlines()[4:]


def test_links_are_cut_and_healed(ensemble: Ensemble) -> None:
    assert last(ensemble) == []
    obey(ensemble, "cut 2 1")
    obey(ensemble, "  mute  3 1 ")
    assert last(ensemble) == ["cut: 1-2", "nothing passes: 3 to 1"]
    obey(ensemble, "cut 1 3")
    assert last(ensemble) == ["cut: 1-2, 1-3"]
    obey(ensemble, "heal 3")
    assert last(ensemble) == ["cut: 1-2"]
    obey(ensemble, "isolate 3")
    assert last(ensemble) == ["cut: 1-2, 1-3, 2-3"]
    obey(ensemble, "heal 2 1")
    assert last(ensemble) == ["cut: 1-3, 2-3"]
    obey(ensemble, "heal")
    assert last(ensemble) == []


def test_status_and_help(ensemble: Ensemble) -> None:
    lines = obey(ensemble, "status").splitlines()
    assert [line.split() for line in lines] == [
        ["server", "process", "role", "epoch", "zxid"],
        *([str(sid), "down", "-", "0", "-"] for sid in (1, 2, 3)),
    ]
    assert obey(ensemble, "help").count("\n") + 1 == len(ORDERS)
    assert max(map(len, obey(ensemble, "help").splitlines())) <= 80


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("pawse 1", "unknown order pawse, did you mean pause?"),
        ("kill", "expected kill N..., with numbers of servers, not kill"),
        ("kill two", "expected kill N..."),
        ("kill -1", "expected kill N..."),
        ("kill ²", "expected kill N..."),
        ("kill 4", "there is no server 4; there are 1 to 3"),
        ("kill 0", "there is no server 0"),
        ("cut 1", "expected cut N M"),
        ("cut 1 1", "a link is between two servers"),
        ("cut 1 2 3", "expected cut N M"),
        ("heal 1 2 3", "expected heal [N [M]]"),
        ("status 1", "expected status"),
    ],
)
def test_what_cannot_be_done(ensemble: Ensemble, line: str, complaint: str) -> None:
    with pytest.raises(UsageError) as caught:
        obey(ensemble, line)
    assert str(caught.value).startswith(complaint)


def test_links_that_have_no_relays(tmp_path: Path) -> None:
    ensemble = Ensemble(Plan(tmp_path, client_port=free_ports(3)[0], direct=True))
    with pytest.raises(UsageError, match="have no relays between them"):
        obey(ensemble, "cut 1 2")


def test_nobody_is_there_to_be_told(zabcheck: Callable[..., Any], tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nothing"):
        outcome = zabcheck("run", "--data", folder, "--tell", "status")
        assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
        assert outcome.err.startswith(f"zabcheck: no ensemble runs in {folder} (")


@pytest.mark.live
def test_orders_from_elsewhere(
    zabcheck: Callable[..., Any], start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    folder = tmp_path / ("a long name " * 10)
    options = ("--data", folder, "--client-port", free_ports(3)[0], "--tick", 200)
    running = start("run", *options, stdin=subprocess.DEVNULL)
    try:
        end = time.monotonic() + PATIENCE
        while "leader" not in zabcheck("run", "--data", folder, "--tell", "status").out:
            assert time.monotonic() < end
            time.sleep(0.1)
        assert zabcheck("run", "--data", folder, "--tell", "kill 1").status == 0
        outcome = zabcheck("run", "--data", folder, "--tell", "cut 2 3")
        assert (outcome.status, outcome.out, outcome.err) == (0, "", "")
        said = zabcheck("run", "--data", folder, "--tell", "status").out.splitlines()
        assert said[1].split()[:2] == ["1", "down"]
        assert said[4:] == ["cut: 2-3"]
        outcome = zabcheck("run", "--data", folder, "--tell", "kill 7")
        assert (outcome.status, outcome.err) == (2, "zabcheck: there is no server 7; there are 1 to 3\n")
        outcome = zabcheck("run", *options)
        assert outcome.status == 2
        assert "an ensemble runs in" in outcome.err
        assert zabcheck("validate", folder).status == 0
        assert zabcheck("run", "--data", folder, "--tell", "quit").status == 0
        assert running.wait(PATIENCE) == 0
        assert sorted(path.name for path in folder.iterdir()) == ["s1", "s2", "s3"]
    finally:
        running.send_signal(signal.SIGTERM)
        out, err = running.communicate()
    assert out == ""
    assert "zabcheck: server 1: no leader yet, epoch 0\n" in err


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[int]:
    """A terminal at which an ensemble runs; nothing is left of it."""
    process, screen = pty.fork()
    if not process:
        termios.tcsetwinsize(0, (24, 80))
        os.environ["TERM"] = "xterm"
        options = ["--data", str(tmp_path / "e"), "--client-port", str(free_ports(3)[0]), "--tick", "200"]
        os.execv(sys.executable, [sys.executable, "-m", "zabcheck", "run", *options])  # noqa: S606 - ourselves
    yield screen
    os.kill(process, signal.SIGTERM)
    os.waitpid(process, 0)
    os.close(screen)


def shown(screen: int, wanted: bytes) -> None:
    """Read the screen until something is there."""
    seen, end = b"", time.monotonic() + PATIENCE
    while wanted not in seen:
        assert time.monotonic() < end, seen
        if select.select([screen], [], [], 0.1)[0]:
            seen += (said := os.read(screen, 1 << 16))
            if b"\x1b[6n" in said:
                os.write(screen, b"\x1b[1;1R")  # where the cursor is


@pytest.mark.live
def test_orders_at_the_prompt(terminal: int) -> None:
    shown(terminal, b"zabcheck>")
    os.write(terminal, b"kill 2\r")
    shown(terminal, b"server 2: down")
    os.write(terminal, b"cut 1 3\r")
    shown(terminal, b"cut: 1-3")
    os.write(terminal, b"nonsense\r")
    shown(terminal, b"unknown order nonsense")
    os.write(terminal, b"quit\r")
