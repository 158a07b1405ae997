"""History that no server has, kept only with ``--ghosts 1`` for the properties that speak of the past.

Without it the states are exactly those of the specification. What is recorded is the least that the
properties need, so that it tells few states apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zabcheck.checker import Cell

if TYPE_CHECKING:
    from zabcheck.model.transaction import Txn
    from zabcheck.model.zab.state import Server, State


@dataclass(frozen=True)
class Commitment:
    """A transaction was committed: by the leader of ``epoch``, the earliest that did."""

    txn: Txn
    epoch: int


Commitments = frozenset[Commitment]


def _commit(known: Commitments, transactions: tuple[Txn, ...], epoch: int) -> Commitments:
    earliest = {commitment.txn: commitment.epoch for commitment in known}
    for txn in transactions:
        earliest[txn] = min(epoch, earliest.get(txn, epoch))
    return frozenset(Commitment(txn, number) for txn, number in earliest.items())


def _committed_before(known: Commitments, epoch: int) -> tuple[Txn, ...]:
    return tuple(sorted(commitment.txn for commitment in known if commitment.epoch < epoch))


class CommitLog(Cell[Commitments]):
    """All that was ever committed by a leader."""

    def add(self, transactions: tuple[Txn, ...], epoch: int) -> None:
        """The leader of ``epoch`` committed ``transactions``."""
        self.apply(_commit, transactions, epoch)

    def before(self, epoch: int) -> tuple[Txn, ...]:
        """What leaders of epochs before ``epoch`` committed, by zxid."""
        return self.view(_committed_before, epoch)


@dataclass
class Ghosts:
    """What happened so far. Each family has an entry for each epoch, ``None`` until that happened."""

    committed: CommitLog
    established: dict[int, tuple[Txn, ...] | None]
    """the initial history, from when a quorum acknowledged NEWLEADER"""
    opened: dict[int, tuple[Txn, ...] | None]
    """what the leader had delivered when it first broadcast a transaction of the epoch"""


def no_ghosts(epochs: tuple[int, ...]) -> Ghosts:
    """Nothing happened, or nothing is recorded."""
    return Ghosts(CommitLog(frozenset()), dict.fromkeys(epochs), dict.fromkeys(epochs))


def note_established(state: State, leader: Server) -> None:
    """A quorum has acknowledged the initial history of ``leader``'s epoch."""
    epoch, established = leader.current_epoch, state.ghosts.established
    if epoch in established and established[epoch] is None:
        initial_history = leader.history.txns
        established[epoch] = initial_history
        state.ghosts.committed.add(initial_history, epoch)


def note_commit(state: State, leader: Server, index: int) -> None:
    """``leader`` commits its log up to ``index``."""
    if state.scope.ghosts:
        state.ghosts.committed.add(leader.history.first_txns(index), leader.current_epoch)


def note_broadcast(state: State, leader: Server) -> None:
    """``leader`` broadcasts a transaction of its epoch."""
    epoch, opened = leader.current_epoch, state.ghosts.opened
    if epoch in opened and opened[epoch] is None:
        opened[epoch] = leader.history.first_txns(leader.last_committed.index)
