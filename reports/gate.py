"""What a gate shows while it runs, and at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from zabcheck.reports.legible import bounded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MARKS = {
    "passed": ("✓", "green"),
    "failed": ("✗", "bold red"),
    "undecided": ("?", "yellow"),
    "mistaken": ("!", "bold red"),
}


class Answer(Protocol):
    """What became of a cell."""

    @property
    def status(self) -> str:
        """One of `MARKS`."""

    @property
    def said(self) -> str:
        """What was found."""

    @property
    def cached(self) -> bool:
        """Whether that was known before."""


class Board:
    """A line for each cell: one table on a terminal, else a line for each answer as it comes."""

    def __init__(self, cells: Sequence[tuple[str, str]], stream: TextIO, *, quiet: bool) -> None:
        self._cells = cells
        self._states: list[Text] = [Text("")] * len(cells)
        self._found: list[str] = [""] * len(cells)
        self._quiet = quiet
        self._console = Console(file=stream, highlight=False)
        self._live = Live(
            console=self._console, get_renderable=self._table, auto_refresh=True, refresh_per_second=4
        )

    def __enter__(self) -> Self:
        if not self._quiet and self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def tell(self, number: int, answer: Answer | None) -> None:
        """A cell begins, or has its answer."""
        if answer is None:
            self._states[number] = Text("…")
            return
        self._states[number] = Text(*MARKS[answer.status])
        self._found[number] = bounded(answer.said) + (" (as before)" if answer.cached else "")
        if not self._quiet and not self._console.is_terminal:
            title, expected = self._cells[number]
            line = f"{self._states[number]} {bounded(title)}: {self._found[number]}, expected: {bounded(expected)}"
            self._console.print(Text(line), soft_wrap=True)

    def _table(self) -> Table:
        table = Table("", "cell", "expected", "found", box=None, pad_edge=False)
        for (title, expected), state, found in zip(self._cells, self._states, self._found, strict=True):
            table.add_row(state, Text(bounded(title)), Text(bounded(expected)), Text(found))
        return table


def summary(found: Mapping[str, int]) -> str:
    """One line: the verdict of the whole."""
    return (
        f"gate {verdict(found)}: "
        + ", ".join(f"{found.get(name, 0)} {name}" for name in MARKS if found.get(name))
        + "\n"
    )


def verdict(found: Mapping[str, int]) -> str:
    """Passed, if every cell did."""
    return next((name for name in ("mistaken", "failed", "undecided") if found.get(name)), "passed")


def document(cells: list[dict[str, Any]], found: Mapping[str, int]) -> dict[str, Any]:
    """The result as JSON: nothing of times, so that the same answers are the same file."""
    return {"verdict": verdict(found), "cells": cells}
