"""Servers that do as a release with bugs: a failing check of the model is recorded, and they go on as the code does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.implementation.group import Group, ensemble
from zabcheck.cli.main import main
from zabcheck.model.zookeeper import model

if TYPE_CHECKING:
    from pathlib import Path

    from zabcheck.traces.members import Members


async def rejoin(folder: Path, scope: Members) -> None:
    """Let a follower come back to a leader that has written meanwhile, and all have the same in the end."""
    group = Group(folder, scope)
    group.start()
    leader = await group.settle()
    group.write(leader, 5)
    await group.until(lambda: all(len(group.machine(sid).nodes) == 5 for sid in group.tasks))
    absent = next(sid for sid in group.tasks if sid != leader)
    await group.stop(absent)
    group.write(leader, 5)
    await group.until(lambda: len(group.machine(leader).nodes) == 10)
    group.start(absent)
    await group.settle()
    group.write(absent, 5)
    await group.until(lambda: all(len(group.machine(sid).nodes) == 15 for sid in group.tasks))
    await group.stop()


def alarms(folder: Path) -> int:
    return sum(
        path.read_text().count('"what":"failed check","text":"AckDurability"')
        for path in folder.glob("s*/recording/events-*.jsonl")
    )


@pytest.mark.parametrize("release", ["3.4.10", "3.6.1", "3.8.0"])
def test_a_release_acknowledges_too_early_and_goes_on(tmp_path: Path, release: str) -> None:
    asyncio.run(rejoin(tmp_path, ensemble(3, release=release)))
    assert alarms(tmp_path)


def test_so_does_a_single_bug(tmp_path: Path) -> None:
    asyncio.run(rejoin(tmp_path, model.variants["ZOOKEEPER-4646"].apply(ensemble(3))))
    assert alarms(tmp_path)


def test_no_check_fails_without_a_bug(tmp_path: Path) -> None:
    asyncio.run(rejoin(tmp_path, ensemble(3)))
    assert not alarms(tmp_path)


@pytest.mark.parametrize("command", [["run", "--data", "nowhere"], ["server", "ZOO_CFG"]])
def test_a_bug_that_nobody_knows_is_refused(
    tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "zoo.cfg"
    servers = "".join(f"server.{sid}=127.0.0.1:{sid}:9{sid}\n" for sid in (1, 2, 3))
    path.write_text(f"dataDir={tmp_path}\nclientPort=1\ninitLimit=5\nsyncLimit=5\n{servers}")
    words = [str(path) if word == "ZOO_CFG" else word for word in command]
    assert main([*words, "--bug", "ZOOKEEPER-4647"]) == 2
    assert "did you mean ZOOKEEPER-4646?" in capsys.readouterr().err
