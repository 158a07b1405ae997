"""What a model is: a state, transitions and properties, registered by decorators on ordinary functions.

A model knows nothing of engines. An engine asks it for the initial states of a scope and for the instances of its
transitions and properties, that is, the functions with their parameters filled in.
"""

from __future__ import annotations

import dataclasses
import inspect
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from zabcheck.checker.errors import ContractError, UsageError
from zabcheck.checker.vocabulary import Assertion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from zabcheck.checker.values import Id

C = TypeVar("C")
F = TypeVar("F", bound="Callable[..., Any]")


def option(
    default: int | str,
    help: str,  # noqa: A002 - the word users expect
    *,
    minimum: int = 0,
    maximum: int | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """A field of a scope that the command line offers: its default, what it means, its sensible values.

    It is a number between ``minimum`` and ``maximum``, or one of the words in ``choices``.
    """
    sensible = {"help": help, "minimum": minimum, "maximum": maximum, "choices": choices}
    return dataclasses.field(default=default, metadata=sensible)


def options(scope: type) -> tuple[dataclasses.Field[Any], ...]:
    """The fields of a scope class that were declared with `option`."""
    return tuple(f for f in dataclasses.fields(scope) if "help" in f.metadata)


def validate(scope: object) -> None:
    """Refuse a scope whose values make no sense, naming the option."""
    for f in options(type(scope)):
        value, least, most = getattr(scope, f.name), f.metadata["minimum"], f.metadata["maximum"]
        if choices := f.metadata["choices"]:
            if value not in choices:
                raise UsageError(f"{f.name} must be one of {', '.join(choices)}, not {value}")
            continue
        if not isinstance(value, int) or value < least:
            raise UsageError(f"{f.name} must be a whole number, at least {least}, not {value}")
        if most is not None and value > most:
            raise UsageError(f"{f.name} must be at most {most}, not {value}")


def meets(value: int | str, needed: int | str) -> bool:
    """Whether an option's value is what a property needs: the same word, or a number at least as large."""
    return value == needed if isinstance(needed, str) else value >= needed  # type: ignore[operator]


class Kind(Enum):
    """What is expected of a property."""

    INVARIANT = "invariant"
    """true in every reachable state"""
    STEP = "step property"
    """true of every step from one reachable state to another"""
    ASSERTION = "assertion"
    """never false where a step checks it"""
    GOAL = "goal"
    """true in some reachable state: guards against a model in which nothing happens"""
    FINAL = "final"
    """true in every state without successors: what is left is a deadlock"""
    RECOVERY = "recovery"
    """from every reachable state, a state in which it is true can be reached without faults"""
    EVENTUALLY = "eventually"
    """becomes true on every fair run without faults, from every reachable state"""


LIVENESS = (Kind.RECOVERY, Kind.EVENTUALLY)
"""The kinds that are about whole runs, decided on the graph of all states once the search is over."""


@dataclass(frozen=True)
class Instance:
    """A transition or property with its parameters filled in."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.arguments))})"

    @property
    def named_arguments(self) -> dict[str, Any]:
        """The parameters' names and values."""
        skipped = len(inspect.signature(self.function).parameters) - len(self.arguments)
        names = list(inspect.signature(self.function).parameters)[skipped:]
        return dict(zip(names, self.arguments, strict=True))


@dataclass(frozen=True)
class Declared:
    """A function registered with a model, with the domain of its parameters."""

    name: str
    function: Callable[..., Any]
    over: Callable[[Any], Iterable[Any]] | None

    @property
    def sentence(self) -> str:
        """The first paragraph of the docstring, on one line."""
        text = (inspect.getdoc(self.function) or "").split("\n\n")[0]
        return " ".join(text.split())

    @property
    def where(self) -> str:
        """``file:line`` of the function."""
        code = getattr(inspect.unwrap(self.function), "__code__", None)
        return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(self.function)

    def instances(self, scope: object) -> list[Instance]:
        """The function for each member of its domain; a member that is not a tuple is the only argument."""
        domain = [()] if self.over is None else self.over(scope)
        return [
            Instance(self.name, self.function, item if isinstance(item, tuple) else (item,))
            for item in domain
        ]


@dataclass(frozen=True)
class Transition(Declared):
    """A transition: whether it is a fault, and whether a run that leaves it out for ever is unfair to it.

    Its first argument takes the step, unless it belongs to the ``environment``.
    """

    fault: bool = False
    fair: bool = True
    environment: bool = False

    def actor(self, instance: Instance) -> Any:
        """Who takes the step: the first argument; ``None`` if that is nobody in particular."""
        return None if self.environment or not instance.arguments else instance.arguments[0]


@dataclass(frozen=True)
class Property(Declared):
    """A property: what it says, of what kind it is, and where it comes from.

    ``needs`` are scope options (name and value) without which it cannot be evaluated, such as the one that adds
    ghost variables. ``when`` says in which states liveness is demanded; in all where it is missing.
    """

    kind: Kind
    source: str = ""
    needs: Mapping[str, int | str] = dataclasses.field(default_factory=dict)
    text: str = ""
    when: Callable[..., Any] | None = None
    declared_at: str = ""
    """``file:line`` of what was declared without a function of its own"""

    @property
    def where(self) -> str:
        """``file:line`` of the function, or of the declaration of an assertion."""
        return self.declared_at or super().where

    @property
    def sentence(self) -> str:
        """One sentence a person can read."""
        return self.text or super().sentence

    def applies(self, scope: object) -> bool:
        """Whether ``scope`` has what the property needs."""
        return all(meets(getattr(scope, name), value) for name, value in self.needs.items())


@dataclass(frozen=True)
class Variant:
    """A deliberate change of a model: a known ambiguity, a bug, or a mutant, with the property that catches it.

    ``affects`` says which releases have it, if it is a bug that was once released; ``needs`` are the scope options
    (name and least value) without which it does not show.
    """

    name: str
    sentence: str
    apply: Callable[[Any], Any]
    caught_by: tuple[str, ...] = ()
    source: str = ""
    affects: str = ""
    needs: Mapping[str, int | str] = dataclasses.field(default_factory=dict)


class Model(Generic[C]):
    """A protocol: initial states, transitions and properties over a scope.

    Args:
        name: what people type on the command line.
        sentence: what it models, one sentence.
        scope: a frozen dataclass of bounds; fields declared with `option` become command-line options.
    """

    def __init__(self, name: str, sentence: str, scope: type[C]) -> None:
        self.name = name
        self.sentence = sentence
        self.scope = scope
        self.transitions: dict[str, Transition] = {}
        self.properties: dict[str, Property] = {}
        self.variants: dict[str, Variant] = {}
        self._initial: Callable[[C], Any] | None = None
        self._identities: Callable[[C], tuple[Id, ...]] | None = None
        self._runs: Callable[[Any, Any], bool] | None = None

    def initial(self, function: F) -> F:
        """Register the function from a scope to the initial state, or to several of them."""
        self._initial = function
        return function

    def identities(self, function: F) -> F:
        """Register the function from a scope to the `Id` values that ``--symmetry`` may permute."""
        self._identities = function
        return function

    def runs(self, function: F) -> F:
        """Register the predicate of a state and of who acts that says whether that one runs, for drawings of a run."""
        self._runs = function
        return function

    def transition(
        self,
        *,
        over: Callable[[C], Iterable[Any]] | None = None,
        name: str | None = None,
        fault: bool = False,
        fair: bool = True,
        environment: bool = False,
    ) -> Callable[[F], F]:
        """Register a transition: a function of the state and of one member of ``over(scope)``.

        Liveness is demanded of runs without further ``fault`` steps, in which no instance of a ``fair`` transition
        stays enabled for ever without being taken (weak fairness). A recording has a step on the track of its first
        argument, or on that of the ``environment`` if it happens to several at once, or to what is between them.
        """

        def register(function: F) -> F:
            declared = Transition(name or function.__name__, function, over, fault, fair, environment)
            self._claim(self.transitions, declared)
            return function

        return register

    def _property(
        self,
        kind: Kind,
        over: Callable[[C], Iterable[Any]] | None,
        name: str | None,
        source: str,
        needs: Mapping[str, int | str] | None,
        when: Callable[..., Any] | None = None,
    ) -> Callable[[F], F]:
        def register(function: F) -> F:
            declared = Property(
                name or function.__name__, function, over, kind, source, needs or {}, when=when
            )
            self._claim(self.properties, declared)
            return function

        return register

    def invariant(
        self,
        *,
        over: Callable[[C], Iterable[Any]] | None = None,
        name: str | None = None,
        source: str = "",
        needs: Mapping[str, int | str] | None = None,
    ) -> Callable[[F], F]:
        """Register a predicate that must be true in every reachable state, for each member of ``over(scope)``."""
        return self._property(Kind.INVARIANT, over, name, source, needs)

    def step_property(
        self,
        *,
        over: Callable[[C], Iterable[Any]] | None = None,
        name: str | None = None,
        source: str = "",
        needs: Mapping[str, int | str] | None = None,
    ) -> Callable[[F], F]:
        """Register a predicate of ``(before, after)`` that must be true of every step.

        It must be true of a step that changes nothing it reads (stuttering).
        """
        return self._property(Kind.STEP, over, name, source, needs)

    def goal(
        self,
        *,
        over: Callable[[C], Iterable[Any]] | None = None,
        name: str | None = None,
        source: str = "",
        needs: Mapping[str, int | str] | None = None,
    ) -> Callable[[F], F]:
        """Register a predicate that must be true in some reachable state (for some member of ``over(scope)``)."""
        return self._property(Kind.GOAL, over, name, source, needs)

    def recoverable(
        self,
        *,
        over: Callable[[C], Iterable[Any]] | None = None,
        name: str | None = None,
        source: str = "",
        needs: Mapping[str, int | str] | None = None,
        when: Callable[..., Any] | None = None,
    ) -> Callable[[F], F]:
        """Register a predicate that can become true again: from every reachable state, by steps that are no faults.

        ``when``, a predicate with the same parameters, restricts from which states that is demanded.
        """
        return self._property(Kind.RECOVERY, over, name, source, needs, when)

    def eventually(
        self,
        *,
        over: Callable[[C], Iterable[Any]] | None = None,
        name: str | None = None,
        source: str = "",
        needs: Mapping[str, int | str] | None = None,
        when: Callable[..., Any] | None = None,
    ) -> Callable[[F], F]:
        """Register a predicate that becomes true on every fair run without faults, from every reachable state.

        ``when``, a predicate with the same parameters, restricts from which states that is demanded: "leads to".
        """
        return self._property(Kind.EVENTUALLY, over, name, source, needs, when)

    def final(self, function: F) -> F:
        """Register the predicate that says which states may have no successor. Any other such state is a deadlock."""
        return self._property(Kind.FINAL, None, "Deadlock", "", None)(function)

    def assertion(self, name: str, sentence: str, source: str = "") -> Assertion:
        """Declare a property that transitions check while they run, with ``assertion.check(condition)``."""
        assertion = Assertion(name, sentence, source)
        caller = inspect.currentframe()
        caller = caller and caller.f_back
        declared = Property(
            name,
            Assertion.check,
            None,
            Kind.ASSERTION,
            source,
            text=sentence,
            declared_at=f"{caller.f_code.co_filename}:{caller.f_lineno}" if caller else "",
        )
        self._claim(self.properties, declared)
        return assertion

    def variant(
        self,
        name: str,
        sentence: str,
        *,
        caught_by: tuple[str, ...] = (),
        source: str = "",
        affects: str = "",
        needs: Mapping[str, int | str] | None = None,
    ) -> Callable[[Callable[[C], C]], Callable[[C], C]]:
        """Register a function that turns a scope into one in which the model behaves differently."""

        def register(function: Callable[[C], C]) -> Callable[[C], C]:
            self.variants[name] = Variant(name, sentence, function, caught_by, source, affects, needs or {})
            return function

        return register

    def _claim(self, table: dict[str, Any], declared: Declared) -> None:
        if declared.name in table:
            raise ContractError(
                f"{declared.name} is declared twice",
                where=declared.where,
                remedy="give one of them another name",
            )
        table[declared.name] = declared

    def initial_states(self, scope: C) -> list[Any]:
        """The initial states of ``scope``, at least one."""
        if self._initial is None:
            raise ContractError(
                "there is no initial state",
                where=f"model {self.name}",
                remedy="decorate the function that makes it with @model.initial",
            )
        made = self._initial(scope)
        states = list(made) if inspect.isgenerator(made) or isinstance(made, (list, tuple)) else [made]
        if not states or not self.transitions:
            what = "there is no transition" if states else "there is no initial state"
            raise ContractError(what, where=f"model {self.name}", remedy="a model needs at least one of each")
        return states

    def varied(self, scope: C, variants: Iterable[str]) -> C:
        """``scope`` with the named variants applied in turn."""
        for name in variants:
            if name not in self.variants:
                known = ", ".join(self.variants) or "none"
                raise UsageError(f"model {self.name} has no variant {name}; it has: {known}")
            scope = self.variants[name].apply(scope)
        return scope

    def identities_of(self, scope: C) -> tuple[Id, ...]:
        """The ids that may be permuted; empty when the model has no symmetry."""
        return self._identities(scope) if self._identities else ()

    def is_running(self, state: Any, actor: Any) -> bool:
        """Whether ``actor`` runs in ``state``; always, where the model says nothing about it."""
        return self._runs is None or bool(self._runs(state, actor))

    def __repr__(self) -> str:
        return f"Model({self.name!r})"
