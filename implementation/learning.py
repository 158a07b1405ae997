"""The role of a follower or observer in a running server: its first request processor, its sessions, its leader.

What is about agreement is `zabcheck.model.zookeeper.learner`; this is the rest of ``Learner``, ``Follower``,
``Observer`` and ``LearnerZooKeeperServer``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.implementation.peer_sessions import Heard
from zabcheck.implementation.quorum_packets import Ping, Revalidated, Synced, from_leader
from zabcheck.implementation.request_processors import FollowerRequestProcessor, SendAckRequestProcessor
from zabcheck.model.zookeeper import learner, threads
from zabcheck.model.zookeeper.server import Phase
from zabcheck.traces.incremental import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.implementation.diary import Diary
    from zabcheck.implementation.outbox import Outbox
    from zabcheck.implementation.quorum_packets import Revalidate, Wire
    from zabcheck.implementation.replication import Request, StateMachine
    from zabcheck.model.zookeeper.server import Server


class Learning:
    """It owns its request processors, and which sessions it has heard of and asked for."""

    def __init__(self, me: Server, out: Outbox, machine: StateMachine, diary: Diary) -> None:
        self._me = me
        self._out = out
        self._diary = diary
        self._heard = Heard()
        self._follower_request = FollowerRequestProcessor(me, out, machine)
        self.logged = SendAckRequestProcessor(me, out)

    # Clients of this server

    def request(self, request: Request) -> None:
        """A client of this server wants a write, or a ``sync``."""
        self._follower_request.process(request)

    def touch(self, session: int, timeout: int) -> None:
        """A client of this server was heard of."""
        self._heard.touch(session, timeout)

    def expect(self, session: int, answer: Callable[[bool], None]) -> None:
        """Somebody waits to know whether a session is alive, which the leader is asked next."""
        self._heard.ask(session, answer)

    def ask(self, packet: Revalidate) -> None:
        """Ask the leader whether a session is alive."""
        if self._me.is_learning:
            self._out.send_wire(threads.learned_from(self._me), packet)

    def forget(self) -> None:
        """Answer nobody any more."""
        self._follower_request.forget()
        self._heard.forget()

    # The leader

    read = staticmethod(from_leader)
    """What the other end of a connection says."""

    def handle(self, sender: int, packet: Wire) -> None:
        """The leader says something that is not about agreement."""
        match packet:
            case Ping(zxid):
                if self._me.is_learning:
                    self._out.send_wire(sender, Ping(zxid, self._heard.taken()))
            case Revalidated(session, valid):
                self._heard.answer(session, valid=valid)
            case Synced():
                self._follower_request.synced()
            case _:
                raise DecodeError(f"{type(packet).__name__} comes a second time")

    def lose(self, sid: int, reason: str) -> None:
        """The connection with the leader is over, or one that was left behind."""
        if self._me.is_learning and self._me.leader == sid:
            self.give_up()
            self._diary.compare(self._me, reason)
        else:
            self._out.close(sid)

    # Time

    def is_served(self, sid: int) -> bool:  # noqa: ARG002 - it has one leader
        """Whether the leader has told it that it may serve."""
        return self._me.phase is Phase.BROADCAST

    def tick(self) -> None:
        """A learner waits to be asked by its leader."""

    def has_lost_quorum(self) -> bool:
        """That is for a leader to know."""
        return False

    def give_up(self) -> None:
        """Follow this leader no more."""
        learner.leave(self._me, self._out)
