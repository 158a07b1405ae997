"""The request processors of a server, under the names that they have in ZooKeeper.

=========== ==============================================================
leader      Prep, Proposal, then Sync and Ack, and Commit, ToBeApplied, Final
follower    FollowerRequest, then Sync and SendAck, and Commit, Final
observer    as a follower; what it logs is told to nobody
alone       Prep, Sync, Final
=========== ==============================================================

From one thread to another a transaction goes through the record of the server: it waits in ``to_log`` for the disk,
in ``outstanding`` for a quorum, in ``to_apply`` for the database. What is decided there, the functions of the model
decide. A processor is what those cannot know of: the database, the thread that writes, who waits for an answer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from zabcheck.implementation.operations import Op
from zabcheck.implementation.quorum_packets import Synced
from zabcheck.implementation.snapshot import spread
from zabcheck.model.zookeeper import leader, threads
from zabcheck.model.zookeeper.commitment import has_committed
from zabcheck.traces import event as kinds
from zabcheck.traces.members import number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from zabcheck.implementation.diary import Diary
    from zabcheck.implementation.disk_thread import DiskThread
    from zabcheck.implementation.histories import Tree
    from zabcheck.implementation.outbox import Outbox
    from zabcheck.implementation.replication import Entry, Request, StateMachine
    from zabcheck.model.transaction import Txn, Zxid
    from zabcheck.model.zookeeper.server import Server


class FollowerRequestProcessor:
    """As learner, the first: the leader gets what a client asks for. ``ObserverRequestProcessor`` does the same.

    It owns the requests for a ``sync`` that the leader has not answered (``pendingSyncs``).
    """

    def __init__(self, me: Server, out: Outbox, machine: StateMachine) -> None:
        self._me = me
        self._out = out
        self._machine = machine
        self._syncs: deque[Request] = deque()

    def process(self, request: Request) -> None:
        """Hand on what a client of this server asks for."""
        if request.type == Op.SYNC:
            self._syncs.append(request)
        self._out.send_wire(threads.learned_from(self._me), request)

    def synced(self) -> None:
        """The leader has answered the oldest ``sync``."""
        if self._syncs:
            request = self._syncs.popleft()
            self._machine.synced(request.session, request.cxid)

    def forget(self) -> None:
        """Nobody answers any more."""
        self._syncs.clear()


class PrepRequestProcessor:
    """As leader or alone, the first: a request becomes a transaction, seen from behind all that came before it."""

    def __init__(self, machine: StateMachine, following: Callable[[Request, Entry | None], None]) -> None:
        self._machine = machine
        self._following = following

    def process(self, request: Request) -> None:
        """Prepare a request; a ``sync`` is no transaction, and only takes its place among them."""
        self._following(request, None if request.type == Op.SYNC else self._machine.prepare(request))


class ProposalRequestProcessor:
    """As leader: the transaction is proposed, which also hands it to the log thread (``Leader.propose``)."""

    def __init__(
        self, me: Server, out: Outbox, machine: StateMachine, answers: ToBeAppliedRequestProcessor
    ) -> None:
        self._me = me
        self._out = out
        self._machine = machine
        self._answers = answers

    def process(self, request: Request, entry: Entry | None) -> None:
        """Propose a transaction; a ``sync`` waits behind what is proposed (``Leader.processSync``)."""
        if entry is not None:
            leader.propose(self._me, entry, self._out)
        else:
            self._answers.behind(lambda: self._synced(request))

    def _synced(self, request: Request) -> None:
        if request.owner is None or request.owner == self._me.sid:
            self._machine.synced(request.session, request.cxid)
        else:
            self._out.send_wire(request.owner, Synced())


class SyncRequestProcessor:
    """The log thread: writes all that waits for it at once, and now and then has a snapshot taken.

    It owns the one write that may be under way; what waits is somebody else's, who takes from it what is handed on.
    ``flushed`` is called in the loop when a write is over.
    """

    def __init__(
        self,
        waiting: Callable[[], Sequence[Txn]],
        write: Callable[[tuple[Txn, ...]], Future[None]],
        thread: DiskThread,
        snapshot_after: int,
        flushed: Callable[[tuple[Txn, ...]], None],
    ) -> None:
        self._waiting = waiting
        self._write = write
        self._thread = thread
        self._snapshot_after = snapshot_after
        self._save_after = spread(snapshot_after)
        self._flushed = flushed
        self._is_flushing = False

    def flush(self) -> None:
        """Begin to write what waits."""
        if not self._is_flushing and (batch := tuple(self._waiting())):
            self._is_flushing = True
            loop = asyncio.get_running_loop()
            self._write(batch).add_done_callback(lambda _: loop.call_soon_threadsafe(self._flushed, batch))

    def flushed(self, txns: tuple[Txn, ...], following: Callable[[Txn], None]) -> None:
        """What was written is on disk; hand on what still waits for that."""
        self._is_flushing = False
        self._thread.raise_failure()
        for txn in txns:
            if (waiting := self._waiting()) and waiting[0] is txn:
                following(txn)

    def save_if_due(self, at: Zxid) -> bool:
        """Take a snapshot now and then, so that a start is quick (``snapCount``); no matter of the protocol."""
        if self._thread.unsaved < self._save_after or not self._thread.begin_snapshot(at):
            return False
        self._save_after = spread(self._snapshot_after)
        return True


class AckRequestProcessor:
    """As leader: it counts itself among those who have the transaction on disk."""

    def __init__(self, me: Server, out: Outbox, diary: Diary) -> None:
        self._me = me
        self._out = out
        self._diary = diary

    def process(self, txn: Txn) -> None:
        """The next transaction to be logged is on disk."""
        self._diary.event(kinds.Counted, zxid=kinds.Hex(number(txn.zxid)), sender=self._me.sid)
        threads.write_next(self._me, self._out)


class SendAckRequestProcessor:
    """As learner: a follower tells the leader, and an observer nobody; the model knows which it is."""

    def __init__(self, me: Server, out: Outbox) -> None:
        self._me = me
        self._out = out

    def process(self, txn: Txn) -> None:  # noqa: ARG002 - the record knows which is next
        """The next transaction to be logged is on disk."""
        threads.write_next(self._me, self._out)


class CommitProcessor:
    """The commit thread: whatever is committed goes on, unless the server is being synchronized."""

    def __init__(self, me: Server, following: FinalRequestProcessor) -> None:
        self._me = me
        self._following = following

    def process(self) -> None:
        """Hand on what is committed, unless the answer to NEWLEADER or UPTODATE is not complete."""
        while self._me.to_apply and not self._me.steps:
            self._following.process()


class ToBeAppliedRequestProcessor:
    """As leader: who asks behind what is proposed is answered when all of that is committed and applied.

    It owns who waits so. What is to be applied is in the record, since a learner that comes meanwhile is sent it
    (`zabcheck.model.zookeeper.leader.synchronize`).
    """

    def __init__(self, me: Server) -> None:
        self._me = me
        self._waiting: deque[tuple[Zxid, Callable[[], None]]] = deque()

    def behind(self, answer: Callable[[], None]) -> None:
        """Answer behind all that is proposed now."""
        self._waiting.append((self._me.last_proposed, answer))

    def release(self) -> None:
        """Answer who has waited long enough, in the order in which they came."""
        while self._waiting and not self._me.to_apply and has_committed(self._me, self._waiting[0][0]):
            _, answer = self._waiting.popleft()
            answer()

    def forget(self) -> None:
        """Nobody is answered any more."""
        self._waiting.clear()


class FinalRequestProcessor:
    """The last: the database applies the transaction, and answers the client of this server that waits for it."""

    def __init__(self, me: Server, out: Outbox, tree: Tree, diary: Diary) -> None:
        self._me = me
        self._out = out
        self._tree = tree
        self._diary = diary

    def process(self) -> None:
        """Apply the next transaction."""
        txn = self._me.to_apply[0]
        with self._tree.committed():
            threads.apply_next(self._me, self._out)
        self._diary.applied(self._me, txn)
