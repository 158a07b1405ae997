"""A protocol in first-order logic: relations, transitions, an invariant, and the safety that follows from it.

A transition is a Python function that is run once, with a variable for each parameter. It states guards, asserts what
must be true wherever it can be taken, and says which relations are different afterwards. What it does not mention
stays. So a step needs no frame conditions, and the weakest precondition of a formula is the formula itself, with each
relation read as what it is after the step.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from zabcheck.checker.errors import UsageError
from zabcheck.checker.proof.formula import (
    TRUE,
    And,
    Formula,
    Function,
    Relation,
    Sort,
    Term,
    Variable,
    relations_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Update:
    """A relation after a step: at the places that match, a formula; elsewhere what it was.

    A place is given by a term for each argument; ``free`` are the variables among them that stand for any individual.
    """

    relation: Relation
    place: tuple[Term, ...]
    value: Formula
    free: tuple[Variable, ...]


@dataclass(frozen=True)
class Named:
    """A formula with its name, and why it is there."""

    name: str
    formula: Formula
    sentence: str = ""
    reason: str = ""

    @cached_property
    def relations(self) -> tuple[str, ...]:
        """The names of the relations that the formula speaks of."""
        return tuple(sorted({relation.name for relation in relations_of(self.formula)}))


class Step:
    """What a transition says about itself."""

    def __init__(self, parameters: tuple[Variable, ...]) -> None:
        self.parameters = parameters
        self.guards: list[Named] = []
        self.assertions: list[Named] = []
        self.updates: dict[Relation, Update] = {}

    def require(self, name: str, formula: Formula) -> None:
        """A guard, with a name by which a mutant can leave it out."""
        self.guards.append(Named(name, formula))

    def ensure(self, name: str, formula: Formula, sentence: str) -> None:
        """What must be true whenever the guards are: a property of the step, which is proved."""
        self.assertions.append(Named(name, formula, sentence))

    def insert(self, relation: Relation, *place: Term) -> None:
        """The relation holds at this place from now on."""
        self.assign(relation, *place, value=TRUE)

    def assign(self, relation: Relation, *place: Term, value: Formula) -> None:
        """The relation becomes ``value``, read before the step, at the places that match."""
        if relation in self.updates or relation.rigid:
            raise TypeError(f"{relation.name} is changed twice in one step, or never changes")
        relation(*place)  # checks the sorts
        free = tuple(term for term in place if isinstance(term, Variable) and term not in self.parameters)
        if len(set(free)) < len(free):
            raise TypeError(f"{relation.name}: a free variable stands for one argument")
        self.updates[relation] = Update(relation, place, value, free)


@dataclass(frozen=True)
class Transition:
    """A transition, with its parameters as variables."""

    name: str
    sentence: str
    parameters: tuple[Variable, ...]
    guards: tuple[Named, ...]
    assertions: tuple[Named, ...]
    updates: Mapping[Relation, Update]

    @property
    def guard(self) -> Formula:
        """All guards."""
        return And(tuple(guard.formula for guard in self.guards))


def sentence_and_reason(function: Callable[..., object]) -> tuple[str, str]:
    """The first paragraph of a docstring and the rest, each on one line."""
    first, _, rest = (inspect.getdoc(function) or "").partition("\n\n")
    return " ".join(first.split()), " ".join(rest.split())


def transition(function: Callable[..., None], parameters: Mapping[str, Variable]) -> Transition:
    """The transition that a function describes; its parameters, by their names, after the step itself."""
    _, *names = inspect.signature(function).parameters
    variables = tuple(parameters[name] for name in names)
    step = Step(variables)
    function(step, *variables)
    return Transition(
        function.__name__,
        sentence_and_reason(function)[0],
        variables,
        tuple(step.guards),
        tuple(step.assertions),
        step.updates,
    )


@dataclass(frozen=True)
class Theory:
    """A protocol, what is assumed of its surroundings, and what is claimed.

    The relations are empty in the initial state, except where ``initially`` says otherwise.
    """

    name: str
    sentence: str
    sorts: tuple[Sort, ...]
    functions: tuple[Function, ...]
    relations: tuple[Relation, ...]
    axioms: tuple[Named, ...]
    initially: tuple[Update, ...]
    transitions: Mapping[str, Transition]
    invariant: tuple[Named, ...] = ()
    safety: tuple[Named, ...] = ()


@dataclass(frozen=True)
class Mutant:
    """A deliberate change of a theory: guards or axioms left out, transitions replaced.

    ``refutes`` names the safety property that a run of the mutant violates; empty for a harmless one, which is proved
    like the protocol. ``script`` is that run, each step a transition and the names of its arguments; ``quorums`` are
    those of the ensemble it runs in, where they are not the usual ones.
    """

    name: str
    sentence: str
    refutes: str
    script: tuple[tuple[str, ...], ...] = ()
    quorums: tuple[tuple[str, ...], ...] = ()
    source: str = ""
    without_guards: tuple[tuple[str, str], ...] = ()
    without_axioms: tuple[str, ...] = ()
    replaced: tuple[Transition, ...] = ()

    def apply(self, theory: Theory) -> Theory:
        """The theory with this change."""
        transitions = dict(theory.transitions)
        for changed in self.replaced:
            if changed.name not in transitions:
                raise UsageError(f"mutant {self.name} replaces {changed.name}, which {theory.name} has not")
            transitions[changed.name] = changed
        for name, guard in self.without_guards:
            old = transitions[name]
            kept = tuple(g for g in old.guards if g.name != guard)
            if kept == old.guards:
                raise UsageError(f"mutant {self.name} leaves out a guard that {name} has not: {guard}")
            transitions[name] = replace(old, guards=kept)
        axioms = tuple(axiom for axiom in theory.axioms if axiom.name not in self.without_axioms)
        return replace(theory, axioms=axioms, transitions=transitions)
