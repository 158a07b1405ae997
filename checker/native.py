"""The native engine: levels driven from here, explored in C, with Python called for what is not known yet."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from zabcheck.checker import _core, saved
from zabcheck.checker.errors import UsageError
from zabcheck.checker.learning import Teacher, group
from zabcheck.checker.liveness import decide
from zabcheck.checker.memory import NO_LIMIT, Budget
from zabcheck.checker.model import Kind
from zabcheck.checker.native_graph import NativeGraph
from zabcheck.checker.result import Progress
from zabcheck.checker.search import Found, Problem, Stop, Tally, current_memory
from zabcheck.checker.trace import ReplayError, Taken

if TYPE_CHECKING:
    from zabcheck.checker.evaluate import State

SLICE = 0.1
"""Seconds that C runs before Python looks at limits, signals and the progress display."""

CHECKPOINT_EVERY = 600.0
"""Seconds between checkpoints, where one is asked for."""

KINDS = {Kind.INVARIANT: 0, Kind.GOAL: 1, Kind.FINAL: 2, Kind.RECOVERY: 3, Kind.EVENTUALLY: 3}
"""The core's codes."""


class Session:
    """A core with its teacher, for one problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        options = problem.options
        self.mappings = group(problem.evaluator, symmetry=options.symmetry)
        if options.store == "exact" and options.symmetry:
            raise UsageError("--symmetry stores fingerprints of orbits; leave out --store exact")
        blocks: dict[Any, int] = {}
        block_of = [blocks.setdefault(f.block, len(blocks)) for f in problem.shape.fields]
        selection = problem.selection
        self.core = _core.Core(
            block_of,
            len(selection.transitions),
            [KINDS[prop.kind] for prop, _ in selection.predicates],
            len(self.mappings),
            max(1, options.workers),
            options.store == "exact",
            options.symmetry,
            problem.shape.failed,
        )
        self.teacher = Teacher(problem.evaluator, self.core, self.mappings, block_of)
        self._budget = Budget(options.limits.memory)

    @cached_property
    def _key(self) -> tuple[str, bool]:
        return saved.key(self.problem, len(self.mappings))

    @property
    def key(self) -> str:
        """What tables and checkpoints of this problem are kept under."""
        return self._key[0]

    @property
    def keyed(self) -> bool:
        """Whether the key is known to cover all that matters, so that tables may be kept."""
        return self._key[1]

    def begin(self, journal: list[tuple[Any, ...]] | None) -> None:
        """Teach what an earlier run learned, then what happens in the initial states."""
        if journal:
            self.teacher.teach_again(journal)
        for state in self.problem.evaluator.initial:
            ids = self.teacher.ids_of(state)
            self.core.add_initial(ids)
            if not journal:
                for tree in range(
                    len(self.problem.selection.transitions) + len(self.problem.selection.predicates)
                ):
                    self.teacher.learn(tree, ids)

    def settle(self, next_miss: Any) -> None:
        """Learn what the core did not know in its latest phase."""
        previous = None
        while (miss := next_miss()) is not None:
            if miss == previous:
                raise ReplayError("the native core did not accept what it was taught; please report this")
            previous = miss
            self.teacher.learn(*miss)

    @property
    def memory_limit(self) -> int:
        """Bytes that the core may use."""
        return self._budget.for_core(self.evaluations)

    @property
    def evaluations(self) -> int:
        """How often Python was called."""
        return sum(self.teacher.evaluations.values())

    def path(self, root: int, steps: list[tuple[int, int]]) -> tuple[State, list[Taken]]:
        """A path of the core, as (instance, n-th of its enabled branches), for replaying."""
        evaluator = self.problem.evaluator
        state = evaluator.initial[root]
        path: list[Taken] = []
        for number, branch in steps:
            instance = self.problem.selection.transitions[number]
            enabled = list(evaluator.successors(state, instance))
            if branch >= len(enabled):
                raise ReplayError(f"{instance} is not enabled at step {len(path) + 1} of the rebuilt path")
            choices, state = enabled[branch]
            path.append(Taken(instance, choices))
        return evaluator.initial[root], path


class NativeSearch:
    """One breadth-first search by the native core."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.session = Session(problem)
        self.core = self.session.core
        self.teacher = self.session.teacher
        self.levels: list[int] = []
        self.hits: dict[str, tuple[int, tuple[int, ...]]] = {}
        """property: the level and the state (value ids) that decides it"""
        self.reason = ""
        self.allocated = 0
        self._mid_level = False
        """taken up in the middle of a level, which is to be finished even if it was decided in its first part"""
        self._properties = {p.name: p for p in problem.selection.checked}
        self._saved_at = time.monotonic()

    def run(self) -> Tally:
        """Search to the end, to a violation, or to a limit."""
        options = self.problem.options
        safe = True
        try:
            self._begin()
            self._explore()
        except Stop:
            self.reason = "interrupted"
            self._collect(len(self.levels))
        except KeyboardInterrupt:
            self.reason = "interrupted"
            safe = False
        tally = self._tally()
        if self.problem.selection.demands and not self.reason and not self._violated():
            safe = decide(self.problem, tally, lambda: NativeGraph(self))
            tally.evaluations = dict(self.teacher.evaluations)
        if self.reason and options.checkpoint and safe:
            self._checkpoint()
            tally.notes = (*tally.notes, f"checkpoint written to {options.checkpoint}")
        if safe:
            self.teacher.recheck_samples()
            if options.cache and self.session.keyed:
                saved.store_tables(self.session.key, self.teacher.journal, sum(self.levels))
        return tally

    def _begin(self) -> None:
        options, session = self.problem.options, self.session
        if options.resume:
            checkpoint = saved.Checkpoint(options.resume, self.problem, session.key)
            meta = checkpoint.meta
            session.begin(meta["journal"])
            checkpoint.load_into(self.core, session.memory_limit)
            self.core.credit(meta["fired"], *meta["counters"])
            self.levels, self.hits = meta["levels"], meta["hits"]
            self.teacher.evaluations = meta["evaluations"]
            self._drop_reached_goals()
            self._mid_level = True
            return
        known = saved.load_tables(self.problem, session.key) if options.cache and session.keyed else None
        session.begin(known.journal if known else None)
        self.core.start(known.states if known else 0, session.memory_limit, False)
        self.levels = [self.core.next_level()]
        self._collect(0)

    def _explore(self) -> None:
        limits = self.problem.options.limits
        while self._mid_level or not self._violated():
            self._mid_level = False
            if limits.depth is not None and len(self.levels) >= limits.depth:
                self.reason = f"the depth limit of {limits.depth} was reached"
                return
            self._expand_level()
            self._collect(len(self.levels))
            if self.reason:
                return
            found = self.core.next_level()
            if not found:
                return
            self.levels.append(found)
            self._drop_reached_goals()

    @property
    def _state_limit(self) -> int:
        limit = self.problem.options.limits.states
        return NO_LIMIT if limit is None else limit

    def _expand_level(self) -> None:
        limits = self.problem.options.limits
        while True:
            why = self.core.run(SLICE, self._state_limit, self.session.memory_limit)
            if why == _core.STOP_MISSES:
                self.session.settle(self.core.next_miss)
            elif why == _core.STOP_NONE:
                return
            elif why == _core.STOP_STATES:
                self.reason = f"the limit of {limits.states:,} states was reached"
            elif why == _core.STOP_MEMORY:
                self.reason = f"the limit of {limits.memory or 0:,} bytes of memory was reached"
            if limits.seconds is not None and self.problem.seconds >= limits.seconds:
                self.reason = self.reason or f"the limit of {limits.seconds:g} seconds was reached"
            self.report()
            if self.reason:
                return
            if self.problem.options.checkpoint and time.monotonic() - self._saved_at > CHECKPOINT_EVERY:
                self._checkpoint()

    # -- what was found --

    def _violated(self) -> bool:
        return any(self._properties[name].kind is not Kind.GOAL for name in self.hits)

    def _collect(self, expanded: int) -> None:
        """Note what decided a property while level ``expanded`` was expanded (0: in the initial states)."""
        predicates = self.problem.selection.predicates
        for number, ids in self.core.take_hits():
            if number is None:
                names = sorted(self.teacher.state_of(ids)[self.problem.shape.failed])
            else:
                names = [predicates[number][0].name]
            for name in names:
                depth = expanded + (self._properties[name].kind is not Kind.FINAL)
                known = self.hits.get(name)
                if known is None or (depth, self._fingerprint(ids)) < (known[0], self._fingerprint(known[1])):
                    self.hits[name] = (depth, ids)

    def _fingerprint(self, ids: tuple[int, ...]) -> int:
        return self.problem.fingerprint(self.teacher.state_of(ids))

    def _drop_reached_goals(self) -> None:
        for number, (prop, _) in enumerate(self.problem.selection.predicates):
            if (
                prop.kind is Kind.GOAL
                and prop.name in self.hits
                and self.hits[prop.name][0] <= len(self.levels)
            ):
                self.core.set_active(number, False)

    def path(self, depth: int, ids: tuple[int, ...]) -> tuple[State, list[Taken]]:
        """The path to a state of level ``depth``, by searching once more with a note of each state's parent.

        One worker, everything known: the order is that of the interpreted engine, and so is the path.
        """
        core, session = self.core, self.session
        for number in range(len(self.problem.selection.predicates)):
            core.set_active(number, False)
        core.start(0, session.memory_limit, True)
        starts, total = [0], core.next_level()
        for _ in range(depth - 1):
            while (why := core.run(SLICE, NO_LIMIT, session.memory_limit)) != _core.STOP_NONE:
                if why == _core.STOP_MISSES:
                    session.settle(core.next_miss)
                elif why != _core.STOP_TIME:
                    raise UsageError(
                        "the memory limit is too small to rebuild the counterexample; raise --max-memory"
                    )
            starts.append(total)
            total += core.next_level()
        position = core.find(ids)
        if position < 0:
            raise ReplayError("the state that decides a property was not found again; please report this")
        return session.path(*core.path(starts, position))

    # -- checkpoints and progress --

    def _checkpoint(self) -> None:
        path = self.problem.options.checkpoint
        assert path is not None  # noqa: S101 - asked for, or this would not be called
        self._collect(len(self.levels))
        statistics = self.core.statistics()
        saved.write_checkpoint(
            path,
            self.session.key,
            self.core,
            {
                "store": self.problem.options.store,
                "journal": self.teacher.journal,
                "levels": self.levels,
                "hits": self.hits,
                "evaluations": self.teacher.evaluations,
                "fired": self.core.fired(),
                "counters": [
                    statistics["generated"],
                    statistics["terminal"],
                    statistics["deadlocks"],
                    statistics["orbit_states"],
                    statistics["level"],
                ],
            },
        )
        self._saved_at = time.monotonic()

    def report(self, phase: str = "") -> None:
        """Tell the listener where the search, or what comes after it, stands."""
        statistics = self.core.statistics()
        self.allocated = max(self.allocated, statistics["allocated"])
        listener = self.problem.options.on_progress
        if listener:
            following = statistics["following"]
            listener(
                Progress(
                    seconds=self.problem.seconds,
                    distinct_states=statistics["states"],
                    generated_states=statistics["generated"],
                    depth=len(self.levels) + (following > 0),
                    frontier=following,
                    remaining_in_level=max(0, statistics["level"] - statistics["done"]),
                    memory_bytes=current_memory(),
                    evaluations=self.session.evaluations,
                    states_by_depth=[*self.levels, following],
                    phase=phase,
                )
            )

    def _tally(self) -> Tally:
        statistics = self.core.statistics()
        options, selection = self.problem.options, self.problem.selection
        states = statistics["states"]
        fired: dict[str, int] = {}
        for instance, count in zip(selection.transitions, self.core.fired(), strict=True):
            fired[instance.name] = fired.get(instance.name, 0) + count
        partial = statistics["following"] if self.reason else 0
        self.allocated = max(self.allocated, statistics["allocated"])
        return Tally(
            engine="native",
            workers=max(1, options.workers),
            store=options.store,
            states_by_depth=[*self.levels, partial] if partial else self.levels,
            generated=statistics["generated"],
            fired=fired,
            terminal=statistics["terminal"],
            deadlocks=statistics["deadlocks"],
            found={name: self._found(name) for name in self.hits},
            reason=self.reason,
            bytes_per_state=self.allocated / max(1, states),
            collision_bound=0.0 if options.store == "exact" else self._collision_bound(states),
            evaluations=dict(self.teacher.evaluations),
            advice=self.teacher.advice(fired),
            symmetric_states=statistics["orbit_states"] if options.symmetry else None,
        )

    def _collision_bound(self, states: int) -> float:
        """At most this is the probability that two states share a fingerprint of 128 bits.

        An orbit's fingerprint is the least of several, and those are a little denser near zero.
        """
        return len(self.session.mappings) * states * (states - 1) / 2.0**129

    def _found(self, name: str) -> Found:
        depth, ids = self.hits[name]
        return Found(depth, self._fingerprint(ids), lambda: self.path(depth, ids))


def search(problem: Problem) -> Tally:
    """Search ``problem`` with the native core."""
    return NativeSearch(problem).run()
