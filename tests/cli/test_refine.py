"""``zabcheck refine`` as a user meets it."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SMALL = ("zab", "--servers", "2", "--epochs", "1")


def test_a_scope_followed_entirely(zabcheck: Callable[..., Any], tmp_path: Path) -> None:
    report = tmp_path / "refinement.json"
    outcome = zabcheck("refine", *SMALL, "--json", report)
    assert (outcome.status, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[0] == "holds: every step of zab is one that abstract Zab allows"
    assert lines[1].startswith("  346 steps · 305 states with what the protocol remembers")
    document = json.loads(report.read_text())
    assert (document["verdict"], document["steps"], document["misstep"]) == ("holds", 346, None)
    assert document["taken"]["newleader"] == 6


def test_a_limit(zabcheck: Callable[..., Any]) -> None:
    outcome = zabcheck("refine", *SMALL, "--max-steps", "100")
    assert outcome.status == 3
    assert outcome.out.startswith("incomplete: every step of zab is one that abstract Zab allows\n")
    assert "  the limit of 100 steps was reached\n" in outcome.out


def test_a_wrong_step(zabcheck: Callable[..., Any], tmp_path: Path) -> None:
    page, report = tmp_path / "run.html", tmp_path / "refinement.json"
    bug = ("zookeeper", "--release", "mended", "--bug", "ZOOKEEPER-4646", "--property", "AckDurability")
    outcome = zabcheck(
        *("refine", *bug, "--counterexample", "--quiet", "--html", page, "--json", report, "--diagram")
    )
    assert (outcome.status, outcome.err) == (1, "")
    assert outcome.out.startswith("\nThe way to the wrong step  27 steps\n")
    assert "\n  not allowed: step 27, learner_continue_sync(3)\n" in outcome.out
    assert "write_log(3, 3, 1.1) needs “all of the initial history”: A follower" in outcome.out
    assert all(len(line) <= 80 for line in outcome.out.splitlines())
    assert "needs “all of the initial history”" in page.read_text()
    misstep = json.loads(report.read_text())["misstep"]
    assert misstep["step"] == "learner_continue_sync(3)"
    assert len(misstep["trace"]["steps"]) == 27


def test_a_single_run_decides_nothing(zabcheck: Callable[..., Any]) -> None:
    outcome = zabcheck("refine", *SMALL, "--variant", "messages-survive", "--counterexample", "--quiet")
    assert outcome.status == 3
    assert "only one run was followed" in outcome.out


def test_no_run_to_follow(zabcheck: Callable[..., Any]) -> None:
    outcome = zabcheck("refine", *SMALL, "--counterexample", "--quiet")
    assert (outcome.status, outcome.out) == (3, "")
    assert outcome.err == "zabcheck: no property was seen violated, so there is no run to follow\n"


def test_an_interrupted_refinement_is_incomplete(start: Callable[..., Any]) -> None:
    process = start("refine", "zookeeper")
    assert process.stderr.readline().startswith("5")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 3
    assert "\n  interrupted\n" in out
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "the following arguments are required: MODEL (see zabcheck refine --help)"),
        (("tests/models/two_phase_commit.py",), "the proof has no model "),
        ((*SMALL, "--max-steps", "0"), "--max-steps: expected a whole number, at least 1"),
        ((*SMALL, "--variant", "x"), "model zab has no variant x"),
        (
            ("zab", "--servers", "4", "--variant", "half-is-a-quorum", "--max-edges"),
            "unknown option --max-edges",
        ),
    ],
)
def test_mistakes(zabcheck: Callable[..., Any], arguments: tuple[str, ...], message: str) -> None:
    outcome = zabcheck("refine", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith(f"zabcheck: {message}")
    assert outcome.err.count("\n") == 1
