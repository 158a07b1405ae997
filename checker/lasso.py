"""Lassos: runs that end in a cycle, or in a state in which nothing more has to happen. What refutes "eventually".

The cycle is fair when each fair instance is taken in it, or is not enabled in some state of it. In a strongly
connected component that allows this, a closed walk that visits a witness for each instance is such a cycle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zabcheck.checker.model import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zabcheck.checker.evaluate import Evaluator, State
    from zabcheck.checker.liveness import Graph
    from zabcheck.checker.trace import Taken, Unfulfilled

Steps = list[tuple[int, int]]
"""Which instance is taken, and to which state it leads, for each step."""


@dataclass(frozen=True)
class Lasso:
    """Steps from a state, and how many of them come before the cycle. The cycle may be empty: the run stops there."""

    steps: Steps
    cycle_from: int


def lasso_from(graph: Graph, start: int, fair: frozenset[int]) -> Lasso:
    """A short fair lasso from ``start`` that avoids the goals of the demand that the graph was asked last."""

    def walk(state: int, allowed: Callable[[int], bool], wanted: Callable[[int, int], bool]) -> Steps:
        """The shortest way through allowed states whose last step, given as instance and state, is wanted."""
        came: dict[int, tuple[int, int]] = {}
        frontier = [state]
        while frontier:
            following = []
            for source in frontier:
                for instance, target in graph.steps(source):
                    if not allowed(target):
                        continue
                    if wanted(instance, target):
                        return [*_back(came, state, source), (instance, target)]
                    if target not in came and target != state:
                        came[target] = (source, instance)
                        following.append(target)
            frontier = following
        raise AssertionError("a component that is said to be fair is not")

    def enabled(state: int) -> set[int]:
        return {instance for instance, _ in graph.steps(state)} & fair

    def in_component(state: int) -> bool:
        return graph.component(state) == component

    def serving(pending: set[int]) -> Callable[[int, int], bool]:
        return lambda instance, state: instance in pending or not pending <= enabled(state)

    steps: Steps = []
    entry = start
    if graph.component(start) is None:
        steps = walk(start, graph.avoids, lambda _, state: graph.component(state) is not None)
        entry = steps[-1][1]
    component = graph.component(entry)
    pending, at, cycle = enabled(entry), entry, Steps()
    while pending:
        part = walk(at, in_component, serving(pending))
        for instance, state in part:
            pending = (pending - {instance}) & enabled(state)
        cycle += part
        at = cycle[-1][1]
        if not enabled(at):  # a run may stop here, which is simpler than going round
            return Lasso(steps + cycle, len(steps) + len(cycle))
    if at != entry:
        cycle += walk(at, in_component, lambda _, state: state == entry)
    return Lasso(steps + cycle, len(steps))


def _back(came: dict[int, tuple[int, int]], start: int, state: int) -> Steps:
    """The steps from ``start`` to a state that a walk came to."""
    steps = []
    while state != start:
        source, instance = came[state]
        steps.append((instance, state))
        state = source
    return steps[::-1]


def flaw(
    evaluator: Evaluator, unfulfilled: Unfulfilled, states: Sequence[State], path: Sequence[Taken]
) -> str:
    """What is wrong with the run that is to show a demand unfulfilled, judged by plain Python; empty if nothing is."""
    demand, since = unfulfilled.demand, unfulfilled.since
    predicates = evaluator.selection.predicates
    if demand.when is not None and not evaluator.holds(states[since], *predicates[demand.when]):
        return f"it is not demanded after step {since}"
    if any(evaluator.holds(state, *predicates[demand.goal]) for state in states[since:]):
        return "it becomes true"
    if demand.prop.kind is Kind.RECOVERY:
        return ""
    transitions = evaluator.model.transitions
    if any(transitions[taken.instance.name].fault for taken in path[since:]):
        return f"there is a fault after step {since}"
    assert unfulfilled.cycle_from is not None  # noqa: S101 - so it is for this kind
    cycle, taken = states[unfulfilled.cycle_from :], {t.instance for t in path[unfulfilled.cycle_from :]}
    if cycle[0] != cycle[-1]:
        return "the cycle does not close"
    for instance in evaluator.selection.transitions:
        if transitions[instance.name].fault or not transitions[instance.name].fair or instance in taken:
            continue
        if all(any(after != state for _, after in evaluator.successors(state, instance)) for state in cycle):
            return f"{instance} is always enabled and never taken"
    return ""
