"""Files that reports are written to: found unwritable before the long run, and never left half-written."""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from collections.abc import Iterator


class Destination:
    """Where a report goes: a file, a device, or (``-``) standard output.

    A file is replaced at once by a complete new one, so that readers see the old content or the new, and a
    full disk leaves the old.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_standard_output = name in ("-", "/dev/stdout")

    def check(self) -> None:
        """Raise the `OSError` that writing would raise, as far as it can be known now."""
        if self.is_standard_output:
            return
        target = self._target()
        if _is_device(target):
            if not os.access(target, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), self.name)
            return
        with suppress(FileNotFoundError):
            os.close(os.open(target, os.O_WRONLY))
        descriptor, temporary = _beside(target)
        os.close(descriptor)
        temporary.unlink()

    def write(self, data: bytes) -> None:
        """Write ``data``, all of it or nothing."""
        with self.writing() as stream:
            stream.write(data)

    @contextmanager
    def writing(self) -> Iterator[BinaryIO]:
        """A stream to write to, piece by piece; the file is there only when all of it is."""
        if self.is_standard_output:
            sys.stdout.flush()
            yield sys.stdout.buffer
            sys.stdout.flush()
            return
        target = self._target()
        if _is_device(target):
            with target.open("wb", buffering=0) as device:
                yield cast("BinaryIO", device)
            return
        descriptor, temporary = _beside(target)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fchmod(file.fileno(), _mode(target))
                os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def _target(self) -> Path:
        """The file itself, where the name is a symbolic link."""
        path = Path(self.name)
        target = path if path.parts[:2] in (("/", "dev"), ("/", "proc")) else Path(os.path.realpath(path))
        if target.is_dir() or not self.name:
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), self.name)
        return target


def _is_device(target: Path) -> bool:
    """Whether ``target`` is something that cannot be replaced by a file: a device, a pipe, a socket."""
    try:
        return target.parts[:2] in (("/", "dev"), ("/", "proc")) or not stat.S_ISREG(target.stat().st_mode)
    except FileNotFoundError:
        return False


def _beside(target: Path) -> tuple[int, Path]:
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:60]}.", suffix=".tmp", dir=target.parent)
    return descriptor, Path(name)


def _mode(target: Path) -> int:
    """The permissions of the file that is there, or those that a new one would get."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        mask = os.umask(0o022)
        os.umask(mask)
        return 0o666 & ~mask
