"""Formulas turned into Python that evaluates them in a finite structure, fast enough for every state of a model.

A quantifier becomes a loop. Where its body demands that a relation holds, the loop runs over the tuples of that
relation instead of over all individuals: relations are sparse, domains are not.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.checker.proof.theory import Update

Bound = frozenset[Variable]


def _term(term: Term) -> str:
    match term:
        case Variable(name):
            return name
        case Apply(function, ()):
            return f"F[{function.name!r}][()]"
        case Apply(function, arguments):
            return f"F[{function.name!r}][{_tuple(arguments)}]"
    raise TypeError(term)


def _tuple(terms: tuple[Term, ...]) -> str:
    return f"({', '.join(map(_term, terms))},)"


def _source(formula: Formula, bound: Bound) -> str:
    match formula:
        case Atom(relation, arguments):
            return f"({_tuple(arguments)} in R[{relation.name!r}])"
        case Equal(left, right):
            return f"({_term(left)} == {_term(right)})"
        case AtMost(left, right):
            return f"({_term(left)} <= {_term(right)})"
        case Not(body):
            return f"(not {_source(body, bound)})"
        case And(parts):
            return f"({' and '.join(_source(part, bound) for part in parts) or 'True'})"
        case Or(parts):
            return f"({' or '.join(_source(part, bound) for part in parts) or 'False'})"
        case Implies(premise, conclusion):
            return f"(not {_source(premise, bound)} or {_source(conclusion, bound)})"
        case Iff(left, right):
            return f"({_source(left, bound)} == {_source(right, bound)})"
        case Quantified(True, variables, Implies(premise, conclusion)):
            inner = _source(conclusion, bound | set(variables))
            return f"all({inner} {_loops(variables, premise, bound)})"
        case Quantified(True, variables, body):
            return f"all({_source(body, bound | set(variables))} {_loops(variables, And(()), bound)})"
        case Quantified(False, variables, body):
            return f"any(True {_loops(variables, body, bound)})"
    raise TypeError(formula)


def _loops(variables: tuple[Variable, ...], condition: Formula, bound: Bound) -> str:
    """``for`` and ``if`` clauses that give the variables all values with which the condition is true."""
    todo = list(condition.parts if isinstance(condition, And) else (condition,))
    open_, known, clauses = set(variables), set(bound) - set(variables), ""
    while todo or open_:
        ready = [part for part in todo if not _free(part) & open_]
        for part in ready:
            todo.remove(part)
            clauses += f" if {_source(part, frozenset(known))}"
        atoms = [part for part in todo if isinstance(part, Atom) and _binds(part, open_)]
        if atoms:
            best = max(atoms, key=lambda atom: len(set(atom.arguments) & known))
            todo.remove(best)
            clauses += _scan(best, open_)
            fresh = {v for v in open_ if v in best.arguments}
        elif open_:
            first = next(v for v in variables if v in open_)
            clauses += f" for {first.name} in D[{first.sort.name!r}]"
            fresh = {first}
        else:
            continue
        open_ -= fresh
        known |= fresh
    return clauses if clauses.startswith(" for") else f" for _ in (0,){clauses}"


def _binds(atom: Atom, open_: set[Variable]) -> bool:
    """Whether going through the relation gives values to all open variables of an atom."""
    return bool(set(atom.arguments) & open_) and all(
        argument in open_ or not _variables(argument) & open_ for argument in atom.arguments
    )


def _scan(atom: Atom, open_: set[Variable]) -> str:
    names, tests, seen = [], [], set()
    for position, argument in enumerate(atom.arguments):
        if isinstance(argument, Variable) and argument in open_ and argument not in seen:
            seen.add(argument)
            names.append(argument.name)
        else:
            names.append(f"_{position}")
            tests.append(f" if _{position} == {_term(argument)}")
    return f" for {', '.join(names)}, in R[{atom.relation.name!r}]{''.join(tests)}"


def _variables(term: Term) -> set[Variable]:
    match term:
        case Variable():
            return {term}
        case Apply(_, arguments):
            return set().union(*map(_variables, arguments))
    raise TypeError(term)


def _free(formula: Formula) -> set[Variable]:
    match formula:
        case Atom(_, arguments):
            return set().union(*map(_variables, arguments))
        case Equal(left, right) | AtMost(left, right):
            return _variables(left) | _variables(right)
        case Not(body):
            return _free(body)
        case And(parts) | Or(parts):
            return set().union(*map(_free, parts))
        case Implies(one, other) | Iff(one, other):
            return _free(one) | _free(other)
        case Quantified(_, variables, body):
            return _free(body) - set(variables)
    raise TypeError(formula)


@cache
def predicate(formula: Formula, parameters: tuple[Variable, ...] = ()) -> Callable[..., bool]:
    """A function of relations, functions, domains and the parameters that says whether a formula is true."""
    return _lambda(_source(formula, frozenset(parameters)), parameters)


@cache
def witness(formula: Formula) -> Callable[..., tuple[Any, ...] | None]:
    """A function that finds values for which a universal formula is false, or ``None``."""
    match formula:
        case Quantified(True, variables, body):
            names = f"({', '.join(v.name for v in variables)},)"
            return _lambda(f"next(({names} {_loops(variables, ~body, frozenset())}), None)", ())
    return lambda *_: ()


@cache
def places(update: Update, parameters: tuple[Variable, ...]) -> Callable[..., set[tuple[int, ...]]]:
    """A function that finds the tuples which an update puts into its relation."""
    loops = _loops(update.free, update.value, frozenset(parameters))
    return _lambda(f"{{{_tuple(update.place)} {loops}}}", parameters)


def _lambda(body: str, parameters: tuple[Variable, ...]) -> Callable[..., Any]:
    names = "".join(f", {v.name}" for v in parameters)
    made: Callable[..., Any] = eval(f"lambda R, F, D{names}: {body}")  # noqa: S307 - source that was made here
    return made
