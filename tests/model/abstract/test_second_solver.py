"""cvc5 answers the same obligations from their SMT-LIB; it refutes none, and confirms most."""

from __future__ import annotations

from collections import Counter

import cvc5
import pytest

from zabcheck.checker.proof.obligations import obligations
from zabcheck.checker.proof.smtlib import script
from zabcheck.checker.proof.solving import Language
from zabcheck.model.abstract import MUTANTS, THEORY

EFFORT = "100000"
"""What cvc5 may spend on an obligation, in units that do not depend on the machine."""


def answer(text: str) -> str:
    solver = cvc5.Solver()
    solver.setOption("rlimit-per", EFFORT)
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "obligation")
    symbols, said = parser.getSymbolManager(), ""
    while not (command := parser.nextCommand()).isNull():
        said += command.invoke(solver, symbols) or ""
    return said.strip()


@pytest.mark.slow
def test_cvc5_confirms_what_it_can(capsys: pytest.CaptureFixture[str]) -> None:
    language = Language(THEORY)
    answers = Counter(answer(script(language, obligation)) for obligation in obligations(THEORY))
    with capsys.disabled():
        print(f"\ncvc5 confirms {answers['unsat']} of {answers.total()} obligations")  # noqa: T201 - the count is wanted
    assert answers["sat"] == 0
    assert answers["unsat"] > 0.9 * answers.total()


def test_cvc5_does_not_confirm_a_mutant() -> None:
    theory = MUTANTS["truncated-still-counts"].apply(THEORY)
    language = Language(theory)
    (wrong,) = (o for o in obligations(theory) if o.name == "truncate/acked-kept")
    assert answer(script(language, wrong)) != "unsat"
    (right,) = (o for o in obligations(theory) if o.name == "crash/acked-kept")
    assert answer(script(language, right)) == "unsat"
