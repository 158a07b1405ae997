"""Obligations as SMT-LIB, for any other solver: each is proved where the answer is ``unsat``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import z3

if TYPE_CHECKING:
    from zabcheck.checker.proof.obligations import Obligation
    from zabcheck.checker.proof.solving import Language


def script(language: Language, obligation: Obligation) -> str:
    """The negation of an obligation as a script of SMT-LIB 2.6."""
    solver = z3.Solver()
    solver.add(*language.premise(obligation), z3.Not(language.claim(obligation)))
    text = re.sub(r"\(set-info :status .*\)\n|^; .*\n", "", solver.to_smt2(), flags=re.MULTILINE)
    sentence = f"; {obligation.name}: {obligation.claim.sentence or 'an assertion'}\n"
    return f"{sentence}; unsat means proved\n(set-logic UF)\n{text}"


def file_name(number: int, obligation: Obligation) -> str:
    """A name under which scripts are listed in the order of the proof."""
    return f"{number:04}-{obligation.stage.replace(' ', '-')}-{obligation.claim.name}.smt2"
