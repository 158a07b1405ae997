"""Why a step is not enabled: the guard that is false, where it is written, and what it looked at."""

from __future__ import annotations

import ast
import inspect
import linecache
import textwrap
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zabcheck.checker.evaluate import Choices, WatchedTree
from zabcheck.checker.values import render
from zabcheck.checker.vocabulary import NotEnabled, set_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType, FrameType, TracebackType

    from zabcheck.checker.evaluate import Evaluator, State
    from zabcheck.checker.model import Instance

_HERE = str(Path(__file__).parent)


@dataclass(frozen=True)
class Guard:
    """A guard that is false."""

    file: str
    line: int
    source: str
    """as written, on one line"""
    values: tuple[tuple[str, str], ...]
    """the fields that it looked at, with their values"""
    within: str = ""
    """the statement of the transition that led there, if the guard is not in the transition itself"""

    def __str__(self) -> str:
        within = f" in {self.within}" if self.within else ""
        looked = ", ".join(f"{field} = {value}" for field, value in self.values)
        return f"{self.source} ({Path(self.file).name}:{self.line}){within}" + (
            f", where {looked}" if looked else ""
        )


class _Options:
    """Takes the options of one run."""

    def __init__(self, choices: Choices) -> None:
        self.choose = choices.choose

    def fail(self, name: str) -> None:
        """Leave it: only guards matter here."""


def false_guard(evaluator: Evaluator, state: State, instance: Instance) -> Guard | None:
    """The guard that keeps ``instance`` from being taken in ``state``; nothing if it can be taken.

    Where options lead to different ones it is the first.
    """
    choices = Choices()
    previous = set_run(_Options(choices))
    try:
        runs = choices.paths()
        next(runs)
        place = _run(evaluator, state, instance, lambda _: None)
        if place is None:
            return None
        code, first, last, source, within = place
        fields: dict[int, None] = {}

        def note(index: int) -> None:
            if any(f.f_code is code and first <= f.f_lineno <= last for f in _callers()):
                fields[index] = None

        choices = Choices()
        set_run(_Options(choices))
        next(choices.paths())
        _run(evaluator, state, instance, note)
    finally:
        set_run(previous)
    values = tuple((evaluator.shape.fields[i].label, render(state[i])) for i in fields)
    return Guard(code.co_filename, first, source, values, within)


def _callers() -> Iterator[FrameType]:
    frame = inspect.currentframe()
    while frame is not None:
        yield frame
        frame = frame.f_back


def _run(
    evaluator: Evaluator, state: State, instance: Instance, tell: Callable[[int], None]
) -> tuple[CodeType, int, int, str, str] | None:
    """Where the guard stands that was false: its code, first and last line, text, and what led there."""
    try:
        watched = WatchedTree(evaluator.shape, tell)
        watched.values = list(state)
        instance.function(evaluator.shape.view(watched), *instance.arguments)
    except NotEnabled as refused:
        theirs = [
            entry
            for entry in _entries(refused.__traceback__)
            if not entry.tb_frame.f_code.co_filename.startswith(_HERE)
        ]
        code = theirs[-1].tb_frame.f_code
        first, last, text = _statement(code, theirs[-1].tb_lineno)
        within = _statement(theirs[0].tb_frame.f_code, theirs[0].tb_lineno)[2] if len(theirs) > 1 else ""
        return code, first, last, text, within
    return None


def _entries(at: TracebackType | None) -> Iterator[TracebackType]:
    while at is not None:
        yield at
        at = at.tb_next


def _statement(code: CodeType, line: int) -> tuple[int, int, str]:
    """First line, last line and text of the innermost statement at a line of a function."""
    found = (line, line, linecache.getline(code.co_filename, line).strip())
    with suppress(OSError, SyntaxError):
        lines, start = inspect.getsourcelines(code)
        tree = ast.parse(textwrap.dedent("".join(lines)))
        for node in ast.walk(tree):
            if isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef):
                first, last = node.lineno + start - 1, (node.end_lineno or node.lineno) + start - 1
                if first <= line <= last and last - first <= 10:
                    found = (first, last, " ".join(ast.unparse(node).split()))
    return found
