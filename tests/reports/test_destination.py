"""Report files: all of the new content, or the old."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from zabcheck.reports.destination import Destination

if TYPE_CHECKING:
    from pathlib import Path


def test_replaces_what_a_link_points_to(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    Destination(str(link)).check()
    Destination(str(link)).write(b"new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_permissions(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.touch(0o600)
    os.umask(0o027)
    try:
        for path in (old, new):
            Destination(str(path)).write(b"x")
    finally:
        os.umask(0o022)
    assert old.stat().st_mode & 0o777 == 0o600
    assert new.stat().st_mode & 0o777 == 0o640


def test_check_leaves_no_trace(tmp_path: Path) -> None:
    Destination(str(tmp_path / "new")).check()
    assert list(tmp_path.iterdir()) == []


def test_pipe(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(path.read_bytes()))
    reader.start()
    destination = Destination(str(path))
    destination.check()
    destination.write(b"new")
    reader.join()
    assert read == [b"new"]
    assert path.is_fifo()


@pytest.mark.parametrize("name", ["", "/", "/no/such/folder/file", "/dev/no-such-device/x", "/etc/passwd/x"])
def test_refused_at_once(name: str) -> None:
    with pytest.raises(OSError, match=r"."):
        Destination(name).check()


def test_failure_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "report"
    path.write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        Destination(str(path)).write(b"new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
