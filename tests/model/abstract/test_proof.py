"""Abstract Zab is proved safe; each mistake is refuted by z3 and by a run; the harmless ones are proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zabcheck.checker.proof.finite import play
from zabcheck.checker.proof.proving import Effort, prove
from zabcheck.checker.search import Stop
from zabcheck.model.abstract import EVERYTHING, MUTANTS, THEORY, ensemble, individuals, start_of

if TYPE_CHECKING:
    from zabcheck.checker.proof.result import Judged
    from zabcheck.checker.proof.theory import Mutant

UNSAFE = [m for m in MUTANTS.values() if m.refutes]
HARMLESS = [m for m in MUTANTS.values() if not m.refutes]


@pytest.mark.parametrize("seed", [0, pytest.param(11, marks=pytest.mark.slow)])
def test_every_obligation_is_proved(seed: int) -> None:
    result = prove(THEORY, effort=Effort(seed=seed))
    assert [f"{j.stage}/{j.claim}: {j.verdict}" for j in result.judged if j.verdict != "proved"] == []
    assert (result.verdict, result.counts["proved"]) == ("proved", 810)


def test_a_run_takes_every_transition_within_the_invariant() -> None:
    run = play(THEORY, ensemble(THEORY, observers=("O",)), EVERYTHING)
    assert {moment.step.transition.name for moment in run} == set(THEORY.transitions)
    assert [moment.violated for moment in run if moment.violated] == []
    for moment in run:
        assert [c.name for c in THEORY.invariant if not moment.structure.holds(c.formula)] == []
    end = run[-1].structure.relations
    assert {"established", "committed", "delivered", "discarded"} - {
        n for n, rows in end.items() if rows
    } == {"discarded"}


def changed_stages(mutant: Mutant) -> tuple[str, ...]:
    """The transitions that a mutant changes; without an axiom, what rests on it."""
    stages = {name for name, _ in mutant.without_guards} | {t.name for t in mutant.replaced}
    return tuple(stages) or ("newleader",)


def first_refuted(judged: Judged) -> None:
    """One conjunct that is refuted is enough."""
    if judged.verdict == "refuted":
        raise Stop


SLOWLY = {"zxid-before-epoch", "any-history", "epoch-only", "partial-history"}
"""What z3 decides only after a while, some of it only among few individuals."""


@pytest.mark.parametrize(
    "mutant",
    [pytest.param(m, marks=[pytest.mark.slow] if m.name in SLOWLY else [], id=m.name) for m in UNSAFE],
)
def test_an_unsafe_mutant_is_refuted_and_its_run_violates_what_it_says(mutant: Mutant) -> None:
    theory = mutant.apply(THEORY)
    result = prove(theory, changed_stages(mutant), Effort(seconds=60), first_refuted, individuals)
    assert result.verdict == "refuted"
    run = play(theory, start_of(theory, mutant), mutant.script)
    assert mutant.refutes in run[-1].violated
    assert [moment.violated for moment in run[:-1] if moment.violated] == []


@pytest.mark.parametrize("mutant", HARMLESS, ids=lambda m: m.name)
def test_a_harmless_mutant_is_proved(mutant: Mutant) -> None:
    """What it does not change is proved with the protocol."""
    assert prove(mutant.apply(THEORY), changed_stages(mutant)).verdict == "proved"


def test_what_the_mutants_violate() -> None:
    caught = {m.refutes for m in UNSAFE}
    assert caught == {"LeaderUniqueness", "P1s", "P2", "Durability", "InitialHistoryIntegrity", "Agreement"}


def test_every_conjunct_and_property_has_its_sentence() -> None:
    for claim in THEORY.invariant:
        assert claim.sentence.endswith(".")
        assert claim.reason.endswith(".")
    for claim in (*THEORY.safety, *(a for t in THEORY.transitions.values() for a in t.assertions)):
        assert claim.sentence.endswith(".")
