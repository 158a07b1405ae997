"""The log of a server, with the few questions asked of it.

A step looks at the log through the views of `History`: at its length, its last zxid, one of its entries. That
keeps a step independent of the rest, such as of who acknowledged what.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, cast

from zabcheck.checker import Cell, require
from zabcheck.model.transaction import NONE, Txn, Zxid

if TYPE_CHECKING:
    from zabcheck.checker import Id


@dataclass(frozen=True)
class Logged:
    """An entry of a log: a transaction, and who is known by the log's owner to have it (``ackSid``)."""

    txn: Txn
    acks: frozenset[Id]

    def __str__(self) -> str:
        return f"{self.txn} ({', '.join(sorted(map(str, self.acks)))})" if self.acks else str(self.txn)


Log = tuple[Logged, ...]


def _length(log: Log) -> int:
    return len(log)


def last_zxid(log: Log) -> Zxid:
    """The zxid of the last entry, `NONE` when there is none."""
    return log[-1].txn.zxid if log else NONE


def txns(log: Log) -> tuple[Txn, ...]:
    """The transactions, without who acknowledged them."""
    return tuple(entry.txn for entry in log)


def _first_txns(log: Log, count: int) -> tuple[Txn, ...]:
    return txns(log[: max(count, 0)])


def _txns_before(log: Log, epoch: int) -> tuple[Txn, ...]:
    return tuple(entry.txn for entry in log if entry.txn.zxid.epoch < epoch)


def _txn_at(log: Log, index: int) -> Txn | None:
    return log[index - 1].txn if 1 <= index <= len(log) else None


def _index_of(log: Log, zxid: Zxid) -> int:
    if zxid == NONE:
        return 0
    found = [index for index, entry in enumerate(log, start=1) if entry.txn.zxid == zxid]
    return -1 if len(found) > 1 else found[0] if found else len(log) + 1


def _last_acked(log: Log, server: Id) -> int:
    return max((index for index, entry in enumerate(log, start=1) if server in entry.acks), default=-1)


def _acks_at(log: Log, index: int) -> frozenset[Id]:
    return log[index - 1].acks if 1 <= index <= len(log) else frozenset()


def _came_late(log: Log, index: int, epoch: int) -> bool:
    return any(entry.acks for entry in log[:index] if entry.txn.zxid.epoch == epoch)


def _ack_count_with(log: Log, index: int, server: Id) -> int:
    return len(log[index - 1].acks | {server})


def _append(log: Log, entry: Logged) -> Log:
    return (*log, entry)


def _acknowledge(log: Log, index: int, server: Id) -> Log:
    entry = log[index - 1]
    return (*log[: index - 1], Logged(entry.txn, entry.acks | {server}), *log[index:])


def _acknowledge_up_to(log: Log, zxid: Zxid, server: Id) -> Log:
    covered = list(takewhile(lambda entry: entry.txn.zxid <= zxid, log))
    return (*(Logged(entry.txn, entry.acks | {server}) for entry in covered), *log[len(covered) :])


def owned(transactions: tuple[Txn, ...], server: Id) -> Log:
    """A log of ``transactions`` that ``server`` alone is known to have (``InitAcksid``)."""
    return tuple(Logged(txn, frozenset({server})) for txn in transactions)


def _is_contiguous(log: Log) -> bool:
    previous = NONE
    for entry in log:
        zxid = entry.txn.zxid
        expected = previous.counter + 1 if zxid.epoch == previous.epoch else 1
        if zxid.counter != expected:
            return False
        previous = zxid
    return True


class History(Cell[Log]):
    """The log of a server (``history``), oldest entry first. Indices start at 1, as in the specification."""

    @property
    def length(self) -> int:
        """The number of entries."""
        return self.view(_length)

    @property
    def last_zxid(self) -> Zxid:
        """The zxid of the last entry, `NONE` when there is none."""
        return self.view(last_zxid)

    @property
    def txns(self) -> tuple[Txn, ...]:
        """The transactions, without who acknowledged them."""
        return self.view(txns)

    @property
    def is_contiguous(self) -> bool:
        """Whether the counters of each epoch run 1, 2, 3 and so on."""
        return self.view(_is_contiguous)

    def first_txns(self, count: int) -> tuple[Txn, ...]:
        """The first ``count`` transactions, or as many as there are."""
        return self.view(_first_txns, count)

    def txns_before(self, epoch: int) -> tuple[Txn, ...]:
        """The transactions of epochs before ``epoch``."""
        return self.view(_txns_before, epoch)

    def txn_at(self, index: int) -> Txn | None:
        """The transaction at ``index``, or ``None`` where the log has no such index."""
        return self.view(_txn_at, index)

    def index_of(self, zxid: Zxid) -> int:
        """Where ``zxid`` is: 0 for `NONE`, -1 if there are several, one past the end if it is nowhere."""
        return self.view(_index_of, zxid)

    def last_acked(self, server: Id) -> int:
        """The last index that ``server`` acknowledged, -1 if there is none."""
        return self.view(_last_acked, server)

    def acks_at(self, index: int) -> frozenset[Id]:
        """Who is known to have the entry at ``index``."""
        return self.view(_acks_at, index)

    def came_late(self, index: int, epoch: int) -> bool:
        """Whether, up to ``index``, a follower got a transaction of ``epoch`` with NEWLEADER."""
        return self.view(_came_late, index, epoch)

    def ack_count_with(self, index: int, server: Id) -> int:
        """How many servers have the entry at ``index`` once ``server`` has it."""
        return self.view(_ack_count_with, index, server)

    def txn_with(self, zxid: Zxid) -> Txn:
        """The transaction ``zxid``; not enabled where the log does not have it, once."""
        txn = self.txn_at(self.index_of(zxid))
        require(txn is not None)
        return cast("Txn", txn)

    def append(self, entry: Logged) -> None:
        """Put ``entry`` at the end."""
        self.apply(_append, entry)

    def acknowledge(self, index: int, server: Id) -> None:
        """Note that ``server`` has the entry at ``index``."""
        self.apply(_acknowledge, index, server)

    def acknowledge_up_to(self, zxid: Zxid, server: Id) -> None:
        """Note that ``server`` has the entries before the first one whose zxid is above ``zxid``."""
        self.apply(_acknowledge_up_to, zxid, server)
