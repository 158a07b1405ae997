"""Finite structures: states of a theory with so many individuals, in which its transitions can be taken.

The individuals of a sort are numbered from 0, in their order if the sort has one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from zabcheck.checker.errors import UsageError
from zabcheck.checker.proof.compiling import places, predicate
from zabcheck.checker.proof.result import Replay

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from zabcheck.checker.proof.formula import Formula
    from zabcheck.checker.proof.theory import Named, Theory, Transition, Update

Tuples = frozenset[tuple[int, ...]]


@dataclass(frozen=True)
class Domain:
    """The individuals of each sort by name, and what the functions make of them."""

    names: Mapping[str, tuple[str, ...]]
    functions: Mapping[str, Mapping[tuple[int, ...], int]]

    def ranges(self) -> Mapping[str, range]:
        """The numbers of the individuals of each sort."""
        return {sort: range(len(names)) for sort, names in self.names.items()}


@dataclass(frozen=True)
class Structure:
    """A state: which tuples are in each relation."""

    domain: Domain
    relations: Mapping[str, Tuples]

    def holds(self, formula: Formula) -> bool:
        """Whether a formula without free variables is true."""
        return predicate(formula)(self.relations, self.domain.functions, self.domain.ranges())


@dataclass(frozen=True)
class Taken:
    """A step of a run: a transition with its arguments as numbers."""

    transition: Transition
    arguments: tuple[int, ...]

    def shown(self, domain: Domain) -> str:
        """The step as people read it."""
        names = (
            domain.names[v.sort.name][i]
            for v, i in zip(self.transition.parameters, self.arguments, strict=True)
        )
        return f"{self.transition.name}({', '.join(names)})"

    def false_in(self, structure: Structure, formulas: Iterable[Named]) -> list[str]:
        """The names of those guards or assertions that are false."""
        domain = structure.domain
        ranges = domain.ranges()
        return [
            f.name
            for f in formulas
            if not predicate(f.formula, self.transition.parameters)(
                structure.relations, domain.functions, ranges, *self.arguments
            )
        ]

    def after(self, structure: Structure) -> Structure:
        """The state that the step leads to, whether or not it is enabled."""
        domain = structure.domain
        ranges = domain.ranges()
        values = dict(zip(self.transition.parameters, self.arguments, strict=True))
        changed = {}
        for relation, update in self.transition.updates.items():
            new = places(update, self.transition.parameters)(
                structure.relations, domain.functions, ranges, *self.arguments
            )
            fixed = [
                (i, values[term])  # type: ignore[index]
                for i, term in enumerate(update.place)
                if term not in update.free
            ]
            kept = {x for x in structure.relations[relation.name] if any(x[i] != v for i, v in fixed)}
            changed[relation.name] = frozenset(kept | new)
        return replace(structure, relations={**structure.relations, **changed})


def initial(theory: Theory, domain: Domain, rigid: Mapping[str, Tuples]) -> Structure:
    """The initial state with these individuals and these relations that never change."""
    relations = {r.name: rigid.get(r.name, frozenset()) for r in theory.relations}

    def first(update: Update) -> Tuples:
        return frozenset(places(update, ())(relations, domain.functions, domain.ranges()))

    structure = Structure(domain, relations | {u.relation.name: first(u) for u in theory.initially})
    for axiom in theory.axioms:
        if not structure.holds(axiom.formula):
            raise UsageError(f"these individuals do not satisfy the axiom: {axiom.name}")
    return structure


@dataclass(frozen=True)
class Moment:
    """A step of a run that was played, the state it led to, and the properties that it violated."""

    step: Taken
    structure: Structure
    violated: tuple[str, ...]


def play(theory: Theory, start: Structure, script: Iterable[tuple[str, ...]]) -> list[Moment]:
    """Take the steps of a script, each a transition and the names of its arguments.

    Raises:
        UsageError: a step is not enabled; the message has the guards that are false.
    """
    run: list[Moment] = []
    structure = start
    for name, *arguments in script:
        step = taken(theory, start.domain, name, arguments)
        if closed := step.false_in(structure, step.transition.guards):
            raise UsageError(
                f"step {len(run) + 1}, {step.shown(start.domain)}, is not enabled: {', '.join(closed)}"
            )
        wrong = step.false_in(structure, step.transition.assertions)
        structure = step.after(structure)
        wrong += [claim.name for claim in theory.safety if not structure.holds(claim.formula)]
        run.append(Moment(step, structure, tuple(wrong)))
    return run


def replayed(theory: Theory, start: Structure, script: Iterable[tuple[str, ...]]) -> Replay:
    """A run that was played, for people; it ends where something is violated."""
    run = play(theory, start, script)
    end = next((i for i, moment in enumerate(run) if moment.violated), len(run) - 1)
    return Replay(tuple(m.step.shown(start.domain) for m in run[: end + 1]), run[end].violated)


def taken(theory: Theory, domain: Domain, name: str, arguments: Iterable[str]) -> Taken:
    """A step by the names of its transition and its arguments."""
    transition = theory.transitions[name]
    numbers = []
    for variable, argument in zip(transition.parameters, arguments, strict=True):
        names = domain.names[variable.sort.name]
        if argument not in names:
            raise UsageError(
                f"{name}: no {variable.sort.name} is called {argument}; there are {', '.join(names)}"
            )
        numbers.append(names.index(argument))
    return Taken(transition, tuple(numbers))
