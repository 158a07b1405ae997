"""One server of an ensemble: sockets, a disk and clocks around the functions of the model (``QuorumPeer``).

One task owns the server's record. Whatever happens (a vote, a packet, the end of a connection, a tick, a client's
request, records that are on disk) is an input that it takes from a queue; the model's function for it is called, then
what the record promises is put on disk, and only then what is in the outbox leaves. Nothing here decides what the
protocol is about. Where something must be decided that the model does not know of, such as how long to wait, it says
so at the place.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from zabcheck.checker.vocabulary import NotEnabled
from zabcheck.implementation import election_messages, quorum_packets
from zabcheck.implementation.checks import Checks, ViolationError
from zabcheck.implementation.clock import SystemClock
from zabcheck.implementation.diary import Diary
from zabcheck.implementation.election_channel import ElectionChannel
from zabcheck.implementation.errors import ServerError
from zabcheck.implementation.histories import Disk, Tree
from zabcheck.implementation.inputs import Accepted, Arrived, Asked, Found, Tick, Voted, Waited, Written
from zabcheck.implementation.operations import Op
from zabcheck.implementation.outbox import Outbox
from zabcheck.implementation.patience import Patience
from zabcheck.implementation.peer_sessions import Heard, NoFront
from zabcheck.implementation.quorum_channel import Listener, find_leader
from zabcheck.implementation.quorum_packets import Joined, Ping, Revalidate, Revalidated, Synced
from zabcheck.implementation.recording import Recorder
from zabcheck.implementation.replication import Request
from zabcheck.implementation.snapshot import spread
from zabcheck.implementation.storage import Storage
from zabcheck.model.zookeeper import election, leader, learner, threads
from zabcheck.model.zookeeper.commitment import has_committed
from zabcheck.model.zookeeper.ensemble import new_server
from zabcheck.model.zookeeper.messages import Role
from zabcheck.model.zookeeper.server import Phase, Stage
from zabcheck.model.zookeeper.steps import receive
from zabcheck.model.zookeeper.switches import Sync
from zabcheck.traces import event as kinds
from zabcheck.traces.incremental import DecodeError
from zabcheck.traces.members import number

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from zabcheck.implementation.clock import Clock
    from zabcheck.implementation.inputs import Input
    from zabcheck.implementation.peer_configuration import PeerConfiguration
    from zabcheck.implementation.peer_sessions import Front
    from zabcheck.implementation.quorum_connection import Connection
    from zabcheck.implementation.quorum_packets import Raw, Wire
    from zabcheck.implementation.replication import StateMachine
    from zabcheck.model.transaction import Txn, Zxid
    from zabcheck.traces.election_packets import Vote

AT_ONCE = 100
"""So many packets of one connection are handled before what they led to is put on disk and leaves."""
MOST_STRANGERS = 64
"""So many that have not said who they are may be connected at once."""
MODES = {Role.LEADING: "leader", Role.FOLLOWING: "follower", Role.OBSERVING: "observer"}
HEARD = (Stage.NEWLEADER, Stage.WAITING, Stage.ACTIVE)
"""Stages in which a handler has a thread that sends, so that heartbeats can be sent."""


class Peer:
    """A server of an ensemble; what a client port sees of it is `Replication`."""

    def __init__(
        self,
        configuration: PeerConfiguration,
        machine: StateMachine,
        front: Front | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.configuration = configuration
        self.machine = machine
        self.front: Front = front or NoFront()
        self._heard = Heard()
        self.clock = clock or SystemClock()
        self.me = new_server(configuration.members, configuration.sid)
        storage = Storage(configuration)
        self._recorder = Recorder(
            configuration.recording, configuration.members, configuration.sid, self.clock
        )
        self._diary = Diary(self._recorder)
        self._checks = Checks(configuration.members.switches, self._diary.failed)
        keep = configuration.members.window
        self._disk = Disk(storage, machine, keep, self._diary.logged)
        self._tree = Tree(machine, self._disk, keep)
        self._disk.tree_zxid = lambda: self._tree.zxid
        self._tree.leaves = self._send_clients_away
        self.me.disk, self.me.tree = self._disk, self._tree
        self._out = Outbox(configuration, self.me, machine, self._diary)
        self._channel = ElectionChannel(configuration.sid, configuration.endpoints, self._voted)
        self._listener = Listener(configuration.endpoints[configuration.sid], self.clock, self._accepted)
        self._patience = Patience(configuration.tick, configuration.init_limit, configuration.sync_limit)
        self._inbox: asyncio.Queue[Input] = asyncio.Queue()
        self._strangers: set[Connection] = set()
        self._search: asyncio.Task[None] | None = None
        self._writing = False
        self._save_after = spread(configuration.snapshot_after)
        self._saved = (0, 0)
        """accepted and current epoch on disk"""
        self._timer: asyncio.TimerHandle | None = None
        self._later: deque[tuple[Zxid, Callable[[], None]]] = deque()
        """as leader: what is answered when all that was proposed before is committed"""
        self._asked: deque[Request] = deque()
        """the requests for a ``sync`` of this server's own clients"""
        self._halves = 0
        self._was_serving = False
        self._is_loaded = asyncio.Event()

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
        """Whether clients may be served: the server takes part, and who decides on sessions has been told so."""
        return self._was_serving and self._takes_part()

    def _takes_part(self) -> bool:
        return self.me.phase is Phase.BROADCAST and self.me.role not in (Role.LOOKING, Role.DOWN)

    def submit(self, request: Request) -> None:
        """Ask for a write; it comes back as a transaction to apply, or never."""
        self._inbox.put_nowait(request)

    def touch(self, session: int, timeout: int) -> None:
        """A client of this server was heard of."""
        if self.me.is_leading:
            self.front.touch(session, timeout)
        else:
            self._heard.touch(session, timeout)

    def revalidate(self, session: int, timeout: int, answer: Callable[[bool], None]) -> None:
        """A client came with a session that it had at another server: is it alive?"""
        if self.me.is_leading:
            valid = self._owns(session, timeout, self.me.sid)
            self._when_committed(lambda: answer(valid))
            self._inbox.put_nowait(Waited())
        elif self.is_serving():
            self._heard.ask(session, answer)
            self._inbox.put_nowait(Asked(Revalidate(session, timeout)))

    def _owns(self, session: int, timeout: int, server: int) -> bool:
        """As leader, let a client move to a server, if its session is alive.

        It is told only when what it asked for through its former server is decided: a client may count its requests
        from 1 again, and would take the answer to an old one for that to a new one.
        """
        valid = self.front.touch(session, timeout)
        if valid:
            self.front.own(session, server)
        return valid

    # Life

    def load(self) -> None:
        """Read the disk, and refuse to start from one that is inconsistent (``QuorumPeer.loadDataBase``)."""
        me = self.me
        self._tree.restore()
        accepted, current = self._disk.storage.epochs()
        latest = me.disk.zxid.epoch
        me.current_epoch = latest if current is None else current
        me.accepted_epoch = latest if accepted is None else accepted
        me.role = Role.DOWN
        if not threads.can_start(me):
            why = (
                f"the current epoch is {me.current_epoch}, the accepted one {me.accepted_epoch}, "
                f"and the last transaction is {me.disk.zxid}"
            )
            self._diary.event(kinds.Refused, reason=why)
            self._diary.flush()
            raise ServerError(f"{self.configuration.snapshots}: not consistent, {why}")
        self._saved = (-1 if accepted is None else accepted, -1 if current is None else current)
        threads.start(me)
        self._diary.begin(me, self.configuration.members.release)

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
            await self._commit()
            while True:
                await self._settle()
                self._arm()
                what = await self._inbox.get()
                with self._checks.watching():
                    self._take(what)
                await self._commit()
        except ViolationError as error:
            raise ServerError(f"a step of this server itself broke {error}: it cannot go on") from error
        finally:
            ticker.cancel()
            self._stop()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._search is not None:
            self._search.cancel()
        self._channel.close()
        self._listener.close()
        for connection in (*self._out.links.values(), *self._strangers):
            connection.close()
        self._disk.close()
        self._recorder.close()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self.configuration.tick / 2)
            self._inbox.put_nowait(Tick())

    # Inputs from outside

    def _voted(self, sender: int, vote: Vote) -> None:
        self._inbox.put_nowait(Voted(sender, vote))

    def _accepted(self, connection: Connection) -> None:
        self._inbox.put_nowait(Accepted(connection))

    def _arrived(self, connection: Connection) -> None:
        self._inbox.put_nowait(Arrived(connection))

    def _take(self, what: Input) -> None:
        match what:
            case Voted(sender, vote):
                self._hear(sender, vote)
            case Arrived(connection):
                self._read(connection)
            case Accepted(connection):
                self._welcome(connection)
            case Found(leader_, connection):
                self._join(leader_, connection)
            case Written(txns):
                self._written(txns)
            case Request():
                self._request(what)
            case Asked(packet):
                if self.me.is_learning:
                    self._out.send_wire(threads.learned_from(self.me), packet)
            case Tick():
                self._on_tick()
            case Waited():
                self._waited()

    # After an input: what the server still does by itself, what goes to disk, what leaves

    async def _settle(self) -> None:
        """Let the threads of the server do what they can, one step at a time."""
        while self._step():
            await self._commit()
        self._patience.looked_at(self.me, self.clock.now())
        self._write()
        await self._keep_contact()
        self._save_if_due()
        await self._commit()

    def _step(self) -> bool:
        """Take the next step of one of the server's threads; whether there was one."""
        me, out = self.me, self._out
        with self._checks.watching():
            while me.to_apply and not me.steps:
                self._apply()
            if me.steps:
                step = me.steps[0]
                learner.continue_sync(me, out)
                if step is Sync.ACK_NEWLEADER:
                    self._diary.event(kinds.NewleaderAcked, epoch=kinds.Hex(me.accepted_epoch))
            elif synced := me.handled(Stage.SYNCED):
                leader.send_newleader(me, synced[0], out)
            elif me.orphans:
                threads.write_orphan(me)
            elif me.role is Role.LOOKING and me.proposal is None:
                election.look(me, out)
            else:
                return self._retry()
            return True

    def _apply(self) -> None:
        txn = self.me.to_apply[0]
        with self._tree.committed():
            threads.apply_next(self.me, self._out)
        self._diary.applied(self.me, txn)

    async def _commit(self, reason: str | None = None) -> None:
        """Put on disk what the record says is there, then let the outbox go."""
        me = self.me
        if me.role is Role.DOWN:
            self._diary.flush()
            raise ServerError("told to commit another transaction than the next, the server has ended itself")
        self._tell_front()
        if not me.to_apply:
            self._release()
        self._diary.compare(me, reason)
        waits: list[Future[None]] = []
        if (future := self._disk.unsettled()) is not None:
            waits.append(future)
        epochs = (me.accepted_epoch, me.current_epoch)
        if epochs != self._saved:
            changed = [new if new != old else None for new, old in zip(epochs, self._saved, strict=True)]
            waits.append(self._disk.write_epochs(*changed))
            self._saved = epochs
        for each in waits:
            await asyncio.wrap_future(each)
        self._diary.flush()
        if not self._out.is_empty:
            self._out.release(self._channel)

    def _write(self) -> None:
        """Let the log thread write all that waits for it, at once (``SyncRequestProcessor``)."""
        if self.me.to_log and not self._writing:
            batch = self.me.to_log
            self._writing = True
            loop = asyncio.get_running_loop()
            future = self._disk.write_ahead(batch)
            future.add_done_callback(
                lambda _: loop.call_soon_threadsafe(self._inbox.put_nowait, Written(batch))
            )

    def _written(self, txns: tuple[Txn, ...]) -> None:
        self._writing = False
        self._disk.raise_failure()
        for txn in txns:
            if self.me.to_log and self.me.to_log[0] is txn:
                if self.me.is_leading:
                    self._diary.event(kinds.Counted, zxid=kinds.Hex(number(txn.zxid)), sender=self.me.sid)
                threads.write_next(self.me, self._out)

    def _save_if_due(self) -> None:
        """Take a snapshot now and then, so that a start is quick (``snapCount``); no matter of the protocol."""
        if self._disk.unsaved >= self._save_after and self._disk.begin_snapshot(self.me.tree.zxid):
            self._diary.event(kinds.SnapshotTaken, zxid=kinds.Hex(number(self.me.tree.zxid)))
            self._save_after = spread(self.configuration.snapshot_after)

    # Elections

    def _hear(self, sender: int, vote: Vote) -> None:
        notification = election_messages.decoded(vote)
        if notification is None:
            return
        self._diary.heard(self.me, sender, notification)
        if self.me.role is Role.LOOKING:
            self._patience.heard_vote(self.clock.now())
        election.on_notification(self.me, sender, notification, self._out)

    def _arm(self) -> None:
        """Wake up when an election has waited long enough."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.me.role is Role.LOOKING:
            delay = self._patience.election_over(self.me) - self.clock.now()
            self._timer = asyncio.get_running_loop().call_later(max(delay, 0), self._wake)

    def _wake(self) -> None:
        self._inbox.put_nowait(Waited())

    def _waited(self) -> None:
        me, now = self.me, self.clock.now()
        if me.role is not Role.LOOKING or now < self._patience.election_over(me):
            return
        if me.finalizing:
            election.finalize(me, self._out)
            return
        if self._channel.has_delivered:
            election.tell_all(me, self._out)
            self._diary.event(kinds.VoteTimeout, milliseconds=int(self._patience.interval * 1000))
            self._diary.own_vote(me)
        else:
            self._channel.connect_all()
        self._patience.back_off(now)

    # Connections

    async def _keep_contact(self) -> None:
        """Listen while leading; look for the leader while learning."""
        me = self.me
        if me.is_leading:
            await self._listener.open()
        else:
            self._listener.close()
            for connection in self._strangers:
                connection.close()
            self._strangers.clear()
        if me.is_learning and not me.connected:
            if self._search is None:
                self._search = asyncio.create_task(self._find(threads.learned_from(me)))
        elif self._search is not None:
            self._search.cancel()
            self._search = None

    async def _find(self, sid: int) -> None:
        at = self.configuration.endpoints[sid]
        connection = await find_leader(at, self._patience.initial, self.clock)
        self._inbox.put_nowait(Found(sid, connection))

    def _join(self, sid: int, connection: Connection | None) -> None:
        me = self.me
        self._search = None
        if not me.is_learning or me.connected or me.leader != sid:
            if connection is not None:
                connection.close()
        elif connection is None:
            learner.leave(me, self._out)
        else:
            self._diary.event(kinds.Connected, leader=sid)
            self._out.reached = connection
            learner.connect(me, self._out)
            connection.start(self._arrived, self.clock.now)

    def _welcome(self, connection: Connection) -> None:
        """Somebody connected: it must say who it is before it is anybody's connection."""
        if self.me.is_leading and len(self._strangers) < MOST_STRANGERS:
            self._strangers.add(connection)
            connection.start(self._arrived, self.clock.now)
        else:
            connection.close()

    def _read(self, connection: Connection) -> None:
        """A connection has something: if it is nobody's yet, who is it? The rest is taken when the server can."""
        if connection in self._strangers:
            self._introduce(connection)

    def _retry(self) -> bool:
        """Handle what connections have, as far as the server takes it now; whether anything was done."""
        for sender, connection in tuple(self._out.links.items()):
            done = 0
            while connection.packets and self._handle(sender, connection, connection.packets[0]):
                done += 1
                if done == AT_ONCE or self.me.phase is not Phase.BROADCAST:
                    break
            if not connection.packets and connection.has_ended and self._out.links.get(sender) is connection:
                self._end(sender, connection.reason)
                return True
            if done:
                return True
        return False

    def _introduce(self, connection: Connection) -> None:
        """The first packet of a learner: from now on the connection is that learner's (``LearnerHandler.run``)."""
        if not connection.packets:
            if connection.has_ended:
                self._strangers.discard(connection)
                connection.close()
            return
        self._strangers.discard(connection)
        me = self.me
        try:
            joined = quorum_packets.from_learner(connection.packets[0])
        except DecodeError:
            joined = Ping()
        if not isinstance(joined, Joined) or joined.sid not in me.handlers or not me.is_leading:
            connection.close()
            return
        connection.take()
        sid = joined.sid
        if sid in self._out.links:
            self._lose(sid)
        self._out.links[sid] = connection
        self._diary.event(kinds.LearnerCame, learner=sid, observer=joined.observer)
        leader.on_followerinfo(me, sid, joined.info, self._out)

    def _lose(self, sid: int) -> None:
        """The connection with a learner is over."""
        self._diary.event(kinds.LearnerLost, learner=sid)
        if self.me.handlers[sid].stage is Stage.ABSENT:
            self._out.close(sid)
        else:
            leader.drop(self.me, sid, self._out)

    def _end(self, sid: int, reason: str) -> None:
        """A connection has ended, or must: the other end does not keep to the protocol."""
        if self.me.is_leading:
            self._lose(sid)
        elif self.me.is_learning and self.me.leader == sid:
            learner.leave(self.me, self._out)
            self._diary.compare(self.me, reason)
        else:
            self._out.close(sid)

    # Packets

    def _handle(self, sender: int, connection: Connection, raw: Raw) -> bool:
        """Handle a packet; ``False`` if the server cannot yet, and it stays where it is."""
        me, mark = self.me, self._recorder.mark()
        try:
            packet = (quorum_packets.from_learner if me.is_leading else quorum_packets.from_leader)(raw)
            if isinstance(packet, quorum_packets.MODEL):
                self._diary.comes(me, sender, packet)
                receive(me, sender, packet, self._out)
                self._tell_front()  # before the next packet, which may be a request
                self._diary.compare(me)
            else:
                while me.to_apply:
                    self._apply()  # what the packet says comes behind it
                self._aside(sender, packet)
        except NotEnabled:
            self._recorder.undo(mark)
            return False
        except (DecodeError, ViolationError) as error:
            self._diary.event(kinds.Alarm, what="foreign acknowledgement", text=f"{raw.type}: {error}")
            self._end(sender, str(error))
            return True
        if connection.packets:
            connection.take()
        return True

    def _aside(self, sender: int, packet: Wire) -> None:
        """What is not about agreement."""
        me = self.me
        match packet:
            case Ping(_, sessions):
                if me.is_learning:
                    self._out.send_wire(sender, Ping(packet.zxid, self._heard.taken()))
                for session, timeout in sessions or ():
                    self.front.touch(session, timeout)
            case Request():
                self._propose(sender, packet)
            case Revalidate(session, timeout):
                valid = self._owns(session, timeout, sender)
                self._when_committed(lambda: self._out.send_wire(sender, Revalidated(session, valid)))
            case Revalidated(session, valid):
                self._heard.answer(session, valid=valid)
            case Synced():
                self._synced()
            case _:
                raise DecodeError(f"{type(packet).__name__} comes a second time")

    # Requests

    def _request(self, request: Request) -> None:
        """A client of this server wants a write, or a ``sync``."""
        me = self.me
        if not self.is_serving():
            return
        if request.type == Op.SYNC:
            self._asked.append(request)
        if me.is_leading:
            self._propose(me.sid, request)
        else:
            self._out.send_wire(threads.learned_from(me), request)

    def _propose(self, sender: int, request: Request) -> None:
        """As leader, propose what a request becomes (``PrepRequestProcessor``, ``ProposalRequestProcessor``)."""
        me = self.me
        if request.type == Op.SYNC:
            self._when_committed(
                self._synced if sender == me.sid else lambda: self._out.send_wire(sender, Synced())
            )
        elif me.phase is Phase.BROADCAST:
            owned = replace(request, owner=sender)
            leader.propose(me, self.machine.prepare(owned), self._out)

    def _when_committed(self, answer: Callable[[], None]) -> None:
        """Answer behind all that is proposed now."""
        self._later.append((self.me.last_proposed, answer))

    def _release(self) -> None:
        """Answer what has waited long enough, in the order in which it came."""
        while self._later and has_committed(self.me, self._later[0][0]):
            _, answer = self._later.popleft()
            answer()

    def _synced(self) -> None:
        """The oldest ``sync`` of a client of this server is over."""
        if self._asked:
            request = self._asked.popleft()
            self.machine.synced(request.session, request.cxid)

    def _tell_front(self) -> None:
        """Let clients in when the server begins to serve, and out when it does no more.

        A leader does before it handles another packet, in which a learner may ask whether a session is alive.
        """
        if not self._takes_part():
            self._send_clients_away()
        elif not self._was_serving:
            self._was_serving = True
            self.front.serves(leads=self.me.is_leading)

    def _send_clients_away(self) -> None:
        """Serve nobody any more, and answer nobody.

        As in ``Leader.shutdown``, this is so before the tree takes what is only logged
        (``ZKDatabase.fastForwardDataBase``): nobody has committed that, and it may still be lost.
        """
        if self._was_serving:
            self._was_serving = False
            self._forget_requests()
            self.front.serves_no_more()

    def _forget_requests(self) -> None:
        """A role is over: what clients asked for in it is not answered any more."""
        self._asked.clear()
        self._heard.forget()
        self._later.clear()
        self.machine.forget_prepared()

    # Time

    def _on_tick(self) -> None:
        """Heartbeats, and who is given up (``Leader.lead``, ``LearnerHandler.ping``, read time-outs)."""
        me, now = self.me, self.clock.now()
        self._halves += 1
        for stranger in tuple(self._strangers):
            if now - stranger.heard > self._patience.initial:
                self._strangers.discard(stranger)
                stranger.close()
        if me.role not in (Role.LEADING, Role.FOLLOWING, Role.OBSERVING):
            return
        serving = me.phase is Phase.BROADCAST
        for sid, link in tuple(self._out.links.items()):
            served = serving and (me.is_learning or me.handlers[sid].stage is Stage.ACTIVE)
            if now - link.heard > self._patience.allowed_silence(serving=served):
                self._end(sid, "nothing was heard of it for too long")
        if not (me.is_leading or me.is_learning):
            return
        if me.is_leading:
            if serving:
                self.front.tick(now)
            for sid in me.handled(*HEARD):
                self._out.send_wire(sid, Ping(me.last_proposed))
        if self._patience.is_stuck(me, now) or self._has_lost_quorum():
            (leader.resign if me.is_leading else learner.leave)(me, self._out)
            self._diary.compare(me, "it took too long")

    def _has_lost_quorum(self) -> bool:
        """Whether a leader hears of too few to go on; looked at once in a tick."""
        me = self.me
        if not me.is_leading or me.phase is not Phase.BROADCAST or self._halves % 2:
            return False
        return not leader.keeps_quorum(me, frozenset(me.handled(*set(Stage) - {Stage.ABSENT})))
