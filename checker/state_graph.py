"""The graph of all reachable states of a small scope, for drawing: whole, or with states that look alike made one.

It is made by plain Python. What is too large to be looked at is refused.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from zabcheck.checker.errors import UsageError
from zabcheck.checker.evaluate import Evaluator, select
from zabcheck.checker.model import Kind, validate
from zabcheck.checker.result import Edge, Node, StateGraph
from zabcheck.checker.values import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zabcheck.checker.evaluate import State
    from zabcheck.checker.model import Model

MOST_STATES = 20_000
MOST_NODES = 2_000


def state_graph(model: Model[Any], scope: Any, patterns: Sequence[str] = ()) -> StateGraph:
    """The graph of ``model`` in ``scope``. States that agree in all fields that match ``patterns`` are one node.

    Patterns are those of a shell, for the fields' labels (``servers[*].role``). Without any, every state is a node.

    Raises:
        UsageError: a pattern matches no field, or there are more than `MOST_STATES` states or `MOST_NODES` nodes.
    """
    validate(scope)
    evaluator = Evaluator(model, scope, select(model, scope))
    return _Search(evaluator, _shown(evaluator, patterns)).graph()


def _shown(evaluator: Evaluator, patterns: Sequence[str]) -> list[int]:
    """The numbers of the fields that tell nodes apart."""
    labels = [field.label for field in evaluator.shape.fields]
    for pattern in patterns:
        if not any(_matches(label, pattern) for label in labels):
            raise UsageError(f"no field matches {pattern}; there are, for example, {', '.join(labels[:5])}")
    everything = not patterns
    return [i for i, label in enumerate(labels) if everything or any(_matches(label, p) for p in patterns)]


def _matches(label: str, pattern: str) -> bool:
    """Whether a pattern matches; brackets are those of labels, and stand for themselves."""
    return fnmatchcase(label, pattern.replace("[", "[[]"))


class _Search:
    def __init__(self, evaluator: Evaluator, shown: list[int]) -> None:
        self._evaluator = evaluator
        self._shown = shown
        self._places: dict[tuple[Any, ...], int] = {}
        self._levels: list[int] = []
        self._states: list[int] = []
        self._false: list[dict[str, None]] = []
        self._invariants = [(p, i) for p, i in evaluator.selection.predicates if p.kind is Kind.INVARIANT]

    def graph(self) -> StateGraph:
        """Search breadth first, and put states that look alike together."""
        evaluator, model = self._evaluator, self._evaluator.model
        edges: dict[Edge, None] = {}
        seen = dict.fromkeys(evaluator.initial)
        frontier, level = list(seen), 1
        for state in frontier:
            self._add(state, level)
        while frontier:
            level, following = level + 1, []
            for state in frontier:
                for instance in evaluator.selection.transitions:
                    for _, after in evaluator.successors(state, instance):
                        if after not in seen:
                            seen[after] = None
                            following.append(after)
                            self._add(after, level)
                        step = f"{instance.name}({', '.join(map(render, instance.arguments))})"
                        fault = model.transitions[instance.name].fault
                        edges[Edge(self._place(state), self._place(after), step, fault)] = None
            frontier = following
            if len(seen) > MOST_STATES:
                raise UsageError(
                    f"there are more than {MOST_STATES:,} states, too many for a graph: choose smaller bounds"
                )
        return StateGraph(model.name, self._nodes(), tuple(edges))

    def _key(self, state: State) -> tuple[Any, ...]:
        return tuple(state[i] for i in self._shown)

    def _place(self, state: State) -> int:
        return self._places[self._key(state)]

    def _add(self, state: State, level: int) -> None:
        place = self._places.setdefault(self._key(state), len(self._levels))
        if place == len(self._levels):
            if place == MOST_NODES:
                raise UsageError(
                    f"there are more than {MOST_NODES:,} nodes, too many to look at: choose smaller bounds, "
                    "or let states that agree in some fields be one (--collapse FIELD)"
                )
            self._levels.append(level)
            self._states.append(0)
            self._false.append({})
        self._states[place] += 1
        false = sorted(state[self._evaluator.shape.failed])
        false += [p.name for p, i in self._invariants if not self._evaluator.holds(state, p, i)]
        self._false[place] |= dict.fromkeys(false)

    def _nodes(self) -> tuple[Node, ...]:
        fields = self._evaluator.shape.fields
        labels = [(i, fields[i].label) for i in self._shown if i != self._evaluator.shape.failed]
        return tuple(
            Node(
                level=self._levels[place],
                fields=tuple((label, render(value)) for (_, label), value in zip(labels, key, strict=False)),
                states=self._states[place],
                false=tuple(self._false[place]),
            )
            for key, place in self._places.items()
        )
