"""An event of a recording as a sentence, for timelines and findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from zabcheck.traces.event import Base

_PLACE = frozenset({"track", "seq", "server", "wall", "at", "kind"})
_LONGEST = 60


def sentence(event: Base) -> str:
    """What happened, to whom, with every observed field."""
    server = f"server {event.server}" if event.server is not None else ""
    return " ".join(filter(None, (server, kind_of(event), observed(event))))


def kind_of(event: Base) -> str:
    """What kind of event it is, in words."""
    return str(type(event).__struct_config__.tag).replace("_", " ")


def observed(event: Base) -> str:
    """Every observed field, with its value."""
    given = ((name, getattr(event, name)) for name in event.__struct_fields__ if name not in _PLACE)
    return " ".join(f"{name}={_short(value)}" for name, value in given if value not in (None, (), {}))


def _short(value: object) -> str:
    text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def plain(event: Base) -> dict[str, object]:
    """The event as it stands in a recording, as plain JSON values."""
    made: dict[str, object] = msgspec.to_builtins(event, enc_hook=str)
    return made
