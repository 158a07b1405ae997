"""Liveness: what is demanded of whole runs, decided on the graph of all states after a search that left none out.

Nodes are the states that the search found, edges the steps that are no faults. A step that changes nothing is no
step. The engines differ in how they hold the graph and take it apart; which run is shown is decided here, for both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from zabcheck.checker.lasso import Lasso, lasso_from
from zabcheck.checker.model import Kind
from zabcheck.checker.search import Found, Problem, Stop, Tally
from zabcheck.checker.trace import ReplayError, Taken, Unfulfilled

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.checker.evaluate import Demand, State


class Undecided(Exception):  # noqa: N818 - a verdict, not an error
    """Raised with the reason when a limit is reached before the graph has been built or searched."""


class Graph(Protocol):
    """The states of a search, numbered in the order in which they were found, and the steps between them."""

    def ask(self, demand: Demand) -> int | None:
        """The state that shows ``demand`` unfulfilled: of the first level with one, the least by fingerprint.

        For a recovery, a state in which it is demanded and from which no goal can be reached. For "eventually", one
        in which it is demanded and from which a fair run avoids all goals. The next methods refer to that run.
        """

    def steps(self, state: int) -> list[tuple[int, int]]:
        """The steps from a state: which instance, and the state it leads to."""

    def avoids(self, state: int) -> bool:
        """Whether a fair run from here avoids all goals."""

    def component(self, state: int) -> int | None:
        """The strongly connected component in which a fair run can avoid all goals for ever, if it has the state."""

    def values(self, state: int) -> State:
        """The values of a state."""

    def depth(self, state: int) -> int:
        """The level at which a state was found; that of the initial states is 1."""

    def path(self, state: int) -> Callable[[], tuple[State, list[Taken]]]:
        """What makes the path to a state."""


def decide(problem: Problem, tally: Tally, build: Callable[[], Graph]) -> bool:
    """Add to the tally of a complete search what becomes of the demands; ``build`` makes the graph.

    Returns whether the engine was left between two steps: an interruption by Python itself may come anywhere.
    """
    left = list(problem.selection.demands)
    try:
        graph = build()
        while left:
            if (state := graph.ask(left[0])) is not None:
                _note(tally, _found(problem, graph, left[0], state), left[0].prop.name)
            left.pop(0)
    except (Undecided, Stop, KeyboardInterrupt) as why:
        reason = str(why) if isinstance(why, Undecided) else "interrupted"
        tally.undecided = {d.prop.name: reason for d in left if d.prop.name not in tally.found}
        return not isinstance(why, KeyboardInterrupt)
    return True


def _note(tally: Tally, found: Found, name: str) -> None:
    known = tally.found.get(name)
    if known is None or (found.depth, found.fingerprint) < (known.depth, known.fingerprint):
        tally.found[name] = found


def _found(problem: Problem, graph: Graph, demand: Demand, state: int) -> Found:
    depth, path = graph.depth(state), graph.path(state)
    found = Found(depth, problem.fingerprint(graph.values(state)), path)
    if demand.prop.kind is Kind.RECOVERY:
        found.unfulfilled = Unfulfilled(demand, depth - 1)
        return found
    lasso = lasso_from(graph, state, _fair(problem))
    tail = _taken(problem, graph, state, lasso)

    def whole() -> tuple[State, list[Taken]]:
        root, prefix = path()
        return root, prefix + tail

    found.path = whole
    found.unfulfilled = Unfulfilled(demand, depth - 1, depth - 1 + lasso.cycle_from)
    return found


def _fair(problem: Problem) -> frozenset[int]:
    """The numbers of the instances that a fair run does not leave out, faults aside: the graph has none."""
    transitions = problem.model.transitions
    return frozenset(
        number
        for number, instance in enumerate(problem.selection.transitions)
        if transitions[instance.name].fair
    )


def _taken(problem: Problem, graph: Graph, state: int, lasso: Lasso) -> list[Taken]:
    """The steps of a lasso with the options that they choose."""
    taken = []
    before = graph.values(state)
    for number, target in lasso.steps:
        instance, after = problem.selection.transitions[number], graph.values(target)
        ways = problem.evaluator.successors(before, instance)
        choices = next((choices for choices, made in ways if made == after), None)
        if choices is None:
            raise ReplayError(f"{instance} does not lead where the graph says; please report this")
        taken.append(Taken(instance, choices))
        before = after
    return taken
