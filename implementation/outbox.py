"""What leaves a server, kept back until what it promises is on disk (`zabcheck.model.zookeeper.server.Outbox`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.implementation import election_messages, quorum_packets
from zabcheck.model.zookeeper import messages

if TYPE_CHECKING:
    from zabcheck.implementation.diary import Diary
    from zabcheck.implementation.election_channel import ElectionChannel
    from zabcheck.implementation.peer_configuration import PeerConfiguration
    from zabcheck.implementation.quorum_connection import Connection
    from zabcheck.implementation.quorum_packets import Wire
    from zabcheck.implementation.replication import StateMachine
    from zabcheck.model.zookeeper.events import Event
    from zabcheck.model.zookeeper.server import Server


class Outbox:
    """The outbox of one server, and the connections that it has with its leader or learners."""

    def __init__(
        self, configuration: PeerConfiguration, me: Server, machine: StateMachine, diary: Diary
    ) -> None:
        self.links: dict[int, Connection] = {}
        """by the number of who is at the other end"""
        self.reached: Connection | None = None
        """with a leader, before the server's function opens it"""
        self._configuration = configuration
        self._me = me
        self._machine = machine
        self._diary = diary
        self._votes: dict[int, bytes] = {}
        self._packets: dict[Connection, list[bytes]] = {}
        self._ended: list[Connection] = []

    def send(self, to: int, packet: messages.Packet) -> None:
        """Put a packet on the connection with a leader or learner; lost if there is none."""
        if to in self.links:
            self._diary.sends(self._me, to, packet)
        self.send_wire(to, packet)

    def send_wire(self, to: int, packet: Wire) -> None:
        """The same for what is no packet of the model."""
        if to not in self.links:
            return
        sent = self._packets.setdefault(self.links[to], [])
        sent.append(
            quorum_packets.encoded(
                packet,
                sid=self._me.sid,
                observer=not self._me.is_voter,
                config=self._configuration.text,
            )
        )
        if isinstance(packet, messages.Snap):
            sent.append(quorum_packets.snapshot(self._machine.serialize()))

    def open(self, leader: int) -> None:
        """Connect to a leader."""
        assert self.reached is not None  # noqa: S101 - the leader was found before
        self.links[leader], self.reached = self.reached, None

    def close(self, peer: int) -> None:
        """End the connection with a leader or learner, if there is one."""
        if peer in self.links:
            self._ended.append(self.links.pop(peer))

    def notify(self, to: int, notification: messages.Notification) -> None:
        """Send a vote."""
        self._votes[to] = election_messages.encoded(notification, self._configuration.text)

    def observe(self, event: Event) -> None:
        """Something happened that a recording speaks of."""
        self._diary.observed(self._me, event)

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits to leave."""
        return not (self._votes or self._packets or self._ended)

    def release(self, channel: ElectionChannel) -> None:
        """Let all of it go."""
        for to, vote in self._votes.items():
            channel.send(to, vote)
        for connection, data in self._packets.items():
            connection.send(b"".join(data))
        for connection in self._ended:
            connection.close()
        self._votes.clear()
        self._packets.clear()
        self._ended.clear()
