"""Links between servers that are cut, reset and healed: what passes, what waits, what never arrives."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest

from tests.implementation.test_peers import conforms
from zabcheck.implementation.election_messages import hello
from zabcheck.implementation.ensemble import Ensemble
from zabcheck.implementation.errors import ServerError
from zabcheck.implementation.links import Links
from zabcheck.implementation.plan import HOST, Plan, free_ports
from zabcheck.implementation.quorum_packets import encoded
from zabcheck.implementation.switchboard import Route
from zabcheck.model.zookeeper.messages import FollowerInfo
from zabcheck.traces.ensemble import Address

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 10
MOMENT = 0.2
"""Seconds in which nothing may arrive."""


class Two:
    """Servers 1 and 2 and the links between them; server 2 listens, server 1 calls."""

    def __init__(self, stack: ExitStack) -> None:
        ports = free_ports(8)
        self.routes = [
            Route(sid, Address(HOST, ports.pop(), ports.pop()), Address(HOST, ports.pop(), ports.pop()))
            for sid in (1, 2)
        ]
        self.links = Links(self.routes)
        self.links.open()
        stack.callback(self.links.close)
        self._stack = stack

    def listen(self, port: int) -> socket.socket:
        listening = self._stack.enter_context(socket.create_server((HOST, port)))
        listening.settimeout(PATIENCE)
        return listening

    def call(self, port: int, said: bytes) -> socket.socket:
        connection = self._stack.enter_context(socket.create_connection((HOST, port), PATIENCE))
        connection.sendall(said)
        return connection

    def accept(self, listening: socket.socket) -> socket.socket:
        connection, _ = listening.accept()
        self._stack.enter_context(connection)
        connection.settimeout(PATIENCE)
        return connection

    def joined(self) -> tuple[socket.socket, socket.socket]:
        """Both ends of a quorum connection, which carry what they are given."""
        _, other = self.routes
        listening = self.listen(other.server.quorum_port)
        caller = self.call(other.relay.quorum_port, FIRST)
        callee = self.accept(listening)
        assert callee.recv(100) == FIRST
        return caller, callee


VOTE = b"\0\0\0\4vote"
FIRST = encoded(FollowerInfo(1), sid=1)


@pytest.fixture
def two() -> Iterator[Two]:
    with ExitStack() as stack:
        yield Two(stack)


def arrives(connection: socket.socket, wanted: bytes) -> None:
    seen = b""
    while len(seen) < len(wanted):
        piece = connection.recv(100)
        assert piece, seen
        seen += piece
    assert seen == wanted


def nothing_arrives(connection: socket.socket) -> None:
    connection.settimeout(MOMENT)
    with pytest.raises(TimeoutError):
        connection.recv(100)
    connection.settimeout(PATIENCE)


def test_what_is_said_passes_both_ways_and_so_does_the_end(two: Two) -> None:
    caller, callee = two.joined()
    caller.sendall(b"there")
    callee.sendall(b"back")
    arrives(callee, b"there")
    arrives(caller, b"back")
    callee.close()
    assert caller.recv(100) == b""


def test_a_greeting_names_the_relay_of_who_calls(two: Two) -> None:
    one, other = two.routes
    listening = two.listen(other.server.election_port)
    two.call(other.relay.election_port, hello(1, HOST, one.server.election_port) + VOTE)
    arrives(two.accept(listening), hello(1, HOST, one.relay.election_port) + VOTE)


def test_what_is_said_over_a_link_that_is_cut_arrives_when_it_is_healed(two: Two) -> None:
    caller, callee = two.joined()
    two.links.set_cut({(1, 2), (2, 1)})
    caller.sendall(b"there")
    callee.sendall(b"back")
    nothing_arrives(caller)
    nothing_arrives(callee)
    two.links.set_cut(())
    arrives(callee, b"there")
    arrives(caller, b"back")


def test_one_direction_alone_is_cut(two: Two) -> None:
    caller, callee = two.joined()
    two.links.set_cut({(1, 2)})
    caller.sendall(b"there")
    callee.sendall(b"back")
    arrives(caller, b"back")
    nothing_arrives(callee)


def test_an_end_is_not_seen_over_a_link_that_is_cut(two: Two) -> None:
    caller, callee = two.joined()
    two.links.set_cut({(1, 2), (2, 1)})
    caller.close()
    nothing_arrives(callee)
    two.links.set_cut(())
    assert callee.recv(100) == b""


def test_who_calls_while_a_link_is_cut_waits_or_was_never_there(two: Two) -> None:
    _, other = two.routes
    listening = two.listen(other.server.quorum_port)
    two.links.set_cut({(2, 1)})
    two.call(other.relay.quorum_port, FIRST + b"given up").close()
    patient = two.call(other.relay.quorum_port, FIRST + b"patient")
    nothing_arrives(patient)
    two.links.set_cut(())
    arrives(two.accept(listening), FIRST + b"patient")
    listening.settimeout(MOMENT)
    with pytest.raises(TimeoutError):
        listening.accept()


def test_a_reset_is_seen_at_both_ends(two: Two) -> None:
    caller, callee = two.joined()
    two.links.reset(2, 1)
    for end in (caller, callee):
        with suppress(ConnectionResetError):
            assert end.recv(100) == b""


def test_a_server_may_be_late_but_not_for_ever(two: Two) -> None:
    _, other = two.routes
    early = two.call(other.relay.quorum_port, FIRST)
    time.sleep(MOMENT)
    arrives(two.accept(two.listen(other.server.quorum_port)), FIRST)
    nobody = two.call(two.routes[0].relay.quorum_port, encoded(FollowerInfo(1), sid=2))
    assert nobody.recv(100) == b""
    nothing_arrives(early)


@pytest.mark.parametrize(
    "said", [encoded(FollowerInfo(1), sid=3), encoded(FollowerInfo(1), sid=2), b"\xff" * 99]
)
def test_who_is_not_in_the_ensemble_is_hung_up_on(two: Two, said: bytes) -> None:
    assert two.call(two.routes[1].relay.quorum_port, said).recv(100) == b""


def test_links_are_opened_again_as_they_were(two: Two) -> None:
    two.links.set_cut({(1, 2), (2, 1)})
    two.links.close()
    two.links.open()
    _, other = two.routes
    nothing_arrives(two.call(other.relay.quorum_port, FIRST))
    assert two.links.cut == {(1, 2), (2, 1)}


def test_a_port_that_is_taken_is_named(two: Two) -> None:
    second = Links(two.routes)
    with pytest.raises(ServerError, match=str(two.routes[0].relay.election_port)):
        second.open()


def leaders(ensemble: Ensemble) -> list[int]:
    return [state.sid for state in ensemble.states() if state.role == "leader"]


def test_a_leader_that_is_isolated_is_replaced_and_comes_back(tmp_path: Path) -> None:
    ensemble = Ensemble(Plan(tmp_path, client_port=free_ports(3)[0], tick=200, sync_limit=4))
    ensemble.start()
    try:
        old = ensemble.settle()
        ensemble.isolate(old)
        end = time.monotonic() + 60
        while (leading := leaders(ensemble)) == [] or old in leading:
            assert time.monotonic() < end
            time.sleep(0.05)
        ensemble.heal(old)
        assert ensemble.settle() != old
    finally:
        ensemble.stop()
    conforms(tmp_path)
