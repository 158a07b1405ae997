"""Asks the cells, several at a time, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zabcheck.cli.status import Status
from zabcheck.gate import cache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from zabcheck.gate import expectation
    from zabcheck.gate.budget import Budget, Part
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
    """Runs cells, in their order, as soon as the budget has room for the next."""

    def __init__(self, folder: Path, budget: Budget, *, uses_cache: bool) -> None:
        self._folder = folder
        self._budget = budget
        self._uses_cache = uses_cache
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False

    def run(self, cells: Sequence[Cell], told: Callable[[int, Answer | None], None]) -> list[Answer]:
        """The answers, in the order of the cells; ``told`` hears of each by its number, first that it begins.

        After a `KeyboardInterrupt` these are the answers that there are.
        """
        answers = [NOT_RUN] * len(cells)

        def one(number: int, part: Part) -> None:
            try:
                told(number, None)
                answers[number] = self._answer(cells[number], part)
                told(number, answers[number])
            finally:
                self._budget.give_back(part)

        with ThreadPoolExecutor(self._budget.workers) as pool, _life() as self._life:
            try:
                futures = []
                for number, cell in enumerate(cells):
                    part = self._budget.part(cell)
                    self._budget.take(part)
                    futures.append(pool.submit(one, number, part))
                for future in futures:
                    future.result()
            except KeyboardInterrupt:
                pass
            finally:
                self._stop()
        return answers

    def _stop(self) -> None:
        """End what still runs; no other begins."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.kill()

    def _answer(self, cell: Cell, part: Part) -> Answer:
        name = cache.key(cell, self._folder) if self._uses_cache else ""
        if self._uses_cache and (known := cache.known(name)):
            return Answer(*cell.expected.judge(known), cached=True)
        with tempfile.TemporaryFile() as report:
            status, complaint = self._process(cell, part, report.fileno())
            if status == Status.BAD_INPUT:
                return Answer("mistaken", complaint or "it could not be asked")
            report.seek(0)
            try:
                result = json.loads(report.read())
            except ValueError:
                return NOT_RUN if self._stopped else Answer("undecided", _ended(status))
        if self._uses_cache and status in DECIDED and name == cache.key(cell, self._folder):
            cache.keep(name, result)
        return Answer(*cell.expected.judge(result))

    def _process(self, cell: Cell, part: Part, report: int) -> tuple[int, str]:
        """The exit status, and the last line that was complained of."""
        command = [sys.executable, "-m", "zabcheck.gate.process", str(self._life), *cell.command]
        command += [*cell.limited(part), "--quiet", "--json", f"/dev/fd/{report}"]
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
                pass_fds=(self._life, report),
            )
            self._running.add(process)
        try:
            _, said = process.communicate()
        finally:
            with self._lock:
                self._running.discard(process)
        return process.returncode, (said.strip().splitlines() or [""])[-1].removeprefix("zabcheck: ")


@contextmanager
def _life() -> Iterator[int]:
    """A pipe that is open for as long as this process is there: the end that cells watch."""
    watched, ours = os.pipe()
    try:
        yield watched
    finally:
        os.close(watched)
        os.close(ours)


def _ended(status: int) -> str:
    return (
        f"its process was ended by signal {-status}"
        if status < 0
        else f"its process ended with status {status}"
    )
