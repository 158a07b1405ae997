"""What the page may ask about a recording: its events, the findings, and what is decided up to an event."""

from __future__ import annotations

import threading
from itertools import islice
from typing import TYPE_CHECKING, Any

from zabcheck.checker.errors import UsageError
from zabcheck.explorer.given import number
from zabcheck.reports.events import plain, sentence
from zabcheck.reports.legible import bounded, legible
from zabcheck.reports.validation_json import finding_document
from zabcheck.traces.validator import Validator

if TYPE_CHECKING:
    from zabcheck.traces.event import Base
    from zabcheck.traces.finding import Finding
    from zabcheck.traces.outcome import Outcome
    from zabcheck.traces.recording import Whole

MOST_EVENTS = 1_000_000
"""Events that are kept, of the beginning of a recording."""
_WINDOW = 500
"""Events that are told at once."""


class RecordedQuestions:
    """Answers the page's questions about one recording, its first view, one question at a time."""

    page = "recording"

    def __init__(self, title: str, whole: Whole, outcome: Outcome) -> None:
        self._title = title
        self._whole = whole
        self._outcome = outcome
        self._events: list[Base] = list(islice(whole.events(), MOST_EVENTS))
        self._places = {(event.track, event.seq): i for i, event in enumerate(self._events)}
        self._lock = threading.Lock()
        self.closing = threading.Event()

    def answer(self, question: str, given: dict[str, Any]) -> dict[str, Any] | None:
        """The answer to ``question``, or ``None`` if there is no such question."""
        known = {"about": self._about, "events": self._window, "event": self._event, "judge": self._judge}
        if question not in known:
            return None
        with self._lock:
            return known[question](given)

    def _about(self, _: dict[str, Any]) -> dict[str, Any]:
        tracks = dict.fromkeys(event.track for event in self._events)
        whole = len(self._events) < MOST_EVENTS
        return {
            "title": self._title,
            "verdict": self._outcome.verdict,
            "reason": self._outcome.reason,
            "count": len(self._events),
            "limit": "" if whole else f"only the first {MOST_EVENTS:,} events are shown",
            "tracks": list(tracks),
            "judges": self._whole.steps_of is None,
            "findings": [self._finding(finding) for finding in self._outcome.findings],
            "properties": {j.property.name: j.property.sentence for j in self._outcome.properties},
        }

    def _finding(self, finding: Finding) -> dict[str, Any]:
        places = [self._places.get((event.track, event.seq)) for event in finding.events]
        return finding_document(finding) | {"events": [place for place in places if place is not None]}

    def _window(self, given: dict[str, Any]) -> dict[str, Any]:
        """The events around a place, of one track or of all, that have some text in them."""
        track, text = given.get("track", ""), given.get("text", "")
        if not isinstance(track, str) or not isinstance(text, str):
            raise UsageError("track and text must be words")
        at, wanted = number(given, "at", MOST_EVENTS), text.casefold()

        def told(i: int) -> dict[str, Any] | None:
            event = self._events[i]
            said = sentence(event)
            if (track and event.track != track) or wanted not in f"{said} {event.at}".casefold():
                return None
            return {"index": i, "track": event.track, "server": event.server, "text": legible(said)}

        later = islice(filter(None, map(told, range(at, len(self._events)))), _WINDOW // 2)
        earlier = islice(filter(None, map(told, range(min(at, len(self._events)) - 1, -1, -1))), _WINDOW // 2)
        return {"events": [*reversed(list(earlier)), *later]}

    def _event(self, given: dict[str, Any]) -> dict[str, Any]:
        event = self._events[self._index(given)]
        return {"fields": {name: bounded(str(value)) for name, value in plain(event).items()}}

    def _judge(self, given: dict[str, Any]) -> dict[str, Any]:
        """What the validator has decided when it has taken the events up to this one."""
        last = self._index(given)
        if self._whole.steps_of is not None:
            raise UsageError("a recording of a model's own steps is judged as a whole only")
        validator = Validator(self._whole.members, list(self._whole.notes), self._whole.changed)
        validator.feed(self._events[: last + 1])
        outcome = validator.outcome(f"up to event {last}")
        return {
            "properties": [
                {"name": j.property.name, "verdict": j.verdict, "checked": j.checked}
                for j in outcome.properties
            ],
        }

    def _index(self, given: dict[str, Any]) -> int:
        return number(given, "at", len(self._events) - 1)
