"""Recordings as JSON Lines: one event to a line, in the versioned schema of `event`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from zabcheck.traces.errors import UnreadableError
from zabcheck.traces.event import SCHEMA, Event, Hex, Recording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from zabcheck.traces.event import Base

LONGEST = 1 << 24
"""Bytes of a line; no event is near that long."""


def _from_json(kind: type[Any], value: Any) -> Any:
    if kind is Hex and isinstance(value, str) and value.startswith(("0x", "-0x")):
        return Hex(value, 16)
    raise ValueError(f"expected a hexadecimal number such as '0x100000003', got {value!r}")


def _to_json(value: Any) -> str:
    return str(value)


_decoder = msgspec.json.Decoder(Event, dec_hook=_from_json)
_encoder = msgspec.json.Encoder(enc_hook=_to_json)


def read(stream: BinaryIO, name: str) -> Iterator[Base]:
    """The events of a recording; raises `UnreadableError` with the line that is none.

    Of a file that is still being written the last line may be cut off: that is no event, and no error.
    """
    decode = _decoder.decode
    number = 0
    while line := stream.readline(LONGEST):
        number += 1
        if not line.endswith(b"\n"):
            if len(line) == LONGEST:
                raise UnreadableError(name, f"line {number}", "the line is too long for an event")
            return
        if line == b"\n":
            continue
        try:
            event: Base = decode(line)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise UnreadableError(
                name, f"line {number}", f"not an event of schema {SCHEMA}: {error}"
            ) from None
        if isinstance(event, Recording) and event.schema != SCHEMA:
            raise UnreadableError(
                name, f"line {number}", f"schema {event.schema}; this version reads schema {SCHEMA}"
            )
        yield event


def line(event: Base) -> bytes:
    """An event as a line."""
    return _encoder.encode(event) + b"\n"


def write(events: Iterable[Base], stream: BinaryIO) -> int:
    """Write events, a line each; the number of them."""
    count = 0
    for event in events:
        stream.write(line(event))
        count += 1
    return count


def schema() -> dict[str, Any]:
    """The schema of an event as JSON Schema (2020-12)."""

    def hexadecimal(kind: type[Any]) -> dict[str, Any]:
        if kind is not Hex:
            raise NotImplementedError
        return {"type": "string", "pattern": "^-?0x[0-9a-f]+$"}

    made = msgspec.json.schema(Event, schema_hook=hexadecimal)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"zabcheck event, schema {SCHEMA}",
        **made,
    }
