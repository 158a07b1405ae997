"""Which history a disk holds, and what is odd about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from zabcheck.traces.effective import Backward, Entry, Gap, Jump, Late, Repeat, effective
from zabcheck.traces.event import Hex, Image, Record, Snapshot
from zabcheck.traces.track import Track

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zabcheck.traces.event import Base

E1, E2, E3 = 1 << 32, 2 << 32, 3 << 32


def disk(
    records: list[int | tuple[int, int]], snapshots: tuple[int, ...] = (0,), broken: tuple[int, ...] = ()
) -> Iterator[Base]:
    """Events of a disk; a record is a zxid, or one with the checksum of its body, which is 0 else."""
    track = Track("s1/disk", 1)
    yield track.event(Image, "")
    for zxid in sorted(snapshots + broken):
        yield track.event(Snapshot, "", zxid=Hex(zxid), valid=zxid in snapshots)
    for record in records:
        zxid, body = record if isinstance(record, tuple) else (record, 0)
        yield track.event(Record, "", zxid=Hex(zxid), body=Hex(body))


def history(events: Iterator[Base]) -> list[int | tuple[object, ...]]:
    """Entries as their zxids; the rest as tuples of what they say."""
    found: list[int | tuple[object, ...]] = []
    for item in effective(events):
        match item:
            case Entry():
                found.append(item.zxid)
            case Jump():
                found.append(("jump", item.after, item.snapshot, item.records))
            case Gap():
                found.append(("gap", item.after, item.event.zxid, item.snapshot, item.inside))
            case Backward():
                found.append(("backward", item.last, item.event.zxid))
            case Repeat():
                found.append(("repeat", item.event.zxid, item.same))
            case Late():
                found.append(("late", item.last, item.event.zxid, item.ended))
    return found


def test_a_log_without_oddities() -> None:
    whole = [E1 + 1, E1 + 2, E2 + 1, E2 + 2, E2 + 3, E3 + 1]
    assert history(disk([*whole])) == whole
    assert history(disk([*whole], (0, E1 + 1, E2 + 2, E3 + 1))) == whole
    assert history(disk([])) == []


def test_what_is_replayed_begins_behind_the_newest_valid_snapshot() -> None:
    def replayed(snapshots: tuple[int, ...], broken: tuple[int, ...] = ()) -> list[bool]:
        found = effective(disk([E1 + 1, E1 + 2, E1 + 3], snapshots, broken))
        return [item.replayed for item in found if isinstance(item, Entry)]

    assert replayed((0,)) == [True, True, True]
    assert replayed((0, E1 + 1)) == [False, True, True]
    assert replayed((0, E1 + 1), (E1 + 2,)) == [False, True, True]
    assert replayed((0, E1 + 3)) == [False, False, False]
    assert replayed((), (0,)) == [True, True, True]


def test_a_whole_database_after_records_that_were_never_committed() -> None:
    """s3 logs 1:3 alone, gets SNAP at 2:5, goes on with 2:6: the three records may be dead."""
    records: list[int | tuple[int, int]] = [E1 + 1, E1 + 2, E1 + 3, E2 + 6, E2 + 7]
    assert history(disk(records, (0, E2 + 5))) == [
        E1 + 1,
        E1 + 2,
        E1 + 3,
        ("jump", E1 + 3, E2 + 5, 3),
        E2 + 6,
        E2 + 7,
    ]


def test_a_jump_that_looks_like_the_beginning_of_an_epoch() -> None:
    assert history(disk([E1 + 1, E2 + 1], (0, E1 + 5))) == [E1 + 1, ("jump", E1 + 1, E1 + 5, 1), E2 + 1]
    assert history(disk([E1 + 1, E2 + 1], (0, E2))) == [E1 + 1, ("jump", E1 + 1, E2, 1), E2 + 1]


def test_a_jump_with_nothing_behind_it() -> None:
    assert history(disk([E1 + 1], (0, E2 + 5))) == [E1 + 1, ("jump", E1 + 1, E2 + 5, 1)]
    assert history(disk([], (E2,))) == [("jump", 0, E2, 0)]


def test_holes() -> None:
    records: list[int | tuple[int, int]] = [E1 + 1, E1 + 4, E1 + 5]
    assert history(disk(records)) == [E1 + 1, ("gap", E1 + 1, E1 + 4, None, True), E1 + 4, E1 + 5]
    assert history(disk(records, (0, E1 + 5))) == [
        E1 + 1,
        ("gap", E1 + 1, E1 + 4, E1 + 5, True),
        E1 + 4,
        E1 + 5,
    ]
    assert history(disk(records, (0,), (E1 + 5,)))[1] == ("gap", E1 + 1, E1 + 4, None, True)
    assert history(disk(records, (0, E1 + 3))) == [E1 + 1, ("jump", E1 + 1, E1 + 3, 1), E1 + 4, E1 + 5]
    assert history(disk(records, (0, E1 + 2))) == [
        E1 + 1,
        ("jump", E1 + 1, E1 + 2, 1),
        ("gap", E1 + 2, E1 + 4, None, True),
        E1 + 4,
        E1 + 5,
    ]


def test_epochs_whose_first_records_are_missing() -> None:
    assert history(disk([E1 + 1, E2 + 3])) == [E1 + 1, ("gap", E1 + 1, E2 + 3, None, False), E2 + 3]


def test_a_log_whose_first_files_were_purged() -> None:
    records: list[int | tuple[int, int]] = [E1 + 50, E1 + 51, E1 + 52]
    assert history(disk(records, (E1 + 51,))) == [("gap", 0, E1 + 50, E1 + 51, False), *records]
    assert history(disk(records, (E1 + 49,))) == [("jump", 0, E1 + 49, 0), *records]


def test_repeats() -> None:
    records = [(E1 + 1, 7), (E1 + 2, 8), (E1 + 3, 9), (E1 + 2, 8), (E1 + 3, 5), (E1 + 4, 1)]
    assert history(disk([*records])) == [
        E1 + 1,
        E1 + 2,
        E1 + 3,
        ("backward", E1 + 3, E1 + 2),
        ("repeat", E1 + 2, True),
        ("repeat", E1 + 3, False),
        E1 + 4,
    ]
    assert history(disk([(E1 + 1, 7), (E1 + 1, 7)]))[1:] == [
        ("backward", E1 + 1, E1 + 1),
        ("repeat", E1 + 1, True),
    ]


def test_records_that_come_late() -> None:
    """The log thread of a role that ended goes on writing."""
    assert history(disk([E1 + 1, E2 + 1, (E1 + 2, 3), (E1 + 2, 3), E2 + 2])) == [
        E1 + 1,
        E2 + 1,
        ("backward", E2 + 1, E1 + 2),
        ("late", E2 + 1, E1 + 2, True),
        ("backward", E1 + 2, E1 + 2),
        ("repeat", E1 + 2, True),
        E2 + 2,
    ]
    assert history(disk([E1 + 1, E1 + 3, E1 + 2]))[-1] == ("late", E1 + 3, E1 + 2, False)


@dataclass
class Simple:
    """The same, by looking at everything again for each record."""

    records: list[tuple[int, int]]

    def entries(self) -> list[int]:
        return [z for i, (z, _) in enumerate(self.records) if all(z > y for y, _ in self.records[:i])]

    def repeats(self) -> list[tuple[int, bool]]:
        found = []
        for i, (zxid, body) in enumerate(self.records):
            before = [b for z, b in self.records[:i] if z == zxid]
            if before:
                found.append((zxid, before[0] == body))
        return found


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 2))), st.sets(st.integers(0, 14)))
def test_as_the_simple_way(records: list[tuple[int, int]], snapshots: set[int]) -> None:
    found = history(disk([*records], tuple(snapshots)))
    simple = Simple(records)
    assert [item for item in found if isinstance(item, int)] == simple.entries()
    repeats = [item[1:] for item in found if isinstance(item, tuple) and item[0] == "repeat"]
    assert repeats == simple.repeats()
    whole = sum(isinstance(item, int) or item[0] in ("repeat", "late") for item in found)
    assert whole == len(records)


def test_a_long_log() -> None:
    whole = [E1 + 1 + i for i in range(10_000)]
    assert history(disk([*whole])) == whole
