"""Servers over real sockets and files: they elect, replicate, lose their leader, and come back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.implementation.group import Group, ensemble
from zabcheck.traces import jsonl
from zabcheck.traces.event import SyncReceived
from zabcheck.traces.recording import open_recording
from zabcheck.traces.validator import Validator

if TYPE_CHECKING:
    from pathlib import Path

    from zabcheck.traces.outcome import Outcome


def received(folder: Path, sid: int) -> list[str]:
    """How a server was synchronized, each time."""
    found: list[str] = []
    for path in sorted((folder / f"s{sid}" / "recording").iterdir()):
        with path.open("rb") as stream:
            found += [e.mode for e in jsonl.read(stream, path.name) if isinstance(e, SyncReceived)]
    return found


def validated(folder: Path) -> Outcome:
    """What the validator says of everything that servers left in a folder."""
    whole = open_recording([str(folder)], "mended")
    validator = Validator(whole.members, list(whole.notes))
    validator.feed(whole.events())
    return validator.outcome()


def conforms(folder: Path) -> None:
    outcome = validated(folder)
    assert outcome.verdict == "conforms", [outcome.reason, *map(str, outcome.findings)]


@pytest.mark.parametrize("voters", [3, 5])
def test_servers_elect_a_leader_and_replicate(tmp_path: Path, voters: int) -> None:
    async def run() -> None:
        group = Group(tmp_path, ensemble(voters))
        group.start()
        leader = await group.settle()
        for sid in group.tasks:
            group.write(sid, 10)
        await group.until(lambda: all(len(group.machine(s).nodes) == 10 * voters for s in group.tasks))
        await group.agree()
        assert leader
        await group.stop()

    asyncio.run(run())
    conforms(tmp_path)


def test_a_leader_is_lost_and_returns(tmp_path: Path) -> None:
    async def run() -> None:
        group = Group(tmp_path, ensemble(3))
        group.start()
        old = await group.settle()
        group.write(old, 20)
        await group.until(lambda: all(len(group.machine(s).nodes) == 20 for s in group.tasks))
        await group.stop(old)
        new = await group.settle()
        assert new != old
        assert group.peers[new].epoch == 2
        group.write(new, 5)
        await group.until(lambda: all(len(group.machine(s).nodes) == 25 for s in group.tasks))
        group.start(old)
        await group.settle()
        await group.agree()
        assert received(tmp_path, old) == ["diff"]
        await group.stop()

    asyncio.run(run())
    conforms(tmp_path)


def test_who_lacks_more_than_is_kept_gets_the_whole_database(tmp_path: Path) -> None:
    async def run() -> None:
        group = Group(tmp_path, ensemble(3, observers=1, window=10))
        group.start(1, 2, 3)
        leader = await group.settle()
        for _ in range(10):
            group.write(leader, 20)
            await asyncio.sleep(0.02)
        await group.until(lambda: all(len(group.machine(s).nodes) == 200 for s in group.tasks))
        group.start(4)
        await group.settle()
        await group.agree()
        group.write(4, 30)
        await group.until(lambda: all(len(group.machine(s).nodes) == 230 for s in group.tasks))
        assert received(tmp_path, 4) == ["snap"]
        await group.stop()
        group.start()
        await group.settle()
        await group.agree()
        assert len(group.machine(4).nodes) == 230, "what a snapshot brought is there after a start"
        await group.stop()

    asyncio.run(run())
    conforms(tmp_path)


def test_what_only_the_old_leader_has_is_cut(tmp_path: Path) -> None:
    async def run() -> None:
        group = Group(tmp_path, ensemble(3))
        group.start()
        old = await group.settle()
        group.write(old, 5)
        await group.until(lambda: all(len(group.machine(s).nodes) == 5 for s in group.tasks))
        others = [s for s in group.tasks if s != old]
        await group.stop(*others)
        group.write(old, 3)
        await group.until(lambda: group.peers[old].me.disk.zxid.counter == 8)
        await group.stop(old)
        group.start(*others)
        await group.settle()
        group.start(old)
        await group.settle()
        await group.agree()
        assert received(tmp_path, old)[-1] == "trunc"
        assert len(group.machine(old).nodes) == 5
        group.write(old, 2)
        await group.until(lambda: all(len(group.machine(s).nodes) == 7 for s in group.tasks))
        await group.stop()
        group.start()
        await group.settle()
        await group.agree()
        assert len(group.machine(old).nodes) == 7
        await group.stop()

    asyncio.run(run())
    conforms(tmp_path)


def test_a_server_that_is_a_quorum_by_itself_leads(tmp_path: Path) -> None:
    async def run() -> None:
        group = Group(tmp_path, ensemble(1, observers=1))
        group.start()
        assert await group.settle() == 1
        group.write(2, 5)
        await group.until(lambda: all(len(group.machine(sid).nodes) == 5 for sid in group.tasks))
        await group.stop()

    asyncio.run(run())
    conforms(tmp_path)
