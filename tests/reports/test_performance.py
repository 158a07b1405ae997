"""A script as it was played, on the terminal."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest

from tests.reports.conftest import TRACE
from zabcheck.checker.result import ActResult, ClaimResult, Performance
from zabcheck.reports.console import console_for
from zabcheck.reports.performance import show_performance

PLAYED = Performance(
    name="two-primaries",
    sentence="Two servers deliver different transactions.",
    initial=TRACE.initial,
    acts=(
        ActResult("Nothing has happened.", ()),
        ActResult("s1 is elected, and proposes.", TRACE.steps[:2]),
        ActResult("s2 follows.", TRACE.steps[2:]),
    ),
    stopped="",
    claims=(ClaimResult("s1 leads.", holds=True), ClaimResult("s2 agrees.", holds=False)),
)


def shown(performance: Performance, width: int = 100) -> str:
    stream = StringIO()
    show_performance(console_for(stream, width), performance)
    return stream.getvalue()


def test_remarks_with_their_steps_then_claims() -> None:
    lines = shown(PLAYED).splitlines()
    assert lines[0] == "two-primaries: Two servers deliver different transactions."
    text = [line[:12].rstrip() for line in lines[1:]]
    assert text == [
        "",
        "Nothing has",
        "",
        "s1 is electe",
        "  1  elect",
        "  2  propose",
        "",
        "s2 follows.",
        "  3  receive",
        "  4  stutter",
        "",
        "In the end",
        "  ✓ s1 leads",
        "  ✗ s2 agree",
    ]


def test_where_it_stopped() -> None:
    assert "\n\nIt goes no further: P1 is false.\n\nIn the end\n" in shown(
        replace(PLAYED, stopped="P1 is false")
    )


@pytest.mark.parametrize("width", [30, 60, 200])
def test_every_line_fits(width: int) -> None:
    assert all(len(line) <= width for line in shown(PLAYED, width).splitlines())
