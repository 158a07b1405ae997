"""What clients did and saw: one JSON object per line, as a recording harness writes it.

A line is an operation with its beginning, end and result, or, with ``"op": "state"``, a change of a client's
connection. What a line has besides is counted, not refused, so that a harness may write more than is used here.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from zabcheck.traces.errors import UnreadableError
from zabcheck.traces.event import Hex, Operation, SessionState
from zabcheck.traces.track import Track

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST = 1 << 24
"""No line is longer."""


class _Arguments(msgspec.Struct):
    """What an operation was asked for."""

    path: str | None = None
    value: str | None = None


class _Line(msgspec.Struct):
    """What is used of a line."""

    client: str
    op: str
    server: int | None = None
    state: str | None = None
    args: _Arguments | None = None
    start: float | None = None
    end: float | None = None
    ok: bool | None = None
    path: str | None = None
    value: str | None = None
    version: int | None = None
    zxid: str | int | None = None
    hdr_zxid: str | int | None = None
    mzxid: str | int | None = None
    czxid: str | int | None = None
    error: str | None = None
    session: str | int | None = None


_USED = frozenset(_Line.__struct_fields__)
_DECODER = msgspec.json.Decoder(dict[str, Any])


def read(
    lines: Iterable[bytes], name: str, unknown: Counter[str] | None = None
) -> Iterator[Operation | SessionState]:
    """The events in ``lines`` of the file ``name``; fields that are not used are counted in ``unknown``."""
    tracks: dict[str, Track] = {}
    counted = Counter[str]() if unknown is None else unknown
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"line {number}"
        if len(line) > MOST:
            raise UnreadableError(name, where, f"a line has more than {MOST} bytes")
        try:
            fields = _DECODER.decode(line)
            counted.update(fields.keys() - _USED)
            found = msgspec.convert(fields, _Line)
            track = tracks.setdefault(found.client, Track(f"client/{found.client}"))
            yield _event(track, found, f"{name}:{number}")
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise UnreadableError(name, where, str(error)) from error


def _event(track: Track, line: _Line, at: str) -> Operation | SessionState:
    if line.op == "state":
        if line.state is None:
            raise ValueError("a change of state without a state")
        return track.event(
            SessionState,
            at,
            server=line.server,
            wall=line.end,
            client=line.client,
            state=line.state,
            session=_hex(line.session),
        )
    asked = line.args or _Arguments()
    return track.event(
        Operation,
        at,
        server=line.server,
        wall=line.end,
        client=line.client,
        op=line.op,
        start=line.start,
        end=line.end,
        ok=line.ok,
        path=asked.path if line.path is None else line.path,
        value=asked.value if line.value is None else line.value,
        version=line.version,
        zxid=_hex(line.zxid),
        seen=_hex(line.hdr_zxid),
        mzxid=_hex(line.mzxid),
        czxid=_hex(line.czxid),
        error=line.error,
        session=_hex(line.session),
    )


def _hex(value: str | int | None) -> Hex | None:
    """A zxid or session, written as a number, or in hexadecimal or decimal text."""
    if value is None:
        return None
    number = value if isinstance(value, int) else int(value, 0)
    if not -(2**63) <= number < 2**64:
        raise ValueError(f"{value} has more than 64 bits")
    return Hex(number % 2**64)
