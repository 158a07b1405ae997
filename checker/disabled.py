"""Steps that cannot be taken, remembered by what their guards looked at.

Most instances are not enabled in most states, and a guard looks at few fields before it is false. In every state with
the same values in these, it is false too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.checker.evaluate import WatchedTree
from zabcheck.checker.vocabulary import NotEnabled, set_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from zabcheck.checker.evaluate import Evaluator, State
    from zabcheck.checker.model import Instance
    from zabcheck.checker.shape import Shape

Node = dict[Any, Any]
"""By the value of the field that is read next, what is read after it; ``False`` where the guard is false by then."""


class Disabled:
    """The successors of states, without asking guards twice."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._tree = _Watched(evaluator.shape)
        self._view = evaluator.shape.view(self._tree)
        self._read: dict[int, tuple[int, Node]] = {}

    def steps(self, state: State) -> Iterator[tuple[Instance, tuple[int, ...], State]]:
        """Each step from a state: what it is, the options it chose, and the state it leads to."""
        for number, instance in enumerate(self._evaluator.selection.transitions):
            if not self._is_known(number, state) and not self._learns(number, instance, state):
                for choices, after in self._evaluator.successors(state, instance):
                    yield instance, choices, after

    def _is_known(self, number: int, state: State) -> bool:
        """Whether the guard was false in a state that agrees with this one in all that it looks at."""
        node: Any = self._read.get(number)
        while node:
            field, by_value = node
            node = by_value.get(state[field])
        return node is False

    def _learns(self, number: int, instance: Instance, state: State) -> bool:
        """Whether the guard is false; if so, that is remembered."""
        self._tree.begin(state)
        previous = set_run(_Nobody())
        try:
            instance.function(self._view, *instance.arguments)
        except NotEnabled:
            self._remember(number, state, self._tree.looked_at)
            return True
        except _Depends:
            pass
        finally:
            set_run(previous)
        return False

    def _remember(self, number: int, state: State, fields: Iterable[int]) -> None:
        place, key = self._read, number
        for field in fields:
            _, by_value = place.setdefault(key, (field, {}))
            place, key = by_value, state[field]
        place[key] = False  # type: ignore[assignment]


class _Depends(Exception):  # noqa: N818 - not an error
    """The step chooses, or checks something: it is left to the evaluator."""


class _Nobody:
    def choose(self, _count: int) -> int:
        raise _Depends

    def fail(self, _name: str) -> None:
        raise _Depends


class _Watched(WatchedTree):
    """A state that notes which of its fields are looked at before they are written."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape, self._look)

    def begin(self, state: State) -> None:
        """Start from a state."""
        self.values = list(state)
        self.looked_at: dict[int, None] = {}
        self._written: set[int] = set()

    def _look(self, index: int) -> None:
        if index not in self._written:
            self.looked_at[index] = None

    def apply(self, index: int, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """Replace field ``index`` by ``function(value, *args)``."""
        self._look(index)
        super().apply(index, function, args)

    def write(self, index: int, value: Any) -> None:
        """Give field ``index`` a new value."""
        super().write(index, value)
        self._written.add(index)
