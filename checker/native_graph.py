"""The graph of a native search, built and taken apart in C, with Python called for what is not known yet."""

from __future__ import annotations

from bisect import bisect
from itertools import pairwise
from typing import TYPE_CHECKING

from zabcheck.checker import _core
from zabcheck.checker.liveness import Undecided
from zabcheck.checker.model import Kind
from zabcheck.checker.trace import ReplayError

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.checker.evaluate import Demand, State
    from zabcheck.checker.native import NativeSearch
    from zabcheck.checker.trace import Taken

SLICE = 0.1
"""Seconds that C runs before Python looks at limits, signals and the progress display."""

MOST_STATES = 2**32 - 2
"""States, and steps, are numbered in 32 bits."""


class NativeGraph:
    """All states of a finished search, with the steps between them that are no faults."""

    def __init__(self, search: NativeSearch) -> None:
        self._search = search
        self._session = search.session
        self._starts = [0]
        for size in search.levels:
            self._starts.append(self._starts[-1] + size)
        states = self._starts[-1]
        if states > MOST_STATES:
            raise self._too_large
        try:
            self._graph = _core.Graph(search.core, self._roles(), states, self._session.memory_limit)
        except MemoryError:
            raise self._too_large from None
        self._run(self._graph.grow, "building the graph")
        if self._graph.size()[0] != states:
            raise ReplayError("the states of a search were not found again; please report this")

    def _roles(self) -> list[int]:
        problem = self._search.problem
        declared = [problem.model.transitions[i.name] for i in problem.selection.transitions]
        return [
            _core.ROLE_FAULT if t.fault else _core.ROLE_FAIR if t.fair else _core.ROLE_UNFAIR
            for t in declared
        ]

    @property
    def _too_large(self) -> Undecided:
        limit = self._search.problem.options.limits.memory
        room = f"the limit of {limit:,} bytes of memory" if limit else "32-bit numbers"
        return Undecided(f"the graph that liveness is decided on does not fit into {room}")

    def _run(self, part: Callable[[float, int], int], phase: str) -> None:
        """Run a part of the work to its end, or to a limit."""
        problem = self._search.problem
        limit = problem.options.limits.seconds
        why, pause = _core.STOP_NONE, 0.0

        def next_miss() -> tuple[int, tuple[int, ...]] | None:
            nonlocal why
            why = part(SLICE, self._session.memory_limit)
            return self._graph.miss() if why == _core.STOP_MISSES and problem.seconds < pause else None

        while True:
            self._search.report(phase)
            pause = problem.seconds + SLICE
            self._session.settle(next_miss)
            if why == _core.STOP_NONE:
                return
            if why == _core.STOP_MEMORY:
                raise self._too_large
            if limit is not None and problem.seconds >= limit:
                raise Undecided(f"the limit of {limit:g} seconds was reached")

    def ask(self, demand: Demand) -> int | None:
        """The state that shows ``demand`` unfulfilled, or ``None``."""
        self._graph.ask(demand.prop.kind is Kind.RECOVERY, demand.goal, demand.when)
        self._run(self._graph.decide, f"deciding {demand.prop.name}")
        found = (self._graph.least(first, end) for first, end in pairwise(self._starts))
        return next((state for state in found if state is not None), None)

    def steps(self, state: int) -> list[tuple[int, int]]:
        """The steps from a state: which instance, and the state it leads to."""
        return self._graph.steps(state)

    def avoids(self, state: int) -> bool:
        """Whether a fair run from here avoids all goals."""
        return self._graph.avoids(state)

    def component(self, state: int) -> int | None:
        """The component in which a fair run can avoid all goals for ever."""
        return self._graph.component(state)

    def values(self, state: int) -> State:
        """The values of a state."""
        return self._session.teacher.state_of(self._graph.ids(state))

    def depth(self, state: int) -> int:
        """The level at which a state was found."""
        return bisect(self._starts, state)

    def path(self, state: int) -> Callable[[], tuple[State, list[Taken]]]:
        """What makes the path to a state."""
        search, depth, ids = self._search, self.depth(state), self._graph.ids(state)
        return lambda: search.path(depth, ids)
