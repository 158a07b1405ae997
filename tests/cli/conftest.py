"""The command line as a user meets it: arguments in, status and text out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from zabcheck.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
TWO_PHASE_COMMIT = str(ROOT / "tests/models/two_phase_commit.py")


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    status: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def own_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep learned tables out of the user's cache, and the terminal's width and colour out of the tests."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "ZABCHECK_DEBUG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def zabcheck(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run a command in this process."""

    def run(*arguments: object) -> Outcome:
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    return run


@pytest.fixture
def start() -> Callable[..., subprocess.Popen[str]]:
    """Start a command in a process of its own, in which Ctrl-C means what it means at a terminal."""

    def run(*arguments: object, closed: int | None = None, **options: object) -> subprocess.Popen[str]:
        def prepare() -> None:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if closed is not None:
                os.close(closed)

        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen(
            [sys.executable, "-m", "zabcheck", *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            text=True,
            preexec_fn=prepare,  # noqa: PLW1509 - the tests have one thread
            **pipes,
        )

    return run


@pytest.fixture
def model_file(tmp_path: Path) -> Callable[..., Path]:
    """Write a user's model file: the usual imports, then ``source``."""

    def write(source: str, name: str = "mine.py") -> Path:
        path = tmp_path / name
        path.write_text(HEADER + textwrap.dedent(source), encoding="utf-8")
        return path

    return write


HEADER = """\
from dataclasses import dataclass, field
from zabcheck.checker import Model, SetOf, because, choose, option, require

@dataclass(frozen=True)
class Scope:
    most: int = option(3, "how far to count", minimum=1)

@dataclass
class State:
    scope: Scope
    n: int = 0
    items: object = ()

model = Model("counter", "a counter", Scope)

"""
"""What the models of the tests begin with; their own first line is the one after it."""

FIRST_LINE = HEADER.count("\n") + 1

COUNTER = """
@model.initial
def initial(scope):
    return State(scope)

@model.transition()
def count(s):
    \"\"\"One more.\"\"\"
    require(s.n < s.scope.most)
    s.n += 1
"""
"""A model without a fault: ``most`` + 1 states in a row."""


@pytest.fixture
def counter(model_file: Callable[..., Path]) -> Path:
    """The file of a model without a fault."""
    return model_file(COUNTER)
