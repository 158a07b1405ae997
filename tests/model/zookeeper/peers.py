"""The servers of the model as tasks of their own, with queues between them and nothing that knows the whole.

Each peer owns one `Server` and calls the very functions that the checker explores. What the checker keeps in the
state of the ensemble is here what a process has: an inbox, connections that end, ports that listen, time-outs.
Time is virtual: it passes when nobody has anything left to do. All chance comes from one seeded generator.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from zabcheck.model.zookeeper import election, leader, learner, threads
from zabcheck.model.zookeeper.ensemble import new_server
from zabcheck.model.zookeeper.messages import End, Role
from zabcheck.model.zookeeper.server import Phase, Stage
from zabcheck.model.zookeeper.steps import receive

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from zabcheck.model.zookeeper.events import Event
    from zabcheck.model.zookeeper.messages import Notification, Packet
    from zabcheck.model.zookeeper.scope import Scope

PATIENCE = 3
"""How many time-outs a server waits for a quorum, or for its leader (``initLimit``)."""

PACES = (2, 6, 18)
"""How many turns of others a server may let pass between two steps, at most: some are slow."""


@dataclass(eq=False)
class Connection:
    """A connection between a learner and a leader; when it ends, what is in transit is lost."""

    is_open: bool = True


@dataclass(frozen=True)
class Vote:
    """A notification arrives."""

    sender: int
    notification: Notification


@dataclass(frozen=True)
class Arrival:
    """The next packet of a connection arrives, or its end."""

    sender: int
    connection: Connection
    packet: Packet | End


@dataclass(frozen=True)
class Write:
    """A client asks for a write."""

    value: int


@dataclass(frozen=True)
class Timeout:
    """A while has passed."""


Input = Vote | Arrival | Write | Timeout


@dataclass
class Network:
    """Who can be reached: the inboxes of the servers that run, and which of them accept connections."""

    random: Random
    steps: int = 0
    """how many steps all servers have taken together"""
    inboxes: dict[int, asyncio.Queue[Input]] = field(default_factory=dict)
    listening: set[int] = field(default_factory=set)

    def put(self, to: int, what: Input) -> None:
        """Hand an input to a server, if it runs."""
        if to in self.inboxes:
            self.inboxes[to].put_nowait(what)


class Peer:
    """One server as a task: it takes inputs and runs its threads in any order, and is its functions' outbox."""

    def __init__(self, scope: Scope, sid: int, network: Network) -> None:
        self.me = new_server(scope, sid)
        self.events: list[Event] = []
        self.sent: set[type[Packet | End]] = set()
        self._network = network
        self._connections: dict[int, Connection] = {}
        self._pace = network.random.choice(PACES)
        self._waited = 0
        self._is_waiting = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to run."""
        self._network.inboxes[self.me.sid] = asyncio.Queue()
        self._is_waiting = False
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(lambda task: task.cancelled() or task.exception())  # `is_idle` raises it

    def crash(self) -> None:
        """Stop at once, and lose everything but the disk."""
        assert self._task is not None
        self._task.cancel()
        self._task = None
        self._network.inboxes.pop(self.me.sid)
        self._network.listening.discard(self.me.sid)
        for other in tuple(self._connections):
            self.close(other)
        threads.crash(self.me)

    def restart(self) -> None:
        """Start again from what is on disk."""
        threads.start(self.me)
        self.start()

    @property
    def is_running(self) -> bool:
        """Whether it has not crashed."""
        return self._task is not None

    @property
    def is_idle(self) -> bool:
        """Whether it waits for an input and none has come; raises what ended its task."""
        if self._task is None:
            return True
        if self._task.done():
            self._task.result()
        return self._is_waiting and self._inbox.empty()

    @property
    def is_settled(self) -> bool:
        """Whether it serves, and as leader has a quorum."""
        if self.me.phase is not Phase.BROADCAST:
            return False
        followers = self.me.handled(*set(Stage) - {Stage.ABSENT})
        return self.me.is_learning or self.me.is_quorum(frozenset({self.me.sid, *followers}))

    # The outbox of the server

    def send(self, to: int, packet: Packet | End) -> None:
        """Put a packet on the connection with a leader or learner; lost if there is none."""
        self.sent.add(type(packet))
        if to in self._connections:
            self._network.put(to, Arrival(self.me.sid, self._connections[to], packet))

    def open(self, leader: int) -> None:
        """Connect to a leader."""
        self._connections[leader] = Connection()

    def close(self, peer: int) -> None:
        """End the connection with a leader or learner, if there is one."""
        if peer in self._connections:
            self.send(peer, End())
            self._connections.pop(peer).is_open = False

    def notify(self, to: int, notification: Notification) -> None:
        """Send a vote."""
        self._network.put(to, Vote(self.me.sid, notification))

    def observe(self, event: Event) -> None:
        """Keep what happened."""
        self.events.append(event)

    # The loop

    @property
    def _inbox(self) -> asyncio.Queue[Input]:
        return self._network.inboxes[self.me.sid]

    async def _run(self) -> None:
        election.look(self.me, self)
        while True:
            for _ in range(self._network.random.randrange(self._pace)):
                await asyncio.sleep(0)  # others go first
            if not self._ready():
                self._is_waiting = True
                what = await self._inbox.get()
                self._is_waiting = False
                self._take(what)
            else:
                self._network.random.choice(self._ready())()
            election.look(self.me, self)
            self._listen()
            self._network.steps += 1

    def _ready(self) -> list[Callable[[], None]]:
        """What its threads could do now; a learner takes no input in the middle of its answer to one."""
        me = self.me
        ready: list[Callable[[], None]] = []
        if me.steps:
            ready.append(partial(learner.continue_sync, me, self))
        elif not self._inbox.empty():
            ready.append(lambda: self._take(self._inbox.get_nowait()))
        if me.to_log:
            ready.append(partial(threads.write_next, me, self))
        if me.to_apply:
            ready.append(partial(threads.apply_next, me, self))
        if me.orphans:
            ready.append(partial(threads.write_orphan, me))
        ready += [partial(leader.send_newleader, me, sid, self) for sid in me.handled(Stage.SYNCED)]
        return ready

    def _listen(self) -> None:
        """Accept connections while leading."""
        ports = self._network.listening
        (ports.add if self.me.is_leading else ports.discard)(self.me.sid)

    def _take(self, what: Input) -> None:
        match what:
            case Vote(sender, notification):
                election.on_notification(self.me, sender, notification, self)
            case Arrival(sender, connection, packet):
                if isinstance(packet, End):
                    self._end(sender, connection)
                else:
                    self._arrive(sender, connection, packet)
            case Write(value):
                if self.me.is_leading and self.me.phase is Phase.BROADCAST:
                    leader.propose(self.me, value, self)
            case Timeout():
                self._time_out()

    def _arrive(self, sender: int, connection: Connection, packet: Packet) -> None:
        if not connection.is_open:
            return
        if self.me.is_leading:
            self._connections.setdefault(sender, connection)
        if self._connections.get(sender) is connection:
            receive(self.me, sender, packet, self)
        else:
            connection.is_open = False
            self._network.put(sender, Arrival(self.me.sid, connection, End()))

    def _end(self, sender: int, connection: Connection) -> None:
        if self._connections.get(sender) is not connection:
            return
        if self.me.is_leading:
            leader.drop(self.me, sender, self)
        else:
            learner.leave(self.me, self)

    def _time_out(self) -> None:
        me = self.me
        self._waited = 0 if self.is_settled or me.role is Role.LOOKING else self._waited + 1
        if me.role is Role.LOOKING:
            (election.finalize if me.finalizing else election.tell_all)(me, self)
        elif self._waited > PATIENCE:
            self._waited = 0
            (leader.resign if me.is_leading else learner.leave)(me, self)
        elif me.is_learning and not me.connected and threads.learned_from(me) in self._network.listening:
            learner.connect(me, self)
