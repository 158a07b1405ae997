"""The chapter's code is code that runs, and its messages are what is printed."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from zabcheck.checker import Options, check, native_available
from zabcheck.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
CHAPTER = (ROOT / "docs/writing-a-model.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", CHAPTER, re.DOTALL)
(MESSAGES,) = re.findall(r"```text\n(.*?)```", CHAPTER, re.DOTALL)

HEADER = """\
import itertools
from dataclasses import dataclass
from zabcheck.checker import Model

COUNTER = itertools.count()

@dataclass(frozen=True)
class Scope: ...

@dataclass
class State:
    n: int = 0
    items: object = ()

model = Model("m", "a model with a fault", Scope)
"""
STEP = "@model.initial\ndef initial(scope): return State()\n@model.transition()\ndef step(s):\n    "
FAULTS = [
    HEADER + STEP + "s.items = [s.n]\n",
    HEADER + STEP + "s.n = 1 / s.n\n",
    HEADER + STEP + "return s.n == 0\n",
    HEADER + STEP + "s.n = next(COUNTER)\n",
    HEADER + "@model.transition()\ndef step(s):\n    s.n = 1\n",
]


@pytest.fixture
def chapter() -> Iterator[Any]:
    """A module made of the chapter's model and of every piece that may be added to it."""
    module = ModuleType("chapter")
    sys.modules["chapter"] = module
    for block in PYTHON:
        exec(compile(block, "docs/writing-a-model.md", "exec"), vars(module))  # noqa: S102 - this is the test
    yield module
    del sys.modules["chapter"]


def test_the_model_is_the_tested_file() -> None:
    assert PYTHON[0] == (ROOT / "tests/models/two_phase_commit.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("engine", ["interpreted", "native"])
def test_the_pieces_fit(chapter: Any, engine: str) -> None:
    if engine == "native" and not native_available():
        pytest.skip("the core was not built")
    result = check(chapter.model, chapter.Scope(rms=2), Options(cache=False), engine=engine)
    assert (result.verdict, result.reason) == ("holds", "")
    assert {name: p.verdict for name, p in result.properties.items()} == {
        "consistent": "holds",
        "all_committed": "reached",
        "final_decision": "holds",
        "can_decide": "holds",
        "hears": "holds",
        "Promised": "holds",
        "Deadlock": "holds",
    }
    assert all(coverage.fired for coverage in result.transitions.values())


def test_the_cell(chapter: Any) -> None:
    journal = chapter.Journal(())
    journal.write("a")
    assert journal.ends_with("a")
    assert not journal.ends_with("b")


def test_the_messages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not native_available():
        pytest.skip("the interpreted engine does not find every fault")
    monkeypatch.chdir(tmp_path)
    for source in FAULTS:
        Path("model.py").write_text(source, encoding="utf-8")
        assert main(["check", "./model.py", "--no-cache", "--max-states", "1000"]) == 2
    assert capsys.readouterr().err.splitlines() == MESSAGES.splitlines()
