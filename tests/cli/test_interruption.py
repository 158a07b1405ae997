"""Ctrl-C at any time: the partial result and status 3, never a traceback."""

from __future__ import annotations

import json
import os
import pty
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from zabcheck.checker import native_available
from zabcheck.checker.result import Progress
from zabcheck.checker.search import Stop
from zabcheck.cli.interruption import Interruption

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

ENDLESS = """
@model.initial
def initial(scope):
    print("begun", flush=True)
    return State(scope)

@model.transition()
def count(s):
    s.n += 1
"""

STUCK = """
import time
from contextlib import suppress
print("begun", flush=True)
time.sleep(60)
"""

SLOW = """
@model.initial
def initial(scope):
    return State(scope)

@model.transition()
def count(s):
    s.n += 1
    if s.n == 3000:
        print("begun", flush=True)
        while True:
            pass
"""


def begun(process: subprocess.Popen[str]) -> None:
    """Wait until the model says so."""
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"


def ended(process: subprocess.Popen[str]) -> tuple[str, str]:
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in out + err
    return out, err


@pytest.mark.parametrize("engine", ["interpreted", "native"])
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_during_the_search(
    start: Callable[..., subprocess.Popen[str]],
    model_file: Callable[..., Path],
    tmp_path: Path,
    engine: str,
    signum: signal.Signals,
) -> None:
    if engine == "native" and not native_available():
        pytest.skip("the core was not built")
    report = tmp_path / "result.json"
    process = start("check", model_file(ENDLESS), "--engine", engine, "--json", report)
    begun(process)
    time.sleep(1)  # let it search
    process.send_signal(signum)
    out, err = ended(process)
    assert process.returncode == 3
    assert out.startswith("incomplete: counter --most 3\n  interrupted; no violation up to there")
    assert "zabcheck: stopping; the partial result follows (again: end at once)\n" in err
    result = json.loads(report.read_text(encoding="utf-8"))
    assert (result["verdict"], result["reason"]) == ("incomplete", "interrupted")
    assert result["distinct_states"] > 1


def test_terminal_is_left_as_it_was(
    start: Callable[..., subprocess.Popen[str]], model_file: Callable[..., Path]
) -> None:
    ours, theirs = pty.openpty()
    process = start("check", model_file(ENDLESS), "--engine", "interpreted", stderr=theirs)
    os.close(theirs)
    begun(process)
    shown = b""
    while b"left unknown" not in shown:
        shown += os.read(ours, 4096)
    process.send_signal(signal.SIGINT)
    with suppress(OSError):  # the end of a terminal
        while piece := os.read(ours, 4096):
            shown += piece
    process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == 3
    assert shown.rfind(b"\x1b[?25h") > shown.rfind(b"\x1b[?25l") > -1, "the cursor is hidden"
    assert shown.endswith(b"\x1b[2K"), "the display is still there"


def test_while_the_model_is_imported(
    start: Callable[..., subprocess.Popen[str]], model_file: Callable[..., Path], tmp_path: Path
) -> None:
    process = start("check", model_file(STUCK), "--json", tmp_path / "result.json")
    begun(process)
    process.send_signal(signal.SIGINT)
    assert ended(process) == ("", "zabcheck: interrupted\n")
    assert process.returncode == 3
    assert not (tmp_path / "result.json").exists()


def test_twice(start: Callable[..., subprocess.Popen[str]], model_file: Callable[..., Path]) -> None:
    """A transition that never ends keeps the search from stopping; the second Ctrl-C does not wait for it."""
    process = start("check", model_file(SLOW), "--engine", "interpreted")
    begun(process)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, _ = ended(process)
    assert process.returncode == 130
    assert out == ""


@pytest.mark.parametrize("delay", [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5])
def test_at_start(
    start: Callable[..., subprocess.Popen[str]], model_file: Callable[..., Path], delay: float
) -> None:
    """Wherever the start has got to; before our first line runs, Python itself answers."""
    process = start("check", model_file(ENDLESS), "--quiet", "--max-seconds", 5)
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    if process.returncode in (1, -signal.SIGINT):
        assert "zabcheck/cli" not in err
    else:
        assert process.returncode == 3
        assert "Traceback" not in out + err


def test_ignored_signals_stay_ignored() -> None:
    """In a background job of a shell script, SIGINT is ignored; taking it up again would be wrong."""
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with Interruption():
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interruption():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_before_the_search_begins() -> None:
    with Interruption(quiet=True), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_listener() -> None:
    heard: list[Progress] = []
    with Interruption(quiet=True) as interruption:
        listener = interruption.listening(heard.append)
        listener(Progress())
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(Stop):
            listener(Progress())
    assert len(heard) == 1
