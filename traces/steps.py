"""A model's own steps as a recording: who takes a step, on which track it is, and how a walk is written down.

There is one track for each who acts (`s1/steps` for server 1) and one for the environment, to which belong steps that
nobody takes alone, such as a partition. A transition says which it is. Two tracks are not ordered. Who has no track
took no step: where a recording lacks one, or its end, it says so with `Missing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from zabcheck.checker.evaluate import Evaluator, select
from zabcheck.checker.model import options
from zabcheck.checker.remembered import Remembering
from zabcheck.checker.simulate import Random
from zabcheck.checker.trace import shown
from zabcheck.traces.event import Recording, Step
from zabcheck.traces.track import Track

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence

    from zabcheck.checker.model import Instance, Model
    from zabcheck.checker.result import Trace
    from zabcheck.checker.trace import Taken
    from zabcheck.traces.event import Base

ENVIRONMENT = "environment/steps"
"""The track of the steps that belong to nobody."""


def track_of(model: Model[Any], instance: Instance) -> str:
    """The name of the track on which a step is recorded."""
    actor = model.transitions[instance.name].actor(instance)
    if actor is None:
        return ENVIRONMENT
    return f"s{actor}/steps" if isinstance(actor, int) else f"{actor}/steps"


class StepWriter:
    """Writes steps down as they are taken, each on the track of who takes it."""

    def __init__(self, model: Model[Any]) -> None:
        self._model = model
        self._tracks: dict[str, Track] = {}

    def recording(self, scope: Any, made_by: str | None = None) -> Recording:
        """The first event: the bounds that the steps keep to."""
        bounds = {f.name: getattr(scope, f.name) for f in options(type(scope))}
        return Recording(track="recording", seq=0, made_by=made_by, model=self._model.name, bounds=bounds)

    def step(
        self,
        instance: Instance,
        choices: tuple[int, ...] = (),
        seen: Mapping[str, str] | None = None,
        at: str = "",
    ) -> Step:
        """A step as an event. ``seen`` are fields of the state after it, by their labels."""
        name = track_of(self._model, instance)
        if name not in self._tracks:
            actor = self._model.transitions[instance.name].actor(instance)
            self._tracks[name] = Track(name, actor if isinstance(actor, int) else None)
        return self._tracks[name].event(
            Step,
            at,
            transition=instance.name,
            arguments=shown(instance.named_arguments),
            choices=choices or None,
            seen=dict(seen or {}),
        )


def record_walk(
    model: Model[Any], scope: Any, seed: int, steps: int, seen: Callable[[str], bool] = lambda _: False
) -> list[Step]:
    """A random walk of at most ``steps`` steps, as they were taken.

    ``seen`` says of which fields, by label, the new value is noted wherever a step changes one. The walk may be
    shorter where nothing more can happen.
    """
    evaluator = Evaluator(model, scope, select(model, scope, ()))
    remembering, writer, random = Remembering(evaluator), StepWriter(model), Random(seed, 1)
    labels = [field.label for field in evaluator.shape.fields]
    ids = remembering.ids_of(evaluator.initial[random.below(len(evaluator.initial))])
    recorded: list[Step] = []
    while len(recorded) < steps:
        enabled = [
            (instance, way)
            for instance in evaluator.selection.transitions
            for way in remembering.answer(instance, ids).ways
        ]
        if not enabled:
            break
        instance, way = enabled[random.below(len(enabled))]
        before, ids = ids, remembering.after(ids, way)
        values = {
            labels[i]: remembering.shown(ids, i)
            for i, (old, new) in enumerate(zip(before, ids, strict=True))
            if old != new and seen(labels[i])
        }
        recorded.append(writer.step(instance, way.choices, values, at=f"walk {seed}, step {len(recorded)}"))
    return recorded


def record_run(
    model: Model[Any], scope: Any, path: Sequence[Taken], trace: Trace, made_by: str
) -> list[Base]:
    """A run that is known, with all that each step changed: ``path`` and ``trace`` are the same one."""
    writer = StepWriter(model)
    steps = (
        writer.step(taken.instance, taken.choices, {change.field: change.after for change in step.changes})
        for taken, step in zip(path, trace.steps, strict=True)
    )
    return [writer.recording(scope, made_by), *steps]


def hide(events: Iterable[Step], which: Container[int]) -> list[Step]:
    """The events without those in ``which``, by their place in the list.

    What is left of the last one of a track is that there was one: without it nobody could tell that it is missing.
    """
    listed = list(events)
    last: dict[str, Base] = {event.track: event for event in listed}
    kept = []
    for place, event in enumerate(listed):
        if place not in which:
            kept.append(event)
        elif event is last[event.track]:
            bare: dict[str, Any] = {"transition": None, "arguments": {}, "choices": None, "seen": {}}
            kept.append(msgspec.structs.replace(event, **bare))
    return kept
