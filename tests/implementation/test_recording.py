"""The recording of a server: bounded, whole lines, numbered on through crashes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.implementation.group import Group, ensemble
from tests.implementation.test_peers import conforms, validated
from zabcheck.implementation import stored_server
from zabcheck.implementation.recording import Recorder
from zabcheck.traces import jsonl
from zabcheck.traces.event import Hex, Logged, Missing, Recording, Started

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from zabcheck.traces.event import Base


class Still:
    """A clock that stands."""

    def now(self) -> float:
        return 0.0

    def wall(self) -> float:
        return 1_700_000_000.0


def recorder(folder: Path, part: int = 1 << 20, parts: int = 3) -> Recorder:
    return Recorder(folder, ensemble(3), 1, Still(), part=part, parts=parts)


def events(folder: Path) -> list[Base]:
    found: list[Base] = []
    for path in sorted(folder.iterdir()):
        with path.open("rb") as stream:
            found += jsonl.read(stream, path.name)
    return found


def test_each_part_says_who_is_in_the_ensemble(tmp_path: Path) -> None:
    made = recorder(tmp_path)
    made.event(Started, release="mended")
    made.close()
    first, second = events(tmp_path)
    assert isinstance(first, Recording)
    assert first.voters == (1, 2, 3)
    assert isinstance(second, Started)


def test_numbers_go_on_after_a_crash_and_what_is_torn_is_cut_off(tmp_path: Path) -> None:
    made = recorder(tmp_path)
    for number in range(5):
        made.event(Logged, zxid=Hex(number))
    made.close()
    (part,) = tmp_path.iterdir()
    part.write_bytes(part.read_bytes()[:-9])
    again = recorder(tmp_path)
    again.event(Started)
    again.close()
    assert [event.seq for event in events(tmp_path) if event.track == "s1/log"] == [0, 1, 2, 3, 4]


def test_what_was_taken_back_did_not_happen(tmp_path: Path) -> None:
    made = recorder(tmp_path)
    made.event(Logged, zxid=Hex(1))
    mark = made.mark()
    made.event(Logged, zxid=Hex(2))
    made.undo(mark)
    made.event(Logged, zxid=Hex(3))
    made.close()
    seen = [event for event in events(tmp_path) if isinstance(event, Logged)]
    assert [(event.seq, event.zxid) for event in seen] == [(0, 1), (1, 3)]


def test_old_parts_are_thrown_away_and_the_first_that_is_left_says_so(tmp_path: Path) -> None:
    made = recorder(tmp_path, part=2000)
    for number in range(500):
        made.event(Logged, zxid=Hex(number))
        made.flush()
    made.close()
    assert len(list(tmp_path.iterdir())) <= 3
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 3 * 3000
    found = events(tmp_path)
    assert isinstance(found[1], Missing)
    numbers = [event.seq for event in found if isinstance(event, Logged)]
    assert numbers == list(range(numbers[0], 500))


def test_a_recording_without_its_beginning_is_not_taken_for_a_violation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        stored_server,
        "Recorder",
        lambda *arguments: Recorder(*arguments, part=5000, parts=3),
    )

    async def run() -> None:
        group = Group(tmp_path, ensemble(3))
        group.start()
        for _ in range(3):
            leader = await group.settle()
            group.write(leader, 100)
            await group.agree()
            await group.stop(leader)
            group.start(leader)
        leader = await group.settle()
        group.write(leader, 20)
        await group.agree()
        await group.stop()

    asyncio.run(run())
    assert validated(tmp_path).verdict != "violates"


def test_a_whole_recording_conforms(tmp_path: Path) -> None:
    async def run() -> None:
        group = Group(tmp_path, ensemble(3))
        for _ in range(3):
            group.start()
            group.write(await group.settle(), 30)
            await group.agree()
            await group.stop()

    asyncio.run(run())
    conforms(tmp_path)
