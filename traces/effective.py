"""What history a disk holds: which of the records on it count, and what is odd about them.

The rule of a server that starts (``FileTxnSnapLog.restore`` and ``fastForwardFromEdits``, ``FileTxnLog.read``): it
loads the newest valid snapshot, S; goes through the files of the log in the order of the zxids in their names to the
first record with a zxid larger than S; and applies that one and *all* that follow, in the order in which they lie
there, whatever their zxids. So:

- What lies in front of S is not looked at. It still tells what this server once logged.
- A record that is there again is applied again, which changes nothing if it is the same. Servers write such repeats
  when they lose their leader in the middle of a synchronization. A repeat with other bytes is never right.
- A hole is not noticed.

Records in front of S need not be in the history at all. When a server gets a whole database (SNAP), its log is left
as it is: records that were never committed, for which the leader had no TRUNC, stay there for ever and are *dead*.
Then the log goes on behind the snapshot, often in the same file if the process lived on. What shows it is a snapshot
between two records that follow each other: its zxid is larger than all before it and is in no record (a `Jump`).
One disk alone cannot tell which of the records in front of a jump are dead, nor whether any are: a server that loaded
a snapshot ahead of its own log leaves the same trace, and only records of other servers decide. What lies between
the last jump and the end is alive as long as nothing is missing there: a record was synchronized or proposed onto the
one before it.

Snapshots at the zxid ``epoch:0`` count as jumps too. A leader writes them without any SNAP, but so does a learner that
got one from a leader that had no transaction yet.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from zabcheck.traces.event import Hex, Record, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zabcheck.traces.event import Base

COUNTER = 0xFFFFFFFF


class Entry(NamedTuple):
    """A record that is there for the first time, with a larger zxid than all before it."""

    zxid: Hex
    body: Hex
    event: Record
    replayed: bool
    """a server applies it at its next start: it is behind the newest valid snapshot"""


@dataclass(frozen=True, slots=True)
class Jump:
    """The history goes on from a snapshot, which holds what is between the records before and behind it."""

    after: Hex
    """the largest zxid in front of it; 0 if there is none"""
    snapshot: Hex
    records: int
    """how many entries came since the jump before, or the beginning: they may be dead"""


@dataclass(frozen=True, slots=True)
class Gap:
    """Records of an epoch are missing between two that follow each other, or at the beginning of the epoch."""

    after: Hex
    """the last one before; 0 if the log begins here, in the middle of an epoch"""
    event: Record
    """the first one behind"""
    snapshot: Hex | None
    """The oldest valid one that was begun when the missing were applied, if they were: a server that starts from it
    does not miss them. ``None``: no snapshot can hold them, and whatever follows was applied without them."""


@dataclass(frozen=True, slots=True)
class Backward:
    """A record with a zxid that is not larger than that of the record before it."""

    event: Record
    last: Hex


@dataclass(frozen=True, slots=True)
class Repeat:
    """A record that is there again."""

    event: Record
    first: Hex
    """the checksum of its bytes when it was there first"""

    @property
    def same(self) -> bool:
        """Whether the bytes are the same."""
        return self.event.body == self.first


@dataclass(frozen=True, slots=True)
class Late:
    """A record that was not there before, although a larger zxid was: of the same epoch, or of one that had ended."""

    event: Record
    last: Hex
    """the largest zxid so far"""

    @property
    def ended(self) -> bool:
        """Whether a later epoch had begun."""
        return self.event.zxid >> 32 < self.last >> 32


Oddity = Jump | Gap | Backward | Repeat | Late


def effective(events: Iterable[Base]) -> Iterator[Entry | Oddity]:
    """The history on a disk whose events are given, as `disk.read` makes them, in the order of the log.

    An oddity comes where it is: a jump and a gap before the entry behind them. Keeps eight bytes per record, to
    compare repeats.
    """
    snapshots: list[int] = []
    bodies = _Bodies()
    replayed = False
    last = previous = Hex(0)
    since = 0
    for event in events:
        if isinstance(event, Snapshot) and event.valid:
            snapshots.append(event.zxid)
            snapshots.sort()
        if not isinstance(event, Record):
            continue
        zxid = event.zxid
        if zxid <= previous:
            yield Backward(event, previous)
        previous = zxid
        replayed = replayed or not snapshots or zxid > snapshots[-1]
        if zxid > last:
            if zxid != last + 1:
                inside = snapshots[bisect_right(snapshots, last) : bisect_left(snapshots, zxid)]
                if inside:
                    yield Jump(last, Hex(inside[-1]), since)
                    last, since = Hex(inside[-1]), 0
                if zxid & COUNTER != 1 and zxid != last + 1:
                    holding = snapshots[bisect_left(snapshots, zxid - 1) :]
                    yield Gap(last, event, Hex(holding[0]) if holding else None)
            bodies.add(zxid, event.body)
            last = zxid
            since += 1
            yield Entry(zxid, event.body, event, replayed)
        elif (first := bodies.get(zxid)) is not None:
            yield Repeat(event, first)
        else:
            bodies.add(zxid, event.body)
            yield Late(event, last)
    if snapshots and snapshots[-1] > last:
        yield Jump(last, Hex(snapshots[-1]), since)


class _Bodies:
    """Checksums by zxid: of zxids one after another only the first is kept."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.runs: list[array[int]] = []
        self.others: dict[int, int] = {}
        self.next = 0

    def add(self, zxid: int, body: int) -> None:
        if zxid == self.next:
            self.runs[-1].append(body)
        elif zxid < self.next:
            self.others[zxid] = body
            return
        else:
            self.starts.append(zxid)
            self.runs.append(array("Q", (body,)))
        self.next = zxid + 1

    def get(self, zxid: int) -> Hex | None:
        if (body := self.others.get(zxid)) is not None:
            return Hex(body)
        at = bisect_right(self.starts, zxid) - 1
        if at >= 0 and zxid - self.starts[at] < len(self.runs[at]):
            return Hex(self.runs[at][zxid - self.starts[at]])
        return None
