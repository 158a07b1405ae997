"""First-order formulas as values: written once, then given to a solver or evaluated in a finite structure.

Sorts are uninterpreted, some with a total order; relations say all that varies. There are no integers, sequences or
arrays, so that formulas whose quantifiers alternate in one direction only can be decided (many-sorted EPR).

``a & b``, ``a | b``, ``~a`` and ``a >> b`` (implies) build formulas, ``x <= y`` and ``x < y`` compare in an ordered
sort, `equal` is equality: ``==`` compares formulas as values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Sort:
    """A kind of individuals, any number of them; ``order`` says whether they are totally ordered."""

    name: str
    order: bool = False

    def variables(self, names: str) -> tuple[Variable, ...]:
        """Variables of this sort, by names with spaces between."""
        return tuple(Variable(name, self) for name in names.split())


@dataclass(frozen=True)
class Term:
    """What stands for an individual."""

    @property
    def sort(self) -> Sort:
        """Its sort."""
        raise NotImplementedError

    def __le__(self, other: Term) -> Formula:
        return AtMost(self, other)

    def __lt__(self, other: Term) -> Formula:
        return AtMost(self, other) & ~Equal(self, other)


@dataclass(frozen=True)
class Variable(Term):
    """A variable, known by its name."""

    name: str
    of: Sort

    @property
    def sort(self) -> Sort:
        """Its sort."""
        return self.of

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Function:
    """A function that never changes; without arguments, a constant."""

    name: str
    domain: tuple[Sort, ...]
    sort: Sort

    def __call__(self, *arguments: Term) -> Apply:
        """The value for these arguments."""
        check_sorts(self.name, self.domain, arguments)
        return Apply(self, arguments)


@dataclass(frozen=True)
class Apply(Term):
    """The value of a function."""

    function: Function
    arguments: tuple[Term, ...]

    @property
    def sort(self) -> Sort:
        """The sort of the value."""
        return self.function.sort

    def __str__(self) -> str:
        return listed(self.function.name, self.arguments)


@dataclass(frozen=True)
class Formula:
    """What is true or false."""

    def __and__(self, other: Formula) -> Formula:
        return And((*parts_of(And, self), *parts_of(And, other)))

    def __or__(self, other: Formula) -> Formula:
        return Or((*parts_of(Or, self), *parts_of(Or, other)))

    def __invert__(self) -> Formula:
        return self.body if isinstance(self, Not) else Not(self)

    def __rshift__(self, other: Formula) -> Formula:
        return Implies(self, other)


@dataclass(frozen=True)
class Relation:
    """A relation between individuals: what it means, and whether it is of the state or never changes."""

    name: str
    domain: tuple[Sort, ...]
    sentence: str = ""
    rigid: bool = False
    ghost: bool = False
    """whether no server knows it: it is there for the invariant to speak of"""

    def __call__(self, *arguments: Term) -> Atom:
        """That the relation holds between these."""
        check_sorts(self.name, self.domain, arguments)
        return Atom(self, arguments)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Atom(Formula):
    """A relation holds between these."""

    relation: Relation
    arguments: tuple[Term, ...]

    def __str__(self) -> str:
        return listed(self.relation.name, self.arguments)


@dataclass(frozen=True)
class Equal(Formula):
    """Two terms are the same individual."""

    left: Term
    right: Term

    def __str__(self) -> str:
        return f"{self.left} = {self.right}"


@dataclass(frozen=True)
class AtMost(Formula):
    """One term is not after another, in the order of their sort."""

    left: Term
    right: Term

    def __str__(self) -> str:
        return f"{self.left} ≤ {self.right}"


@dataclass(frozen=True)
class Not(Formula):
    """The opposite."""

    body: Formula

    def __str__(self) -> str:
        return f"¬{nested(self.body)}"


@dataclass(frozen=True)
class And(Formula):
    """All of these; true when there are none."""

    parts: tuple[Formula, ...]

    def __str__(self) -> str:
        return " ∧ ".join(map(nested, self.parts)) or "true"


@dataclass(frozen=True)
class Or(Formula):
    """One of these; false when there are none."""

    parts: tuple[Formula, ...]

    def __str__(self) -> str:
        return " ∨ ".join(map(nested, self.parts)) or "false"


@dataclass(frozen=True)
class Implies(Formula):
    """If one, then the other."""

    premise: Formula
    conclusion: Formula

    def __str__(self) -> str:
        return f"{nested(self.premise)} → {nested(self.conclusion)}"


@dataclass(frozen=True)
class Iff(Formula):
    """Both or neither."""

    left: Formula
    right: Formula

    def __str__(self) -> str:
        return f"{nested(self.left)} ↔ {nested(self.right)}"


@dataclass(frozen=True)
class Quantified(Formula):
    """For all individuals, or for some."""

    universal: bool
    variables: tuple[Variable, ...]
    body: Formula

    def __str__(self) -> str:
        return f"{'∀' if self.universal else '∃'}{', '.join(map(str, self.variables))}: {self.body}"


TRUE, FALSE = And(()), Or(())


def parts_of(kind: type[And | Or], formula: Formula) -> tuple[Formula, ...]:
    """The parts of a conjunction or disjunction; any other formula is its own only part."""
    return formula.parts if isinstance(formula, kind) else (formula,)


def listed(name: str, arguments: tuple[Term, ...]) -> str:
    """``name(a, b)``, or just the name."""
    return f"{name}({', '.join(map(str, arguments))})" if arguments else name


def nested(formula: Formula) -> str:
    """A formula as a part of another: in parentheses, unless it is none."""
    simple = isinstance(formula, (Atom, Not)) or formula in (TRUE, FALSE)
    return str(formula) if simple else f"({formula})"


def check_sorts(name: str, domain: tuple[Sort, ...], arguments: tuple[Term, ...]) -> None:
    """Refuse arguments of another number or sort: a formula would silently mean nothing."""
    if tuple(argument.sort for argument in arguments) != domain:
        wanted = ", ".join(sort.name for sort in domain)
        raise TypeError(f"{name} takes ({wanted}), not ({', '.join(a.sort.name for a in arguments)})")


def equal(left: Term, right: Term) -> Formula:
    """Two terms of one sort are the same individual."""
    check_sorts("equal", (left.sort,), (right,))
    return Equal(left, right)


def iff(left: Formula, right: Formula) -> Formula:
    """Both or neither."""
    return Iff(left, right)


def forall(variables: Variable | tuple[Variable, ...], body: Formula) -> Formula:
    """For all values of the variables."""
    return Quantified(True, variables if isinstance(variables, tuple) else (variables,), body)


def exists(variables: Variable | tuple[Variable, ...], body: Formula) -> Formula:
    """For some values of the variables."""
    return Quantified(False, variables if isinstance(variables, tuple) else (variables,), body)


def relations_of(formula: Formula) -> Iterator[Relation]:
    """The relations that a formula speaks of, perhaps repeatedly."""
    match formula:
        case Atom(relation):
            yield relation
        case Not(body) | Quantified(_, _, body):
            yield from relations_of(body)
        case And(parts) | Or(parts):
            for part in parts:
                yield from relations_of(part)
        case Implies(left, right) | Iff(left, right):
            yield from relations_of(left)
            yield from relations_of(right)
