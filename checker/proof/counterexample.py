"""A model of z3 as a finite structure with few individuals, checked by evaluating it in plain Python."""

from __future__ import annotations

from dataclasses import replace
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any

import z3

from zabcheck.checker.proof.compiling import witness
from zabcheck.checker.proof.finite import Domain, Structure, Taken
from zabcheck.checker.proof.formula import Quantified
from zabcheck.checker.proof.obligations import INITIAL
from zabcheck.checker.proof.result import Refutation
from zabcheck.checker.proof.solving import Answer, Language, solve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zabcheck.checker.proof.formula import Relation, Sort
    from zabcheck.checker.proof.obligations import Obligation
    from zabcheck.checker.proof.result import Judged, Rows

MOST = 6
"""More individuals of a sort are not tried: the model that was found is shown as it is."""


def smallest(
    language: Language, obligation: Obligation, answer: Answer, seconds: float, bounds: Mapping[Sort, int]
) -> Answer:
    """A model of a refuted obligation with as few individuals of each sort as possible, the first sort first."""
    known = dict(bounds)
    for sort in language.theory.sorts:
        for count in range(1, min(known.get(sort, MOST), MOST) + 1):
            found = solve(language, obligation, seconds, bounds={**known, sort: count})
            if found.verdict == "refuted":
                answer, known[sort] = found, count
                break
    return answer


def refutation(
    language: Language,
    obligation: Obligation,
    judged: Judged,
    model: Any,
    names: Callable[[Structure], Domain],
) -> Refutation:
    """What z3 found, with names for the individuals.

    Raises:
        AssertionError: evaluated in plain Python, the model is no counterexample.
    """
    reader = _Reader(language, model)
    structure, after, step = reader.structure(), None, None
    if obligation.transition is not None:
        values = language.parameters(obligation.transition)
        step = Taken(obligation.transition, tuple(reader.number(symbol) for symbol in values.values()))
        if step.false_in(structure, step.transition.guards):
            raise AssertionError(f"the counterexample to {obligation.name} does not enable the step")
        after = step.after(structure)
    _confirm(language, obligation, structure, after, step)
    domain = names(structure)
    final = after if after and obligation.after else structure
    return Refutation(
        judged=judged,
        step=step.shown(domain) if step else "",
        individuals=domain.names,
        domains={r.name: tuple(s.name for s in r.domain) for r in language.theory.relations},
        before=_named(structure, domain, language.theory.relations),
        after=_named(after or structure, domain, language.theory.relations),
        false_for=_false_for(obligation, final, domain) if step is None or obligation.after else (),
    )


def _confirm(
    language: Language,
    obligation: Obligation,
    structure: Structure,
    after: Structure | None,
    step: Taken | None,
) -> None:
    """Refuse a model that plain Python takes for something else than z3 does."""
    theory = language.theory
    assumed = () if obligation.stage == INITIAL else theory.invariant
    if not all(structure.holds(f.formula) for f in (*theory.axioms, *assumed)):
        raise AssertionError(f"the counterexample to {obligation.name} is not within the invariant")
    if obligation.after and after is not None:
        false = not after.holds(obligation.claim.formula)
    elif step is not None:
        false = bool(step.false_in(structure, (obligation.claim,)))
    else:
        false = not structure.holds(obligation.claim.formula)
    if not false:
        raise AssertionError(f"the counterexample to {obligation.name} is none")


def _false_for(obligation: Obligation, structure: Structure, domain: Domain) -> tuple[str, ...]:
    formula = obligation.claim.formula
    found = witness(formula)(structure.relations, domain.functions, domain.ranges())
    if not found or not isinstance(formula, Quantified):
        return ()
    return tuple(
        f"{v.name} = {domain.names[v.sort.name][i]}" for v, i in zip(formula.variables, found, strict=True)
    )


def _named(structure: Structure, domain: Domain, relations: tuple[Relation, ...]) -> dict[str, Rows]:
    return {
        r.name: frozenset(
            tuple(domain.names[s.name][i] for s, i in zip(r.domain, row, strict=True))
            for row in structure.relations[r.name]
        )
        for r in relations
    }


class _Reader:
    """Reads the individuals and relations of a model."""

    def __init__(self, language: Language, model: Any) -> None:
        self._language = language
        self._model = model
        self._universe = {sort: self._ordered(sort) for sort in language.theory.sorts}

    def _ordered(self, sort: Sort) -> list[Any]:
        universe = list(self._model.get_universe(self._language.sorts[sort]) or ())
        if not universe:
            universe = [self._model.eval(z3.Const("any", self._language.sorts[sort]), model_completion=True)]
        if sort.order:
            at_most = self._language.orders[sort]
            universe.sort(key=cmp_to_key(lambda x, y: -1 if self._true(at_most(x, y)) else 1))
        return universe

    def _true(self, formula: Any) -> bool:
        return bool(z3.is_true(self._model.eval(formula, model_completion=True)))

    def number(self, symbol: Any) -> int:
        """The number of the individual that a symbol stands for."""
        value = self._model.eval(symbol, model_completion=True)
        return next(i for universe in self._universe.values() for i, x in enumerate(universe) if x.eq(value))

    def structure(self) -> Structure:
        """The state, with numbers for names."""
        theory = self._language.theory
        functions = {
            f.name: {
                row: self.number(symbol(*(self._universe[s][i] for s, i in zip(f.domain, row, strict=True))))
                for row in self._rows(f.domain)
            }
            for f, symbol in self._language.functions.items()
        }
        names = {s.name: tuple(map(str, range(len(x)))) for s, x in self._universe.items()}
        relations = {
            r.name: frozenset(
                row
                for row in self._rows(r.domain)
                if self._true(
                    self._language.relations[r](
                        *(self._universe[s][i] for s, i in zip(r.domain, row, strict=True))
                    )
                )
            )
            for r in theory.relations
        }
        return Structure(Domain(names, functions), relations)

    def _rows(self, domain: tuple[Sort, ...]) -> list[tuple[int, ...]]:
        rows: list[tuple[int, ...]] = [()]
        for sort in domain:
            rows = [(*row, i) for row in rows for i in range(len(self._universe[sort]))]
        return rows


def numbered(structure: Structure) -> Domain:
    """Names that are the sort and the number."""
    names = {
        sort: tuple(f"{sort}{i}" for i in range(len(numbers)))
        for sort, numbers in structure.domain.names.items()
    }
    return replace(structure.domain, names=names)
