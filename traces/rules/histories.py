"""What is on the disks: the same bytes under the same zxid, no holes, and histories that are one.

The history of a server is its newest valid snapshot and, in file order, the records with a larger zxid, repeats left
out (``FileTxnSnapLog.restore``). What a snapshot covers may stand in the log or not, and what stands there may be dead:
a proposal that was never committed stays in an old file when its server is brought up to date with SNAP. So of records
up to the newest snapshot the bytes are compared, and what is not among them though no snapshot explains that: a server
that was sent a snapshot keeps it, and old snapshots are thrown away before newer ones (``PurgeTxnLog``).

Within an epoch zxids have no gaps. So a history is known by where each epoch begins and ends in it: that is all that
is kept, besides the records that not all servers were read up to yet.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from zabcheck.traces.event import Epochs, Hex, Image, LogFile, Record, Sent, Snapshot
from zabcheck.traces.finding import Finding
from zabcheck.traces.ledger import Property, Rule
from zabcheck.traces.rules.talks import PROPOSALS
from zabcheck.traces.transactions import differ_by_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zabcheck.traces.event import Base
    from zabcheck.traces.ledger import Ledger

SAME = "RecordAgreement"
HOLES = "LogContiguity"
PREFIX = "TotalOrder"
DISCARDED = "P2"
FILES = "EpochFiles"
KEPT_RECORDS = 200_000
"""Records that are kept for comparison before those are dropped that every server was read past."""


@dataclass
class History:
    """The history on one disk, or on a copy of it."""

    server: int
    image: Image
    snapshot: Snapshot | None = None
    """the newest valid one"""
    epochs: Epochs | None = None
    first: dict[int, Record] = field(default_factory=dict)
    last: dict[int, Record] = field(default_factory=dict)
    """by epoch, of the records later than the snapshot"""
    top: Record | None = None
    """the last of them"""
    highest: int = 0
    """the largest zxid read, snapshot and dead records included"""
    files: int = 0
    """how many files of the log there are; without any, what is behind the snapshot is not known"""
    records: int = 0
    snapshots: list[int] = field(default_factory=list)
    """where each was begun, readable or not"""
    runs: list[tuple[Record, Record]] = field(default_factory=list)
    """the first and the last of successive records, dead ones and those that a snapshot covers included"""

    @property
    def base(self) -> int:
        """Up to here the snapshot covers everything."""
        return int(self.snapshot.zxid) if self.snapshot else 0

    @property
    def end(self) -> int:
        """The last zxid."""
        return max(self.base, int(self.top.zxid) if self.top else 0)

    def has(self, zxid: int) -> bool | None:
        """Whether a transaction is in this history; ``None`` if a snapshot covers it, or if there is no log."""
        if not (self.files or self.records):
            return None
        if zxid <= self.base:
            return None if self.around(zxid) is None else False
        last = self.last.get(zxid >> 32)
        return last is not None and zxid <= last.zxid

    def around(self, zxid: int) -> tuple[Record, Record] | None:
        """The records before and after a place where one is missing, and no snapshot can be the reason."""
        behind = bisect_left(self.runs, zxid, key=lambda run: run[1].zxid)
        if not 0 < behind < len(self.runs) or self.runs[behind][0].zxid <= zxid:
            return None
        before, after = self.runs[behind - 1][1], self.runs[behind][0]
        return None if self.may_lack(before, after) else (before, after)

    def may_lack(self, before: Record, after: Record) -> bool:
        """Whether a snapshot can be the reason that nothing is between two records, or one that is gone."""
        purged = not any(snapshot <= before.zxid for snapshot in self.snapshots)
        return purged or any(before.zxid < snapshot < after.zxid for snapshot in self.snapshots)

    def follow(self, event: Record) -> None:
        """Take a record into the runs; repeats are none."""
        if not self.runs or event.zxid > self.runs[-1][1].zxid + 1:
            self.runs.append((event, event))
        elif event.zxid > self.runs[-1][1].zxid:
            self.runs[-1] = (self.runs[-1][0], event)

    def is_past(self, epoch: int) -> bool:
        """Whether something of a later epoch is in it."""
        return self.end >> 32 > epoch and self.end & 0xFFFFFFFF != 0

    def closed(self, epoch: int) -> int | None:
        """Where an epoch ended in it, for good; ``None`` if that is covered, or not known yet."""
        if not self.is_past(epoch) or self.base >> 32 > epoch:
            return None
        if last := self.last.get(epoch):
            return int(last.zxid)
        return self.base if self.base >> 32 == epoch else epoch << 32

    def latest(self, epoch: int) -> Record | None:
        """The last record before the end of an epoch."""
        return next((self.last[e] for e in sorted(self.last, reverse=True) if e <= epoch), None)

    def after(self, epoch: int) -> Record | None:
        """The first record of a later epoch."""
        return next((self.first[e] for e in sorted(self.first) if e > epoch), None)


class Histories(Rule):
    """The records and snapshots of all disks."""

    properties = (
        Property(
            SAME,
            "Under the same zxid every server has the same bytes, those that were proposed.",
            "transaction logs of two servers, or one and a packet capture",
            of_members=False,
        ),
        Property(
            HOLES,
            "Within an epoch no record is missing in a log, unless a snapshot covers it.",
            "a transaction log",
            of_members=False,
        ),
        Property(
            PREFIX,
            "Of two histories that go on into later epochs, neither has a transaction that the other lacks.",
            "transaction logs of two servers",
            of_members=False,
        ),
        Property(
            DISCARDED,
            "A proposal that the history of a later epoch does not begin with is in no history that has records of "
            "that epoch.",
            "transaction logs of two servers, over two epochs",
            of_members=False,
        ),
        Property(
            FILES,
            "The accepted epoch is at least the current one, and that at least the epoch of the last record, unless a "
            "file says that it was about to be written.",
            "epoch files",
            of_members=False,
        ),
    )

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._open: dict[str, History] = {}
        self._known: dict[int, tuple[int, Record | Sent]] = {}
        self._histories: list[History] = []
        self._least: dict[int, Record] = {}
        """by epoch, the record with the smallest zxid that is on any disk, in a history or dead"""
        self._grown = KEPT_RECORDS

    def handlers(self) -> Mapping[type[Base], Callable[[Any], None]]:
        """By what is on a disk."""
        return {
            Image: self._image,
            Snapshot: self._snapshot,
            Epochs: self._files,
            LogFile: self._file,
            Record: self._record,
            Sent: self._proposal,
        }

    def final(self) -> dict[int, History]:
        """The last history of each server that was read to its end."""
        return {h.server: h for h in self._histories if not h.image.name}

    def _image(self, event: Image) -> None:
        history = History(event.server or 0, event)
        self._open[event.track] = history
        self._histories.append(history)

    def _snapshot(self, event: Snapshot) -> None:
        history = self._open.get(event.track)
        if history is None:
            return
        history.snapshots.append(int(event.zxid))
        if event.valid and (history.snapshot is None or event.zxid > history.snapshot.zxid):
            history.snapshot = event
        if not event.valid:
            text = f"server {event.server} has a snapshot at {event.zxid} that it cannot read"
            self.ledger.remark("invalid snapshot", text, event)

    def _files(self, event: Epochs) -> None:
        history = self._open.get(event.track)
        if history is not None:
            history.epochs = event

    def _file(self, event: LogFile) -> None:
        history = self._open.get(event.track)
        if history is not None:
            history.files += 1

    def _proposal(self, event: Sent) -> None:
        """What was proposed is what is logged. Those of a very long capture are not all remembered."""
        if event.type not in PROPOSALS or event.zxid is None or event.body is None:
            return
        if len(self._known) < KEPT_RECORDS or event.zxid in self._known:
            self._compare(event, event.zxid, event.body)

    def _record(self, event: Record) -> None:
        self._compare(event, event.zxid, event.body)
        least = self._least.setdefault(event.zxid >> 32, event)
        if event.zxid < least.zxid:
            self._least[event.zxid >> 32] = event
        history = self._open.get(event.track)
        if history is None:
            return
        history.records += 1
        history.follow(event)
        zxid = event.zxid
        if zxid > history.highest:
            history.highest = int(zxid)
        if zxid <= history.base:
            return
        top, epoch = history.top, zxid >> 32
        if top is None:
            self._begin(history, event)
        elif zxid <= top.zxid:
            return
        elif top.zxid >> 32 == epoch:
            self._next(history, top, event)
        history.top = event
        if epoch not in history.first:
            history.first[epoch] = event
        history.last[epoch] = event

    def _compare(self, event: Record | Sent, zxid: int, body: int) -> None:
        """The bytes, against those of whoever has the same zxid."""
        known = self._known.get(zxid)
        if known is None:
            self._known[zxid] = (body, event)
            if len(self._known) > self._grown:
                self._forget()
            return
        if known[0] == body:
            self.ledger.checked[SAME] += 1
            return
        other = known[1]
        if isinstance(event, Sent) == isinstance(other, Sent):
            if isinstance(event, Sent):
                return  # the rules for the wire compare proposals with one another
        elif differ_by_digest(known[0], body):
            return  # an older release proposes without the digest what it reads from its log
        self.ledger.judge(
            SAME,
            ok=False,
            finding=lambda: Finding(
                property=SAME,
                server=event.server,
                observed=f"server {event.server} {_has(event)} other bytes under {Hex(zxid)} than server "
                f"{other.server} {_has(other)}",
                allowed="one transaction for each zxid: an epoch has one leader, who gives each number once",
                guard=f"checksum and length of {Hex(zxid)} must be equal: {hex(body)} and {hex(known[0])}",
                events=(other, event),
            ),
        )

    def _forget(self) -> None:
        """Drop the records that every disk was read past."""
        reached = min((h.highest for h in self._open.values()), default=0)
        self._known = {zxid: known for zxid, known in self._known.items() if zxid >= reached}
        self._grown = max(KEPT_RECORDS, 2 * len(self._known))

    def _begin(self, history: History, event: Record) -> None:
        """The first record after the snapshot: its successor, or the first of a later epoch."""
        base = history.base
        if base >> 32 == event.zxid >> 32 and history.snapshot is not None:
            self._hole(history, base, history.snapshot, event)

    def _next(self, history: History, top: Record, event: Record) -> None:
        if event.zxid == top.zxid + 1:
            self.ledger.checked[HOLES] += 1
        else:
            self._hole(history, int(top.zxid), top, event)

    def _covered(self, history: History) -> None:
        """Holes in front of the newest snapshot: another one that was there before must explain them."""
        for (_, before), (after, _) in pairwise(history.runs):
            if before.zxid >> 32 == after.zxid >> 32 and after.zxid <= history.base:
                if history.may_lack(before, after):
                    self.ledger.checked[HOLES] += 1
                else:
                    self._hole(history, int(before.zxid), before, after)

    def _hole(self, history: History, before: int, where: Base, event: Record) -> None:
        missing = event.zxid - before - 1
        self.ledger.judge(
            HOLES,
            missing == 0,
            lambda: Finding(
                property=HOLES,
                server=history.server,
                observed=f"{_where(history)} goes from {hex(before)} to {event.zxid}: {missing} missing",
                allowed=f"{hex(before + 1)} next",
                guard=f"zxid after {hex(before)} must be {hex(before + 1)}, or a snapshot must cover what is "
                f"missing: it is {event.zxid}, and the snapshots are at {_words(history.snapshots)}",
                events=(where, event),
                known_bug="ZOOKEEPER-4541",
                doubt=self.ledger.lacks("disk", history.server),
            ),
        )

    def finish(self) -> None:
        """Compare the histories with one another."""
        for history in self._histories:
            self._epoch_files(history)
            self._covered(history)
        finals = [h for h in self._histories if not h.image.name and h.records + (h.snapshot is not None)]
        for epoch in sorted({e for h in finals for e in h.last}):
            self._beginnings(finals, epoch)
            self._endings(finals, epoch)

    def _epoch_files(self, history: History) -> None:
        files = history.epochs
        if files is None:
            return
        last = history.end >> 32
        current = files.current if files.current is not None else last
        accepted = files.accepted if files.accepted is not None else current
        if files.updating:
            current = max(current, min(accepted, last))
        self.ledger.judge(
            FILES,
            accepted >= current >= last,
            lambda: Finding(
                property=FILES,
                server=history.server,
                observed=f"{_where(history)} has accepted epoch {files.accepted}, current epoch {files.current} "
                f"and ends at {hex(history.end)}",
                allowed=f"accepted epoch >= current epoch >= {last}",
                guard=f"{accepted} >= {current} >= {last}",
                events=(files, *((history.top,) if history.top else ())),
            ),
        )

    def _beginnings(self, finals: list[History], epoch: int) -> None:
        """An epoch begins with the same record everywhere, unless a snapshot covers its beginning.

        Who has a proposal of an epoch was sent all before it, even those that were not committed in the end.
        """
        begun = [h for h in finals if epoch in h.first and h.base < (epoch << 32) + 1]
        if not begun:
            return
        least = self._least[epoch]
        for history in begun:
            first = history.first[epoch]
            self.ledger.judge(
                HOLES,
                first.zxid == least.zxid,
                lambda history=history, first=first: Finding(  # type: ignore[misc]
                    property=HOLES,
                    server=history.server,
                    observed=f"{_where(history)} begins epoch {epoch} with {first.zxid}",
                    allowed=f"{least.zxid}, with which server {least.server} begins it",
                    guard=f"first zxid of epoch {epoch} must be {least.zxid}: it is {first.zxid}",
                    events=(least, first),
                    doubt=self.ledger.lacks("disk", history.server, least.server),
                ),
            )

    def _endings(self, finals: list[History], epoch: int) -> None:
        """Where an epoch ended is one place, for all that went on into later ones."""
        closed = [(end, h) for h in finals if (end := h.closed(epoch)) is not None]
        if len(closed) < 2:
            return
        (least, short), (most, long) = min(closed, key=_end), max(closed, key=_end)
        ordered = [long, short, *(h for _, h in closed if h is not long and h is not short)]
        events = [(h.latest(epoch), h.after(epoch)) for h in ordered]
        shorter = sum(end == least for end, _ in closed)
        self.ledger.checked[DISCARDED] += 1
        self.ledger.judge(
            DISCARDED if 2 * shorter >= len(closed) and least != most else PREFIX,
            least == most,
            lambda: Finding(
                property=DISCARDED if 2 * shorter >= len(closed) else PREFIX,
                server=long.server if 2 * shorter >= len(closed) else short.server,
                observed=f"epoch {epoch} ends with {hex(most)} on server {long.server}, with {hex(least)} on "
                f"server {short.server}, and both went on into later epochs",
                allowed="one end of each epoch for all that have records of later ones",
                guard=f"last zxid of epoch {epoch} must be equal: {hex(most)} and {hex(least)}",
                events=tuple(r for pair in events for r in pair if r),
                doubt=self.ledger.lacks("disk", long.server, short.server),
            ),
        )


def _end(closed: tuple[int, History]) -> int:
    return closed[0]


def _has(event: Record | Sent) -> str:
    return "has" if isinstance(event, Record) else "proposes"


def _words(snapshots: list[int]) -> str:
    return ", ".join(map(hex, sorted(snapshots))) or "no place"


def _where(history: History) -> str:
    copy = f" in the copy {history.image.name}" if history.image.name else ""
    return f"the log of server {history.server}{copy}"
