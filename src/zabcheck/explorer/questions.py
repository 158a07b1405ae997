"""What the page may ask, each question from plain JSON values to plain JSON values."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING, Any

from zabcheck.checker.errors import UsageError
from zabcheck.checker.walk import DEMANDS
from zabcheck.explorer.given import number
from zabcheck.reports.diagram.runs import of_trace
from zabcheck.reports.diagram.svg import drawn, heads
from zabcheck.reports.legible import bounded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zabcheck.checker.explorer import Explorer
    from zabcheck.checker.result import Change
    from zabcheck.checker.walk import Judgement

_MOST_STEPS = 1_000
"""Random steps that are taken for one question."""
_LONGEST_PATH = 100_000
_MOST_DRAWN = 1_000


class Questions:
    """Answers the page's questions about one model, one at a time."""

    page = "model"

    def __init__(
        self,
        explorer: Explorer,
        title: str,
        start: tuple[str, ...] = (),
        root: int = 0,
        seconds: float = 10.0,
    ) -> None:
        self._explorer = explorer
        self._title = title
        self._start = {"root": root, "position": 0, "path": list(start)}
        self._seconds = seconds
        self._lock = threading.Lock()  # the functions of a model speak to one engine at a time
        self.closing = threading.Event()
        self._known: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "about": self._about,
            "place": self._place,
            "diagram": self._diagram,
            "wander": self._wander,
            "seek": self._seek,
        }

    def answer(self, question: str, given: dict[str, Any]) -> dict[str, Any] | None:
        """The answer to ``question``, or ``None`` if there is no such question.

        Raises:
            CheckerError: what was given makes no sense, or the model broke its contract.
        """
        if question not in self._known:
            return None
        with self._lock:
            return self._known[question](given)

    def _about(self, _: dict[str, Any]) -> dict[str, Any]:
        model, walk = self._explorer.model, self._explorer.walk
        return {
            "model": model.name,
            "title": self._title,
            "sentence": model.sentence,
            "roots": len(walk.initial),
            "start": self._start,
            "transitions": {t.name: t.sentence for t in model.transitions.values()},
            "properties": {
                p.name: {"kind": p.kind.value, "sentence": p.sentence, "demand": p.kind in DEMANDS}
                for p in walk.evaluator.selection.checked
            },
        }

    def _place(self, given: dict[str, Any]) -> dict[str, Any]:
        place = self._explorer.place(*_path(given))
        return {
            "taken": list(place.taken),
            "stopped": place.stopped,
            "fields": [[bounded(field), bounded(value)] for field, value in place.fields],
            "changed": _legible(place.changed),
            "enabled": [
                {"name": step.name, "transition": step.transition, "changes": _legible(step.changes)}
                for step in place.enabled
            ],
            "properties": [_judged(judgement) for judgement in place.judgements],
        }

    def _diagram(self, given: dict[str, Any]) -> dict[str, Any]:
        """The picture of the run to a place, and the titles of its lanes, as SVG."""
        root, path = _path(given)
        if len(path) > _MOST_DRAWN:
            raise UsageError(f"a run of more than {_MOST_DRAWN:,} steps is not drawn")
        diagram = of_trace(self._explorer.run(root, path), what="a run")
        return {"picture": drawn(diagram, names=False, style=False), "heads": heads(diagram)}

    def _wander(self, given: dict[str, Any]) -> dict[str, Any]:
        steps, seed = number(given, "steps", _MOST_STEPS), number(given, "seed", 2**63)
        return {"steps": list(self._explorer.wander(*_path(given), steps, seed))}

    def _seek(self, given: dict[str, Any]) -> dict[str, Any]:
        name = given.get("property")
        if not isinstance(name, str):
            raise UsageError("property must be the name of one")
        sought = self._explorer.seek(*_path(given), name, self._seconds, self.closing.is_set)
        return {"steps": None if sought.steps is None else list(sought.steps), "reason": sought.reason}


def _path(given: dict[str, Any]) -> tuple[int, list[str]]:
    """The place that a question is about."""
    path = given.get("path")
    if not isinstance(path, list) or len(path) > _LONGEST_PATH or not all(isinstance(s, str) for s in path):
        raise UsageError("path must be a list of the names of steps")
    return number(given, "root", 2**31), path


def _legible(changes: Iterable[Change]) -> list[dict[str, str]]:
    return [
        {name: bounded(value) for name, value in dataclasses.asdict(change).items()} for change in changes
    ]


def _judged(judgement: Judgement) -> dict[str, Any]:
    return {
        "name": judgement.prop.name,
        "holds": judgement.holds,
        "violated": judgement.violated,
        "said": bounded(str(judgement)) if judgement.violated or judgement.clause else "",
    }
