"""The file in which a server records what it does: events of the traces, a line each, in parts that are thrown away.

A line is with the kernel before anything that it tells of can be seen elsewhere, so a killed process has recorded
what others saw of it; only a machine that fails can lose lines. Each part begins with who is in the ensemble, since
the one before may be gone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from zabcheck.model.quorums import Hierarchical
from zabcheck.traces import jsonl
from zabcheck.traces.event import Missing, Recording
from zabcheck.traces.track import Track

if TYPE_CHECKING:
    from pathlib import Path

    from zabcheck.implementation.clock import Clock
    from zabcheck.traces.event import Base
    from zabcheck.traces.members import Members

E = TypeVar("E", bound="Base")
PART = 1 << 25
"""Bytes of a part."""
PARTS = 8
"""So many are kept."""
NAME = re.compile(r"^events-(\d{8})\.jsonl$")
TAIL = 1 << 16


class Recorder:
    """Writes the events of one server."""

    def __init__(
        self, folder: Path, members: Members, sid: int, clock: Clock, *, part: int = PART, parts: int = PARTS
    ) -> None:
        self._folder = folder
        self._members = members
        self._sid = sid
        self._clock = clock
        self._part = part
        self._parts = parts
        self._lines: list[bytes] = []
        self._size = 0
        self._track = Track(f"s{sid}/log", sid)
        folder.mkdir(parents=True, exist_ok=True)
        existing = self._existing()
        self._number = existing[-1][0] if existing else 0
        if existing:
            self._track.length = _next(existing[-1][1])
        self._file = self._begin()

    def _existing(self) -> list[tuple[int, Path]]:
        found = [(int(m[1]), p) for p in self._folder.iterdir() if (m := NAME.match(p.name))]
        return sorted(found)

    def _begin(self) -> BinaryIO:
        """Open the next part, and throw the oldest away if there are too many."""
        self._number += 1
        file = (self._folder / f"events-{self._number:08}.jsonl").open("ab")
        file.write(jsonl.line(self._header()))
        existing = self._existing()
        for _, path in existing[: -self._parts]:
            path.unlink()
        if len(existing) > self._parts:
            self._mark(existing[-self._parts][1])
        file.flush()
        self._size = file.tell()
        return file

    def _mark(self, path: Path) -> None:
        """Say in the part that is the first now that something was before it, unless it says so."""
        lines = path.read_bytes().split(b"\n", 2)
        if len(lines) == 3 and b'"missing"' not in lines[1]:
            event = Missing(
                track=f"s{self._sid}/log", seq=0, server=self._sid, what="earlier parts were thrown away"
            )
            temporary = path.with_name(f"{path.name}.tmp")
            temporary.write_bytes(b"\n".join([lines[0], jsonl.line(event).rstrip(b"\n"), *lines[1:]]))
            temporary.replace(path)

    def _header(self) -> Recording:
        quorums = self._members.quorums
        grouped = isinstance(quorums, Hierarchical)
        return Recording(
            track=f"s{self._sid}/part{self._number}",
            seq=0,
            server=self._sid,
            release=self._members.release,
            voters=self._members.voters,
            observers=self._members.recorded_observers,
            groups={g.number: tuple(sorted(g.sids)) for g in quorums.groups} if grouped else {},  # type: ignore[attr-defined]
            weights=dict(quorums.weights) if grouped else {},  # type: ignore[attr-defined]
            made_by="zabcheck server",
        )

    def event(self, kind: type[E], **fields: Any) -> None:
        """Something happened."""
        self._lines.append(jsonl.line(self._track.event(kind, "", wall=self._clock.wall(), **fields)))

    def mark(self) -> tuple[int, int]:
        """Where the recording is, to come back to."""
        return len(self._lines), self._track.length

    def undo(self, mark: tuple[int, int]) -> None:
        """Take back what was recorded since, which did not happen after all."""
        lines, self._track.length = mark
        del self._lines[lines:]

    def flush(self) -> None:
        """Hand over to the kernel what was recorded."""
        if not self._lines:
            return
        data = b"".join(self._lines)
        self._lines.clear()
        self._file.write(data)
        self._file.flush()
        self._size += len(data)
        if self._size > self._part:
            self._file.close()
            self._file = self._begin()

    def close(self) -> None:
        """Hand over the rest."""
        self.flush()
        self._file.close()


def _next(path: Path) -> int:
    """The number after that of the last whole line; what a crash left of a line is cut off."""
    with path.open("rb+") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - TAIL))
        tail = file.read()
        whole = tail.rfind(b"\n") + 1
        file.truncate(size - len(tail) + whole)
    numbers = [int(m[1]) for m in re.finditer(rb'"track":"s\d+/log","seq":(\d+)', tail[:whole])]
    return numbers[-1] + 1 if numbers else _next_before(path)


def _next_before(path: Path) -> int:
    """The same, where a part has no event but its first."""
    match = NAME.match(path.name)
    before = path.with_name(f"events-{int(match[1]) - 1:08}.jsonl") if match else path
    return _next(before) if before.exists() and before != path else 0
