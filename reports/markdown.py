"""Suites as Markdown, for the summary of a job: a table for each, and what failed in full."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from zabcheck.reports.legible import bounded, legible, passage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zabcheck.reports.cases import Suite

_MARKS = {"passed": "✓", "failed": "✗ failed", "undecided": "? undecided", "skipped": "– skipped"}
_LONGEST = 300
"""Characters of a message in a table."""


def markdown(suites: Sequence[Suite]) -> bytes:
    """A section for each suite."""
    return "\n".join(line for suite in suites for line in _section(suite)).encode()


def _section(suite: Suite) -> Iterator[str]:
    yield f"### {_escaped(bounded(suite.name))}"
    yield ""
    yield "| | | |"
    yield "|---|---|---|"
    for case in suite.cases:
        message = legible(passage(case.message, _LONGEST).replace("\n", " "))
        yield f"| {_MARKS[case.status]} | {_escaped(bounded(case.name))} | {_escaped(message)} |"
    yield ""
    for case in suite.cases:
        if case.status == "failed" and case.details:
            yield f"**{_escaped(bounded(case.name))}**"
            yield ""
            yield from (f"    {line}" for line in passage(case.details).split("\n"))
            yield ""


def _escaped(text: str) -> str:
    """Text in which nothing means anything to Markdown or HTML."""
    shown = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]()#+!|~:@-])", r"\\\1", shown)
