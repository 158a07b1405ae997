"""The words a transition or property is written with, besides Python itself.

`require` guards, `choose` is nondeterminism, an `Assertion` is a check in the middle of a step, and cells are
fields with operations of their own. The same functions also run outside the checker, on the plain objects of a
real server: there a cell is just a holder of its value, and an assertion that fails raises.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar

from zabcheck.checker.values import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
R = TypeVar("R")
P = ParamSpec("P")


def constant() -> Any:
    """A field of a record that never changes and so is no part of the state, such as the number of a server.

    Every initial state must agree on it; a step may read it freely and cannot assign to it.
    """
    return dataclasses.field(metadata={"constant": True})


def durable(*names: str) -> Callable[[type[T]], type[T]]:
    """Of a record, declare the fields (with all below them) that outlive a crash: what a process keeps on disk.

    To the checker they are fields like any other; whoever draws a run marks the steps that write them.
    """

    def declare(cls: type[T]) -> type[T]:
        declared = {f.name for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
        if unknown := [name for name in names if name not in declared]:
            raise TypeError(f"{cls.__name__} has no field {unknown[0]} that could be durable")
        cls.__durable__ = frozenset(names)  # type: ignore[attr-defined]
        return cls

    return declare


class NotEnabled(Exception):  # noqa: N818 - not an error: the ordinary outcome of a guard
    """Raised by `require` when a guard is false; the transition does not exist in this state."""


class Run(Protocol):
    """What the engine that is evaluating a function offers to `choose` and to assertions."""

    def choose(self, count: int) -> int:
        """The index, below ``count``, of the option to take."""

    def fail(self, name: str) -> None:
        """Note that the assertion ``name`` is false in the step under way."""


_run: Run | None = None


def set_run(run: Run | None) -> Run | None:
    """Make ``run`` the one that `choose` and assertions speak to; return the previous one."""
    global _run
    previous, _run = _run, run
    return previous


def require(condition: object) -> None:
    """State a guard: when ``condition`` is false, the transition is not enabled."""
    if not condition:
        raise NotEnabled


def choose(options: Iterable[T]) -> T:
    """Any one of ``options``: the checker explores each, a simulation picks one. No options, no step."""
    ordered = sorted(options, key=canonical) if isinstance(options, (set, frozenset)) else options
    listed: tuple[T, ...] = tuple(ordered)
    require(listed)
    if _run is None:
        raise RuntimeError("choose() was called outside a run of the checker")
    return listed[_run.choose(len(listed))]


class Assertion:
    """A named property that is checked in the middle of a step ("during-action check").

    Declare it with `Model.assertion` and call `check` in a transition. Its failure is a violation in the state
    that the step leads to.
    """

    def __init__(self, name: str, sentence: str, source: str = "") -> None:
        self.name = name
        self.sentence = sentence
        self.source = source

    def check(self, condition: object) -> None:
        """Require ``condition`` of this step."""
        if not condition:
            if _run is None:
                raise AssertionError(f"{self.name}: {self.sentence}")
            _run.fail(self.name)


class because(str):  # noqa: N801 - reads as a word in `return because(...)`
    """What a property returns instead of ``False`` to say which clause is false, and for whom."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False


class Cell(Generic[T]):
    """A field with named operations, for values that a step changes without depending on all of them.

    ``cell.value`` reads the whole. ``cell.view(f, *args)`` reads only ``f(value, *args)``: the step depends on
    that result and not on the rest. ``cell.apply(f, *args)`` replaces the value by ``f(value, *args)`` without
    depending on it at all. ``f`` must be a pure module-level function. Subclasses give the operations names.
    """

    def __init__(self, value: T) -> None:
        self._value = value

    @staticmethod
    def in_transit(_value: Any) -> tuple[Any, ...]:
        """The messages that a value of this cell holds on their way, oldest first: none, if it is no channel.

        Whoever draws a run finds its messages by this. One that leaves the cell in a step that looked at it was
        received, any other was lost. The last keys on the path of the cell are the receiver and the sender.
        """
        return ()

    @property
    def value(self) -> T:
        """The whole value."""
        return self._value

    @value.setter
    def value(self, value: T) -> None:
        self._value = value

    def view(self, function: Callable[Concatenate[T, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """``function(value, *args)``, depending on nothing else of the value. No keyword arguments."""
        return function(self._value, *args, **kwargs)

    def apply(self, function: Callable[Concatenate[T, P], T], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Replace the value by ``function(value, *args)``, not depending on it. No keyword arguments."""
        self._value = function(self._value, *args, **kwargs)


def _head(items: tuple[T, ...]) -> T | None:
    return items[0] if items else None


def _tail(items: tuple[T, ...]) -> tuple[T, ...]:
    return items[1:]


def append(items: tuple[T, ...], item: T) -> tuple[T, ...]:
    """``items`` with ``item`` at the end."""
    return (*items, item)


def _empty(_items: tuple[T, ...]) -> tuple[T, ...]:
    return ()


class Channel(Cell[tuple[T, ...]]):
    """A FIFO channel. Sending depends on nothing, receiving on the head alone."""

    def __init__(self, value: tuple[T, ...] = ()) -> None:
        super().__init__(value)

    @staticmethod
    def in_transit(value: tuple[Any, ...]) -> tuple[Any, ...]:
        """All that is in the channel."""
        return value

    @property
    def head(self) -> T | None:
        """The message that is next, or ``None`` when the channel is empty."""
        return self.view(_head)

    def send(self, message: T) -> None:
        """Put ``message`` at the end."""
        self.apply(append, message)

    def receive(self) -> T:
        """Take the message that is next; not enabled when there is none."""
        message = self.head
        require(message is not None)
        self.apply(_tail)
        return message  # type: ignore[return-value]

    def clear(self) -> None:
        """Lose everything in transit."""
        self.apply(_empty)


def _contains(items: frozenset[T], item: T) -> bool:
    return item in items


def _with(items: frozenset[T], item: T) -> frozenset[T]:
    return items | {item}


def _without(items: frozenset[T], item: T) -> frozenset[T]:
    return items - {item}


class SetOf(Cell[frozenset[T]]):
    """A set. Adding and discarding depend on nothing, a membership test on that one member."""

    def __init__(self, value: frozenset[T] = frozenset()) -> None:
        super().__init__(value)

    def __contains__(self, item: T) -> bool:
        return self.view(_contains, item)

    def add(self, item: T) -> None:
        """Put ``item`` in."""
        self.apply(_with, item)

    def discard(self, item: T) -> None:
        """Take ``item`` out, if it is in."""
        self.apply(_without, item)


class Tree(Protocol):
    """What backs a view of the state: the engine's access to fields by their number."""

    def read(self, index: int) -> Any:
        """The value of field ``index``."""

    def write(self, index: int, value: Any) -> None:
        """Give field ``index`` a new value."""

    def project(self, index: int, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """``function(value, *args)`` of field ``index``."""

    def apply(self, index: int, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """Replace field ``index`` by ``function(value, *args)``."""
