"""A track under construction: numbers the events of one source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from zabcheck.traces.event import Base

E = TypeVar("E", bound="Base")


@dataclass
class Track:
    """The name of a track, the server that it is about if there is one, and how many events it has."""

    name: str
    server: int | None = None
    length: int = 0

    def event(self, kind: type[E], at: str, **fields: Any) -> E:
        """The next event of the track, of class ``kind``, found ``at`` this place."""
        fields.setdefault("server", self.server)
        made = kind(track=self.name, seq=self.length, at=at, **fields)
        self.length += 1
        return made
