"""Obligations put to z3. Whatever z3 does not decide is unknown, and unknown is never proved."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import z3

from zabcheck.checker.proof.formula import (
    And,
    Apply,
    Atom,
    AtMost,
    Equal,
    Formula,
    Iff,
    Implies,
    Not,
    Or,
    Quantified,
    Relation,
    Sort,
    Term,
    Variable,
)
from zabcheck.checker.proof.obligations import INITIAL, Obligation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zabcheck.checker.proof.theory import Theory, Update

Values = dict[Variable, Any]
Reading = "Mapping[Relation, Callable[..., Any]]"


class Language:
    """The symbols of a theory as z3 has them."""

    def __init__(self, theory: Theory) -> None:
        self.theory = theory
        self.sorts = {sort: z3.DeclareSort(sort.name) for sort in theory.sorts}
        self.functions = {
            f: z3.Function(f.name, *(self.sorts[s] for s in f.domain), self.sorts[f.sort])
            for f in theory.functions
        }
        self.relations = {
            r: z3.Function(r.name, *(self.sorts[s] for s in r.domain), z3.BoolSort()) for r in theory.relations
        }
        self.orders = {
            sort: z3.Function(f"{sort.name}_at_most", self.sorts[sort], self.sorts[sort], z3.BoolSort())
            for sort in theory.sorts
            if sort.order
        }
        self.axioms = [*self._order_axioms(), *(self.formula(axiom.formula) for axiom in theory.axioms)]

    def constant(self, variable: Variable) -> Any:
        """A symbol for a parameter."""
        return z3.Const(variable.name, self.sorts[variable.sort])

    def _order_axioms(self) -> list[Any]:
        axioms = []
        for sort, at_most in self.orders.items():
            x, y, w = (z3.Const(name, self.sorts[sort]) for name in "xyw")
            axioms += [
                z3.ForAll([x, y], z3.Or(at_most(x, y), at_most(y, x))),
                z3.ForAll([x, y], z3.Implies(z3.And(at_most(x, y), at_most(y, x)), x == y)),
                z3.ForAll([x, y, w], z3.Implies(z3.And(at_most(x, y), at_most(y, w)), at_most(x, w))),
            ]
        return axioms

    def term(self, term: Term, values: Values) -> Any:
        """A term, with these values of its variables."""
        match term:
            case Variable():
                return values[term]
            case Apply(function, arguments):
                return self.functions[function](*(self.term(a, values) for a in arguments))
        raise TypeError(term)

    def formula(self, formula: Formula, values: Values | None = None, reading: Any = None) -> Any:
        """A formula, with these values of its variables, and relations read in this way."""
        values, reading = values or {}, reading or self.relations

        def make(part: Formula) -> Any:
            return self.formula(part, values, reading)

        match formula:
            case Atom(relation, arguments):
                return reading[relation](*(self.term(a, values) for a in arguments))
            case Equal(left, right):
                return self.term(left, values) == self.term(right, values)
            case AtMost(left, right):
                return self.orders[left.sort](self.term(left, values), self.term(right, values))
            case Not(body):
                return z3.Not(make(body))
            case And(parts):
                return z3.And(*map(make, parts))
            case Or(parts):
                return z3.Or(*map(make, parts))
            case Implies(premise, conclusion):
                return z3.Implies(make(premise), make(conclusion))
            case Iff(left, right):
                return make(left) == make(right)
            case Quantified(universal, variables, body):
                bound = [z3.FreshConst(self.sorts[v.sort], v.name) for v in variables]
                inner = self.formula(body, values | dict(zip(variables, bound, strict=True)), reading)
                return (z3.ForAll if universal else z3.Exists)(bound, inner)
        raise TypeError(formula)

    def after(self, updates: Mapping[Relation, Update], values: Values) -> Any:
        """How relations are read after a step: what an update changes, and the rest as before."""
        return {r: self._updated(updates[r], values) if r in updates else f for r, f in self.relations.items()}

    def _updated(self, update: Update, values: Values) -> Callable[..., Any]:
        def read(*arguments: Any) -> Any:
            given = {v: x for v, x in zip(update.place, arguments, strict=True) if v in update.free}
            matches = [
                self.term(term, values) == x
                for term, x in zip(update.place, arguments, strict=True)
                if term not in update.free
            ]
            inside = self.formula(update.value, values | given)
            if not matches:
                return inside
            return z3.If(z3.And(*matches), inside, self.relations[update.relation](*arguments))

        return read

    def goals(self, obligation: Obligation) -> list[Any]:
        """Formulas that together are satisfiable just where the obligation is violated."""
        theory, step = self.theory, obligation.transition
        if obligation.stage == INITIAL:
            start = {u.relation: u for u in theory.initially}
            empty = {r: (lambda *_: z3.BoolVal(False)) for r in theory.relations if not r.rigid}
            reading = self.relations | empty | {r: self.after(start, {})[r] for r in start}
            return [*self.axioms, z3.Not(self.formula(obligation.claim.formula, {}, reading))]
        premise = [*self.axioms, *(self.formula(c.formula) for c in theory.invariant)]
        if step is None:
            return [*premise, z3.Not(self.formula(obligation.claim.formula))]
        values = {v: self.constant(v) for v in step.parameters}
        premise.append(self.formula(step.guard, values))
        reading = None
        if obligation.after:  # the assertions are obligations of their own, and so may be used as lemmas
            premise += [self.formula(lemma.formula, values) for lemma in step.assertions]
            reading = self.after(step.updates, values)
        return [*premise, z3.Not(self.formula(obligation.claim.formula, values, reading))]


@dataclass(frozen=True)
class Answer:
    """What z3 says of an obligation, and the model it found against it."""

    verdict: str
    seconds: float
    reason: str = ""
    model: Any = None


def solve(language: Language, obligation: Obligation, seconds: float, seed: int = 0) -> Answer:
    """Whether an obligation is proved, refuted, or unknown within so many seconds."""
    solver = z3.Solver()
    solver.set("timeout", max(1, int(seconds * 1000)), "random_seed", seed)
    started = time.monotonic()
    try:
        solver.add(*language.goals(obligation))
        answer = solver.check()
        reason = solver.reason_unknown() if answer == z3.unknown else ""
        model = solver.model() if answer == z3.sat else None
    except z3.Z3Exception as error:  # out of memory, for one
        answer, reason, model = z3.unknown, str(error), None
    verdict = "proved" if answer == z3.unsat else "refuted" if answer == z3.sat else "unknown"
    return Answer(verdict, time.monotonic() - started, reason, model)
