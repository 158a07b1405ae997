"""Suites as GitHub's workflow commands, which put a message beside a line of a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from zabcheck.reports.legible import passage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zabcheck.reports.cases import Case, Suite

_LEVELS = {"failed": "error", "undecided": "warning"}
_LONGEST = 2000
"""Characters of a message that are shown."""


def github_annotations(suites: Sequence[Suite]) -> str:
    """A line for each case that failed or is undecided."""
    return "".join(
        f"::{_LEVELS[case.status]} {_where(case)}title={_attribute(f'{case.name}: {case.status}')}"
        f"::{_escaped(passage(f'{case.message} ({suite.name})', _LONGEST))}\n"
        for suite in suites
        for case in suite.cases
        if case.status in _LEVELS
    )


def _where(case: Case) -> str:
    """The first place below the working directory: GitHub knows no others."""
    return next(_below(case), "")


def _below(case: Case) -> Iterator[str]:
    here = Path.cwd().resolve()
    for at in case.places:
        file = Path(os.path.realpath(passage(at.file)))
        if file.is_relative_to(here):
            yield f"file={_attribute(str(file.relative_to(here)))},line={at.line},"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _attribute(text: str) -> str:
    return _escaped(passage(text, _LONGEST)).replace(":", "%3A").replace(",", "%2C")
