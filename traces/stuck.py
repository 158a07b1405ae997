"""Why no run of the model explains a recording: how far any came, what could not be next, and what could."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zabcheck.checker.guards import Guard, false_guard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zabcheck.checker.evaluate import State
    from zabcheck.checker.model import Instance
    from zabcheck.traces.event import Step
    from zabcheck.traces.plan import Item, Plan
    from zabcheck.traces.stepsearch import Search

NEAREST = 5
"""So many candidates are shown of an event that leaves open which step it was."""


@dataclass(frozen=True)
class Candidate:
    """A step that an event may have been, and what speaks against it."""

    step: str
    guard: Guard | None
    """the guard that is false; ``None`` if the step is possible"""
    differs: tuple[tuple[str, str, str], ...] = ()
    """fields of the state after it, what was observed, what the model has"""

    def lines(self) -> Iterator[str]:
        """For people."""
        if self.guard:
            yield f"{self.step} is not enabled: {self.guard}"
        for label, observed, has in self.differs:
            yield f"{self.step} leads to {label} = {has}, but {observed} was observed"


@dataclass(frozen=True)
class Blocked:
    """The next event of a track, which the state reached does not allow."""

    track: str
    number: int
    """its place on the track"""
    event: Step | None
    """``None`` for a step that was not observed"""
    elsewhere: bool
    """whether the search met a state that allows it"""
    candidates: tuple[Candidate, ...]
    alternatives: tuple[str, ...]
    """what the same server could do instead"""

    @property
    def name(self) -> str:
        """The event in short."""
        if self.event is None:
            return "a step that was not observed"
        arguments = ", ".join(f"{name}={value}" for name, value in self.event.arguments.items())
        return f"{self.event.transition}({arguments})"

    def lines(self) -> Iterator[str]:
        """For people."""
        at = f" [{self.event.at}]" if self.event and self.event.at else ""
        yield f"{self.track}, event {self.number}{at}: {self.name} is not possible here" + (
            "" if self.elsewhere else ", nor in any other state that is consistent with what came before"
        )
        if not self.candidates:
            yield "    the scope has no such step"
        for candidate in self.candidates:
            yield from (f"    {line}" for line in candidate.lines())
        yield "    possible instead: " + (", ".join(self.alternatives) or "nothing")


@dataclass(frozen=True)
class Rejection:
    """The furthest that a run came, and why it does not go on."""

    consumed: dict[str, int]
    """of each track, how many steps were taken"""
    tracks: dict[str, int]
    """of each track, how many steps it has"""
    states: int
    """how many other states, with this or another cut, came as far (some of them at most)"""
    blocked: tuple[Blocked, ...]
    """the next event of each track, those first that were never possible"""

    @property
    def headline(self) -> str:
        """One line: the first event that is impossible."""
        first = self.blocked[0]
        return f"no run of the model goes on to event {first.number} of {first.track}, {first.name}"

    def lines(self) -> Iterator[str]:
        """For people."""
        yield self.headline
        cut = ", ".join(f"{name} {n} of {self.tracks[name]}" for name, n in self.consumed.items())
        yield f"the furthest consistent cut: {cut}" + (
            f" ({self.states} others came as far)" if self.states else ""
        )
        for blocked in self.blocked:
            yield from blocked.lines()


def explain(plan: Plan, search: Search) -> Rejection:
    """Why ``search``, which found nothing, got stuck where it came furthest."""
    cut, states = next(iter(search.furthest.items()))
    state = states[0]
    blocked = [_blocked(plan, search, (t, n), state) for t, n in enumerate(cut) if n < len(plan.tracks[t])]
    return Rejection(
        consumed=plan.consumed(cut),
        tracks=plan.consumed(tuple(map(len, plan.tracks))),
        states=sum(map(len, search.furthest.values())) - 1,
        blocked=tuple(sorted(blocked, key=lambda b: (b.elsewhere, b.event is None))),
    )


def _blocked(plan: Plan, search: Search, place: tuple[int, int], state: State) -> Blocked:
    t, n = place
    item, track = plan.tracks[t][n], plan.names[t]
    candidates = (
        [] if item.hidden else [_candidate(plan, item, instance, state) for instance in item.candidates]
    )
    return Blocked(
        track=track,
        number=n,
        event=item.event,
        elsewhere=place in search.possible,
        candidates=tuple(sorted(candidates, key=lambda c: (c.guard is not None, len(c.differs)))[:NEAREST]),
        alternatives=tuple(
            str(instance)
            for instance in plan.instances[track]
            if any(plan.evaluator.successors(state, instance))
        ),
    )


def _candidate(plan: Plan, item: Item, instance: Instance, state: State) -> Candidate:
    """What speaks against one step, by the option that comes nearest."""
    nearest: tuple[tuple[str, str, str], ...] | None = None
    for choices, after in plan.evaluator.successors(state, instance):
        differs = plan.differences(item, after)
        if item.choices not in (None, choices):
            differs = (("the options taken", str(item.choices), str(choices)), *differs)
        if nearest is None or len(differs) < len(nearest):
            nearest = differs
    if nearest is None:
        return Candidate(str(instance), false_guard(plan.evaluator, state, instance))
    return Candidate(str(instance), None, nearest)
