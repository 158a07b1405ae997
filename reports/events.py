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
    kind = type(event).__struct_config__.tag
    words = [f"server {event.server}" if event.server is not None else "", str(kind).replace("_", " ")]
    for name in event.__struct_fields__:
        value = getattr(event, name)
        if name not in _PLACE and value not in (None, (), {}):
            words.append(f"{name}={_short(value)}")
    return " ".join(filter(None, words))


def _short(value: object) -> str:
    text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def plain(event: Base) -> dict[str, object]:
    """The event as it stands in a recording, as plain JSON values."""
    made: dict[str, object] = msgspec.to_builtins(event, enc_hook=str)
    return made
