"""The decisions of the protocol, each in one place: a variant of the model is a class that differs in one.

`Rules` is the protocol as specified: each method says what a server decides at one point. The variants and
mutants in `variants` override one of them, rarely two.
"""

# ruff: noqa: ARG002 - some arguments are what only a variant goes by

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zabcheck.model.transaction import Zxid
from zabcheck.model.zab.history import Logged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zabcheck.checker import Id
    from zabcheck.model.transaction import Txn
    from zabcheck.model.zab.history import History, Log
    from zabcheck.model.zab.state import Peer, Report, Server


@dataclass(frozen=True)
class Rules:
    """Zab as published."""

    # Discovery

    def is_quorum(self, members: int, servers: int) -> bool:
        """More than half of all servers."""
        return 2 * members > servers

    def new_epoch(self, accepted: tuple[int, ...]) -> int:
        """An epoch above all that were accepted by the servers heard from (paper, l.1.1)."""
        return max(accepted) + 1

    def may_accept(self, offered: int, accepted: int) -> bool:
        """A follower never goes back to an earlier epoch (paper, f.1.2)."""
        return offered >= accepted

    def promise(self, offered: int, accepted: int) -> int:
        """The accepted epoch after NEWEPOCH: the follower will hear no leader of an earlier one."""
        return offered

    def initial_history(self, leader: Id, reports: Mapping[Id, Report]) -> tuple[Txn, ...]:
        """The log of a most recent server: highest current epoch, then highest last zxid (paper, l.1.2).

        Servers that tie have the same transactions. Should they not, contents decide, never names.
        """
        summaries = {server: report.summary for server, report in reports.items()}
        best = max(summaries.values())
        return max(reports[server].txns for server, summary in summaries.items() if summary == best)

    # Synchronization

    def history_to_send(self, leader: Server) -> Log:
        """What NEWLEADER carries: the leader's log with its acknowledgements (paper, l.2.1, l.3.3)."""
        return leader.history.value

    def keeps_promise(self, offered: int, accepted: int) -> bool:
        """NEWLEADER counts only in the epoch that the follower promised itself to (paper, f.2.1)."""
        return offered == accepted

    def adopt(self, history: History, received: Log) -> None:
        """The follower's log becomes the leader's: what it had beyond that is gone (paper, f.2.1)."""
        history.value = received

    def established_up_to(self, leader: Server) -> int:
        """A leader whose epoch is established has delivered its whole log."""
        return leader.history.length

    def announces_establishment(self) -> bool:
        """The followers that adopted the initial history are told when a quorum has (paper, l.2.2)."""
        return True

    def latecomer_delivers_up_to(self, acknowledged: Zxid, committed: Zxid) -> Zxid:
        """Who joins an established epoch delivers what the leader has committed by now (paper, l.3.4).

        The paper leaves the zxid open; issue 3 of the specification explains this choice.
        """
        return committed

    def delivers_initial_history(self) -> bool:
        """COMMITLD makes a follower deliver up to its zxid (paper, f.2.2)."""
        return True

    # Broadcast

    def next_zxid(self, last: Zxid, epoch: int) -> Zxid:
        """The counter goes on within the epoch and starts anew with each."""
        return Zxid(epoch, last.counter + 1 if last.epoch == epoch else 1)

    def hears_proposals(self, peer: Peer) -> bool:
        """Proposals go to all who were sent NEWLEADER (issue 1 of the specification)."""
        return peer.acke.connected

    def hears_commits(self, peer: Peer) -> bool:
        """Commits go to all who acknowledged NEWLEADER."""
        return peer.ackld.connected

    def is_next(self, last: Zxid, proposed: Zxid) -> bool:
        """The successor within an epoch, or the first transaction of a later one."""
        if proposed.counter == 1:
            return last.epoch < proposed.epoch
        return last.epoch == proposed.epoch and last.counter + 1 == proposed.counter

    def redundant_proposal_is_legal(self) -> bool:
        """A proposal may also be part of the NEWLEADER before it (issue 2 of the specification)."""
        return True

    def acknowledges_redundant_proposal(self) -> bool:
        """Once is enough."""
        return False

    def log(self, history: History, txn: Txn) -> None:
        """A follower appends what it is proposed before it acknowledges that (paper, f.3.2)."""
        history.append(Logged(txn, frozenset()))

    def may_commit(self, index: int, committed: int, acks: int, servers: int) -> bool:
        """A quorum has it, and everything before it is committed (paper, l.3.2)."""
        return committed >= index - 1 and self.is_quorum(acks, servers)

    # Faults

    def forgets_messages_of_broken_connection(self) -> bool:
        """What was in transit is lost."""
        return True

    def restart(self, server: Server) -> None:
        """Epochs and log are on disk. What was delivered is not."""
        server.forget_deliveries()
