"""Takes packets from a server's connections, as far as the server can handle them (``QuorumPacket`` readers)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker.vocabulary import NotEnabled
from zabcheck.implementation import quorum_packets
from zabcheck.implementation.checks import ViolationError
from zabcheck.model.zookeeper.server import Phase
from zabcheck.model.zookeeper.steps import receive
from zabcheck.traces import event as kinds
from zabcheck.traces.incremental import DecodeError

if TYPE_CHECKING:
    from zabcheck.implementation.diary import Diary
    from zabcheck.implementation.outbox import Outbox
    from zabcheck.implementation.quorum_connection import Connection
    from zabcheck.implementation.quorum_packets import Raw
    from zabcheck.implementation.request_processors import CommitProcessor
    from zabcheck.implementation.roles import Roles
    from zabcheck.implementation.serving import Serving
    from zabcheck.model.zookeeper.server import Server

AT_ONCE = 100
"""So many packets of one connection are handled before what they led to is put on disk and leaves."""


class PacketReader:
    """It owns nothing: packets wait in their connections until the model's function for them is enabled."""

    def __init__(
        self,
        me: Server,
        out: Outbox,
        diary: Diary,
        roles: Roles,
        serving: Serving,
        commit: CommitProcessor,
    ) -> None:
        self._me = me
        self._out = out
        self._diary = diary
        self._roles = roles
        self._serving = serving
        self._commit = commit

    def read(self) -> bool:
        """Handle what one connection has, as far as the server takes it now; whether anything was done."""
        for sender, connection in tuple(self._out.links.items()):
            done = 0
            while connection.packets and self._handle(sender, connection, connection.packets[0]):
                done += 1
                if done == AT_ONCE or self._me.phase is not Phase.BROADCAST:
                    break
            if not connection.packets and connection.has_ended and self._out.links.get(sender) is connection:
                self._roles.current.lose(sender, connection.reason)
                return True
            if done:
                return True
        return False

    def _handle(self, sender: int, connection: Connection, raw: Raw) -> bool:
        """Handle a packet; ``False`` if the server cannot yet, and it stays where it is."""
        me, role, mark = self._me, self._roles.current, self._diary.mark()
        try:
            packet = role.read(raw)
            if isinstance(packet, quorum_packets.MODEL):
                self._diary.comes(me, sender, packet)
                receive(me, sender, packet, self._out)
                self._serving.look()  # before the next packet, which may be a request
                self._diary.compare(me)
            else:
                self._commit.process()  # what the packet says comes behind it
                role.handle(sender, packet)
        except NotEnabled:
            self._diary.undo(mark)
            return False
        except (DecodeError, ViolationError) as error:
            self._diary.event(kinds.Alarm, what="foreign acknowledgement", text=f"{raw.type}: {error}")
            self._roles.current.lose(sender, str(error))
            return True
        if connection.packets:
            connection.take()
        return True
