"""Cells share the cores and the memory; whatever there is of them, no answer is another one."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import COUNTER, HEADER
from zabcheck.checker.errors import UsageError
from zabcheck.cli.main import main
from zabcheck.gate.budget import LEAST, Budget, Part, usual_memory
from zabcheck.gate.cells import Cell
from zabcheck.gate.expectation import Expectation

if TYPE_CHECKING:
    from pathlib import Path

GIB = 1 << 30

ALONE = f"""
import atexit
import time
from pathlib import Path

busy = Path(__file__).with_name("busy")
busy.touch(exist_ok=False)
atexit.register(busy.unlink)
time.sleep(0.5)
{COUNTER}
"""
"""A model that cannot be asked twice at a time."""

TOGETHER = f"""
import os
import time
from pathlib import Path

here = Path(__file__).parent
(here / f"{{os.getpid()}}.here").touch()
end = time.monotonic() + 60
while len(list(here.glob("*.here"))) < 2:
    if time.monotonic() > end:
        raise TimeoutError
    time.sleep(0.02)
{COUNTER}
"""
"""A model that can only be asked twice at a time."""


def cell(workers: int = 1, memory: int | None = None, command: str = "check") -> Cell:
    return Cell((command, "x"), Expectation("holds"), 1, workers, memory)


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def gate(tmp_path: Path, text: str, *options: str) -> tuple[int, list[dict[str, Any]]]:
    file, report = tmp_path / "zabcheck.toml", tmp_path / "gate.json"
    file.write_text(text, encoding="utf-8")
    status = main(["gate", str(file), "--json", str(report), "--quiet", *options])
    return status, json.loads(report.read_bytes())["cells"] if report.exists() else []


def test_parts() -> None:
    budget = Budget(4, 4 * GIB)
    assert budget.part(cell()) == Part(1, GIB)
    assert budget.part(cell(workers=2)) == Part(2, 2 * GIB)
    assert budget.part(cell(workers=9)) == Part(4, 4 * GIB)
    assert budget.part(cell(memory=3 * GIB)) == Part(1, 3 * GIB)


def test_what_a_cell_is_told() -> None:
    assert cell().limited(Part(1, 7)) == ("--workers", "1", "--max-memory", "7")
    assert cell(memory=5).limited(Part(2, 5)) == ("--workers", "2")
    assert cell(command="validate").limited(Part(1, 7)) == ("--max-memory", "7")


def test_fewer_at_a_time_where_memory_is_short() -> None:
    assert Budget(8, 3 * LEAST).workers == 3
    with pytest.raises(UsageError, match="a cell needs 128M to begin"):
        Budget(8, LEAST - 1)


def test_the_usual_memory_is_a_part_of_what_there_is() -> None:
    Budget(1, usual_memory())


def test_no_more_is_taken_than_there_is() -> None:
    budget, lock, taken = Budget(3, 3 * GIB), threading.Lock(), Part(0, 0)

    def work(part: Part) -> bool:
        nonlocal taken
        budget.take(part)
        with lock:
            taken = Part(taken.workers + part.workers, taken.memory + part.memory)
            within = taken.workers <= 3 and taken.memory <= 3 * GIB
        with lock:
            taken = Part(taken.workers - part.workers, taken.memory - part.memory)
        budget.give_back(part)
        return within

    parts = [budget.part(cell(1 + n % 3, None if n % 4 else 2 * GIB)) for n in range(200)]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, parts))


@pytest.mark.parametrize(
    ("own", "options"),
    [
        ("workers = 2", ()),
        ("workers = 64", ()),
        ('max-memory = "300M"', ("--max-memory", "400M")),
        ("", ("--max-memory", "200M")),
    ],
)
def test_cells_that_need_more_than_half_run_one_after_another(
    tmp_path: Path, own: str, options: tuple[str, ...]
) -> None:
    (tmp_path / "alone.py").write_text(HEADER + ALONE, encoding="utf-8")
    text = f'[[check]]\nmodel = "alone.py"\nmost = [3, 4, 5]\n{own}\nexpect = "holds"\n'
    status, cells = gate(tmp_path, text, "--jobs", "2", *options)
    assert (status, [c["status"] for c in cells]) == (0, ["passed"] * 3), cells


def test_two_cells_run_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "together.py").write_text(HEADER + TOGETHER, encoding="utf-8")
    text = '[[check]]\nmodel = "together.py"\nmost = [3, 4]\nexpect = "holds"\n'
    assert gate(tmp_path, text, "--jobs", "2")[0] == 0


def test_a_cell_that_alone_asks_for_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = '[[check]]\nmodel = "zab"\nexpect = "holds"\nmax-memory = "2G"\n'
    assert gate(tmp_path, text, "--max-memory", "1G") == (2, [])
    assert "toml:4: max-memory: more than the gate may use, which is 1024M" in capsys.readouterr().err


WIDE = '[[check]]\nmodel = "zab"\nservers = 3\ntransactions = 2\nepochs = 2\ntimeouts = 2\nexpect = "holds"\n'


def test_out_of_memory_is_undecided_and_not_remembered(tmp_path: Path) -> None:
    status, cells = gate(tmp_path, WIDE + "restarts = 0\n", "--max-memory", "128M")
    assert (status, cells[0]["status"]) == (3, "undecided")
    assert cells[0]["reason"].endswith("bytes of memory was reached")
    status, cells = gate(tmp_path, WIDE + "restarts = 0\n")
    assert (status, cells[0]["status"]) == (0, "passed")
    assert gate(tmp_path, WIDE + "restarts = 0\n", "--max-memory", "128M")[0] == 0, "it is known by now"
