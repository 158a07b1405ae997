"""Seeded random walks: the same properties on spaces too large to explore.

At each state one of the enabled steps is taken, each as likely as the other. A walk depends on the seed and on its
number only, and is the same in both engines. Walks can find a violation; they can never show that there is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zabcheck.checker.errors import UsageError
from zabcheck.checker.model import Kind
from zabcheck.checker.result import Progress
from zabcheck.checker.search import Found, Problem, Stop, Tally, current_memory
from zabcheck.checker.trace import Taken

if TYPE_CHECKING:
    from zabcheck.checker.evaluate import State

MASK = 2**64 - 1


@dataclass(frozen=True)
class Simulation:
    """What to walk: the seed, how many walks, and how many states each may have."""

    seed: int = 0
    walks: int = 1000
    length: int = 100

    def __post_init__(self) -> None:
        if not (0 <= self.seed <= MASK and 1 <= self.walks <= MASK and 1 <= self.length < 2**31):
            raise UsageError(
                "a simulation needs a seed from 0, at least one walk, and a length of at least 1"
            )


class Random:
    """splitmix64, as in the native core."""

    def __init__(self, seed: int, walk: int) -> None:
        self._state = seed ^ (walk * 0xD1342543DE82EF95 & MASK)

    def below(self, count: int) -> int:
        """A number from 0 to ``count`` - 1."""
        self._state = x = (self._state + 0x9E3779B97F4A7C15) & MASK
        x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & MASK
        x = (x ^ x >> 27) * 0x94D049BB133111EB & MASK
        return (x ^ x >> 31) % count


class _Walks:
    """What both engines keep of their walks."""

    def __init__(self, problem: Problem, simulation: Simulation) -> None:
        self.problem = problem
        self.simulation = simulation
        self.found: dict[str, Found] = {}
        self.fired: dict[str, int] = {}
        self.walks = self.steps = self.terminal = self.deadlocks = 0
        self.reason = ""
        self._properties = {p.name: p for p in problem.selection.checked}

    def run(self) -> Tally:
        """Walk until all walks are done, a property is violated, or a limit is reached."""
        try:
            self._walk()
        except (Stop, KeyboardInterrupt):
            self.reason = "interrupted"
        done = f"{self.walks:,} random walks with {self.steps:,} steps are not a proof"
        return Tally(
            engine="",
            workers=1,
            store="none",
            states_by_depth=[],
            generated=self.steps,
            fired=self.fired,
            terminal=self.terminal,
            deadlocks=self.deadlocks,
            found=self.found,
            reason=f"{self.reason}; {done}" if self.reason else done,
        )

    def _walk(self) -> None:
        raise NotImplementedError

    def note(self, name: str, depth: int, root: State, path: list[Taken]) -> None:
        """A property is decided at the end of ``path``."""
        self.found.setdefault(name, Found(depth, 0, lambda: (root, path)))

    @property
    def violated(self) -> bool:
        """Whether a property other than a goal was decided."""
        return any(self._properties[name].kind is not Kind.GOAL for name in self.found)

    def report(self) -> None:
        """Tell the listener, and see whether time is up."""
        limits, listener = self.problem.options.limits, self.problem.options.on_progress
        if listener:
            listener(
                Progress(
                    seconds=self.problem.seconds, generated_states=self.steps, memory_bytes=current_memory()
                )
            )
        if limits.seconds is not None and self.problem.seconds >= limits.seconds:
            self.reason = f"the limit of {limits.seconds:g} seconds was reached"


class InterpretedWalks(_Walks):
    """Random walks in plain Python."""

    def _walk(self) -> None:
        evaluator, selection = self.problem.evaluator, self.problem.selection
        while self.walks < self.simulation.walks and not self.violated and not self.reason:
            self.walks += 1
            random = Random(self.simulation.seed, self.walks)
            root = state = evaluator.initial[random.below(len(evaluator.initial))]
            path: list[Taken] = []
            self._judge(state, root, path)
            while len(path) + 1 < self.simulation.length and not self.violated:
                enabled = [
                    (instance, choices, after)
                    for instance in selection.transitions
                    for choices, after in evaluator.successors(state, instance)
                ]
                if not enabled:
                    self._end(state, root, path)
                    break
                instance, choices, state = enabled[random.below(len(enabled))]
                path.append(Taken(instance, choices))
                self.steps += 1
                self.fired[instance.name] = self.fired.get(instance.name, 0) + 1
                self._judge(state, root, path)
            self.report()

    def _judge(self, state: State, root: State, path: list[Taken]) -> None:
        evaluator = self.problem.evaluator
        for prop, instance in self.problem.selection.predicates:
            if prop.kind is Kind.FINAL or (prop.kind is Kind.GOAL and prop.name in self.found):
                continue
            if bool(evaluator.holds(state, prop, instance)) == (prop.kind is Kind.GOAL):
                self.note(prop.name, len(path) + 1, root, list(path))
        for name in state[self.problem.shape.failed]:
            self.note(name, len(path) + 1, root, list(path))

    def _end(self, state: State, root: State, path: list[Taken]) -> None:
        self.terminal += 1
        for prop, instance in self.problem.selection.predicates:
            if prop.kind is Kind.FINAL and not self.problem.evaluator.holds(state, prop, instance):
                self.deadlocks += 1
                self.note(prop.name, len(path) + 1, root, list(path))


def interpreted(problem: Problem, simulation: Simulation) -> Tally:
    """Walk in plain Python."""
    tally = InterpretedWalks(problem, simulation).run()
    tally.engine = "interpreted"
    return tally


class NativeWalks(_Walks):
    """Random walks by the native core."""

    def _walk(self) -> None:
        from zabcheck.checker import _core, native, saved  # noqa: PLC0415 - the core may be absent

        session = native.Session(self.problem)
        core, options = session.core, self.problem.options
        known = saved.load_tables(self.problem, session.key) if options.cache and session.keyed else None
        session.begin(known.journal if known else None)
        core.walks(self.simulation.seed, self.simulation.walks, self.simulation.length)
        try:
            while True:
                why = core.simulate(native.SLICE)
                self._collect(session, core)
                if why == _core.WALK_MISS:
                    session.teacher.learn(*core.walk_miss())
                elif why == _core.WALK_DONE or self.violated:
                    break
                elif why == _core.WALK_TIME:
                    self.report()
                    if self.reason:
                        break
        finally:
            self._count(core)
        session.teacher.recheck_samples()
        if options.cache and session.keyed:
            saved.store_tables(session.key, session.teacher.journal, known.states if known else 0)

    def _collect(self, session: Any, core: Any) -> None:
        hits = core.take_hits()
        if not hits:
            return
        predicates = self.problem.selection.predicates
        _, _, first, steps, _ = core.walk()
        root, path = session.path(first, steps)
        for number, ids in hits:
            names = (
                sorted(session.teacher.state_of(ids)[self.problem.shape.failed])
                if number is None
                else [predicates[number][0].name]
            )
            for name in names:
                self.note(name, len(path) + 1, root, path)
        for number, (prop, _) in enumerate(predicates):
            if prop.kind is Kind.GOAL and prop.name in self.found:
                core.set_active(number, False)

    def _count(self, core: Any) -> None:
        self.walks, self.steps, *_ = core.walk()
        statistics = core.statistics()
        self.terminal, self.deadlocks = statistics["terminal"], statistics["deadlocks"]
        for instance, count in zip(self.problem.selection.transitions, core.fired(), strict=True):
            self.fired[instance.name] = self.fired.get(instance.name, 0) + count


def native_walks(problem: Problem, simulation: Simulation) -> Tally:
    """Walk with the native core."""
    tally = NativeWalks(problem, simulation).run()
    tally.engine = "native"
    return tally
