"""One server: what it has on disk, in memory, in its threads, and what it knows of others.

Everything that the functions of a server read or write is here, cut fine, one field per fact. They run on this
record inside the checker, and on an object with the same attributes in a real process. Fields have the names of
ZooKeeper's where those say what they are; the comment names the Java field where it differs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from zabcheck.checker import constant, durable
from zabcheck.model.transaction import NONE, Txn, Zxid
from zabcheck.model.zookeeper.log import CommittedLog, History
from zabcheck.model.zookeeper.messages import Notification, Role, Vote
from zabcheck.model.zookeeper.switches import VoteEquality

if TYPE_CHECKING:
    from zabcheck.model.zookeeper.events import Event
    from zabcheck.model.zookeeper.messages import Packet
    from zabcheck.model.zookeeper.scope import Scope
    from zabcheck.model.zookeeper.switches import Sync


class Phase(Enum):
    """How far a server is in its role (``QuorumPeer.ZabState``)."""

    ELECTION = "election"
    DISCOVERY = "discovery"
    SYNCHRONIZATION = "synchronization"
    BROADCAST = "broadcast"


class Stage(Enum):
    """How far a leader's handler is with one learner (``LearnerHandler.run``)."""

    ABSENT = "no connection"
    INFO = "FOLLOWERINFO came, the epoch is not decided"
    EPOCH = "LEADERINFO was sent"
    ACKED = "ACKEPOCH came, the quorum for the epoch is not complete"
    SYNCED = "the missing transactions were sent, NEWLEADER was not"
    NEWLEADER = "NEWLEADER was sent"
    WAITING = "an acknowledgement came, the epoch is not established"
    ACTIVE = "UPTODATE was sent"


FORWARDED = frozenset({Stage.SYNCED, Stage.NEWLEADER, Stage.WAITING, Stage.ACTIVE})
"""the stages in which a learner is sent what the leader proposes and commits"""


class SyncMode(Enum):
    """How a learner is being synchronized (``QuorumPeer.SyncMode``)."""

    NONE = "none"
    DIFF = "diff"
    TRUNC = "trunc"
    SNAP = "snap"


@dataclass(frozen=True)
class Outstanding:
    """A proposal that is not committed, and who has acknowledged it."""

    txn: Txn
    acks: frozenset[int] = frozenset()

    def __str__(self) -> str:
        return f"{self.txn} ({', '.join(map(str, sorted(self.acks)))})"


@dataclass
class Handler:
    """A leader's handler for one learner (``LearnerHandler``)."""

    stage: Stage = Stage.ABSENT
    reported: Zxid = NONE
    """the learner's last zxid, as ACKEPOCH told"""


