"""One server of an ensemble: sockets, a disk and clocks around the functions of the model (``QuorumPeer``).

One task owns the server's record. Whatever happens (a vote, a packet, the end of a connection, a tick, a client's
request, records that are on disk) is an input that it takes from a queue; the model's function for it is called, then
what the record promises is put on disk, and only then what is in the outbox leaves. Nothing here decides what the
protocol is about. Where something must be decided that the model does not know of, such as how long to wait, it says
so at the place.

This is the task. What it has parts for is with them, and each says what it owns.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from zabcheck.implementation.candidate import Candidate
from zabcheck.implementation.checks import Checks, ViolationError
from zabcheck.implementation.clock import SystemClock
from zabcheck.implementation.election_channel import ElectionChannel
from zabcheck.implementation.errors import ServerError
from zabcheck.implementation.heartbeats import Heartbeats
from zabcheck.implementation.inputs import Arrived, Asked, Found, Tick, Voted, Waited, Written
from zabcheck.implementation.leader_search import LeaderSearch
from zabcheck.implementation.leading import Leading
from zabcheck.implementation.learner_acceptor import LearnerAcceptor
from zabcheck.implementation.learning import Learning
from zabcheck.implementation.outbox import Outbox
from zabcheck.implementation.packet_reader import PacketReader
from zabcheck.implementation.patience import Patience
from zabcheck.implementation.peer_sessions import NoFront
from zabcheck.implementation.quorum_packets import Revalidate
from zabcheck.implementation.replication import Request
from zabcheck.implementation.request_processors import (
    CommitProcessor,
    FinalRequestProcessor,
    SyncRequestProcessor,
)
from zabcheck.implementation.roles import Roles
from zabcheck.implementation.server_threads import ServerThreads
from zabcheck.implementation.serving import Serving
from zabcheck.implementation.stored_server import StoredServer
from zabcheck.model.zookeeper import threads
from zabcheck.model.zookeeper.messages import Role
from zabcheck.traces import event as kinds
from zabcheck.traces.members import number

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.implementation.clock import Clock
    from zabcheck.implementation.inputs import Input
    from zabcheck.implementation.peer_configuration import PeerConfiguration
    from zabcheck.implementation.peer_sessions import Front
    from zabcheck.implementation.quorum_connection import Connection
    from zabcheck.implementation.replication import StateMachine

MODES = {Role.LEADING: "leader", Role.FOLLOWING: "follower", Role.OBSERVING: "observer"}


class Peer:
    """A server of an ensemble; what a client port sees of it is `Replication`. It owns the record and the queue."""

    def __init__(
        self,
        configuration: PeerConfiguration,
        machine: StateMachine,
        front: Front | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.configuration = configuration
        self.machine = machine
        self.clock = clock = clock or SystemClock()
        scope = configuration.members
        self._stored = stored = StoredServer(configuration, machine, clock, scope, scope.window)
        self.me, self._diary = me, diary = stored.me, stored.diary
        self._inbox: asyncio.Queue[Input] = asyncio.Queue()
        self._is_loaded = asyncio.Event()
        sid, endpoints, front = configuration.sid, configuration.endpoints, front or NoFront()
        self._checks = Checks(scope.switches, diary.failed)
        self._out = out = Outbox(configuration, me, machine, diary)
        self._roles = Roles(me, Leading(me, out, machine, diary, front), Learning(me, out, machine, diary))
        self._serving = Serving(me, front, self._forget_requests)
        stored.tree.leaves = self._serving.end
        self._sync = SyncRequestProcessor(
            lambda: me.to_log,
            stored.disk.write_ahead,
            stored.disk.thread,
            configuration.snapshot_after,
            lambda txns: self._put(Written(txns)),
        )
        commit = CommitProcessor(me, FinalRequestProcessor(me, out, stored.tree, diary))
        packets = PacketReader(me, out, diary, self._roles, self._serving, commit)
        self._threads = ServerThreads(me, out, diary, commit, packets)
        self._patience = Patience(configuration.tick, configuration.init_limit, configuration.sync_limit)
        self._channel = ElectionChannel(sid, endpoints, lambda *vote: self._put(Voted(*vote)))
        self._candidate = Candidate(me, out, diary, self._channel, self._patience)
        self._acceptor = LearnerAcceptor(
            me, out, diary, self._roles.leading, endpoints[sid], clock, self._arrived
        )
        self._search = LeaderSearch(me, out, diary, endpoints, clock)
        self._heartbeats = Heartbeats(me, out, diary, self._roles, self._patience)

    # What a client port sees

    @property
    def role(self) -> str:
        """What clients are told that the server is."""
        return MODES.get(self.me.role, self.me.role.value)

    @property
    def server_id(self) -> int:
        """The number of the server."""
        return self.me.sid

    @property
    def epoch(self) -> int:
        """The epoch that it is in."""
        return self.me.current_epoch

    @property
    def zxid(self) -> int:
        """Up to where it has applied."""
        return number(self.me.tree.zxid)

    def is_serving(self) -> bool:
        """Whether clients may be served."""
        return self._serving.is_on()

    def submit(self, request: Request) -> None:
        """Ask for a write; it comes back as a transaction to apply, or never."""
        self._put(request)

    def touch(self, session: int, timeout: int) -> None:
        """A client of this server was heard of."""
        self._roles.current.touch(session, timeout)

    def revalidate(self, session: int, timeout: int, answer: Callable[[bool], None]) -> None:
        """A client came with a session that it had at another server: is it alive?"""
        if self.me.is_leading:
            self._roles.leading.revalidate(self.me.sid, session, timeout, answer)
            self._wake()
        elif self.is_serving():
            self._roles.learning.expect(session, answer)
            self._put(Asked(Revalidate(session, timeout)))

    # Life

    def load(self) -> None:
        """Read the disk, and refuse to start from one that is inconsistent (``QuorumPeer.loadDataBase``)."""
        me = self.me
        self._stored.tree.restore()
        self._stored.epochs.load()
        me.role = Role.DOWN
        if not threads.can_start(me):
            why = (
                f"the current epoch is {me.current_epoch}, the accepted one {me.accepted_epoch}, "
                f"and the last transaction is {me.disk.zxid}"
            )
            self._diary.event(kinds.Refused, reason=why)
            self._diary.flush()
            raise ServerError(f"{self.configuration.snapshots}: not consistent, {why}")
        threads.start(me)
        self._stored.begin()

    async def loaded(self, task: asyncio.Task[None]) -> None:
        """Wait until the database is there, or ``task``, which runs the server, has failed."""
        waiting = asyncio.create_task(self._is_loaded.wait())
        await asyncio.wait([waiting, task], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if task.done():
            task.result()

    async def run(self) -> None:
        """Be a server, until cancelled or until the disk fails."""
        ticker = asyncio.create_task(self._tick())
        try:
            self.load()
            self._is_loaded.set()
            await self._channel.start()
            await self._release()
            while True:
                await self._settle()
                self._candidate.arm(self.clock.now(), self._wake)
                what = await self._inbox.get()
                with self._checks.watching():
                    self._take(what)
                await self._release()
        except ViolationError as error:
            raise ServerError(f"a step of this server itself broke {error}: it cannot go on") from error
        finally:
            ticker.cancel()
            self._stop()

    def _stop(self) -> None:
        self._candidate.cancel()
        self._search.cancel()
        self._channel.close()
        self._acceptor.close()
        for connection in self._out.links.values():
            connection.close()
        self._stored.close()

    # Inputs

    def _put(self, what: Input) -> None:
        self._inbox.put_nowait(what)

    def _arrived(self, connection: Connection) -> None:
        self._put(Arrived(connection))

    def _wake(self) -> None:
        self._put(Waited())

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self.configuration.tick / 2)
            self._put(Tick())

    def _take(self, what: Input) -> None:
        now = self.clock.now()
        match what:
            case Voted(sender, vote):
                self._candidate.hear(sender, vote, now)
            case Arrived(connection):
                self._acceptor.introduce(connection)  # who is known is read when the server can
            case Found(sid, connection):
                self._search.join(sid, connection, self._arrived)
            case Written(txns):
                self._sync.flushed(txns, self._roles.current.logged.process)
            case Request():
                if self.is_serving():
                    self._roles.current.request(what)
            case Asked(packet):
                self._roles.learning.ask(packet)
            case Tick():
                self._acceptor.tick(now, self._patience.initial)
                self._heartbeats.tick(now)
            case Waited():
                self._candidate.waited(now)

    # After an input: what the server still does by itself, what goes to disk, what leaves

    async def _settle(self) -> None:
        """Let the threads of the server do what they can, one step at a time."""
        while self._step():
            await self._release()
        self._patience.looked_at(self.me, self.clock.now())
        self._sync.flush()
        await self._keep_contact()
        if self._sync.save_if_due(self.me.tree.zxid):
            self._diary.event(kinds.SnapshotTaken, zxid=kinds.Hex(self.zxid))
        await self._release()

    def _step(self) -> bool:
        with self._checks.watching():
            return self._threads.step()

    async def _keep_contact(self) -> None:
        """Listen while leading; look for the leader while learning."""
        if self.me.is_leading:
            await self._acceptor.open()
        else:
            self._acceptor.close()
        self._search.look(self._patience.initial, self._put)

    async def _release(self) -> None:
        """Put on disk what the record says is there, then let the outbox go."""
        if self.me.role is Role.DOWN:
            self._diary.flush()
            raise ServerError("told to commit another transaction than the next, the server has ended itself")
        self._serving.look()
        self._roles.leading.release()
        self._diary.compare(self.me)
        for future in (self._stored.disk.unsettled(), self._stored.epochs.write()):
            if future is not None:
                await asyncio.wrap_future(future)
        self._diary.flush()
        if not self._out.is_empty:
            self._out.release(self._channel)

    def _forget_requests(self) -> None:
        """A role is over: what clients asked for in it is not answered any more."""
        self._roles.forget()
        self.machine.forget_prepared()
