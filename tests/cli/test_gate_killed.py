"""A gate that is ended half-way: nothing half-written, nobody who goes on, and the next run says what it would have."""

from __future__ import annotations

import fcntl
import json
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import COUNTER

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.cli.conftest import Outcome

HELD = f"""
import fcntl
import time
from pathlib import Path

here = Path(__file__).parent
if (here / "hold").exists():
    lock = (here / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    (here / "begun").touch()
    time.sleep(600)
{COUNTER}
"""
"""A model that waits, for as long as there is a file `hold`, and holds a lock for as long as its process is there."""

GATE = """
[[check]]
model = "zab"
servers = 2
timeouts = 0
transactions = 1
epochs = 1
restarts = 0
expect = "holds"

[[check]]
model = "mine.py"
expect = "holds"
"""
REPORTS = ("json", "junit", "sarif", "markdown")
PATIENCE = 60
"""Seconds after which something that must come about has not."""


def attempts() -> Iterator[None]:
    """Until it is time to give up."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        yield
        time.sleep(0.02)
    pytest.fail("it does not come about")


def options(folder: Path, name: str) -> list[object]:
    return [word for kind in REPORTS for word in (f"--{kind}", folder / f"{name}.{kind}")]


@pytest.fixture
def folder(tmp_path: Path, model_file: Callable[..., Path]) -> Path:
    model_file(HELD)
    (tmp_path / "zabcheck.toml").write_text(GATE, encoding="utf-8")
    (tmp_path / "hold").touch()
    return tmp_path


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_half_way(
    folder: Path,
    start: Callable[..., subprocess.Popen[str]],
    zabcheck: Callable[..., Outcome],
    monkeypatch: pytest.MonkeyPatch,
    signum: signal.Signals,
) -> None:
    process = start("gate", folder / "zabcheck.toml", *options(folder, "killed"))
    assert process.stderr is not None
    assert process.stderr.readline().startswith("✓ check zab")
    next(None for _ in attempts() if (folder / "begun").exists())
    process.send_signal(signum)
    out, err = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in out + err

    with (folder / "lock").open("w") as lock:
        for _ in attempts():
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                continue

    written = {path.name for path in folder.iterdir() if path.is_file()}
    there = {"mine.py", "zabcheck.toml", "hold", "lock", "begun"}
    if signum == signal.SIGKILL:
        assert process.returncode == -signum
        assert written == there
    else:
        assert process.returncode == 3
        assert written == there | {f"killed.{kind}" for kind in REPORTS}
        cells = json.loads((folder / "killed.json").read_bytes())["cells"]
        assert [cell["status"] for cell in cells] == ["passed", "undecided"]
        assert out == "gate undecided: 1 passed, 1 undecided\n"
    (kept,) = (path for path in (folder / "cache/zabcheck/gate").iterdir())
    assert json.loads(kept.read_bytes())["verdict"] == "holds"

    (folder / "hold").unlink()
    assert zabcheck("gate", folder / "zabcheck.toml", *options(folder, "next")).status == 0
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "another cache"))
    assert zabcheck("gate", folder / "zabcheck.toml", *options(folder, "fresh")).status == 0
    for kind in REPORTS:
        assert (folder / f"next.{kind}").read_bytes() == (folder / f"fresh.{kind}").read_bytes()


def test_a_second_signal_does_not_wait(folder: Path, start: Callable[..., subprocess.Popen[str]]) -> None:
    process = start("gate", folder / "zabcheck.toml", "--quiet")
    next(None for _ in attempts() if (folder / "begun").exists())
    for _ in range(3):
        process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode in (3, -signal.SIGTERM)  # the latter if the last came when all was over
    assert "Traceback" not in out + err
