"""The plain search: breadth first, states in a dict, every function run by Python every time.

It is slow and short. It defines what the native engine must agree with, and works where that was not built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker.liveness import decide
from zabcheck.checker.model import LIVENESS, Instance, Kind, Property
from zabcheck.checker.result import Progress
from zabcheck.checker.search import Found, Problem, Stop, Tally, current_memory
from zabcheck.checker.trace import Taken

if TYPE_CHECKING:
    from zabcheck.checker.evaluate import State

Parent = tuple["State", Instance, tuple[int, ...]] | None


class InterpretedSearch:
    """One breadth-first search in plain Python."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.seen: dict[State, Parent] = {}
        self.levels: list[int] = []
        self.generated = 0
        self.fired: dict[str, int] = {}
        self.terminal = 0
        self.deadlocks = 0
        self.found: dict[str, Found] = {}
        self._assertions = {p.name: p for p in problem.selection.checked}
        selection = problem.selection
        self._final = next(((p, i) for p, i in selection.predicates if p.kind is Kind.FINAL), None)
        self._predicates = [(p, i) for p, i in selection.predicates if p.kind not in (Kind.FINAL, *LIVENESS)]

    def run(self) -> Tally:
        """Search to the end, to a violation, or to a limit."""
        reason = ""
        frontier: list[State] = []
        for root in self.problem.evaluator.initial:
            self.generated += 1
            self._visit(root, None, 1, frontier)
        self.levels.append(len(frontier))
        try:
            while frontier and not self._violated():
                reason = self._limit(before_level=True)
                if reason:
                    break
                following: list[State] = []
                self.levels.append(0)
                reason = self._expand(frontier, following)
                if not self.levels[-1]:
                    self.levels.pop()
                frontier = following
                if reason:
                    break
        except (Stop, KeyboardInterrupt):
            reason = "interrupted"
        tally = self._tally(reason)
        if self.problem.selection.demands and not reason and not self._violated():
            from zabcheck.checker.plain_graph import PlainGraph  # noqa: PLC0415 - networkx takes long to load

            decide(self.problem, tally, lambda: PlainGraph(self))
        return tally

    def _tally(self, reason: str) -> Tally:
        return Tally(
            engine="interpreted",
            workers=1,
            store="exact",
            states_by_depth=[n for n in self.levels if n],
            generated=self.generated,
            fired=self.fired,
            terminal=self.terminal,
            deadlocks=self.deadlocks,
            found=self.found,
            reason=reason,
        )

    def _violated(self) -> bool:
        kinds = self.problem.model.properties
        return any(kinds[name].kind is not Kind.GOAL for name in self.found)

    def _expand(self, frontier: list[State], following: list[State]) -> str:
        depth = len(self.levels)
        for position, state in enumerate(frontier):
            enabled = False
            for instance in self.problem.selection.transitions:
                for choices, after in self.problem.evaluator.successors(state, instance):
                    enabled = True
                    self.generated += 1
                    self.fired[instance.name] = self.fired.get(instance.name, 0) + 1
                    self._visit(after, (state, instance, choices), depth, following)
            if not enabled:
                self._end(state, depth - 1)
            self.levels[-1] = len(following)
            if position % 256 == 255:
                self._report(depth, len(following), len(frontier) - position)
                if reason := self._limit():
                    return reason
        self._report(depth, len(following), 0)
        return ""

    def _end(self, state: State, depth: int) -> None:
        self.terminal += 1
        if self._final and not self.problem.evaluator.holds(state, *self._final):
            self.deadlocks += 1
            self._note(self._final[0], state, depth)

    def _visit(self, state: State, parent: Parent, depth: int, following: list[State]) -> None:
        if state in self.seen:
            return
        self.seen[state] = parent
        following.append(state)
        for prop, instance in self._predicates:
            known = self.found.get(prop.name)
            if known and known.depth < depth:
                continue
            if bool(self.problem.evaluator.holds(state, prop, instance)) == (prop.kind is Kind.GOAL):
                self._note(prop, state, depth)
        for name in state[self.problem.shape.failed]:
            self._note(self._assertions[name], state, depth)

    def _note(self, prop: Property, state: State, depth: int) -> None:
        fingerprint = self.problem.fingerprint(state)
        known = self.found.get(prop.name)
        if known is None or (depth, fingerprint) < (known.depth, known.fingerprint):
            self.found[prop.name] = Found(depth, fingerprint, lambda: self.path(state))

    def path(self, state: State) -> tuple[State, list[Taken]]:
        """The way by which a state was found: its initial state and the steps."""
        path = []
        while (parent := self.seen[state]) is not None:
            state, instance, choices = parent
            path.append(Taken(instance, choices))
        return state, path[::-1]

    def pause(self) -> str:
        """Tell the listener, and say which limit has been reached since the search ended, if any."""
        self._report(len(self.levels), 0, 0, "building the graph")
        return self._exhausted()

    def _limit(self, *, before_level: bool = False) -> str:
        limits = self.problem.options.limits
        if before_level and limits.depth is not None and len(self.levels) >= limits.depth:
            return f"the depth limit of {limits.depth} was reached"
        if limits.states is not None and len(self.seen) >= limits.states:
            return f"the limit of {limits.states:,} states was reached"
        return self._exhausted()

    def _exhausted(self) -> str:
        limits = self.problem.options.limits
        if limits.seconds is not None and self.problem.seconds >= limits.seconds:
            return f"the limit of {limits.seconds:g} seconds was reached"
        if limits.memory is not None and current_memory() >= 0.95 * limits.memory:
            return f"the limit of {limits.memory:,} bytes of memory was reached"
        return ""

    def _report(self, depth: int, frontier: int, remaining: int, phase: str = "") -> None:
        listener = self.problem.options.on_progress
        if listener:
            listener(
                Progress(
                    seconds=self.problem.seconds,
                    distinct_states=len(self.seen),
                    generated_states=self.generated,
                    depth=depth,
                    frontier=frontier,
                    remaining_in_level=remaining,
                    memory_bytes=current_memory(),
                    states_by_depth=[n for n in self.levels if n],
                    phase=phase,
                )
            )


def search(problem: Problem) -> Tally:
    """Search ``problem`` in plain Python."""
    return InterpretedSearch(problem).run()
