"""What was committed once is in every history that went on, and on a quorum of disks.

A recording does not show commits as such. But an activation commits the history that the leader began its epoch with;
a write is committed when its client is told so; and what a client reads was committed before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.traces.event import Operation
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
            "A committed transaction (of an epoch's initial history, acknowledged to a client, or read by one) is in "
            "every history of a later epoch, and on the disks of a quorum.",
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

    def handlers(self) -> Mapping[type[Base], Callable[[Any], None]]:
        """By what clients were told."""
        return {Operation: self._operation}

    def _operation(self, event: Operation) -> None:
        if event.ok:
            for zxid in (event.zxid, event.mzxid):
                if zxid:
                    self._proofs.setdefault(int(zxid), (event,))

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
            if zxid & 0xFFFFFFFF:
                self._kept(zxid, proof, finals)

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

    def _kept(self, zxid: int, proof: tuple[Base, ...], finals: Mapping[int, History]) -> None:
        epoch = zxid >> 32
        lacking = [h for h in finals.values() if h.has(zxid) is False]
        gone = [h for h in lacking if h.is_past(epoch)]
        if finals.keys() - {h.server for h in lacking}:
            self.ledger.checked[KEPT] += 1
        if gone:
            self.ledger.add(self._lost(zxid, proof, gone[0]))
            return
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
        before, after = history.latest(epoch), history.after(epoch)
        return Finding(
            property=KEPT,
            server=history.server,
            observed=f"{hex(zxid)} was committed, and is absent from the history of server {history.server}, which "
            f"has {after.zxid if after else hex(history.end)} of a later epoch",
            allowed=f"a history with {hex(zxid)}: every later epoch begins with all that was committed",
            guard=f"the history must go on to {hex(zxid)} in epoch {epoch}: there it ends at "
            f"{before.zxid if before else hex(history.base)}",
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
