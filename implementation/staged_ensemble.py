"""An ensemble in one process in which nothing happens but what it is told: for runs that must go one way.

It is the state of the model itself, taken by the very transitions that the checker explores. But what its servers
have on disk is in files, what is applied is in a database, what is sent goes through the bytes of the wire, and a
server that crashes is an object that is gone: another one reads what it left behind.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from zabcheck.implementation import election_messages, quorum_packets
from zabcheck.implementation.held_election import HeldElection
from zabcheck.implementation.peer_configuration import PeerConfiguration
from zabcheck.implementation.quorum_packets import Joined, QuorumStream
from zabcheck.implementation.staged_client import StagedClient
from zabcheck.implementation.staged_server import StagedServer
from zabcheck.implementation.writes import entry_of, received
from zabcheck.model.transaction import Txn
from zabcheck.model.zookeeper import learner, messages, threads
from zabcheck.model.zookeeper.ensemble import State, Wire, first_history, initial
from zabcheck.model.zookeeper.events import Event, Proposed
from zabcheck.model.zookeeper.log import log_of
from zabcheck.model.zookeeper.messages import Link, Mailbox, Notification, Role
from zabcheck.model.zookeeper.switches import Sync
from zabcheck.traces import event as kinds
from zabcheck.traces.election_packets import ElectionDecoder
from zabcheck.traces.ensemble import Address
from zabcheck.traces.members import members, number

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zabcheck.implementation.replication import Entry
    from zabcheck.model.zookeeper.messages import End, Packet
    from zabcheck.model.zookeeper.scope import Scope
    from zabcheck.model.zookeeper.server import Server

FIRST_PORT = 2000
"""Ports stand in what servers tell each other of the ensemble; nobody listens."""


class Standstill:
    """A clock for what has no time."""

    def now(self) -> float:
        """No time has passed."""
        return 0.0

    def wall(self) -> float:
        """It is always the same moment."""
        return 0.0


class StagedEnsemble(State):
    """The state of the model, with real servers in it."""

    def __init__(self, scope: Scope, folder: Path) -> None:
        blank = initial(scope)
        super().__init__(**{f.name: getattr(blank, f.name) for f in fields(State)})
        observers = frozenset(scope.sids) - frozenset(scope.voters)
        ensemble = replace(
            members(frozenset(scope.voters), observers, scope.quorum_system, scope.release),
            changed=scope.changed,
        )
        endpoints = {
            sid: Address("127.0.0.1", FIRST_PORT + 2 * place, FIRST_PORT + 2 * place + 1)
            for place, sid in enumerate(scope.sids)
        }
        self._configurations = {
            sid: PeerConfiguration(sid, data_of(folder, sid), data_of(folder, sid), ensemble, endpoints)
            for sid in scope.sids
        }
        self.processes: dict[int, StagedServer] = {}
        self.client = StagedClient(folder)
        log = log_of(*(Txn(txn.zxid, entry_of(txn.value)) for txn in first_history(scope)))
        for sid in scope.sids:
            self._connect(sid)
            self._boot(sid)
            self.processes[sid].begin_with(log)
            self.let(self.servers[sid], lambda me, _: threads.start(me))
            if sid in scope.missing:
                self.servers[sid].role = Role.DOWN
        self.ghosts.initial_history = log
        self.ghosts.committed.value = self.ghosts.proposed.value = frozenset(log)
        if scope.election == "fine":
            for sid in scope.sids:
                self.act(sid, lambda _me, _out: None)
        self.settle()

    def _connect(self, receiver: int) -> None:
        """Let what arrives at a server be recorded."""
        for sender in self.links[receiver]:
            self.links[receiver][sender] = WatchedLink(self, receiver, sender)
            self.mail[receiver][sender] = WatchedMailbox(self, receiver, sender)

    def _boot(self, sid: int) -> None:
        """Make the object that is a process, which has not started yet."""
        configuration = self._configurations[sid]
        configuration.snapshots.mkdir(parents=True, exist_ok=True)
        (configuration.snapshots.parent / "myid").write_text(f"{sid}\n", encoding="ascii")
        process = StagedServer(configuration, self.scope, Standstill())
        self.processes[sid], self.servers[sid] = process, process.me

    def requested(self, number: int) -> Entry:
        """What the client's write of this number asks for."""
        return entry_of(number)

    def let(self, me: Server, action: Callable[[Server, Wire], None]) -> None:
        """Let a server do one thing, and record it."""
        process, step, due = self.processes[me.sid], me.steps[:1], me.to_apply
        was_down = me.role is Role.DOWN
        if action is threads.write_next and me.to_log and me.is_leading:
            process.diary.event(kinds.Counted, zxid=kinds.Hex(number(me.to_log[0].zxid)), sender=me.sid)
        action(me, EncodedWire(self, me.sid))
        if was_down and me.role is not Role.DOWN:
            process.started()
        if action is learner.continue_sync and step == (Sync.ACK_NEWLEADER,):
            process.diary.event(kinds.NewleaderAcked, epoch=kinds.Hex(me.accepted_epoch))
        if action is threads.apply_next:
            process.diary.applied(me, due[0])
            self.client.told(me.sid, due[0])
        process.diary.compare(me)

    def elect(self, leader: int, *supporters: int) -> bool:
        """Hold an election among servers that look for a leader; whether this one wins it."""
        held = HeldElection((self.processes[sid] for sid in supporters), self.transmitted)
        held.hold()
        return held.has_won(leader, *supporters)

    def join(self, learner: int, leader: int) -> None:
        """Let a server ask those that have a leader whom it can reach.

        While an epoch is being established their answers may differ, and a server would ask again later; where the
        run has it join all the same, its recording says that something is missing.
        """
        asked = [
            process
            for sid, process in self.processes.items()
            if sid == learner or (leader in (sid, process.me.leader) and not self.are_apart(learner, sid))
        ]
        held = HeldElection(asked, self.transmitted)
        held.hold()
        if not held.has_won(leader, learner):
            process = self.processes[learner]
            process.elected = self.processes[leader].elected
            process.diary.event(kinds.Missing, what="the votes by which it learned of its leader")

    def transmitted(self, sender: int, notification: Notification) -> Notification:
        """A vote as it comes out of the bytes in which it is sent."""
        data = election_messages.encoded(notification, self._configurations[sender].text)
        (vote,) = ElectionDecoder(connected=False).feed(data)
        back = election_messages.decoded(vote)  # type: ignore[arg-type]
        assert back is not None  # noqa: S101 - no server of ours lacks a database
        return back

    def settle(self) -> None:
        """Put on disk what the step that is over promised, and bury who died in it."""
        for sid, process in tuple(self.processes.items()):
            process.settle()
            if not process.me.is_leading:
                self.client.left(sid)
            if not process.is_running and sid not in self.scope.missing and process.has_begun:
                process.end()
                self._boot(sid)

    def difference(self) -> str:
        """Where something on disk is not what a server takes it for; empty if all is."""
        return next(filter(None, (process.difference() for process in self.processes.values())), "")

    def end(self) -> None:
        """Let go of all files."""
        self.client.close()
        for process in self.processes.values():
            process.end()

    def config(self, sid: int) -> str:
        """What a server tells of the ensemble."""
        return self._configurations[sid].text


