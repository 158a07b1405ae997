"""The summary as Markdown, whatever a model or recording says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.reports.cases import Case, Suite, check_suite
from zabcheck.reports.markdown import markdown

if TYPE_CHECKING:
    from tests.reports.conftest import Samples

HOSTILE = "<script>|`*[x](javascript:1)\x00\x1b[31m\u202e\n::error::x"


def rows(made: bytes) -> list[str]:
    return [line for line in made.decode().splitlines() if line.startswith("| ") and line != "| | | |"]


def test_a_check(samples: Samples) -> None:
    made = markdown([check_suite(samples.violated, "zab")])
    assert len(rows(made)) == 5
    assert "    1. elect(s1)" in made.decode().splitlines()


def test_nothing_can_be_injected() -> None:
    made = markdown([Suite(HOSTILE, (Case(HOSTILE, "failed", HOSTILE, HOSTILE * 1_000_000),))])
    assert len(made) < 100_000
    (row,) = rows(made)
    assert row.replace("\\|", "").count("|") == 4
    in_text = [line for line in made.decode().splitlines() if not line.startswith("    ")]
    assert not any("<script" in line or "](" in line for line in in_text)
    assert not set(made.decode()) & set("\x00\x1b\u202e")
