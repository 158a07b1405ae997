"""The search for a run of the model that explains a recording of its steps.

It goes over pairs of a *cut* (how much of each track was taken) and a state of the model. An event can be taken if
the model has that step in that state and what was observed agrees with what it leads to; where an event is missing
any step of the same server can be. Depth first finds a run soon, if there is one. Only when every pair has been
tried, and no bound was reached, is a recording rejected.

Of steps that do not matter to each other one order is enough. Which those are is found on the way: if all that came
after a step of one server fails, the steps of another are tried before it only if one of those that failed could
have come before it, and reads or changes what the step reads or changes (or makes such a one possible). So the search
keeps of every pair that failed what was attempted below it, and on what that rested: see `Attempted`.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from zabcheck.checker.remembered import Remembering
from zabcheck.checker.search import current_memory
from zabcheck.checker.trace import Taken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from zabcheck.checker.evaluate import State
    from zabcheck.checker.remembered import Ids
    from zabcheck.checker.search import Limits
    from zabcheck.traces.plan import Cut, Item, Plan

    Edge = Callable[[Ids, Taken, Ids], bool]

PATIENCE = 20
"""After so many states for each step of the recording, the search begins again."""

KEPT = 8
"""So many of the furthest states are kept, to be explained."""


class Attempt(NamedTuple):
    """What came of the next item of a track in one state."""

    reads: int
    writes: int
    successors: tuple[tuple[Taken | None, Ids], ...]


class Attempted(NamedTuple):
    """All attempts below a pair at one item: what they read and wrote, at most and at least; what led to them all.

    What led to an attempt are the steps, from the pair on, without which it would not have been made, or not so.
    """

    may_read: int
    may_write: int
    must_read: int
    must_write: int
    past_reads: int
    past_writes: int

    def either(self, other: Attempted) -> Attempted:
        """What is known of the attempts of both."""
        return Attempted(
            self[0] | other[0],
            self[1] | other[1],
            self[2] & other[2],
            self[3] & other[3],
            self[4] & other[4],
            self[5] & other[5],
        )


Place = tuple[int, int]
"""A track, and the number of an item on it."""


class BoundError(Exception):
    """A limit was reached."""


class _ImpatienceError(Exception):
    """It may be better to begin again."""


@dataclass
class Frame:
    """A pair on the way to the current one, and what was tried there."""

    cut: Cut
    ids: Ids
    attempts: dict[int, Attempt] = field(default_factory=dict)
    current: int = -1
    """the track whose steps are being tried"""
    pending: Iterator[tuple[Taken | None, Ids]] = field(default_factory=lambda: iter(()))
    taken: Taken | None = None
    explored: list[int] = field(default_factory=list)
    below: dict[int, dict[Place, Attempted]] = field(default_factory=dict)
    """by explored track, what was attempted after its steps"""
    total: dict[Place, Attempted] = field(default_factory=dict)
    """what was attempted here and after all explored steps"""


class Search:
    """A depth-first search for a run that explains a plan.

    Without ``reduced`` every order of steps is tried. ``forbids`` leaves out steps, and needs every order.
    """

    def __init__(
        self, plan: Plan, limits: Limits, *, reduced: bool = True, forbids: Edge | None = None
    ) -> None:
        self.plan = plan
        self.limits = limits
        self.states = 0
        self.remembering = Remembering(plan.evaluator)
        self.furthest: dict[Cut, list[State]] = {}
        """the pairs from which nothing goes on and that are the furthest, some of their states"""
        self.possible: set[Place] = set()
        """the items that could be taken somewhere"""
        self._best = (-1, -1)
        self._forbids = forbids
        self._reduced = reduced and not plan.is_open and forbids is None
        self._tracks = plan.tracks
        self._ends = tuple(map(len, plan.tracks))
        self._started = time.monotonic()
        self._failed: dict[tuple[Cut, Ids], dict[Place, Attempted]] = {}
        self._same: dict[Attempted, Attempted] = {}
        self._patience = 0
        self._jitter = 0.0
        self._random = random.Random(0)
        self._observed = [
            [sum(item.event is not None for item in items[:n]) for n in range(len(items) + 1)]
            for items in plan.tracks
        ]

    @property
    def seconds(self) -> float:
        """Since the search began."""
        return time.monotonic() - self._started

    def run(self) -> tuple[int, list[Taken]] | None:
        """An initial state and a run from it; nothing when there is none. Raises `BoundError` at a limit.

        A search that takes a wrong turn early notices it late. So it begins again now and then, with other turns and
        more patience, and knows what has failed before.
        """
        patience = PATIENCE * sum(self._ends)
        while True:
            self._patience = self.states + patience
            try:
                for number, root in enumerate(self.plan.evaluator.initial):
                    path = self._from(self.remembering.ids_of(root))
                    if path is not None:
                        return number, path
                return None
            except _ImpatienceError:
                patience = patience * 5 // 4
                self._jitter = (0.02, 0.05, 0.1)[self._random.randrange(3)]

    def _from(self, root: Ids) -> list[Taken] | None:
        start = Frame((0,) * len(self._tracks), root)
        if start.cut == self._ends:
            return []
        if (start.cut, root) in self._failed:
            return None
        stack = [start]
        self._visit(start)
        while stack:
            frame = stack[-1]
            step = next(frame.pending, None)
            if step is not None:
                frame.taken, after = step
                if self._forbids and frame.taken and self._forbids(frame.ids, frame.taken, after):
                    continue
                cut = self._advanced(frame)
                if cut == self._ends:
                    return [f.taken for f in stack if f.taken is not None]
                known = self._failed.get((cut, after))
                if known is not None:
                    self._absorb(frame, known)
                else:
                    stack.append(Frame(cut, after))
                    self._visit(stack[-1])
            elif not self._turn(frame):
                stack.pop()
                summary = self._summary(frame)
                self._failed[frame.cut, frame.ids] = summary
                if stack:
                    self._absorb(stack[-1], summary)
        return None

    def _visit(self, frame: Frame) -> None:
        self.states += 1
        if self._reduced and self.states > self._patience:
            raise _ImpatienceError
        limits = self.limits
        if limits.states is not None and self.states > limits.states:
            raise BoundError(f"the limit of {limits.states:,} states was reached")
        if self.states % 64 == 0:
            if limits.seconds is not None and self.seconds > limits.seconds:
                raise BoundError(f"the limit of {limits.seconds:g} seconds was reached")
            if limits.memory is not None and self.states % 4096 == 0 and current_memory() > limits.memory:
                raise BoundError(f"the limit of {limits.memory:,} bytes was reached")
        if not self._reduced:
            self._failed[frame.cut, frame.ids] = {}

    def _advanced(self, frame: Frame) -> Cut:
        t, cut = frame.current, frame.cut
        if frame.taken is not None and self._tracks[t][cut[t]].open:
            return cut
        return (*cut[:t], cut[t] + 1, *cut[t + 1 :])

    # -- attempts --

    def _attempt(self, frame: Frame, t: int) -> Attempt:
        made = frame.attempts.get(t)
        if made is None:
            made = frame.attempts[t] = self.try_item(self._tracks[t][frame.cut[t]], frame.ids)
            if made.successors:
                self.possible.add((t, frame.cut[t]))
        return made

    def try_item(self, item: Item, ids: Ids) -> Attempt:
        """What comes of an item in a state."""
        reads, writes = item.mask, 0
        successors: list[tuple[Taken | None, Ids]] = [(None, ids)] if item.open else []
        known = {ids} if item.open else set()
        remembering = self.remembering
        for instance in item.candidates:
            answer = remembering.answer(instance, ids)
            reads |= answer.footprint.reads
            writes |= answer.footprint.writes
            for way in answer.ways:
                if item.choices is None or item.choices == way.choices:
                    after = remembering.after(ids, way)
                    if (after not in known or self._forbids) and all(
                        remembering.shown(after, index) == value for index, value in item.seen
                    ):
                        known.add(after)
                        successors.append((Taken(instance, way.choices), after))
        return Attempt(reads, writes, tuple(successors))

    # -- whose turn it is --

    def _turn(self, frame: Frame) -> bool:
        """Begin to try the steps of another track; false if no other is needed."""
        if frame.current >= 0:
            frame.explored.append(frame.current)
        t = self._first(frame) if frame.current < 0 else self._next(frame)
        if t is None:
            return False
        frame.current = t
        successors: Sequence[tuple[Taken | None, Ids]] = self._attempt(frame, t).successors
        if len(successors) > 1:
            successors = self._promising(frame, successors)
        frame.pending = iter(successors)
        return True

    def _unfinished(self, frame: Frame) -> list[int]:
        """The tracks that have a next item, those first that are to be tried first.

        At first these are observed steps, then faults, then what was not observed, and the track of which least was
        taken; after that, about the last alone.
        """
        tracks = self._tracks
        left = [t for t, end in enumerate(self._ends) if frame.cut[t] < end]
        items = {t: tracks[t][frame.cut[t]] for t in left}
        ends, cut, jitter = self._ends, frame.cut, self._jitter

        def turn(t: int) -> tuple[bool, bool, float]:
            progress = cut[t] / ends[t]
            if jitter:
                return False, False, progress + jitter * self._random.random()
            return items[t].event is None, items[t].fault, progress

        return sorted(left, key=turn)

    def _first(self, frame: Frame) -> int | None:
        for t in self._unfinished(frame):
            if self._attempt(frame, t).successors:
                return t
        self._note(frame)
        return None

    def _next(self, frame: Frame) -> int | None:
        """A track whose next step may have to come before those that were tried."""
        unfinished = self._unfinished(frame)
        enabled = [t for t in unfinished if self._attempt(frame, t).successors]
        needed = self._needed(frame, unfinished) if self._reduced else set(unfinished)
        return next((t for t in enabled if t in needed and t not in frame.explored), None)

    def _needed(self, frame: Frame, unfinished: list[int]) -> set[int]:
        """The tracks explored, with all that can come before one of their steps and matter to it."""
        needed = set(frame.explored)
        racing: list[tuple[int, Attempted]] = []
        for p in frame.explored:
            reads, writes = frame.attempts[p][:2]
            both = reads | writes
            for (q, _), seen in frame.below[p].items():
                if q == p or seen.past_writes & both or seen.past_reads & writes:
                    continue
                racing.append((q, seen))
                if seen.may_write & both or seen.may_read & writes:
                    needed.add(q)
        grown = True
        while grown:
            grown = False
            for q in unfinished:
                if q in needed and not frame.attempts[q].successors:
                    for r, seen in racing:
                        if r not in needed and seen.may_write & frame.attempts[q].reads:
                            needed.add(r)
                            grown = True
        return needed

    def _promising(
        self, frame: Frame, successors: Sequence[tuple[Taken | None, Ids]]
    ) -> list[tuple[Taken | None, Ids]]:
        """The ways to take a step, those first after which most tracks can go on with what was observed."""
        t = frame.current
        cut = frame.cut
        following = [
            items[n]
            for number, items in enumerate(self._tracks)
            if (n := cut[number] + (number == t)) < self._ends[number] and items[n].event is not None
        ]
        transitions = self.plan.model.transitions

        def rank(step: tuple[Taken | None, Ids]) -> tuple[int, bool, float]:
            taken, after = step
            possible = sum(bool(self.try_item(item, after).successors) for item in following)
            fault = taken is not None and transitions[taken.instance.name].fault
            return -possible, fault, self._jitter and self._random.random()

        return sorted(successors, key=rank)

    # -- what failed --

    def _summary(self, frame: Frame) -> dict[Place, Attempted]:
        if not self._reduced:
            return {}
        total = frame.total
        for t in self._unfinished(frame):
            reads, writes, _ = self._attempt(frame, t)
            here = Attempted(reads, writes, reads, writes, 0, 0)
            place = (t, frame.cut[t])
            total[place] = self._share(total[place].either(here) if place in total else here)
        return total

    def _share(self, seen: Attempted) -> Attempted:
        return self._same.setdefault(seen, seen)

    def _absorb(self, frame: Frame, failed: dict[Place, Attempted]) -> None:
        """Note what was attempted after a step of the current track, which has failed."""
        if not self._reduced:
            return
        p = frame.current
        reads, writes, _ = frame.attempts[p]
        both = reads | writes
        below = frame.below.setdefault(p, {})
        total = frame.total
        for place, seen in failed.items():
            old = below.get(place)
            below[place] = seen if old is None or old is seen else self._share(old.either(seen))
            if place[0] == p or (
                (seen.must_write | seen.past_writes) & both or (seen.must_read | seen.past_reads) & writes
            ):
                joined = self._share(
                    seen._replace(past_reads=seen.past_reads | reads, past_writes=seen.past_writes | writes)
                )
            else:
                joined = seen
            old = total.get(place)
            total[place] = joined if old is None or old is joined else self._share(old.either(joined))

    def _note(self, frame: Frame) -> None:
        """Remember a pair from which nothing goes on, if none is further."""
        reached = (
            sum(counts[n] for counts, n in zip(self._observed, frame.cut, strict=True)),
            sum(frame.cut),
        )
        if reached > self._best:
            self._best = reached
            self.furthest.clear()
        if reached == self._best and sum(map(len, self.furthest.values())) < KEPT:
            self.furthest.setdefault(frame.cut, []).append(self.remembering.state_of(frame.ids))
