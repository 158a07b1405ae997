"""What breaks no property, but an operator may want to know: roles that came to nothing, and complaints of servers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zabcheck.traces.event import (
    Activated,
    Alarm,
    Looking,
    Refused,
    RoleTaken,
    Started,
    SyncReceived,
    UptodateReceived,
)
from zabcheck.traces.ledger import Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zabcheck.traces.event import Base
    from zabcheck.traces.ledger import Ledger


@dataclass
class Term:
    """A server's time in a role."""

    began: RoleTaken
    synced: SyncReceived | None = None
    done: bool = False
    """it led an established epoch, or served with its leader"""


class Progress(Rule):
    """Roles that ended before they served, and alarms."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._terms: dict[int | None, Term] = {}

    def handlers(self) -> Mapping[type[Base], Callable[[Any], None]]:
        """By what a server does in its role."""
        return {
            Started: self._ended,
            Looking: self._ended,
            RoleTaken: self._began,
            SyncReceived: self._synced,
            Activated: self._done,
            UptodateReceived: self._done,
            Alarm: self._alarm,
            Refused: self._refused,
        }

    def _began(self, event: RoleTaken) -> None:
        self._terms[event.server] = Term(event)

    def _synced(self, event: SyncReceived) -> None:
        if term := self._terms.get(event.server):
            term.synced = event

    def _done(self, event: Activated | UptodateReceived) -> None:
        if term := self._terms.get(event.server):
            term.done = True

    def _ended(self, event: Base) -> None:
        term = self._terms.pop(event.server, None)
        if term is None or term.done:
            return
        if term.began.role == "leading":
            self.ledger.remark(
                "epoch not activated",
                f"server {event.server} led, and no quorum joined it",
                term.began,
                event,
            )
        elif term.synced is not None:
            self.ledger.remark(
                "synchronization not completed",
                f"server {event.server} began to be synchronized ({term.synced.mode.upper()}), and did not finish",
                term.synced,
                event,
            )
        else:
            self.ledger.remark(
                "leader not joined",
                f"server {event.server} had a leader, and got nothing of it",
                term.began,
                event,
            )

    def _alarm(self, event: Alarm) -> None:
        self.ledger.remark(event.what, f"server {event.server}: {event.text or event.what}", event)

    def _refused(self, event: Refused) -> None:
        self.ledger.remark("start refused", f"server {event.server} did not start: {event.reason}", event)
