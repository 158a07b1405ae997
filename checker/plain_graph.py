"""The graph of a plain search, taken apart with networkx. It defines what the demands of liveness mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import networkx as nx

from zabcheck.checker.liveness import Undecided
from zabcheck.checker.model import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.checker.evaluate import Demand, State
    from zabcheck.checker.interpreted import InterpretedSearch
    from zabcheck.checker.trace import Taken

END = -1
"""A node beyond those that are looked for: what can reach one of them can reach it."""


class PlainGraph:
    """All states of a finished search, with the steps between them that are no faults."""

    def __init__(self, search: InterpretedSearch) -> None:
        self._search = search
        self._problem = search.problem
        self._states = list(search.seen)
        self._levels = [depth for depth, size in enumerate(search.levels, 1) for _ in range(size)]
        transitions = self._problem.model.transitions
        instances = list(enumerate(self._problem.selection.transitions))
        self._usual = [(n, i) for n, i in instances if not transitions[i.name].fault]
        self._fair = {n for n, i in self._usual if transitions[i.name].fair}
        numbers = {state: number for number, state in enumerate(self._states)}
        self._steps = [self._expand(state, numbers) for state in self._states]
        self._avoiding: set[int] = set()
        self._component: dict[int, int] = {}

    def _expand(self, state: State, numbers: dict[State, int]) -> list[tuple[int, int]]:
        if numbers[state] % 256 == 0 and (reason := self._search.pause()):
            raise Undecided(reason)
        return [
            (number, numbers[after])
            for number, instance in self._usual
            for _, after in self._problem.evaluator.successors(state, instance)
            if after != state
        ]

    def ask(self, demand: Demand) -> int | None:
        """The state that shows ``demand`` unfulfilled, or ``None``."""
        goals = self._where(demand.goal)
        demanded = set(range(len(self._states))) if demand.when is None else self._where(demand.when)
        graph: nx.DiGraph[Any] = nx.DiGraph()
        graph.add_nodes_from([*range(len(self._states)), END])
        graph.add_edges_from(
            (source, target) for source, steps in enumerate(self._steps) for _, target in steps
        )
        if demand.prop.kind is Kind.RECOVERY:
            graph.add_edges_from((goal, END) for goal in goals)
            return self._least(demanded - nx.ancestors(graph, END))
        graph.remove_nodes_from(goals)
        self._component = {
            state: number
            for number, members in enumerate(nx.strongly_connected_components(graph))
            if END not in members and self._is_fair(members)
            for state in members
        }
        graph.add_edges_from((state, END) for state in self._component)
        self._avoiding = nx.ancestors(graph, END)
        return self._least(demanded & self._avoiding)

    def _where(self, predicate: int) -> set[int]:
        prop, instance = self._problem.selection.predicates[predicate]
        holds = self._problem.evaluator.holds
        return {number for number, state in enumerate(self._states) if holds(state, prop, instance)}

    def _is_fair(self, members: set[int]) -> bool:
        """Whether each fair instance is taken inside the component, or not enabled in some state of it."""
        neglected = set(self._fair)
        for state in members:
            neglected &= {instance for instance, _ in self._steps[state]}
            neglected -= {instance for instance, target in self._steps[state] if target in members}
        return not neglected

    def _least(self, states: set[int]) -> int | None:
        if not states:
            return None
        first = min(self._levels[state] for state in states)
        candidates = [state for state in states if self._levels[state] == first]
        return min(candidates, key=lambda state: self._problem.fingerprint(self._states[state]))

    def steps(self, state: int) -> list[tuple[int, int]]:
        """The steps from a state: which instance, and the state it leads to."""
        return self._steps[state]

    def avoids(self, state: int) -> bool:
        """Whether a fair run from here avoids all goals."""
        return state in self._avoiding

    def component(self, state: int) -> int | None:
        """The component in which a fair run can avoid all goals for ever."""
        return self._component.get(state)

    def values(self, state: int) -> State:
        """The values of a state."""
        return self._states[state]

    def depth(self, state: int) -> int:
        """The level at which a state was found."""
        return self._levels[state]

    def path(self, state: int) -> Callable[[], tuple[State, list[Taken]]]:
        """What makes the path to a state."""
        return lambda: self._search.path(self._states[state])
