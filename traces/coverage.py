"""Which of the model's transitions, roles and phases a recording shows, and which it never does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zabcheck.model.zookeeper import model
from zabcheck.model.zookeeper.messages import Role
from zabcheck.model.zookeeper.server import Phase
from zabcheck.traces.event import (
    Activated,
    Applied,
    Ballot,
    Committed,
    Connected,
    Counted,
    LearnerCame,
    LearnerLost,
    Left,
    Logged,
    NewleaderReceived,
    Notified,
    PhaseEntered,
    Proposed,
    Record,
    RoleTaken,
    Sent,
    Started,
    Step,
    SyncReceived,
    SyncSent,
    UptodateReceived,
    VoteTimeout,
)
from zabcheck.traces.outcome import Covered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zabcheck.traces.event import Base

SHOWN: dict[type[Base], tuple[str, ...]] = {
    Started: ("restart",),
    Notified: ("process_notification",),
    Ballot: ("process_notification",),
    VoteTimeout: ("resend_notifications",),
    Connected: ("connect",),
    LearnerCame: ("leader_process_followerinfo",),
    SyncSent: ("leader_process_ackepoch", "leader_send_newleader"),
    NewleaderReceived: ("learner_process_newleader", "learner_continue_sync"),
    Activated: ("leader_process_ack",),
    UptodateReceived: ("learner_process_uptodate",),
    LearnerLost: ("leader_notice_end",),
    Proposed: ("leader_process_request",),
    Logged: ("log_thread_write",),
    Record: ("log_thread_write",),
    Counted: ("leader_process_ack",),
    Committed: ("learner_process_commit",),
    Applied: ("commit_thread_apply",),
}
"""The transitions that an event of a kind is the trace of."""
DECIDED = {
    "leading": ("finalize_election", "elect"),
    "following": ("process_notification", "join"),
    "observing": ("join",),
}
SYNCHRONIZED = {mode: f"learner_process_{mode}" for mode in ("diff", "trunc", "snap")}
PACKETS = {
    "FOLLOWERINFO": "leader_process_followerinfo",
    "OBSERVERINFO": "leader_process_followerinfo",
    "LEADERINFO": "learner_process_leaderinfo",
    "ACKEPOCH": "leader_process_ackepoch",
    "DIFF": "learner_process_diff",
    "TRUNC": "learner_process_trunc",
    "SNAP": "learner_process_snap",
    "NEWLEADER": "learner_process_newleader",
    "UPTODATE": "learner_process_uptodate",
    "PROPOSAL": "learner_process_proposal",
    "COMMIT": "learner_process_commit",
    "INFORM": "observer_process_inform",
    "ACK": "leader_process_ack",
}


@dataclass
class Coverage:
    """What was seen so far; two of them add up."""

    transitions: set[str] = field(default_factory=set)
    phases: set[tuple[str, str]] = field(default_factory=set)
    _roles: dict[int, str] = field(default_factory=dict)

    def handlers(self) -> Mapping[type[Base], Callable[[Any], None]]:
        """Every kind of event that shows a transition."""
        shown: dict[type[Base], Callable[[Any], None]] = {
            kind: lambda _, names=names: self.transitions.update(names)  # type: ignore[misc]
            for kind, names in SHOWN.items()
        }
        return {
            **shown,
            RoleTaken: self._role,
            PhaseEntered: self._phase,
            SyncReceived: lambda e: self.transitions.add(SYNCHRONIZED[e.mode]),
            Left: self._left,
            Sent: lambda e: self.transitions.update({PACKETS[e.type]} if e.type in PACKETS else ()),
            Step: lambda e: self.transitions.update({e.transition} if e.transition else ()),
        }

    def _role(self, event: RoleTaken) -> None:
        self.transitions.update(DECIDED.get(event.role, ()))
        self._roles[event.server or 0] = event.role
        self.phases.add((event.role, "discovery"))

    def _phase(self, event: PhaseEntered) -> None:
        role = event.role or self._roles.get(event.server or 0)
        if role:
            self.phases.add((role, event.phase))

    def _left(self, event: Left) -> None:
        self.transitions.add("leader_lose_quorum" if event.role == "leading" else "learner_notice_end")
        self.phases.add(("looking", "election"))

    def add(self, other: Covered) -> None:
        """Count what another recording shows as well."""
        self.transitions.update(other.seen)
        self.phases.update(other.phases)

    def covered(self) -> Covered:
        """What was seen, and what was not, against all that the model has."""
        return Covered(
            seen=tuple(name for name in model.transitions if name in self.transitions),
            never=tuple(name for name in model.transitions if name not in self.transitions),
            phases=tuple(pair for pair in PHASES if pair in self.phases),
            never_in=tuple(pair for pair in PHASES if pair not in self.phases),
        )


PHASES = (
    (Role.LOOKING.value, Phase.ELECTION.value),
    *(
        (role.value, phase.value)
        for role in (Role.LEADING, Role.FOLLOWING, Role.OBSERVING)
        for phase in (Phase.DISCOVERY, Phase.SYNCHRONIZATION, Phase.BROADCAST)
    ),
)
"""The roles that there are, each with its phases."""
