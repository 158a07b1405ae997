"""Deliberate changes of the protocol: its published ambiguities read the other way, and mutants.

Each overrides a decision of `Rules`, and names the properties that catch it; the tests hold each to that, in
a small scope. A property that no variant violates would be worth nothing.
"""

# ruff: noqa: ARG002, D102 - the class says what its method does differently; that may look at less

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from zabcheck.model.transaction import Txn, Zxid
from zabcheck.model.zab.history import Logged
from zabcheck.model.zab.rules import Rules
from zabcheck.model.zab.scope import Scope, model

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zabcheck.checker import Id
    from zabcheck.model.zab.history import History, Log
    from zabcheck.model.zab.state import Peer, Report, Server

PUBLISHED = "zookeeper-specifications/protocol-spec/issues.md"

NEED_ESTABLISHED = (
    "LeaderInBroadcast",
    "LaterEpochDelivers",
    "DeposedLeaderStays",
    "JoinsDuringBroadcast",
    "RedundantProposal",
    "OldLeaderCommits",
    "TwoEpochsEstablished",
)
"""goals that need an established epoch"""


def variant(name: str, *caught_by: str, source: str = "") -> Callable[[type[Rules]], type[Rules]]:
    """Register a class of rules as a variant of the model; its docstring is the variant's sentence."""

    def register(rules: type[Rules]) -> type[Rules]:
        def apply(scope: Scope) -> Scope:
            return replace(scope, rules=rules())

        sentence = " ".join((rules.__doc__ or "").split())
        model.variant(name, sentence, caught_by=caught_by, source=source)(apply)
        return rules

    return register


# The ambiguities of the paper, as first understood by the authors of the specification


@variant("propose-to-established-only", "ProposalConsistent", source=f"{PUBLISHED}, issue 1")
class ProposeToEstablishedOnly(Rules):
    """Proposals go only to who acknowledged NEWLEADER, so a latecomer misses those made meanwhile."""

    def hears_proposals(self, peer: Peer) -> bool:
        return peer.ackld.connected


@variant("redundant-proposal-illegal", "ProposalConsistent", source=f"{PUBLISHED}, issue 2")
class RedundantProposalIllegal(Rules):
    """A follower takes a proposal that it got with NEWLEADER already for an error."""

    def redundant_proposal_is_legal(self) -> bool:
        return False


@variant("latecomer-delivers-acknowledged", "CommitConsistent", source=f"{PUBLISHED}, issue 3")
class LatecomerDeliversAcknowledged(Rules):
    """COMMITLD tells a latecomer to deliver what it acknowledged, not what is committed by then."""

    def latecomer_delivers_up_to(self, acknowledged: Zxid, committed: Zxid) -> Zxid:
        return acknowledged


# Mutants of discovery


@variant("half-is-a-quorum", "Leadership1", "Leadership2")
class HalfIsAQuorum(Rules):
    """Half of the servers are a quorum."""

    def is_quorum(self, members: int, servers: int) -> bool:
        return 2 * members >= servers


@variant("epoch-reused", "Leadership2")
class EpochReused(Rules):
    """A leader takes the highest epoch it hears of instead of one above it."""

    def new_epoch(self, accepted: tuple[int, ...]) -> int:
        return max(*accepted, 1)


@variant("earlier-epoch-accepted", "AcceptedEpochMonotone")
class EarlierEpochAccepted(Rules):
    """A follower accepts any epoch it is offered."""

    def may_accept(self, offered: int, accepted: int) -> bool:
        return True


@variant("promise-forgotten", "EpochOrder")
class PromiseForgotten(Rules):
    """A follower does not keep the epoch that it accepts, nor hold NEWLEADER against it."""

    def promise(self, offered: int, accepted: int) -> int:
        return accepted

    def keeps_promise(self, offered: int, accepted: int) -> bool:
        return True


@variant("promise-unrecorded", *NEED_ESTABLISHED)
class PromiseUnrecorded(Rules):
    """A follower does not keep the epoch that it accepts, and so takes NEWLEADER for another's."""

    def promise(self, offered: int, accepted: int) -> int:
        return accepted


@variant("leader-keeps-its-history", "P1s", "LeaderLogCompleteness", "PrefixConsistency", "Agreement")
class LeaderKeepsItsHistory(Rules):
    """A leader starts its epoch with its own log, whatever others report."""

    def initial_history(self, leader: Id, reports: Mapping[Id, Report]) -> tuple[Txn, ...]:
        return reports[leader].txns


@variant("zxid-before-epoch", "P2")
class ZxidBeforeEpoch(Rules):
    """The log with the highest zxid wins, even one whose owner missed a later epoch."""

    def initial_history(self, leader: Id, reports: Mapping[Id, Report]) -> tuple[Txn, ...]:
        best = max(report.summary[1] for report in reports.values())
        return max(report.txns for report in reports.values() if report.summary[1] == best)


