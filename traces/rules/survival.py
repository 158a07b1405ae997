"""What was committed once is in every history that went on, and on a quorum of disks.

An activation commits the history that the leader began its epoch with; a write is committed when its client is told so;
and what a client reads was committed before. A leader commits its own proposals, as its recording says, or its log at
DEBUG. A disk may have been copied before the end of that; so what a leader committed is only looked for in histories
that went on into later epochs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.traces.event import Activated, Committed, Looking, Missing, Operation, Started
from zabcheck.traces.finding import Finding
from zabcheck.traces.ledger import Property, Rule
from zabcheck.traces.rules.epochs import KEPT as ACKNOWLEDGED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from zabcheck.traces.event import Base
    from zabcheck.traces.ledger import Ledger
    from zabcheck.traces.rules.epochs import Epochs
    from zabcheck.traces.rules.histories import Histories, History

KEPT = "P1s"
ORIGIN = "Integrity"


class Survival(Rule):
    """Committed transactions, as far as the recording proves that they were."""

    properties = (
        Property(
            KEPT,
            "A committed transaction (of an epoch's initial history, acknowledged to a client, read by one, or the "
            "last that a leader committed) is in every history of a later epoch; what began an epoch, or a client "
            "knows of, is on the disks of a quorum.",
            "transaction logs, and logs of servers or a client history",
        ),
        Property(
            ORIGIN,
            "A record is of an epoch that a leader activated.",
            "transaction logs, and the logs of all servers from before the epoch until they vote in it, or later",
        ),
    )

    def __init__(self, ledger: Ledger, epochs: Epochs, histories: Histories) -> None:
        super().__init__(ledger)
        self._epochs = epochs
        self._histories = histories
        self._proofs: dict[int, tuple[Base, ...]] = {}
        """by committed zxid of clients, what proves it: the first seen"""
        self._reigns: dict[int, Activated] = {}
        """by server that leads, the activation of its epoch"""
        self._committed: dict[int, tuple[Activated, Committed]] = {}
        """by epoch, the last that its leader committed"""

    def handlers(self) -> Mapping[type[Base], Callable[[Any], None]]:
        """By what clients were told, and leaders did."""
        return {
            Operation: self._operation,
            Activated: self._activated,
            Looking: self._ends,
            Started: self._ends,
            Missing: self._ends,
            Committed: self._commits,
        }

    def _operation(self, event: Operation) -> None:
        if event.ok:
            for zxid in (event.zxid, event.mzxid):
                if zxid:
                    self._proofs.setdefault(int(zxid), (event,))

    def _activated(self, event: Activated) -> None:
        self._reigns[event.server or 0] = event

    def _ends(self, event: Base) -> None:
        self._reigns.pop(event.server or 0, None)

    def _commits(self, event: Committed) -> None:
        activated = self._reigns.get(event.server or 0)
        if activated is not None and event.zxid >> 32 == activated.epoch:
            self._committed[int(activated.epoch)] = (activated, event)

    def finish(self) -> None:
        """Look for every committed transaction in every history."""
        finals = self._histories.final()
        self._origins(finals)
        proofs = dict(self._proofs)
        for reign in self._epochs.activations().values():
            if reign.history and reign.activated:
                shown = (reign.inputs or reign.vote, reign.activated)
                proofs[reign.history] = tuple(e for e in shown if e)
        for zxid, proof in sorted(proofs.items()):
            if zxid & 0xFFFFFFFF and not self._is_gone(zxid, proof, finals):
                self._spread(zxid, proof, finals)
        for activated, committed in self._committed.values():
            if committed.zxid not in proofs:
                self._is_gone(committed.zxid, (activated, committed), finals)

    def _origins(self, finals: Mapping[int, History]) -> None:
        """Look for the activation of every epoch that there are records of."""
        firsts = {epoch: first for h in finals.values() for epoch, first in h.first.items()}
        for epoch, first in sorted(firsts.items()):
            doubt = self._epochs.never_began(epoch)
            self.ledger.judge(
                ORIGIN,
                doubt is None,
                lambda epoch=epoch, first=first, doubt=doubt: Finding(  # type: ignore[misc]
                    property=ORIGIN,
                    server=first.server,
                    observed=f"server {first.server} has {first.zxid}, and nobody activated epoch {epoch}",
                    allowed="records of epochs that a leader activated, before it proposed the first of them",
                    guard=f"some server has a quorum of supporters for epoch {epoch}: none has",
                    events=(first,),
                    doubt=doubt or None,
                ),
            )

    def _is_gone(self, zxid: int, proof: tuple[Base, ...], finals: Mapping[int, History]) -> bool:
        """Whether a transaction is absent from a history that has something of a later epoch."""
        lacking = [h for h in finals.values() if h.has(zxid) is False]
        gone = [h for h in lacking if h.is_past(zxid >> 32)]
        if finals.keys() - {h.server for h in lacking}:
            self.ledger.checked[KEPT] += 1
        if gone:
            self.ledger.add(self._lost(zxid, proof, gone[0]))
        return bool(gone)

    def _spread(self, zxid: int, proof: tuple[Base, ...], finals: Mapping[int, History]) -> None:
        """The disks of a quorum have it."""
        lacking = [h for h in finals.values() if h.has(zxid) is False]
        disks = frozenset(self.members.voters) & finals.keys()
        without = frozenset(h.server for h in lacking)
        if disks == frozenset(self.members.voters):
            self.ledger.judge(
                KEPT,
                self.members.is_quorum(disks - without),
                lambda: self._scarce(zxid, proof, disks - without, lacking),
            )

    def _lost(self, zxid: int, proof: tuple[Base, ...], history: History) -> Finding:
        epoch = zxid >> 32
        later = history.after(epoch)
        before, after = history.around(zxid) or (history.latest(epoch), later)
        return Finding(
            property=KEPT,
            server=history.server,
            observed=f"{hex(zxid)} was committed, and is absent from the history of server {history.server}, which "
            f"has {later.zxid if later else hex(history.end)} of a later epoch",
            allowed=f"a history with {hex(zxid)}: every later epoch begins with all that was committed",
            guard=f"the history must have {hex(zxid)} between {before.zxid if before else hex(history.base)} and "
            f"{after.zxid if after else hex(history.end)}: it has nothing there",
            events=(*proof, *(r for r in (before, after) if r)),
            known_bug=self._looks_like(zxid),
            doubt=self.ledger.lacks("disk", history.server),
        )

    def _looks_like(self, zxid: int) -> str | None:
        """The bug that loses a transaction like this: who led later had a newer epoch than it had records."""
        if self.ledger.violated[ACKNOWLEDGED]:
            return "ZOOKEEPER-4646"
        votes = [reign.vote for reign in self._epochs.activations().values() if reign.vote]
        ahead = any(vote.epoch > zxid >> 32 and vote.zxid < zxid for vote in votes)
        return "ZOOKEEPER-4643" if ahead else None

    def _scarce(
        self, zxid: int, proof: tuple[Base, ...], holders: Iterable[int], lacking: list[History]
    ) -> Finding:
        last = tuple(h.top for h in lacking if h.top)
        return Finding(
            property=KEPT,
            server=lacking[0].server,
            observed=f"{hex(zxid)} was committed, and is on the disks of {sorted(holders)} only",
            allowed="a quorum of disks that have it",
            guard=f"servers with {hex(zxid)} must contain a quorum: they are {sorted(holders)}",
            events=(*proof, *last),
            doubt=self.ledger.lacks("disk", *(h.server for h in lacking)),
        )
