"""Asks the cells, several at a time, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zabcheck.cli.status import Status
from zabcheck.gate import cache

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zabcheck.gate import expectation
    from zabcheck.gate.cells import Cell

DECIDED = (Status.HOLDS, Status.VIOLATED)
"""Exit statuses of a command that has found out what it was asked."""


@dataclass(frozen=True)
class Answer:
    """What became of a cell."""

    status: expectation.Status
    said: str
    cached: bool = False


NOT_RUN = Answer("undecided", "not asked: the gate was interrupted")


class Runner:
    """Runs cells; `stop` ends those that run, and no other begins."""

    def __init__(self, folder: Path, *, uses_cache: bool) -> None:
        self._folder = folder
        self._uses_cache = uses_cache
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False

    def run(
        self, cells: Sequence[Cell], jobs: int, told: Callable[[int, Answer | None], None]
    ) -> list[Answer]:
        """The answers, in the order of the cells; ``told`` hears of each by its number, first that it begins."""
        answers = [NOT_RUN] * len(cells)

        def one(number: int) -> None:
            if not self._stopped:
                told(number, None)
                answers[number] = self._answer(cells[number])
                told(number, answers[number])

        with ThreadPoolExecutor(jobs) as pool:
            futures = [pool.submit(one, number) for number in range(len(cells))]
            try:
                for future in futures:
                    future.result()
            except BaseException:
                self.stop()
                if not isinstance(sys.exception(), KeyboardInterrupt):
                    raise
        return answers

    def stop(self) -> None:
        """End everything."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.kill()

    def _answer(self, cell: Cell) -> Answer:
        name = cache.key(cell, self._folder) if self._uses_cache else ""
        if self._uses_cache and (known := cache.known(name)):
            return Answer(*cell.expected.judge(known), cached=True)
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "result.json"
            status, complaint = self._process(cell, report)
            if status == Status.BAD_INPUT:
                return Answer("mistaken", complaint or "it could not be asked")
            try:
                result = json.loads(report.read_bytes())
            except (OSError, ValueError):
                return NOT_RUN if self._stopped else Answer("undecided", _ended(status))
        if self._uses_cache and status in DECIDED and name == cache.key(cell, self._folder):
            cache.keep(name, result)
        return Answer(*cell.expected.judge(result))

    def _process(self, cell: Cell, report: Path) -> tuple[int, str]:
        """The exit status, and the last line that was complained of."""
        command = [sys.executable, "-m", "zabcheck", *cell.command, "--quiet", "--json", str(report)]
        with self._lock:
            if self._stopped:
                return -1, ""
            process = subprocess.Popen(  # noqa: S603 - ourselves
                command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                env={**os.environ, "PYTHONHASHSEED": "0"},
                start_new_session=True,
            )
            self._running.add(process)
        try:
            _, said = process.communicate()
        finally:
            with self._lock:
                self._running.discard(process)
        return process.returncode, (said.strip().splitlines() or [""])[-1].removeprefix("zabcheck: ")


def _ended(status: int) -> str:
    return (
        f"its process was ended by signal {-status}"
        if status < 0
        else f"its process ended with status {status}"
    )
