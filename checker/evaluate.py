"""What a model means: its functions, run by plain Python on the values of a state.

Everything else in this package is a faster way to the same answers, and is checked against this one.
"""

from __future__ import annotations

import dataclasses
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from zabcheck.checker.errors import CheckerError, ContractError, UsageError
from zabcheck.checker.model import LIVENESS, Declared, Instance, Kind, Model, Property
from zabcheck.checker.shape import Shape
from zabcheck.checker.values import unfit
from zabcheck.checker.vocabulary import NotEnabled, _with, set_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

T = TypeVar("T")

State = tuple[Any, ...]
"""The values of all fields, in the order of `Shape.fields`."""

_HERE = str(Path(__file__).parent)


class Choices:
    """Runs a function once for every combination of the options it chooses between, first options first."""

    def __init__(self) -> None:
        self._script: list[int] = []
        self._counts: list[int] = []
        self._position = 0

    def choose(self, count: int) -> int:
        """The option to take at this point of this run."""
        if self._position == len(self._script):
            self._script.append(0)
            self._counts.append(count)
        self._position += 1
        return self._script[self._position - 1]

    def paths(self) -> Iterator[None]:
        """Yield once before each run; afterwards `taken` says which options that run took."""
        self._script, self._counts = [], []
        while True:
            self._position = 0
            yield
            while self._script and self._script[-1] + 1 == self._counts[-1]:
                self._script.pop()
                self._counts.pop()
            if not self._script:
                return
            self._script[-1] += 1

    @property
    def taken(self) -> tuple[int, ...]:
        """The options that the latest run took."""
        return tuple(self._script)


