"""The files ``acceptedEpoch`` and ``currentEpoch``: replaced whole or not at all (``AtomicFileOutputStream``)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from zabcheck.checker import UsageError
from zabcheck.implementation.directory import sync_directory
from zabcheck.traces.disk import ACCEPTED, CURRENT, UPDATING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ACCEPTED", "CURRENT", "UPDATING", "read", "write"]


def read(path: Path) -> int | None:
    """The epoch in a file, or nothing if there is no such file."""
    try:
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from None
    if not text.isdigit():
        raise UsageError(f"{path}: expected an epoch, not {text!r}")
    return int(text)


def write(path: Path, epoch: int) -> None:
    """Put an epoch into a file; when this returns it is on disk."""
    temporary = path.with_name(f"{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(str(epoch).encode())
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_directory(path.parent)
