"""How a claim fails: what was claimed, what is so instead, and what shows it."""

from __future__ import annotations

import shutil
import sys
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from rich.text import Text

from zabcheck.checker.errors import CheckerError
from zabcheck.reports.console import PIPE_WIDTH, console_for
from zabcheck.reports.layout import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

_HERE = Path(__file__).parent


def place() -> str:
    """``file:line`` of the innermost caller outside this package: the claim that is being decided."""
    frame = sys._getframe()  # noqa: SLF001 - documented, and the only way to a caller's line
    while frame.f_back is not None and Path(frame.f_code.co_filename).parent == _HERE:
        frame = frame.f_back
    path = Path(frame.f_code.co_filename)
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return f"{shown}:{frame.f_lineno}"


def refuse(what: str, why: str, title: str = "", show: Callable[[Console], None] | None = None) -> NoReturn:
    """Fail the test: ``what`` is wrong with the claim, and ``why``.

    ``title`` says what the claim is about; ``show`` prints what shows that it is not so.
    """
    text = StringIO()
    console = console_for(text, shutil.get_terminal_size((PIPE_WIDTH, 24)).columns)
    if title:
        say(console, Text(title), hanging=2)
    if show:
        show(console)
    pytest.fail(f"{place()}: {what}: {why}\n{text.getvalue()}".rstrip(), pytrace=False)


class one_line_for_mistakes:  # noqa: N801 - used like a function
    """Lets a mistake of the caller or of the model fail the test in its own words."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, CheckerError):
            raise pytest.fail.Exception(f"{place()}: {error}", pytrace=False) from None
