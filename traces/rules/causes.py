"""What must have happened before something on another server: a vote was sent, an epoch was activated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.traces.event import Loaded, Notified, Record
from zabcheck.traces.finding import Finding
from zabcheck.traces.ledger import Property, Rule
from zabcheck.traces.rules.elections import notification

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zabcheck.model.zookeeper.messages import Notification
    from zabcheck.traces.event import Base
    from zabcheck.traces.ledger import Ledger
    from zabcheck.traces.rules.elections import Elections
    from zabcheck.traces.rules.epochs import Epochs

SENT = "BallotsWereSent"
ACTIVATED = "RecordsOfActivatedEpochs"


class Causes(Rule):
    """Effects on one server, against their causes on another."""

    properties = (
        Property(
            SENT,
            "A vote that a server received was sent: by a candidate as one of its votes, by a leader for itself.",
            "logs of sender and receiver",
        ),
        Property(
            ACTIVATED,
            "There are records of an epoch only if a leader activated it.",
            "transaction logs, and logs of all voters",
        ),
    )

    def __init__(self, ledger: Ledger, elections: Elections, epochs: Epochs) -> None:
        super().__init__(ledger)
        self._elections = elections
        self._epochs = epochs
        self._received: dict[tuple[int, Notification], Notified] = {}
        self._first: dict[int, Record] = {}
        self._before: dict[int | None, int] = {}
        """by server, the epoch of what it had when its log began; earlier epochs were before the recording"""

    def handlers(self) -> Mapping[type[Base], Callable[[Any], None]]:
        """By votes of others, and records."""
        return {Notified: self._notified, Loaded: self._loaded, Record: self._record}

    def _notified(self, event: Notified) -> None:
        if event.sender == event.server:
            return
        if event.state == "looking":
            self._received.setdefault((event.sender, notification(event)), event)
        elif event.state in ("leading", "following"):
            leads = event.leader == event.sender
            self.ledger.judge(
                SENT,
                leads == (event.state == "leading"),
                lambda: Finding(
                    property=SENT,
                    server=event.server,
                    observed=f"server {event.sender} says that it is {event.state}, with leader {event.leader}",
                    allowed="a leader that names itself, a follower that names another",
                    guard=f"(leader == sender) == (state is leading): {leads} == {event.state == 'leading'}",
                    events=(event,),
                ),
            )

    def _loaded(self, event: Loaded) -> None:
        self._before.setdefault(event.server, int(event.zxid) >> 32)

    def _record(self, event: Record) -> None:
        self._first.setdefault(event.zxid >> 32, event)

    def finish(self) -> None:
        """Look for the causes."""
        heard = [sid for sid in self.members.voters if self.ledger.lacks("log", sid) is None]
        followed = set(heard) - self._elections.lost
        for (sender, vote), event in self._received.items():
            if sender in followed:
                self._was_sent(sender, vote, event)
        if len(heard) == len(self.members.voters):
            before = max(self._before.values(), default=0)
            for epoch, record in self._first.items():
                if epoch > before:
                    self._was_activated(epoch, record)

    def _was_sent(self, sender: int, vote: Notification, event: Notified) -> None:
        sent = self._elections.sent[sender]
        self.ledger.judge(
            SENT,
            vote in sent,
            lambda: Finding(
                property=SENT,
                server=event.server,
                observed=f"server {event.server} received from {sender}: {vote}",
                allowed=f"a vote that server {sender} sent: {'; '.join(sorted(map(str, sent)))}",
                guard=f"the vote is one of those of server {sender}: it is not",
                events=(event,),
            ),
        )

    def _was_activated(self, epoch: int, record: Record) -> None:
        activations = self._epochs.activations()
        self.ledger.judge(
            ACTIVATED,
            epoch in activations,
            lambda: Finding(
                property=ACTIVATED,
                server=record.server,
                observed=f"server {record.server} has {record.zxid}, of epoch {epoch}",
                allowed=f"records of epochs {', '.join(map(str, sorted(activations)))}, which were activated",
                guard=f"epoch {epoch} was activated by a leader: none says so",
                events=(record,),
            ),
        )
