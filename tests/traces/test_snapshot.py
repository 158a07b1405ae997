"""Snapshots: whole ones, and those that a server would pass over."""

from __future__ import annotations

import gzip
from struct import pack
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from tests.traces.zookeeper_files import (
    ACL,
    SESSION,
    cut,
    damaged,
    events,
    kinds,
    memory_of,
    node,
    snapshot,
    vector,
)
from zabcheck.traces.errors import UnreadableError
from zabcheck.traces.event import Snapshot
from zabcheck.traces.snapshot import Node, Nodes, read
from zabcheck.traces.source import of_bytes, walk
from zabcheck.traces.track import Track
from zabcheck.traces.transactions import body_of

if TYPE_CHECKING:
    from pathlib import Path

NAME = "snapshot.5"


def test_nodes_and_sessions() -> None:
    nodes = Nodes(of_bytes(NAME, snapshot(node("", b""), node("/a", None, 7, SESSION), last_zxid=11)))
    assert list(nodes)[1] == Node("/a", None, 7, 8, 9, 1, SESSION)  # type: ignore[arg-type]
    assert nodes.sessions == {SESSION: 4000}
    assert (nodes.count, nodes.digest, nodes.digest_zxid, nodes.last_zxid, nodes.rest) == (
        2,
        -77,
        9,
        11,
        None,
    )
    assert [found.value for found in Nodes(of_bytes(NAME, snapshot()))] == [body_of(b""), body_of(b"value")]


@pytest.mark.parametrize("digest_zxid", [None, 0, 9])
@pytest.mark.parametrize("last_zxid", [None, 11])
def test_what_follows_the_tree_may_be_missing(digest_zxid: int | None, last_zxid: int | None) -> None:
    (found,) = events(read, NAME, snapshot(digest_zxid=digest_zxid, last_zxid=last_zxid))
    assert isinstance(found, Snapshot)
    assert (found.zxid, found.valid) == (5, True)
    assert (found.digest_zxid, found.digest) == ((9, -77) if digest_zxid else (None, None))


def test_a_snapshot_that_is_cut_off_is_not_valid() -> None:
    """Except where a server of an older release would have ended it."""
    ends = [len(snapshot(digest_zxid=None)), len(snapshot())]
    for part in cut(snapshot(last_zxid=11)):
        first, *more = events(read, NAME, part)
        assert isinstance(first, Snapshot)
        near = any(end <= len(part) < end + 21 for end in ends)
        assert first.valid == near
        assert kinds(more) == ([] if len(part) in ends else ["Unrecognised"])


def test_every_changed_byte_of_a_tree_is_noticed() -> None:
    whole = snapshot()
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 0x10
        first, *more = events(read, NAME, bytes(changed))
        assert isinstance(first, Snapshot)
        assert not first.valid
        assert kinds(more) == ["Unrecognised"]


def test_compressed_ones(tmp_path: Path) -> None:
    (tmp_path / "snapshot.5.gz").write_bytes(gzip.compress(snapshot()))
    (source,) = walk(tmp_path)
    (found,) = read(source, Track("s"))
    assert isinstance(found, Snapshot)
    assert found.valid
    assert kinds(events(read, "snapshot.5.snappy", b"")) == ["Missing"]


def test_another_name_is_refused() -> None:
    with pytest.raises(UnreadableError, match="is called"):
        events(read, "snapshot.g", snapshot())


@pytest.mark.parametrize("length", [b"\x7f\xff\xff\xff", b"\x04\0\0\0", b"\xff\xff\xff\xf0"])
def test_lengths_take_no_memory(length: bytes) -> None:
    start = b"ZKSN" + pack(">iq", 2, -1)
    none = vector()
    files = [start + length, start + none + length, start + none + none + length]
    files.append(start + none + vector(pack(">q", 1) + length + ACL))
    for data in files:
        assert memory_of(lambda data=data: events(read, NAME, data)) < 2**19  # type: ignore[misc]


@given(damaged(snapshot(), snapshot(last_zxid=11), snapshot(digest_zxid=None)))
def test_anything_is_read_or_refused(data: bytes) -> None:
    first, *more = events(read, NAME, data)
    assert isinstance(first, Snapshot)
    assert first.valid or kinds(more) == ["Unrecognised"]
