"""A folder on the disk: what is named in it survives a crash, and one server alone uses it."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from zabcheck.implementation.errors import ServerError

if TYPE_CHECKING:
    from pathlib import Path


def sync_directory(folder: Path) -> None:
    """Make the names in a folder durable: without that a new file may be gone after a power failure."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def claim(folder: Path) -> int:
    """Make a folder if it is missing, and keep other servers of ours out of it until the number is closed.

    ZooKeeper does not: there two servers in one folder destroy each other's files.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise ServerError(f"cannot use {folder}: {error.strerror}") from error
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(number)
        raise ServerError(f"{folder} is used by another server") from error
    return number