@variant("histories-merged", "P2")
class HistoriesMerged(Rules):
    """A leader puts what only others have logged after the best log instead of dropping it."""

    def initial_history(self, leader: Id, reports: Mapping[Id, Report]) -> tuple[Txn, ...]:
        best = super().initial_history(leader, reports)
        others = {txn for report in reports.values() for txn in report.txns}
        return (*best, *sorted(others.difference(best)))


# Mutants of synchronization


@variant(
    "sync-skips-committed",
    "PrefixConsistency",
    "Agreement",
    "TotalOrder",
    "LocalPrimaryOrder",
    "HistoryConsistency",
    "ProcessConsistency",
    "LogContiguity",
    "PublishedAgreement",
    "PublishedTotalOrder",
    "CommitConsistency",
    "CommittedLogDurability",
    "InitialHistoryIntegrity",
)
class SyncSkipsCommitted(Rules):
    """NEWLEADER carries only what is not committed yet, taking the rest to be known."""

    def history_to_send(self, leader: Server) -> Log:
        return leader.history.value[leader.last_committed.index :]


@variant("follower-keeps-its-tail", "ProcessConsistency", "P2", "OrphanDiscarded")
class FollowerKeepsItsTail(Rules):
    """A follower adds the leader's history to its own log instead of replacing it."""

    def adopt(self, history: History, received: Log) -> None:
        new = {entry.txn.zxid for entry in received}
        history.value = tuple(entry for entry in history.value if entry.txn.zxid not in new) + received


@variant(
    "leader-delivers-late",
    "PrimaryIntegrity",
    "PrimaryIntegrityOrder",
    "PublishedPrimaryIntegrity",
    "CommittedLogMonotonicity",
)
class LeaderDeliversLate(Rules):
    """A leader lets its followers deliver the initial history but does not itself."""

    def established_up_to(self, leader: Server) -> int:
        return leader.last_committed.index


@variant("follower-ignores-commitld", "CommitConsistency")
class FollowerIgnoresCommitld(Rules):
    """A follower starts to broadcast without delivering the initial history."""

    def delivers_initial_history(self) -> bool:
        return False


@variant("commitld-forgotten", "Deadlock", "LeaderInBroadcast")
class CommitldForgotten(Rules):
    """The leader does not tell followers that the epoch is established."""

    def announces_establishment(self) -> bool:
        return False


# Mutants of broadcast


@variant("epoch-falls", "GlobalPrimaryOrder")
class EpochFalls(Rules):
    """A leader stamps its second and later transactions with the epoch before its own."""

    def next_zxid(self, last: Zxid, epoch: int) -> Zxid:
        return Zxid(epoch - 1, last.counter + 1) if last.epoch == epoch else Zxid(epoch, 1)


@variant("redundant-proposal-acknowledged", "AckConsistent")
class RedundantProposalAcknowledged(Rules):
    """A follower acknowledges again what it got with NEWLEADER already."""

    def acknowledges_redundant_proposal(self) -> bool:
        return True


@variant("acknowledged-before-logged", "P1s")
class AcknowledgedBeforeLogged(Rules):
    """A follower acknowledges a proposal and never logs it."""

    def log(self, history: History, txn: Txn) -> None:
        pass


@variant("value-mangled", "Integrity", "PublishedIntegrity")
class ValueMangled(Rules):
    """A follower logs another value under the zxid that it is proposed."""

    def log(self, history: History, txn: Txn) -> None:
        history.append(Logged(Txn(txn.zxid, -1), frozenset()))


@variant("committed-out-of-order", "CommitConsistent")
class CommittedOutOfOrder(Rules):
    """A leader commits whatever a quorum has, also before an earlier transaction."""

    def may_commit(self, index: int, committed: int, acks: int, servers: int) -> bool:
        return self.is_quorum(acks, servers)


@variant("never-committed", "Deadlock", "CommittedEverywhere", "CommitSeenByLeaderOnly")
class NeverCommitted(Rules):
    """A leader commits nothing but initial histories."""

    def may_commit(self, index: int, committed: int, acks: int, servers: int) -> bool:
        return False


# Mutants of what happens at faults


@variant("messages-survive", "MessageLegal", "StateConsistent")
class MessagesSurvive(Rules):
    """What was in transit when a connection broke is delivered later."""

    def forgets_messages_of_broken_connection(self) -> bool:
        return False


@variant("restart-loses-accepted-epoch", "EpochOrder", "AcceptedEpochMonotone")
class RestartLosesAcceptedEpoch(Rules):
    """The accepted epoch is not on disk."""

    def restart(self, server: Server) -> None:
        super().restart(server)
        server.accepted_epoch = 0


@variant("restart-loses-current-epoch", "CurrentEpochMonotone", "LogEpoch")
class RestartLosesCurrentEpoch(Rules):
    """The current epoch is not on disk."""

    def restart(self, server: Server) -> None:
        super().restart(server)
        server.current_epoch = 0


@variant("restart-loses-log", "P1s", "LeaderLogCompleteness", "CommittedLogDurability")
class RestartLosesLog(Rules):
    """The log is not on disk."""

    def restart(self, server: Server) -> None:
        super().restart(server)
        server.history.value = ()
