"""Compiled formulas against the plainest evaluation there is."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from zabcheck.checker.proof.compiling import witness
from zabcheck.checker.proof.finite import Structure
from zabcheck.checker.proof.formula import (
    And,
    Apply,
    AtMost,
    Atom,
    Equal,
    Formula,
    Iff,
    Implies,
    Not,
    Or,
    Quantified,
    Term,
    Variable,
)
from zabcheck.model.abstract import THEORY, ensemble

if TYPE_CHECKING:
    from zabcheck.checker.proof.theory import Named

Values = dict[Variable, int]


def value(term: Term, structure: Structure, values: Values) -> int:
    match term:
        case Variable():
            return values[term]
        case Apply(function, arguments):
            return structure.domain.functions[function.name][
                tuple(value(a, structure, values) for a in arguments)
            ]
    raise TypeError(term)


def is_true(formula: Formula, structure: Structure, values: Values) -> bool:
    def sub(part: Formula) -> bool:
        return is_true(part, structure, values)

    match formula:
        case Atom(relation, arguments):
            return tuple(value(a, structure, values) for a in arguments) in structure.relations[relation.name]
        case Equal(left, right):
            return value(left, structure, values) == value(right, structure, values)
        case AtMost(left, right):
            return value(left, structure, values) <= value(right, structure, values)
        case Not(body):
            return not sub(body)
        case And(parts):
            return all(map(sub, parts))
        case Or(parts):
            return any(map(sub, parts))
        case Implies(premise, conclusion):
            return not sub(premise) or sub(conclusion)
        case Iff(one, other):
            return sub(one) == sub(other)
        case Quantified(universal, variables, body):
            ranges = structure.domain.ranges()
            rows = product(*(ranges[v.sort.name] for v in variables))
            every = (
                is_true(body, structure, values | dict(zip(variables, row, strict=True))) for row in rows
            )
            return all(every) if universal else any(every)
    raise TypeError(formula)


def scattered(random: Random, share: float) -> Structure:
    """Relations with random tuples."""
    start = ensemble(THEORY, ("A", "B"), epochs=2, counter=1)
    ranges = start.domain.ranges()
    relations: dict[str, Any] = {
        r.name: frozenset(
            row for row in product(*(ranges[s.name] for s in r.domain)) if random.random() < share
        )
        for r in THEORY.relations
    }
    return Structure(start.domain, relations)


@pytest.mark.parametrize("claim", [*THEORY.invariant, *THEORY.safety], ids=lambda claim: claim.name)
def test_every_formula(claim: Named) -> None:
    random = Random(claim.name)
    for share in (0.02, 0.1, 0.3, 0.6, 0.9, 0.98):
        structure = scattered(random, share)
        expected = is_true(claim.formula, structure, {})
        assert structure.holds(claim.formula) == expected
        found = witness(claim.formula)(
            structure.relations, structure.domain.functions, structure.domain.ranges()
        )
        if isinstance(claim.formula, Quantified):
            assert (found is None) == expected
