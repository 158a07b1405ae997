"""Proved, refuted or unknown: and unknown is never proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import z3

from tests.checker.proof.lamp import CARELESS, THEORY, lit, x
from zabcheck.checker import UsageError
from zabcheck.checker.proof.finite import Domain, initial, play, replayed
from zabcheck.checker.proof.proving import Effort, prove
from zabcheck.checker.proof.result import ProofResult
from zabcheck.checker.proof.theory import Step
from zabcheck.checker.search import Stop

if TYPE_CHECKING:
    from zabcheck.checker.proof.result import Judged

LAMPS = Domain({"lamp": ("0", "1", "2")}, {})


def test_a_proof() -> None:
    result = prove(THEORY)
    assert (result.verdict, result.counts, result.total) == ("proved", {"proved": 8}, 8)
    assert result.refutation is None


def test_the_smallest_counterexample_to_induction() -> None:
    result = prove(CARELESS.apply(THEORY))
    assert result.verdict == "refuted"
    assert {j.claim for j in result.judged if j.verdict == "refuted"} == {"no-gap"}
    found = result.refutation
    assert found is not None
    assert (found.step, found.individuals, found.false_for) == (
        "light(lamp1)",
        {"lamp": ("lamp0", "lamp1")},
        ("x = lamp0", "y = lamp1"),
    )
    assert (set(found.before["lit"]), set(found.after["lit"])) == (set(), {("lamp1",)})


def test_some_obligations() -> None:
    result = prove(THEORY, ("darken", "light/no-gap", "Touched"))
    assert [(j.stage, j.claim) for j in result.judged] == [
        ("light", "no-gap"),
        ("darken", "no-gap"),
        ("darken", "lit-touched"),
        ("safety", "Touched"),
    ]
    with pytest.raises(UsageError, match="no obligation is called nothing: name a stage"):
        prove(THEORY, ("nothing",))


def test_a_bound_on_the_first_sort() -> None:
    theory = CARELESS.apply(THEORY)
    assert prove(theory, effort=Effort(servers=1)).verdict == "proved"
    assert prove(theory, effort=Effort(servers=2)).verdict == "refuted"


@pytest.mark.parametrize("error", [z3.Z3Exception("out of memory"), None])
def test_what_z3_does_not_decide_is_unknown(monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> None:
    def check(_: z3.Solver) -> object:
        if error:
            raise error
        return z3.unknown

    monkeypatch.setattr(z3.Solver, "check", check)
    monkeypatch.setattr(z3.Solver, "reason_unknown", lambda _: "timeout")
    result = prove(THEORY)
    assert (result.verdict, result.counts) == ("unknown", {"unknown": 8})
    assert {j.reason for j in result.judged} == {"out of memory" if error else "timeout"}


def test_what_an_interruption_leaves_is_unknown() -> None:
    seen: list[Judged] = []

    def listener(judged: Judged) -> None:
        seen.append(judged)
        if len(seen) == 3:
            raise Stop

    result = prove(THEORY, listener=listener)
    assert (result.verdict, result.counts) == ("unknown", {"proved": 3, "unknown": 5})


def test_nothing_is_no_proof() -> None:
    assert ProofResult("t", "", (), 0, 0.0).verdict == "unknown"


def test_a_run() -> None:
    start = initial(THEORY, LAMPS, {})
    run = play(THEORY, start, [("light", "0"), ("light", "1"), ("darken", "1")])
    assert [sorted(m.structure.relations["lit"]) for m in run] == [[(0,)], [(0,), (1,)], [(0,)]]
    with pytest.raises(UsageError, match=r"step 1, light\(2\), is not enabled: those before are lit"):
        play(THEORY, start, [("light", "2")])
    with pytest.raises(UsageError, match="light: no lamp is called 7; there are 0, 1, 2"):
        play(THEORY, start, [("light", "7")])


def test_a_run_of_a_mutant() -> None:
    replay = replayed(CARELESS.apply(THEORY), initial(THEORY, LAMPS, {}), CARELESS.script)
    assert (replay.steps, replay.violated) == (("light(1)", "light(0)"), ("NoneBehind",))


def test_mistakes_in_a_theory_are_found() -> None:
    with pytest.raises(TypeError, match=r"lit takes \(lamp\), not \(lamp, lamp\)"):
        lit(x, x)
    step = Step((x,))
    step.insert(lit, x)
    with pytest.raises(TypeError, match="lit is changed twice"):
        step.insert(lit, x)
