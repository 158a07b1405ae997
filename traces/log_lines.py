"""Lines of the text log that a ZooKeeper server writes, whatever it means by them.

Both usual layouts are understood, that of log4j and that of logback, with and without ``[myid:N]``. Such a file is
written by many threads, is cut anywhere, and at a low level holds raw bytes of clients, so nothing in it is an error
here: what has no head of a log line belongs to the line before (a stack trace) or is foreign, and is counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

LONGEST = 1 << 16
"""How many bytes of a line are read; the rest of it is passed over, so that no line costs more memory than this."""

FOLLOWING_LINES = 6
"""How many lines of a stack trace are kept with their log line; the first two name the exception and its place."""

# The name of a thread may hold ":", "]" and "@", and so may the text: the first ":Class@12] - " ends the head.
HEAD = re.compile(
    rb"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d):(\d\d)[,.](\d{3})"
    rb"(?: \[myid:([^\]]{0,99})\])? - ([A-Z]{1,9}) +"
    rb"\[((?:[^@\n]*@)*?[^@\n]*):([\w.$]{1,200})@(?:\d{1,9}|\?)\](?:\[[^\]]{0,99}\])? - "
)


class Line(NamedTuple):
    """A line of a log, taken apart."""

    file: str
    number: int
    """of the line in its file, from 1"""
    offset: int
    """where it begins, in bytes of the file (uncompressed)"""
    wall: float | None
    """its time in seconds since 1970, as if the clock on the wall showed UTC: the log does not name its zone"""
    level: str
    thread: str
    class_name: str
    """without the package: log4j writes ``QuorumPeer``, logback ``o.a.z.s.q.QuorumPeer``"""
    text: str
    myid: str = ""
    """what the layout has for ``[myid:N]``; often empty"""
    more: tuple[str, ...] = ()
    """the first lines after it that have no head: of a stack trace, the exception"""

    @property
    def outer(self) -> str:
        """The class without what is nested in it."""
        return self.class_name.partition("$")[0]

    @property
    def at(self) -> str:
        """The place, as events name it."""
        return f"{self.file}:{self.number}"


@dataclass(slots=True)
class Tally:
    """How much of a log was there, and how much of it was understood."""

    lines: int = 0
    heads: int = 0
    """lines that begin as log lines do"""
    foreign: int = 0
    """lines that do not: stack traces, and what is no log at all"""
    cut: int = 0
    """lines longer than `LONGEST`"""
    recognised: int = 0
    """lines whose meaning is known, see `log_table`"""


def log_lines(
    stream: BinaryIO,
    file: str = "",
    tally: Tally | None = None,
    classes: Container[bytes] | None = None,
) -> Iterator[Line]:
    """The log lines of ``stream`` in order, only those of these ``classes`` if they are given.

    A class is named without package and without nested classes. Asking for a few classes is much faster on a log at
    a low level, where most lines are of no interest. A line that the file ends in is foreign: half a number is another.
    """
    tally = Tally() if tally is None else tally
    held: tuple[str, int, int, float | None, str, str, str, str, str] | None = None
    more: list[str] = []
    offset = 0
    number = 0
    while raw := stream.readline(LONGEST):
        number += 1
        tally.lines += 1
        start = offset
        offset += len(raw)
        whole = raw[-1:] == b"\n"
        if len(raw) == LONGEST and not whole:
            offset += _pass_over(stream)
            tally.cut += 1
            whole = True
        head = HEAD.match(raw) if whole and raw[:1].isdigit() else None
        if head is None:
            tally.foreign += 1
            if held and whole and len(more) < FOLLOWING_LINES:
                more.append(_text(raw[:500]))
            continue
        tally.heads += 1
        if held:
            yield Line(*held, tuple(more))
            held = None
        name = head[7]
        name = name[name.rfind(b".") + 1 :]
        if classes is not None and name.partition(b"$")[0] not in classes:
            continue
        more = []
        held = (
            file,
            number,
            start,
            _wall(head[1], head[2], head[3]),
            head[5].decode(),
            head[6].decode(errors="replace"),
            name.decode(errors="replace"),
            _text(raw[head.end() :]),
            (head[4] or b"").decode(errors="replace"),
        )
    if held:
        yield Line(*held, tuple(more))


def _pass_over(stream: BinaryIO) -> int:
    """Skip what is left of a line; how many bytes that were."""
    skipped = 0
    while part := stream.readline(LONGEST):
        skipped += len(part)
        if part[-1:] == b"\n":
            break
    return skipped


def _text(raw: bytes) -> str:
    return raw.rstrip(b"\r\n").decode(errors="replace")


def _wall(minute: bytes, second: bytes, millisecond: bytes) -> float | None:
    start = _minute(minute)
    return None if start is None else start + int(second) + int(millisecond) / 1000


@lru_cache(maxsize=256)
def _minute(written: bytes) -> float | None:
    """Seconds until this minute; most lines share it with the line before."""
    try:
        return datetime.fromisoformat(written.decode()).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