@durable("accepted_epoch", "current_epoch", "disk")
@dataclass
class Server:
    """One server, and the switches and quorums it goes by (in ``scope``)."""

    scope: Scope
    handlers: dict[int, Handler]
    """as leader, by learner"""
    recvset: dict[int, Notification | None]
    """as candidate, the votes of this round, by voter"""
    outofelection: dict[int, Notification | None]
    """as candidate, the votes of servers that have a leader"""
    sid: int = constant()

    # on disk
    accepted_epoch: int = 0
    current_epoch: int = 0
    disk: History = field(default_factory=History)

    # in memory
    role: Role = Role.LOOKING
    phase: Phase = Phase.ELECTION
    tree: History = field(default_factory=History)
    """what is applied; its zxid is ``lastProcessedZxid``"""
    committed_log: CommittedLog = field(default_factory=CommittedLog)

    # the log thread (SyncRequestProcessor) and the commit thread (CommitProcessor)
    to_log: tuple[Txn, ...] = ()
    to_apply: tuple[Txn, ...] = ()
    orphans: tuple[Txn, ...] = ()
    """what a log thread that outlived its server will still write"""

    unwritten_epoch: int | None = None
    """an accepted epoch that the server goes by although its file has an earlier one"""

    # election
    round: int = 0
    """``logicalclock``"""
    proposal: Vote | None = None
    finalizing: bool = False
    """a quorum is there; waiting for a better vote"""
    deaf: bool = False
    """the thread that receives notifications has ended (``WorkerReceiver``)"""
    elected: Notification | None = None
    """what a server that has a leader answers (``currentVote``)"""

    # as learner
    leader: int | None = None
    connected: bool = False
    sync_mode: SyncMode = SyncMode.NONE
    not_logged: tuple[Txn, ...] = ()
    """``packetsNotLogged``"""
    packets_committed: tuple[Zxid, ...] = ()
    to_acknowledge: tuple[Zxid, ...] = ()
    """logged while synchronizing, to be acknowledged after UPTODATE"""
    steps: tuple[Sync, ...] = ()
    """what is left of the answer to NEWLEADER or UPTODATE"""
    pending: tuple[Txn, ...] = ()
    """``pendingTxns``: being logged, waiting for COMMIT"""

    # as leader
    epoch: int = 0
    """the epoch that is proposed; 0 before anybody was heard"""
    connecting: frozenset[int] = frozenset()
    """voters whose accepted epoch is known (``connectingFollowers``)"""
    electing: frozenset[int] = frozenset()
    """voters that accepted the epoch (``electingFollowers``)"""
    supporting: frozenset[int] = frozenset()
    """voters that acknowledged NEWLEADER (``newLeaderProposal``)"""
    last_proposed: Zxid = NONE
    last_committed: Zxid = NONE
    outstanding: tuple[Outstanding, ...] = ()

    @property
    def is_voter(self) -> bool:
        """Whether it takes part in elections and quorums."""
        return self.sid in self.scope.voters

    @property
    def is_leading(self) -> bool:
        """Whether it takes itself for the leader."""
        return self.role is Role.LEADING

    @property
    def is_learning(self) -> bool:
        """Whether it has a leader, as follower or observer."""
        return self.role in (Role.FOLLOWING, Role.OBSERVING)

    @property
    def vote(self) -> Vote:
        """The vote for itself: with ``lastProcessedZxid``, not the last record of the log."""
        epoch = self.current_epoch if self.scope.switches.epoch_files else 0
        return Vote(self.sid, self.tree.zxid, epoch)

    @property
    def promised_epoch(self) -> int:
        """The accepted epoch that it goes by (``QuorumPeer.acceptedEpoch``)."""
        return self.accepted_epoch if self.unwritten_epoch is None else self.unwritten_epoch

    def accept(self, epoch: int) -> None:
        """Write an accepted epoch to its file, and go by it (``QuorumPeer.setAcceptedEpoch``)."""
        self.accepted_epoch = epoch
        self.unwritten_epoch = None

    def renew_vote(self, epoch: int) -> None:
        """Answer who looks for a leader with the epoch that is established now (``updateElectionVote``).

        Servers of one ensemble may have elected their leader in different epochs; without this, who joins later
        could not see that they follow the same one (ZOOKEEPER-1732, 1805).
        """
        if self.elected is not None and self.scope.switches.vote_equality is VoteEquality.RELAXED:
            vote = self.elected.vote
            self.elected = Notification(
                Vote(vote.leader, vote.zxid, epoch), self.elected.round, self.elected.role
            )

    def is_quorum(self, sids: frozenset[int]) -> bool:
        """Whether these servers contain a quorum."""
        return self.scope.is_quorum(sids)

    def handled(self, *stages: Stage) -> tuple[int, ...]:
        """The learners whose handler is in one of these stages, in the order of their numbers."""
        return tuple(sid for sid, handler in self.handlers.items() if handler.stage in stages)


class Outbox(Protocol):
    """Where the functions of a server put what leaves it. They know of the world nothing but this."""

    def send(self, to: int, packet: Packet) -> None:
        """Put a packet on the connection with a leader or learner."""

    def open(self, leader: int) -> None:
        """Connect to a leader."""

    def close(self, peer: int) -> None:
        """End the connection with a leader or learner, if there is one."""

    def notify(self, to: int, notification: Notification) -> None:
        """Send a vote."""

    def observe(self, event: Event) -> None:
        """Something happened that a recording, or a property of the whole, speaks of."""
