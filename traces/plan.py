"""A recording of steps as a search goes through it: on each track, what each step may have been."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zabcheck.checker.errors import UsageError
from zabcheck.checker.evaluate import Evaluator, select
from zabcheck.checker.model import options, validate
from zabcheck.checker.values import render
from zabcheck.traces.event import Missing, Recording, Step
from zabcheck.traces.steps import ENVIRONMENT, track_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zabcheck.checker.evaluate import State
    from zabcheck.checker.model import Instance, Model
    from zabcheck.traces.event import Base

Cut = tuple[int, ...]
"""Of each track, how many items were taken."""


@dataclass(frozen=True)
class Item:
    """A step of a track: what it may have been, and what was observed of the state after it."""

    event: Step | None
    """``None`` for a step that was not observed"""
    candidates: tuple[Instance, ...]
    choices: tuple[int, ...] | None = None
    seen: tuple[tuple[int, str], ...] = ()
    mask: int = 0
    """the fields in ``seen``"""
    open: bool = False
    """any number of steps that were not observed"""
    fault: bool = False

    @property
    def hidden(self) -> bool:
        """Whether nothing at all was observed."""
        return self.event is None and not self.seen


class Plan:
    """The recording as tracks of items, over the instances of the model."""

    def __init__(self, model: Model[Any], scope: Any, events: Iterable[Base]) -> None:
        given = list(events)
        self.scope = _bounded(scope, given)
        self.selection = select(model, self.scope)
        bare = dataclasses.replace(
            self.selection, predicates=(), demands=(), steps=(), assertions=frozenset()
        )
        self.model = model
        self.evaluator = Evaluator(model, self.scope, bare)
        self.labels = {f.label: i for i, f in enumerate(self.evaluator.shape.fields[:-1])}
        self.instances: dict[str, list[Instance]] = {ENVIRONMENT: []}
        for instance in bare.transitions:
            self.instances.setdefault(track_of(model, instance), []).append(instance)
        by_track: dict[str, list[Base]] = {}
        for event in given:
            if isinstance(event, Step) and event.track not in self.instances:
                raise UsageError(
                    f"{_place(event)}: no server of the scope has a track {event.track}; there are: "
                    + ", ".join(self.instances)
                )
            if event.track in self.instances:
                by_track.setdefault(event.track, []).append(event)
        self.names = tuple(name for name in self.instances if name in by_track)
        self.tracks = tuple(tuple(self._items(name, by_track[name])) for name in self.names)
        if not any(self.tracks):
            raise UsageError("the recording has no step of the model")
        self.is_open = any(item.open for items in self.tracks for item in items)

    def _items(self, track: str, events: list[Base]) -> Iterator[Item]:
        every = tuple(self.instances[track])
        following = 0
        for event in sorted(events, key=lambda event: event.seq):
            if event.seq < following:
                raise UsageError(f"{_place(event)}: there is another event with number {event.seq}")
            for _ in range(event.seq - following):
                yield Item(None, every)
            following = event.seq + 1
            if isinstance(event, Missing):
                yield Item(None, every, open=True)
            elif isinstance(event, Step):
                yield self._item(event, every)
            else:
                raise UsageError(f"{_place(event)}: a {type(event).__name__} is no step of the model")

    def _item(self, event: Step, every: tuple[Instance, ...]) -> Item:
        seen = []
        for label, value in event.seen.items():
            if label not in self.labels:
                raise UsageError(f"{_place(event)}: the state has no field {label}")
            seen.append((self.labels[label], value))
        mask = 0
        for index, _ in seen:
            mask |= 1 << index
        if event.transition is None:
            return Item(None, every, event.choices, tuple(seen), mask)
        if event.transition not in self.model.transitions:
            raise UsageError(f"{_place(event)}: the model has no transition {event.transition}")
        named = [instance for instance in every if instance.name == event.transition]
        candidates = tuple(i for i in named if _agrees(i, event.arguments))
        for name in event.arguments:
            if named and name not in named[0].named_arguments:
                raise UsageError(f"{_place(event)}: {event.transition} has no parameter {name}")
        fault = self.model.transitions[event.transition].fault
        return Item(event, candidates, event.choices, tuple(seen), mask, fault=fault)

    def differences(self, item: Item, after: State) -> tuple[tuple[str, str, str], ...]:
        """The fields of a state that are not as observed: their labels, what was observed, what they hold."""
        fields = self.evaluator.shape.fields
        return tuple(
            (fields[index].label, value, has)
            for index, value in item.seen
            if (has := render(after[index])) != value
        )

    def consumed(self, cut: Cut) -> dict[str, int]:
        """A cut by the names of the tracks."""
        return dict(zip(self.names, cut, strict=True))


def _place(event: Base) -> str:
    return event.at or f"{event.track}, event {event.seq}"


def _agrees(instance: Instance, arguments: dict[str, str]) -> bool:
    named = instance.named_arguments
    return all(name not in named or render(named[name]) == value for name, value in arguments.items())


def _bounded(scope: Any, events: list[Base]) -> Any:
    """The scope with the bounds that the recording names."""
    for event in events:
        if isinstance(event, Recording) and event.bounds:
            known = {f.name for f in options(type(scope))}
            if unknown := event.bounds.keys() - known:
                raise UsageError(f"{_place(event)}: the scope has no option {min(unknown)}")
            scope = dataclasses.replace(scope, **event.bounds)
    validate(scope)
    return scope
