"""Sequences of transactions: the log on disk and the tree in memory.

A server keeps two: what is on disk (snapshot and transaction log together) and what is applied to the tree in
memory. Many known bugs are about the two drifting apart, so they are never derived from each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zabcheck.checker import Cell
from zabcheck.model.transaction import NONE, Txn, Zxid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zabcheck.model.zookeeper.files import Files


@dataclass(frozen=True, eq=False)
class Log:
    """Transactions in order. A longer log shares the shorter one, so appending costs the same at any length."""

    before: Log | None = None
    last: Txn | None = None
    length: int = field(default=0, compare=False)
    digest: int = field(default=0, compare=False)

    def append(self, txn: Txn) -> Log:
        """This log with ``txn`` at the end."""
        return Log(self, txn, self.length + 1, hash((self.digest, txn)))

    def extend(self, txns: tuple[Txn, ...]) -> Log:
        """This log with ``txns`` at the end."""
        log = self
        for txn in txns:
            log = log.append(txn)
        return log

    def up_to(self, zxid: Zxid) -> Log:
        """This log without the transactions at its end that are later than ``zxid``."""
        log = self
        while log.before is not None and log.zxid > zxid:
            log = log.before
        return log

    def after(self, zxid: Zxid) -> tuple[Txn, ...]:
        """The transactions at the end that are later than ``zxid``."""
        return self.txns[self.up_to(zxid).length :]

    @property
    def zxid(self) -> Zxid:
        """The identifier of the last transaction, `NONE` when there is none."""
        return self.last.zxid if self.last else NONE

    @property
    def txns(self) -> tuple[Txn, ...]:
        """All transactions."""
        return tuple(self)

    def has(self, zxid: Zxid) -> bool:
        """Whether a transaction has this identifier."""
        return any(txn.zxid == zxid for txn in self)

    def __contains__(self, txn: object) -> bool:
        return any(txn == own for own in self)

    def begins(self, other: Log) -> bool:
        """Whether ``other`` begins with this log."""
        while other.length > self.length and other.before is not None:
            other = other.before
        return self == other

    def __iter__(self) -> Iterator[Txn]:
        backwards = []
        log = self
        while log.before is not None and log.last is not None:
            backwards.append(log.last)
            log = log.before
        return reversed(backwards)

    def __len__(self) -> int:
        return self.length

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Log):
            return NotImplemented
        one: Log | None = self
        two: Log | None = other
        while one is not two:
            if one is None or two is None or one.digest != two.digest or one.last != two.last:
                return False
            one, two = one.before, two.before
        return True

    def __hash__(self) -> int:
        return self.digest

    def __str__(self) -> str:
        return f"⟨{', '.join(map(str, self))}⟩"


EMPTY = Log()


def log_of(*txns: Txn) -> Log:
    """The log of ``txns``."""
    return EMPTY.extend(txns)


@dataclass(frozen=True)
class Stored:
    """Transactions, and the zxid up to which they are complete.

    ``zxid`` is that of the last one, or (e, 0) where an epoch began after it: a snapshot can carry such a zxid,
    and so can the tree (``lastProcessedZxid``). The first ``base`` transactions came with a snapshot and are in
    no log.
    """

    log: Log = EMPTY
    zxid: Zxid = NONE
    base: int = 0
    files: Files | None = None
    """what it was restored from, where snapshot and log are told apart"""

    def __str__(self) -> str:
        shown = str(self.log) if self.zxid == self.log.zxid else f"{self.log} at {self.zxid}"
        return f"{shown} ({self.files})" if self.files else shown


def _append(stored: Stored, txn: Txn) -> Stored:
    if stored.files is not None:
        return stored.files.append(txn).restore()
    return Stored(stored.log.append(txn), txn.zxid, stored.base)


def _truncate(stored: Stored, zxid: Zxid, snapshots: bool) -> Stored:  # noqa: FBT001 - called by position
    if stored.files is not None:
        return stored.files.truncate(zxid, snapshots=snapshots).restore()
    log = stored.log.up_to(zxid)
    return Stored(log, log.zxid, min(stored.base, log.length))


def _take_snapshot(stored: Stored, tree: Stored) -> Stored:
    if stored.files is not None:
        return stored.files.take_snapshot(tree).restore()
    newer = stored.log.after(tree.zxid)
    log = tree.log.extend(newer)
    return Stored(log, log.zxid if newer else tree.zxid, tree.log.length)


def _mark(stored: Stored, zxid: Zxid) -> Stored:
    return Stored(stored.log, zxid, stored.base)


def _zxid(stored: Stored) -> Zxid:
    return stored.zxid


def _log(stored: Stored) -> Log:
    return stored.log


def _records(stored: Stored) -> tuple[Txn, ...]:
    return stored.files.records.txns if stored.files else ()


def _has(stored: Stored, zxid: Zxid) -> bool:
    return stored.log.has(zxid)


class History(Cell[Stored]):
    """The transactions that a server has on disk, or in its tree."""

    def __init__(self, value: Stored = Stored()) -> None:
        super().__init__(value)

    @property
    def zxid(self) -> Zxid:
        """Up to where it is complete: the last record's zxid, for a tree ``lastProcessedZxid``."""
        return self.view(_zxid)

    @property
    def log(self) -> Log:
        """The transactions."""
        return self.view(_log)

    @property
    def records(self) -> tuple[Txn, ...]:
        """What is in the files of the log, where they are told apart from snapshots."""
        return self.view(_records)

    def has(self, zxid: Zxid) -> bool:
        """Whether the transaction ``zxid`` is there."""
        return self.view(_has, zxid)

    def append(self, txn: Txn) -> None:
        """Put ``txn`` at the end."""
        self.apply(_append, txn)

    def truncate(self, zxid: Zxid, *, snapshots: bool = True) -> None:
        """Drop everything later than ``zxid``, from snapshots too or from the log alone."""
        self.apply(_truncate, zxid, snapshots)

    def take_snapshot(self, tree: Stored) -> None:
        """Put a snapshot of ``tree`` on disk; only records later than it are still of interest."""
        self.apply(_take_snapshot, tree)

    def mark(self, zxid: Zxid) -> None:
        """Call what is there complete up to ``zxid``."""
        self.apply(_mark, zxid)


def _add(window: tuple[Txn, ...], txn: Txn, size: int) -> tuple[Txn, ...]:
    return (*window, txn)[-size:]


class CommittedLog(Cell[tuple[Txn, ...]]):
    """The latest committed transactions, which a leader can send to a learner (``ZKDatabase.committedLog``)."""

    def __init__(self, value: tuple[Txn, ...] = ()) -> None:
        super().__init__(value)

    def add(self, txn: Txn, size: int) -> None:
        """Put ``txn`` at the end and keep ``size``."""
        self.apply(_add, txn, size)


def show(txns: Any) -> str:
    """Transactions as people read them."""
    return f"⟨{', '.join(map(str, txns))}⟩"
