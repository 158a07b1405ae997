"""Obligations put to z3. Whatever z3 does not decide is unknown, and unknown is never proved."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import z3

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
    Relation,
    Sort,
    Term,
    Variable,
)
from zabcheck.checker.proof.obligations import INITIAL, Obligation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zabcheck.checker.proof.result import Verdict
    from zabcheck.checker.proof.theory import Theory, Transition, Update

Values = dict[Variable, Any]


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
            r: z3.Function(r.name, *(self.sorts[s] for s in r.domain), z3.BoolSort())
            for r in theory.relations
        }
        self.orders = {
            sort: z3.Function(f"{sort.name}_at_most", self.sorts[sort], self.sorts[sort], z3.BoolSort())
            for sort in theory.sorts
            if sort.order
        }
        self.axioms = [*self._order_axioms(), *(self.formula(axiom.formula) for axiom in theory.axioms)]
        self._invariant = [self.formula(conjunct.formula) for conjunct in theory.invariant]

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
                return z3.And(*map(make, parts)) if parts else z3.BoolVal(True)
            case Or(parts):
                return z3.Or(*map(make, parts)) if parts else z3.BoolVal(False)
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
        return {
            r: self._updated(updates[r], values) if r in updates else f for r, f in self.relations.items()
        }

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

    def at_most(self, sort: Sort, count: int) -> Any:
        """A sort has so many individuals, or fewer."""
        names = [z3.Const(f"{sort.name}_{i}", self.sorts[sort]) for i in range(count)]
        x = z3.Const("x", self.sorts[sort])
        return z3.ForAll([x], z3.Or([x == name for name in names]))

    def premise(self, obligation: Obligation) -> list[Any]:
        """What may be assumed: the axioms, and but in the initial states the invariant, the guards and the lemmas."""
        if obligation.stage == INITIAL:
            return self.axioms
        premise = [*self.axioms, *self._invariant]
        step = obligation.transition
        if step is not None:
            values = self.parameters(step)
            premise.append(self.formula(step.guard, values))
            if obligation.after:  # the assertions are obligations of their own, and so may be used as lemmas
                premise += [self.formula(lemma.formula, values) for lemma in step.assertions]
        return premise

    def claim(self, obligation: Obligation) -> Any:
        """What must follow from the premise."""
        step = obligation.transition
        if obligation.stage == INITIAL:
            return self.formula(obligation.claim.formula, {}, self._initial())
        if step is None:
            return self.formula(obligation.claim.formula)
        values = self.parameters(step)
        reading = self.after(step.updates, values) if obligation.after else None
        return self.formula(obligation.claim.formula, values, reading)

    def _initial(self) -> Any:
        """How relations are read in the initial state: empty, unless they never change or are said to start so."""
        empty = {r: (lambda *_: z3.BoolVal(False)) for r in self.relations if not r.rigid}
        given = {u.relation: self._updated(u, {}) for u in self.theory.initially}
        return {**self.relations, **empty, **given}

    def parameters(self, step: Transition) -> Values:
        """Symbols for the parameters of a transition."""
        return {v: self.constant(v) for v in step.parameters}


@dataclass(frozen=True)
class Answer:
    """What z3 says of an obligation, and the model it found against it."""

    verdict: Verdict
    seconds: float
    reason: str = ""
    model: Any = None


def solve(
    language: Language,
    obligation: Obligation,
    seconds: float,
    seed: int = 0,
    bounds: Mapping[Sort, int] | None = None,
) -> Answer:
    """Whether an obligation is proved, refuted, or unknown within so many seconds; ``bounds`` limit the sorts."""
    started = time.monotonic()
    model, reason = None, ""
    try:
        solver = z3.Solver()
        # An interruption is Python's to handle: z3 would forget one that comes as it finds its answer.
        solver.set("timeout", max(1, int(seconds * 1000)), "random_seed", seed, "ctrl_c", False)
        solver.add(*language.premise(obligation), z3.Not(language.claim(obligation)))
        solver.add(*(language.at_most(sort, count) for sort, count in (bounds or {}).items()))
        answer = solver.check()
        if answer == z3.unknown:
            reason = solver.reason_unknown()
        elif answer == z3.sat:
            model = solver.model()
    except z3.Z3Exception as error:  # out of memory, for one
        answer, reason = z3.unknown, str(error)
    verdict: Verdict = "proved" if answer == z3.unsat else "refuted" if answer == z3.sat else "unknown"
    return Answer(verdict, time.monotonic() - started, reason, model)
