"""A session that moves between servers, of which one lags: it sees no older state, and its ephemeral nodes stay."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.implementation.raw_client import RawClient
from tests.implementation.wire import create, set_data
from zabcheck.implementation import encoder as jute
from zabcheck.implementation.operations import Mode, Op
from zabcheck.traces.jute import Cursor

if TYPE_CHECKING:
    from zabcheck.implementation.ensemble import Ensemble

pytestmark = pytest.mark.kazoo  # the server's harness has kazoo's client
PATIENCE = 60
GET = jute.text("/moving") + jute.boolean(False)


class Session:
    """A session, wherever it is, with what its client has seen."""

    def __init__(self, port: int) -> None:
        self.connection = RawClient(port)
        assert self.connection.connect(timeout=4000)
        self.id, self.password = self.connection.session, self.connection.password
        self.seen = 0

    def move(self, port: int) -> bool:
        """Go to another server; whether it takes the session. One that is behind the client must not."""
        other = RawClient(port)
        if not other.connect(self.seen, 4000, self.id, self.password):
            other.socket.close()
            return False
        assert other.session == self.id, "the session lives"
        self.connection.socket.close()
        self.connection = other
        return True

    def ask(self, kind: Op, body: bytes) -> bytes:
        """Ask, and see at least what was seen before."""
        self.connection.ask(1, kind, body)
        reply = self.connection.reply()
        assert reply.code == 0
        assert reply.zxid >= self.seen
        self.seen = reply.zxid
        return reply.body

    def read(self) -> bytes:
        """The node's data."""
        return Cursor("an answer", self.ask(Op.GET_DATA, GET)).buffer() or b""


def test_a_session_sees_no_older_state_at_a_server_that_lags(shared_ensemble: Ensemble) -> None:
    leader = shared_ensemble.settle(PATIENCE)
    port = shared_ensemble.plan.port
    lagging = next(sid for sid in shared_ensemble.plan.sids if sid != leader)
    session = Session(port(leader))
    session.ask(Op.CREATE, create("/moving"))
    session.ask(Op.CREATE, create("/moving-ephemeral", flags=Mode.EPHEMERAL))
    for number in range(10):
        shared_ensemble.pause(lagging)
        for _ in range(5):
            session.ask(Op.SET_DATA, set_data("/moving", b"%d" % number))
        resuming = threading.Timer(0.05, shared_ensemble.resume, [lagging])
        resuming.start()  # what the client asks waits there, beside what the leader has sent
        taken = session.move(port(lagging))
        resuming.join()
        if taken:
            assert session.read() == b"%d" % number
        while taken and not session.move(port(leader)):
            pass
    assert session.ask(Op.EXISTS, jute.text("/moving-ephemeral") + jute.boolean(False))
    session.connection.ask(2, Op.CLOSE_SESSION)
    assert session.connection.reply().code == 0
    shared_ensemble.settle(PATIENCE)
    other = Session(port(lagging))
    other.ask(Op.SYNC, jute.text("/"))
    other.connection.ask(1, Op.EXISTS, jute.text("/moving-ephemeral") + jute.boolean(False))
    assert other.connection.reply().code != 0, "it has ended with its session"
    other.connection.socket.close()
