"""Floods of connections and bytes on every port of three servers: connections end, memory is bounded, writes go on."""

from __future__ import annotations

import socket
import struct
from contextlib import ExitStack, suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.implementation.raw_client import RawClient
from tests.implementation.wire import create, set_data
from zabcheck.implementation import encoder as jute
from zabcheck.implementation.election_messages import hello
from zabcheck.implementation.operations import Op
from zabcheck.implementation.quorum_packets import encoded
from zabcheck.model.zookeeper import messages
from zabcheck.traces.zoo_cfg import read

if TYPE_CHECKING:
    from zabcheck.implementation.ensemble import Ensemble

pytestmark = pytest.mark.kazoo  # the server's harness has kazoo's client
PATIENCE = 60
FLOOD = 150
"""Connections to a port at once, of strangers."""
ROOM = 48 * 2**20
"""Bytes by which a server may grow in a test; with what a client may leave unread it stays below."""
LISTENS = "0A"


def ports(ensemble: Ensemble, sid: int) -> tuple[int, int, int]:
    """Client, quorum and election port."""
    servers = read(ensemble.plan.home(sid) / "zoo.cfg").voters
    (at,) = next(server.addresses for server in servers if server.sid == sid)
    return ensemble.plan.port(sid), at.quorum_port, at.election_port


def resident(ensemble: Ensemble, sid: int) -> int:
    """Bytes of memory that a server has now."""
    status = Path(f"/proc/{ensemble.pids[sid]}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))


def writes(ensemble: Ensemble) -> None:
    """All serve, and take a write."""
    ensemble.settle(PATIENCE)
    for sid in ensemble.plan.sids:
        with RawClient(ensemble.plan.port(sid), PATIENCE) as client:
            assert client.connect()
            client.ask(1, Op.CREATE, create(f"/w{client.session:x}"))
            assert client.reply().code == 0


def flood(stack: ExitStack, port: int, said: bytes, count: int) -> None:
    """Connect so often, say something, and stay; a port that is closed, or has enough, may refuse."""
    for _ in range(count):
        with suppress(OSError):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", port), 1))
            one.settimeout(1)
            one.sendall(said)


def test_strangers_on_every_port_hinder_nobody_for_long(shared_ensemble: Ensemble) -> None:
    leader = shared_ensemble.settle(PATIENCE)
    before = {sid: resident(shared_ensemble, sid) for sid in shared_ensemble.plan.sids}
    with ExitStack() as stack:
        for port in (port for sid in shared_ensemble.plan.sids for port in ports(shared_ensemble, sid)):
            flood(stack, port, b"\0\0", FLOOD)
        writes(shared_ensemble)
        shared_ensemble.restart(next(sid for sid in shared_ensemble.plan.sids if sid != leader))
        writes(shared_ensemble)  # who comes back gets in when the strangers' time is over
        assert resident(shared_ensemble, leader) < before[leader] + ROOM
    writes(shared_ensemble)


def test_random_bytes_behind_what_is_right(shared_ensemble: Ensemble) -> None:
    """Garbage alone does not get far: the first bytes are those of an honest client, learner or voter."""
    random = Random(7)
    session = jute.integer(0) + jute.long(0) + jute.integer(1000) + jute.long(0) + jute.buffer(bytes(16))
    begins = [
        (0, b""),
        (0, jute.buffer(session)),
        (0, jute.buffer(session) + struct.pack(">iii", 2**19, 1, Op.MULTI)),
        (1, encoded(messages.FollowerInfo(1), sid=1)),
        (1, encoded(messages.FollowerInfo(1), sid=2)),
        (2, hello(1, "127.0.0.1", 1)),
        (2, hello(3, "127.0.0.1", 1) + struct.pack(">i", 40)),
    ]
    shared_ensemble.settle(PATIENCE)
    before = {sid: resident(shared_ensemble, sid) for sid in shared_ensemble.plan.sids}
    with ExitStack() as stack:
        for _ in range(60):
            which, begin = random.choice(begins)
            port = ports(shared_ensemble, random.choice(shared_ensemble.plan.sids))[which]
            flood(stack, port, begin + random.randbytes(random.choice((1, 16, 100, 5000))), 1)
    writes(shared_ensemble)
    assert all(resident(shared_ensemble, sid) < size + ROOM for sid, size in before.items())


def test_a_client_that_never_reads_what_it_watches_is_cut_off(shared_ensemble: Ensemble) -> None:
    leader = shared_ensemble.settle(PATIENCE)
    before = resident(shared_ensemble, leader)
    node = "/" + "x" * 200_000
    with RawClient(shared_ensemble.plan.port(leader), 10) as writer, socket.socket() as slow:
        assert writer.connect(timeout=4000)
        writer.ask(1, Op.CREATE, create(node))
        assert writer.reply().code == 0
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
        slow.connect(("127.0.0.1", shared_ensemble.plan.port(leader)))
        session = jute.integer(0) + jute.long(0) + jute.integer(4000) + jute.long(0) + jute.buffer(bytes(16))
        slow.sendall(jute.buffer(session + jute.boolean(False)))
        watch = jute.integer(1) + jute.integer(Op.ADD_WATCH) + jute.text("/") + jute.integer(1)
        slow.sendall(jute.buffer(watch))
        largest = 0
        for number in range(2, 200):
            writer.ask(number, Op.SET_DATA, set_data(node, b""))
            assert writer.reply().code == 0
            largest = max(largest, resident(shared_ensemble, leader))
        assert largest < before + ROOM + 2**24
        slow.settimeout(PATIENCE)
        taken = 0
        with suppress(ConnectionError):
            while data := slow.recv(1 << 20):
                taken += len(data)
        assert taken < 198 * len(node), "it was cut off, and did not get everything"
    writes(shared_ensemble)


def test_all_ports_are_on_loopback(shared_ensemble: Ensemble) -> None:
    leader = shared_ensemble.settle(PATIENCE)
    wanted = {port for sid in shared_ensemble.plan.sids for port in ports(shared_ensemble, sid)}
    wanted -= {ports(shared_ensemble, sid)[1] for sid in shared_ensemble.plan.sids if sid != leader}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            _, local, _, state = line.split()[:4]
            host, port = local.split(":")
            if state == LISTENS and int(port, 16) in wanted:
                assert host == "0100007F"
                found.add(int(port, 16))
    assert found == wanted