class PlainTree:
    """A state as a list of values, read and written at once."""

    def __init__(self, shape: Shape) -> None:
        self.values: list[Any] = []
        self._shape = shape
        self._fit: set[Any] = set()

    def read(self, index: int) -> Any:
        """The value of field ``index``."""
        return self.values[index]

    def write(self, index: int, value: Any) -> None:
        """Give field ``index`` a new value."""
        admit(self._shape, self._fit, index, value)
        self.values[index] = value

    def project(self, index: int, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """``function(value, *args)`` of field ``index``."""
        result = function(self.values[index], *args)
        admit_result(self._fit, function, result)
        return result

    def apply(self, index: int, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """Replace field ``index`` by ``function(value, *args)``."""
        admit_arguments(self._shape, self._fit, index, args)
        self.write(index, function(self.values[index], *args))


class WatchedTree(PlainTree):
    """The same, that tells which field is looked at."""

    def __init__(self, shape: Shape, tell: Callable[[int], None]) -> None:
        super().__init__(shape)
        self._tell = tell

    def read(self, index: int) -> Any:
        """The value of field ``index``."""
        self._tell(index)
        return super().read(index)

    def project(self, index: int, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """``function(value, *args)`` of field ``index``."""
        self._tell(index)
        return super().project(index, function, args)


class ReadOnly:
    """A tree that refuses to be written: what properties see."""

    def __init__(self, tree: Any) -> None:
        self.read = tree.read
        self.project = tree.project

    def write(self, *_: Any) -> None:
        """Refuse."""
        raise TypeError("a property may not change the state")

    apply = write


def _is_fit(fit: set[Any], value: Any) -> bool:
    """Whether ``value`` is known to be one that a field may hold."""
    try:
        return (value.__class__, value) in fit
    except TypeError:
        return False


def admit(shape: Shape, fit: set[Any], index: int, value: Any, where: str | None = None) -> None:
    """Refuse ``value`` unless it may be held by a field; ``fit`` remembers those that may."""
    if not _is_fit(fit, value):
        shape.check(index, value, where or _user_line())
        fit.add((value.__class__, value))


def admit_arguments(shape: Shape, fit: set[Any], index: int, args: tuple[Any, ...]) -> None:
    """Refuse arguments of an operation or view that are not values: they would end up in the field, or in a table."""
    for argument in args:
        admit(shape, fit, index, argument)


def admit_result(fit: set[Any], function: Callable[..., Any], result: Any) -> None:
    """Refuse what a view returns unless it is a value."""
    if not _is_fit(fit, result):
        if reason := unfit(result):
            raise ContractError(
                f"the view {function.__qualname__} returned {reason}",
                where=line_of(function),
                remedy="return an immutable value",
            )
        fit.add((result.__class__, result))


def line_of(function: Callable[..., Any]) -> str:
    """``file:line`` of a function, or its name when it is not written in Python."""
    code = getattr(function, "__code__", None)
    return (
        f"{code.co_filename}:{code.co_firstlineno}"
        if code
        else f"{function.__module__}.{function.__qualname__}"
    )


def _user_line() -> str:
    """``file:line`` of the innermost caller outside this package."""
    for frame in reversed(traceback.extract_stack()):
        if not frame.filename.startswith(_HERE):
            return f"{frame.filename}:{frame.lineno}"
    return "model"


class blaming:  # noqa: N801 - used like a function
    """Turns an exception in the model's code into a `ContractError` that names the function, file and line."""

    __slots__ = ("_declared",)

    def __init__(self, declared: Declared) -> None:
        self._declared = declared

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if not isinstance(error, Exception) or isinstance(error, (CheckerError, NotEnabled)):
            return
        declared = self._declared
        if isinstance(error, RecursionError):
            raise ContractError(
                f"{declared.name} recursed without end", where=declared.where, remedy="mend the function"
            ) from error
        frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(_HERE)]
        where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else declared.where
        raise ContractError(
            f"{declared.name} raised {type(error).__name__}: {error}",
            where=where,
            remedy="guard with require(), or mend the function: it must give an answer in every reachable state",
        ) from error


def answer(prop: Property, instance: Instance, *states: Any) -> object:
    """What a property says of ``states``; a guard that is false makes it false."""
    with blaming(prop):
        try:
            return instance.function(*states, *instance.arguments)
        except NotEnabled:
            return False


def asked(what: str, make: Callable[[], T], where: str) -> T:
    """What a function of the scope makes, or a `ContractError` that says which one failed."""
    try:
        with blaming(Declared(what, make, None)):
            return make()
    except NotEnabled as error:
        raise ContractError(
            f"{what} used require()", where=where, remedy="guards belong into transitions and properties"
        ) from error


@dataclass(frozen=True)
class Demand:
    """One instance of a liveness property, with the numbers of its predicates in the selection."""

    prop: Property
    instance: Instance
    goal: int
    when: int | None
    """the predicate of the states from which the goal is demanded; ``None`` for all"""


@dataclass(frozen=True)
class Selection:
    """The instances that a run of the checker evaluates: all transitions, and the properties asked for."""

    transitions: tuple[Instance, ...]
    predicates: tuple[tuple[Property, Instance], ...]
    """invariants, goals and the final predicate, by instance, in declaration order; then those of the demands"""
    demands: tuple[Demand, ...]
    steps: tuple[tuple[Property, Instance], ...]
    assertions: frozenset[str]
    checked: tuple[Property, ...]
    unchecked: Mapping[str, str]
    """properties that are not decided, each with the reason"""


def select(
    model: Model[Any],
    scope: object,
    names: Iterable[str] = (),
    excluded: Callable[[Property], str] = lambda _: "",
) -> Selection:
    """The instances of ``model`` in ``scope``, with the named properties or, when none is named, with all.

    ``excluded`` says why a property cannot be decided in the way that was asked for.
    """
    names = tuple(names)
    if unknown := [name for name in names if name not in model.properties]:
        known = ", ".join(model.properties) or "none"
        raise UsageError(f"model {model.name} has no property {unknown[0]}; it has: {known}")
    wanted = [p for p in model.properties.values() if not names or p.name in names]
    unchecked = {p.name: why for p in wanted if (why := _lacking(p, scope) or excluded(p))}
    for prop in wanted:
        if prop.name in names and (why := excluded(prop)):
            raise UsageError(f"property {prop.name} cannot be decided: {why}")
    checked = tuple(p for p in wanted if p.name not in unchecked)

    def instances(*kinds: Kind) -> tuple[tuple[Property, Instance], ...]:
        return tuple((p, i) for p in checked if p.kind in kinds for i in domain(p))

    def domain(declared: Declared) -> list[Instance]:
        return asked(f"the domain of {declared.name}", lambda: declared.instances(scope), declared.where)

    predicates = list(instances(Kind.INVARIANT, Kind.GOAL, Kind.FINAL))
    demands = []
    for prop, instance in instances(*LIVENESS):
        goal, when = len(predicates), None
        predicates.append((prop, instance))
        if prop.when is not None:
            when = len(predicates)
            condition = dataclasses.replace(prop, function=prop.when)
            predicates.append((condition, Instance(prop.name, prop.when, instance.arguments)))
        demands.append(Demand(prop, instance, goal, when))
    return Selection(
        transitions=tuple(i for t in model.transitions.values() for i in domain(t)),
        predicates=tuple(predicates),
        demands=tuple(demands),
        steps=instances(Kind.STEP),
        assertions=frozenset(p.name for p in checked if p.kind is Kind.ASSERTION),
        checked=checked,
        unchecked=unchecked,
    )


def _lacking(prop: Property, scope: object) -> str:
    """The options that ``prop`` needs, if ``scope`` lacks one of them."""
    if prop.applies(scope):
        return ""
    return "needs " + " ".join(f"--{name.replace('_', '-')} {value}" for name, value in prop.needs.items())


class Evaluator:
    """Evaluates the instances of one model in one scope on states given as tuples of values."""

    def __init__(self, model: Model[Any], scope: Any, selection: Selection) -> None:
        self.model = model
        self.scope = scope
        self.selection = selection
        where = f"model {model.name}"
        roots = asked("the initial state", lambda: model.initial_states(scope), where)
        self.shape = Shape(roots[0], scope, where)
        self.initial = [self.shape.flatten(root) for root in roots]
        self._tree = PlainTree(self.shape)
        self._before = PlainTree(self.shape)
        self._state = self.shape.view(self._tree)
        self._read_only = self.shape.view(ReadOnly(self._tree))
        self._before_view = self.shape.view(ReadOnly(self._before))
        self._choices = Choices()

    def choose(self, count: int) -> int:
        """Take an option on behalf of the transition under way."""
        return self._choices.choose(count)

    def fail(self, name: str) -> None:
        """Note that an assertion failed in the transition under way."""
        if name in self.selection.assertions:
            self._tree.apply(self.shape.failed, _with, (name,))

    def successors(self, state: State, instance: Instance) -> Iterator[tuple[tuple[int, ...], State]]:
        """The options taken and the next state, for every way in which ``instance`` is enabled in ``state``."""
        declared = self.model.transitions[instance.name]
        tree = self._tree
        for _ in self._choices.paths():
            tree.values = list(state)
            previous = set_run(self)
            try:
                with blaming(declared):
                    self.check_guard_result(declared, instance.function(self._state, *instance.arguments))
                    self._check_step(state)
            except NotEnabled:
                continue
            finally:
                set_run(previous)
            yield self._choices.taken, tuple(tree.values)

    @staticmethod
    def check_guard_result(declared: Declared, result: object) -> None:
        """Refuse a transition that answers: a forgotten ``require`` would otherwise be silent."""
        if result is not None:
            raise ContractError(
                f"{declared.name} returned {result!r}",
                where=declared.where,
                remedy="a transition returns nothing; state guards with require(condition)",
            )

    def _check_step(self, before: State) -> None:
        if self.selection.steps:
            self._before.values = list(before)
            for prop, instance in self.selection.steps:
                if not answer(prop, instance, self._before_view, self._read_only):
                    self._tree.apply(self.shape.failed, _with, (prop.name,))

    def holds(self, state: State, prop: Property, instance: Instance) -> object:
        """What the predicate answers in ``state``: true, or false with the reason when it gave one."""
        return answer(prop, instance, self.view(state))

    def view(self, state: State) -> Any:
        """``state`` with the attributes of the model's objects, to look at until something else is evaluated."""
        self._tree.values = list(state)
        return self._read_only

    def is_running(self, state: State, actor: Any) -> bool:
        """Whether one of those who act runs in ``state``."""
        self._tree.values = list(state)
        ask = self.model.is_running
        return asked("runs", lambda: ask(self._read_only, actor), f"model {self.model.name}")

    def explain_step(self, before: State, after: State, prop: Property) -> tuple[Instance, object] | None:
        """The instance of a step property that is false of a step, with what it answered."""
        self._before.values, self._tree.values = list(before), list(after)
        for candidate, instance in self.selection.steps:
            if candidate is prop:
                said = answer(prop, instance, self._before_view, self._read_only)
                if not said:
                    return instance, said
        return None

    def fields_read(self, state: State, instance: Instance) -> list[int]:
        """The fields that a predicate looks at in ``state``, in order: what a false verdict rests on."""
        seen: dict[int, None] = {}
        self._tree.values = list(state)

        watched = WatchedTree(self.shape, seen.setdefault)
        watched.values = list(state)
        with suppress(NotEnabled):
            instance.function(self.shape.view(ReadOnly(watched)), *instance.arguments)
        return list(seen)
