"""What must end a connection, or a server, and what must not: garbage on the ports, failing disks, wrong folders."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from tests.implementation.group import Group, ensemble
from tests.implementation.test_peers import conforms
from tests.implementation.tiny import Tiny
from zabcheck.implementation import epoch_files
from zabcheck.implementation.election_messages import hello
from zabcheck.implementation.errors import ServerError
from zabcheck.implementation.peer import Peer
from zabcheck.implementation.quorum_packets import encoded, packet
from zabcheck.implementation.transaction_log import TransactionLog
from zabcheck.model.transaction import Zxid
from zabcheck.model.zookeeper import messages

if TYPE_CHECKING:
    from pathlib import Path

FOLLOWER_1 = encoded(messages.FollowerInfo(1), sid=1)
GARBAGE = {
    "nothing": b"",
    "zeros": bytes(100_000),
    "ones": b"\xff" * 1000,
    "text": b"GET / HTTP/1.1\r\n\r\n" * 50,
    "a huge buffer": b"\0\0\0\2" + bytes(8) + b"\x03\xff\xff\xff" + bytes(5000),
    "an unknown learner": encoded(messages.FollowerInfo(1), sid=77),
    "not the first packet": encoded(messages.Ack(Zxid(1, 1))),
    "itself": encoded(messages.FollowerInfo(1), sid=3),
    "a learner that leads": FOLLOWER_1 + encoded(messages.NewLeader(9)),
    "a learner that comes twice": FOLLOWER_1 * 2,
    "a short answer": FOLLOWER_1 + packet("ACKEPOCH", 0, b"x"),
    "a request without a body": FOLLOWER_1 + packet("REQUEST", 0, b"x"),
    "acknowledgements of nothing": FOLLOWER_1 + encoded(messages.Ack(Zxid(1, 99))) * 3000,
    "a message too long": b"\xff\xff\xff\xff\xff\xff\0\0" + bytes(7) + b"\1" + b"\x7f\xff\xff\xff",
    "a greeting of a server that is connected": hello(3, "127.0.0.1", 1),
    "votes of a server that is connected": hello(3, "127.0.0.1", 1) + bytes(200),
    "a greeting of nobody": b"\xff\xff\xff\xff\xff\xff\0\0" + b"\0" * 7 + b"\x4d\0\0\0\3a:1",
}


async def offend(port: int, data: bytes) -> None:
    """Say something to a port, and wait a moment."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    try:
        await asyncio.wait_for(reader.read(100), 0.2)
    except (TimeoutError, OSError):
        pass
    finally:
        writer.close()


@pytest.mark.parametrize("offence", GARBAGE)
def test_garbage_ends_a_connection_and_no_server(tmp_path: Path, offence: str) -> None:
    async def run() -> None:
        group = Group(tmp_path, ensemble(3))
        group.start()
        leader = await group.settle()
        group.write(leader, 5)
        for sid in group.tasks:
            at = group.configurations[sid].endpoints[sid]
            await offend(at.election_port, GARBAGE[offence])
            if sid == leader:
                await offend(at.quorum_port, GARBAGE[offence])
        leader = await group.settle()
        group.write(leader, 5)
        await group.until(lambda: all(len(group.machine(s).nodes) == 10 for s in group.tasks))
        await group.stop()

    asyncio.run(run())
    conforms(tmp_path)


def test_a_server_whose_disk_fails_stops_and_acknowledges_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        group = Group(tmp_path, ensemble(3))
        group.start()
        leader = await group.settle()
        group.write(leader, 5)
        await group.until(lambda: all(len(group.machine(s).nodes) == 5 for s in group.tasks))
        victim = next(s for s in group.tasks if s != leader)
        commit = TransactionLog.commit

        def failing(log: TransactionLog) -> None:
            if f"/s{victim}/" in f"{log.folder}/" and log._waiting:  # noqa: SLF001 - the fault is inside
                raise OSError(5, "Input/output error")
            commit(log)

        monkeypatch.setattr(TransactionLog, "commit", failing)
        group.write(leader, 5)
        task = group.tasks.pop(victim)
        with pytest.raises(OSError, match="Input/output"):
            await task
        await group.until(lambda: all(len(group.machine(s).nodes) == 10 for s in group.tasks))
        assert group.peers[victim].me.disk.zxid == Zxid(1, 5)
        monkeypatch.setattr(TransactionLog, "commit", commit)
        group.start(victim)
        await group.settle()
        await group.agree()
        await group.stop()

    asyncio.run(run())
    conforms(tmp_path)


def test_a_torn_record_is_no_record(tmp_path: Path) -> None:
    async def run() -> None:
        group = Group(tmp_path, ensemble(3))
        group.start()
        leader = await group.settle()
        group.write(leader, 5)
        await group.until(lambda: all(len(group.machine(s).nodes) == 5 for s in group.tasks))
        await group.stop()
        log = next((tmp_path / "s1" / "version-2").glob("log.*"))
        os.truncate(log, len(log.read_bytes().rstrip(b"\0")) - 7)
        group.start()
        await group.settle()
        await group.agree()
        assert len(group.machine(1).nodes) == 5
        await group.stop()

    asyncio.run(run())


@pytest.mark.parametrize(("accepted", "current"), [(1, 2), (0, 0)])
def test_an_inconsistent_folder_is_refused(tmp_path: Path, accepted: int, current: int) -> None:
    async def run() -> None:
        group = Group(tmp_path, ensemble(3))
        group.start()
        leader = await group.settle()
        group.write(leader, 5)
        await group.until(lambda: all(len(group.machine(s).nodes) == 5 for s in group.tasks))
        await group.stop()
        configuration = group.configurations[1]
        epoch_files.write(configuration.snapshots / epoch_files.ACCEPTED, accepted)
        epoch_files.write(configuration.snapshots / epoch_files.CURRENT, current)
        peer = Peer(configuration, Tiny())
        with pytest.raises(ServerError, match="not consistent"):
            await peer.run()

    asyncio.run(run())


def test_two_servers_do_not_share_a_folder(tmp_path: Path) -> None:
    async def run() -> None:
        group = Group(tmp_path, ensemble(3))
        group.start()
        await group.settle()
        with pytest.raises(ServerError, match="used by another server"):
            Peer(group.configurations[1], Tiny())
        await group.stop()

    asyncio.run(run())
