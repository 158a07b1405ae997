"""A violation as a test: what it claims, and that formatters and linters have nothing to say."""

from __future__ import annotations

import ast
import dataclasses
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.models.two_phase_commit import Scope, model
from zabcheck.checker import Options, check
from zabcheck.reports.regression_test import literal, regression_test

if TYPE_CHECKING:
    from pathlib import Path

    from zabcheck.checker import CheckResult


@pytest.fixture(scope="module")
def violated() -> CheckResult:
    return check(model, Scope(), variant="hasty")


def last_line(result: CheckResult) -> str:
    return (regression_test(result, "zab") or "").splitlines()[-1].strip()


def test_the_claim_follows_from_whether_the_violation_was_wanted(violated: CheckResult) -> None:
    assert last_line(violated) == 'question.along(*STEPS).violates("consistent")'
    found = dataclasses.replace(violated, variants=())
    assert last_line(found) == 'question.along(*STEPS).keeps("consistent")'


def test_a_goal_that_is_not_reached() -> None:
    result = check(model, Scope(rms=1), Options(properties=("all_committed",)))
    assert regression_test(result, "zab") is None
    unreached = dataclasses.replace(
        result,
        verdict="violated",
        properties={
            "all_committed": dataclasses.replace(result.properties["all_committed"], verdict="unreached")
        },
    )
    assert last_line(unreached) == 'question.reaches("all_committed")'


def test_liveness_is_explored_again(violated: CheckResult) -> None:
    assert violated.counterexample
    lasso = dataclasses.replace(violated.counterexample, since=1, cycle_from=2)
    result = dataclasses.replace(violated, counterexample=lasso)
    assert last_line(result) == 'question.violated_by("consistent")'
    assert last_line(dataclasses.replace(result, variants=())) == "question.holds()"


HOSTILE = 'a"""b\'\n\x1b[31m\u202e\\'


def test_what_it_is_given_stays_inside_strings(violated: CheckResult, tmp_path: Path) -> None:
    assert violated.counterexample
    steps = tuple(
        dataclasses.replace(step, transition=HOSTILE, arguments={"x": HOSTILE})
        for step in violated.counterexample.steps
    )
    result = dataclasses.replace(
        violated,
        variants=(HOSTILE, "y"),
        counterexample=dataclasses.replace(violated.counterexample, steps=steps),
        properties={
            "consistent": dataclasses.replace(violated.properties["consistent"], sentence=HOSTILE * 40)
        },
    )
    source = regression_test(result, HOSTILE) or ""
    assert "\x1b" not in source
    assert "\u202e" not in source
    body = ast.parse(source).body
    assert [type(node).__name__ for node in body] == ["Expr", "Assign", "FunctionDef"]


@pytest.mark.parametrize("text", ["plain", 'say "no"', "it's", HOSTILE, ""])
def test_literals_mean_what_they_were_made_of(text: str) -> None:
    assert ast.literal_eval(literal(text)) == text


def test_formatters_and_linters_have_nothing_to_say(violated: CheckResult, tmp_path: Path) -> None:
    pytest.importorskip("ruff", reason="ruff is not installed")
    path = tmp_path / "test_written.py"
    assert violated.counterexample
    at_once = dataclasses.replace(violated.counterexample, steps=())
    for result in (
        violated,
        dataclasses.replace(violated, variants=("one", "two")),
        dataclasses.replace(violated, counterexample=at_once),
    ):
        path.write_text(regression_test(result, "zab", initial=1) or "", encoding="utf-8")
        for arguments in (["check", "--isolated"], ["format", "--isolated", "--check"]):
            subprocess.run([sys.executable, "-m", "ruff", *arguments, str(path)], check=True)
