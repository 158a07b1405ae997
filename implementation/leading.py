"""The role of a leader in a running server: its request processors, its sessions, its side of each connection.

What is about agreement is `zabcheck.model.zookeeper.leader`; this is the rest of ``Leader``, ``LearnerHandler`` and
``LeaderZooKeeperServer``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from zabcheck.implementation.quorum_packets import Ping, Revalidate, Revalidated, from_learner
from zabcheck.implementation.replication import Request
from zabcheck.implementation.request_processors import (
    AckRequestProcessor,
    PrepRequestProcessor,
    ProposalRequestProcessor,
    ToBeAppliedRequestProcessor,
)
from zabcheck.model.zookeeper import leader
from zabcheck.model.zookeeper.server import Phase, Stage
from zabcheck.traces import event as kinds
from zabcheck.traces.incremental import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.implementation.diary import Diary
    from zabcheck.implementation.outbox import Outbox
    from zabcheck.implementation.peer_sessions import Front
    from zabcheck.implementation.quorum_packets import Wire
    from zabcheck.implementation.replication import StateMachine
    from zabcheck.model.zookeeper.server import Server

HEARD = (Stage.NEWLEADER, Stage.WAITING, Stage.ACTIVE)
"""Stages in which a handler has a thread that sends, so that heartbeats can be sent."""


class Leading:
    """It owns its request processors, and with them who waits for an answer."""

    def __init__(self, me: Server, out: Outbox, machine: StateMachine, diary: Diary, front: Front) -> None:
        self._me = me
        self._out = out
        self._diary = diary
        self._front = front
        self._to_be_applied = ToBeAppliedRequestProcessor(me)
        proposal = ProposalRequestProcessor(me, out, machine, self._to_be_applied)
        self._prep = PrepRequestProcessor(machine, proposal.process)
        self.logged = AckRequestProcessor(me, out, diary)

    # Clients of this server

    def request(self, request: Request) -> None:
        """A client of this server wants a write, or a ``sync``."""
        self._request(self._me.sid, request)

    def _request(self, server: int, request: Request) -> None:
        self._prep.process(replace(request, owner=server))

    def touch(self, session: int, timeout: int) -> None:
        """A client of this server was heard of."""
        self._front.touch(session, timeout)

    def revalidate(self, server: int, session: int, timeout: int, answer: Callable[[bool], None]) -> None:
        """Let a client move to a server, if its session is alive.

        It is told only when what it asked for through its former server is decided: a client may count its requests
        from 1 again, and would take the answer to an old one for that to a new one.
        """
        valid = self._front.touch(session, timeout)
        if valid:
            self._front.own(session, server)
        self._to_be_applied.behind(lambda: answer(valid))

    def release(self) -> None:
        """Answer who has waited long enough."""
        self._to_be_applied.release()

    def forget(self) -> None:
        """Answer nobody any more."""
        self._to_be_applied.forget()

    # Learners

    read = staticmethod(from_learner)
    """What the other end of a connection says."""

    def handle(self, sender: int, packet: Wire) -> None:
        """A learner says something that is not about agreement."""
        match packet:
            case Ping(_, sessions):
                for session, timeout in sessions or ():
                    self._front.touch(session, timeout)
            case Request():
                if self._me.phase is Phase.BROADCAST:
                    self._request(sender, packet)
            case Revalidate(session, timeout):
                self.revalidate(
                    sender,
                    session,
                    timeout,
                    lambda valid: self._out.send_wire(sender, Revalidated(session, valid)),
                )
            case _:
                raise DecodeError(f"{type(packet).__name__} comes a second time")

    def lose(self, sid: int, reason: str = "") -> None:  # noqa: ARG002 - the learner records why
        """The connection with a learner is over."""
        self._diary.event(kinds.LearnerLost, learner=sid)
        if self._me.handlers[sid].stage is Stage.ABSENT:
            self._out.close(sid)
        else:
            leader.drop(self._me, sid, self._out)

    # Time

    def is_served(self, sid: int) -> bool:
        """Whether a learner has been told that it may serve."""
        return self._me.phase is Phase.BROADCAST and self._me.handlers[sid].stage is Stage.ACTIVE

    def tick(self) -> None:
        """Half a tick is over: send heartbeats (``LearnerHandler.ping``)."""
        if self._me.phase is Phase.BROADCAST:
            self._front.tick()
        for sid in self._me.handled(*HEARD):
            self._out.send_wire(sid, Ping(self._me.last_proposed))

    def has_lost_quorum(self) -> bool:
        """Whether it hears of too few to go on."""
        heard = frozenset(self._me.handled(*set(Stage) - {Stage.ABSENT}))
        return self._me.phase is Phase.BROADCAST and not leader.keeps_quorum(self._me, heard)

    def give_up(self) -> None:
        """Lead no more."""
        leader.resign(self._me, self._out)