def data_of(folder: Path, sid: int) -> Path:
    """Where a server has its files."""
    return folder / f"s{sid}" / "data" / "version-2"


class EncodedWire(Wire):
    """The outbox of a server: what it sends goes through the bytes of ZooKeeper's protocols."""

    def __init__(self, ensemble: StagedEnsemble, sid: int) -> None:
        super().__init__(ensemble, sid)
        self._ensemble = ensemble
        self._process = ensemble.processes[sid]

    def send(self, to: int, packet: Packet) -> None:
        """Put a packet on the connection with a leader or learner."""
        me = self._process.me
        if not self._ensemble.links[to][me.sid].is_open:
            return
        self._process.diary.sends(me, to, packet)
        data = quorum_packets.encoded(
            packet, sid=me.sid, observer=not me.is_voter, config=self._ensemble.config(me.sid)
        )
        if isinstance(packet, messages.Snap):
            data += quorum_packets.snapshot(self._process.database.serialize())
        (raw,) = QuorumStream().feed(data)
        back = (quorum_packets.from_leader if me.is_leading else quorum_packets.from_learner)(raw)
        super().send(to, _packet(back))

    def open(self, leader: int) -> None:
        """Connect to a leader."""
        self._process.diary.event(kinds.Connected, leader=leader)
        super().open(leader)

    def notify(self, to: int, notification: Notification) -> None:
        """Send a vote."""
        super().notify(to, self._ensemble.transmitted(self._process.me.sid, notification))

    def observe(self, event: Event) -> None:
        """Record what happened."""
        self._process.diary.observed(self._process.me, event)
        if isinstance(event, Proposed):
            self._ensemble.client.asked(event.sid, event.txn)
        super().observe(event)


def _packet(what: Any) -> Packet:
    """The packet of the model that came out of the bytes."""
    match what:
        case Joined():
            return what.info
        case messages.Snap(tree):
            return messages.Snap(received(tree))
    assert isinstance(what, quorum_packets.MODEL)  # noqa: S101 - nothing else was sent
    return what


class WatchedLink(Link):
    """One direction of a connection, at the end of which is a recorded server."""

    def __init__(self, ensemble: StagedEnsemble, receiver: int, sender: int) -> None:
        super().__init__(ensemble.links[receiver][sender].value)
        self._ensemble, self._receiver, self._sender = ensemble, receiver, sender

    def receive(self) -> Packet | End:
        """The next packet."""
        packet = super().receive()
        process = self._ensemble.processes[self._receiver]
        if isinstance(packet, messages.FollowerInfo):
            observer = self._sender not in self._ensemble.scope.voters
            process.diary.event(kinds.LearnerCame, learner=self._sender, observer=observer)
        elif not isinstance(packet, messages.End):
            process.diary.comes(process.me, self._sender, packet)
        return packet


class WatchedMailbox(Mailbox):
    """What one server has voted for another that is recorded."""

    def __init__(self, ensemble: StagedEnsemble, receiver: int, sender: int) -> None:
        super().__init__()
        self._ensemble, self._receiver, self._sender = ensemble, receiver, sender

    def take(self) -> Notification:
        """The vote that is there."""
        notification = super().take()
        process = self._ensemble.processes[self._receiver]
        process.diary.heard(process.me, self._sender, notification)
        return notification
