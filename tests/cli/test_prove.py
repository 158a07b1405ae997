"""``zabcheck prove`` as a user meets it."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest
import z3

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_some_obligations(zabcheck: Callable[..., Any]) -> None:
    outcome = zabcheck("prove", "--obligation", "crash", "--obligation", "P1s")
    assert (outcome.status, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[0].startswith("  crash                     44 of 44  proved ")
    assert lines[1].startswith("  safety                     1 of 1   proved ")
    assert lines[3:5] == ["proved: zab", "  Zab for any number of servers, epochs and transactions"]
    assert lines[5].startswith("  45 of 45 obligations proved · not asked for: 765 · ")


def test_a_mutant(zabcheck: Callable[..., Any], tmp_path: Path) -> None:
    report = tmp_path / "proof.json"
    outcome = zabcheck(
        "prove", "--mutant", "truncated-still-counts", "--obligation", "truncate", "--json", report
    )
    assert outcome.status == 1
    assert "Counterexample: acked-kept" in outcome.out
    assert "  step: truncate(A, 1, 1.1)\n" in outcome.out
    assert "  the smallest that was found: 1 server, 1 quorum, 2 epochs, 1 txn\n" in outcome.out
    assert "· -log {1.1} ·" in outcome.out
    assert outcome.out.endswith("  17  commit(1, 1.1, AB)\n  Durability: violated after step 17\n")
    assert all(len(line) <= 80 for line in outcome.out.splitlines())
    document = json.loads(report.read_text())
    assert (document["verdict"], document["mutant"]) == ("refuted", "truncated-still-counts")
    assert document["counterexample"]["false_for"] == ["n = A", "a = 1", "t = 1.1"]
    assert document["counterexample"]["size"] == {"server": 1, "quorum": 1, "epoch": 2, "txn": 1}
    assert document["run"]["violated"] == ["Durability"]


def test_unknown_is_not_proved(zabcheck: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(z3.Solver, "check", lambda _: z3.unknown)
    monkeypatch.setattr(z3.Solver, "reason_unknown", lambda _: "timeout")
    outcome = zabcheck("prove", "--obligation", "safety", "--json", "-")
    assert (outcome.status, outcome.err) == (3, "")
    assert json.loads(outcome.out)["unknown"] == 11


def test_an_interrupted_proof_is_unknown(start: Callable[..., Any]) -> None:
    process = start("prove")
    assert process.stdout.readline().startswith("  initial state")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 3
    assert "\nunknown: zab\n" in out
    assert "unknown (interrupted)" in out
    assert "Traceback" not in err


def test_smtlib(zabcheck: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "smt"
    outcome = zabcheck("prove", "--smtlib", folder, "--obligation", "safety")
    assert outcome.status == 0
    assert len(list(folder.iterdir())) == 11
    (text,) = (path.read_text() for path in folder.iterdir() if path.name.endswith("-P1s.smt2"))
    assert text.startswith("; safety/P1s: What was ever committed")
    assert text.rstrip().endswith("(check-sat)")
    again = zabcheck("prove", "--smtlib", folder)
    assert (again.status, again.out) == (2, "")
    assert again.err == f"zabcheck: --smtlib: {folder} is not empty: name a new folder\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--mutant", "epoch-frist"), "abstract ZAB has no mutant epoch-frist, did you mean epoch-first?"),
        (("--obligation", "x"), "no obligation is called x: name a stage (initial-state, promise,"),
        (("--servers", "0"), "--servers: expected a whole number, at least 1"),
        (("--smtlib", "/dev/null"), "--smtlib: cannot write /dev/null: "),
    ],
)
def test_mistakes(zabcheck: Callable[..., Any], arguments: tuple[str, ...], message: str) -> None:
    outcome = zabcheck("prove", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith(f"zabcheck: {message}")
    assert outcome.err.count("\n") == 1


def test_the_mutants_are_listed(zabcheck: Callable[..., Any]) -> None:
    outcome = zabcheck("prove", "--mutants")
    assert outcome.status == 0
    assert "epoch-first  violates P1s\n" in outcome.out
    assert "early-proposals  harmless: proved\n" in outcome.out
