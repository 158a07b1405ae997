"""Liveness the slow and obvious way: fixpoints over sets of states, with no components and no C."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.checker import Model, Options
from zabcheck.checker.interpreted import InterpretedSearch
from zabcheck.checker.model import Kind
from zabcheck.checker.search import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.checker.evaluate import Demand


class Runs:
    """The states of a model, and its steps that are no faults and change something."""

    def __init__(self, model: Model[Any], scope: Any) -> None:
        self.problem = Problem(model, scope, Options(liveness=False))
        self.demands = Problem(model, scope, Options()).selection
        search = InterpretedSearch(self.problem)
        search.run()
        self.level = dict(
            zip(
                search.seen, (n for n, size in enumerate(search.levels, 1) for _ in range(size)), strict=False
            )
        )
        evaluator, transitions = self.problem.evaluator, model.transitions
        usual = [i for i in self.problem.selection.transitions if not transitions[i.name].fault]
        self.fair = [i for i in usual if transitions[i.name].fair]
        self.steps = {
            state: [
                (i, after) for i in usual for _, after in evaluator.successors(state, i) if after != state
            ]
            for state in search.seen
        }

    def depth(self, demand: Demand) -> int | None:
        """The first level with a state in which the demand is not fulfilled, or ``None``."""
        goals = self._where(demand.goal)
        demanded = set(self.steps) if demand.when is None else self._where(demand.when)
        recovery = demand.prop.kind is Kind.RECOVERY
        bad = demanded - self._can_reach(goals) if recovery else demanded & self._can_avoid(goals)
        return min((self.level[state] for state in bad), default=None)

    def _where(self, predicate: int) -> set[Any]:
        prop, instance = self.demands.predicates[predicate]
        return {state for state in self.steps if self.problem.evaluator.holds(state, prop, instance)}

    def _can_reach(self, goals: set[Any], within: set[Any] | None = None) -> set[Any]:
        inside = set(self.steps) if within is None else within
        return fixpoint(
            set(goals),
            lambda found: found | {s for s in inside if any(t in found for _, t in self.steps[s])},
        )

    def _can_avoid(self, goals: set[Any]) -> set[Any]:
        """Emerson and Lei: what allows, for each instance, to come to where it is served, and to go on like that."""

        def smaller(found: set[Any]) -> set[Any]:
            for instance in self.fair:
                served = {
                    state
                    for state in found
                    if all(i is not instance for i, _ in self.steps[state])
                    or any(i is instance and after in found for i, after in self.steps[state])
                }
                found = found & self._can_reach(served, found)
            return found

        return self._can_reach(fixpoint(set(self.steps) - goals, smaller), set(self.steps) - goals)


def fixpoint(start: set[Any], function: Callable[[set[Any]], set[Any]]) -> set[Any]:
    while (after := function(start)) != start:
        start = after
    return start
