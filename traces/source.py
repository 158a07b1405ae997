"""Where bytes come from: files in a folder, and what is packed into archives there.

A source is a name and a way to open it. Nothing is extracted to a disk, so a member called ``../../etc/passwd`` is
only a name here; what is packed is read piece by piece, and no more of it than a recording could be.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
import zipfile
import zlib
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Protocol

from zabcheck.traces.errors import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from _typeshed import WriteableBuffer

PIECE = 2**20
"""Bytes that are read at once."""

LARGEST = 2**38
"""Bytes that come out of a packed file at most."""

RATIO = 200
"""How many times its size a packed file may become once it is larger than `UNSUSPICIOUS`.

Preallocated transaction logs are nearly all zeros, 64 MiB each, so that a thousand times is usual for small ones.
"""

UNSUSPICIOUS = 2**30

LARGEST_NAME = 2**20
"""Bytes of a tar header that gives a long name; it is read at once."""

DAMAGE = (OSError, EOFError, ValueError, OverflowError, RuntimeError, zlib.error)
"""What the libraries raise on files that are damaged, encrypted, or packed in a way that they do not know."""

ARCHIVES = (".tar", ".tar.gz", ".tgz", ".zip")


@dataclass(frozen=True)
class Source:
    """A named sequence of bytes; opened each time that it is read."""

    name: str
    """folders, archive and member with ``/`` between, printable"""
    size: int | None
    """in bytes, as its folder or archive says; unknown if it is packed by itself"""
    opener: Callable[[], BinaryIO] = field(repr=False)

    @property
    def base(self) -> str:
        """The last part of the name."""
        return self.name.rpartition("/")[2]

    def open(self) -> BinaryIO:
        """The bytes; whoever opens it closes it. What goes wrong while reading is an `UnreadableError`."""
        return self.opener()


def of_bytes(name: str, data: bytes) -> Source:
    """A source of what is in memory."""
    return Source(name, len(data), lambda: io.BytesIO(data))


def walk(path: Path) -> Iterator[Source]:
    """All files at or under ``path`` in the order of their names; of an archive, its members in their own order.

    A file whose name ends in ``.gz`` is unpacked as it is read; archives in archives are not looked into. Links are
    followed, but no folder is entered twice. Devices, pipes and sockets are left out.
    """
    for name, file in _files(path):
        yield from _sources(name, file)


def _files(top: Path) -> Iterator[tuple[str, Path]]:
    home = top.resolve()
    seen: set[tuple[int, int]] = set()
    todo = [(shown(top.name) if top.is_file() else "", top)]
    while todo:
        name, path = todo.pop()
        try:
            what = path.stat()
        except (OSError, ValueError) as error:
            if name and path.is_symlink():
                continue  # it leads nowhere
            raise _unreadable(str(path), None, error) from error
        if stat.S_ISREG(what.st_mode):
            yield name, path
        if not stat.S_ISDIR(what.st_mode) or (what.st_dev, what.st_ino) in seen:
            continue
        if name and path.is_symlink() and path.resolve().is_relative_to(home):
            continue  # it is entered under its own name
        seen.add((what.st_dev, what.st_ino))
        try:
            entries = sorted(path.iterdir(), reverse=True)
        except OSError as error:
            raise _unreadable(str(path), None, error) from error
        todo += [(f"{name}/{shown(entry.name)}".lstrip("/"), entry) for entry in entries]


def _sources(name: str, path: Path) -> Iterator[Source]:
    lower = name.lower()
    if lower.endswith(".zip"):
        yield from _zipped(name, path)
    elif lower.endswith(ARCHIVES):
        yield from _tarred(name, path)
    elif lower.endswith(".gz"):
        yield Source(name, None, lambda: _unpacked(name, path))
    else:
        yield Source(name, path.stat().st_size, lambda: _plain(name, path))


def _plain(name: str, path: Path) -> BinaryIO:
    """A file, if it is one: between a look at it and its opening it may have become a pipe, which would block."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        if not stat.S_ISREG(os.fstat(number).st_mode):
            os.close(number)
            raise UnreadableError(name, None, "this is not a file")
        return _guarded(name, os.fdopen(number, "rb", buffering=0), None)
    except (OSError, ValueError) as error:
        raise _unreadable(name, None, error) from error


def _unpacked(name: str, path: Path) -> BinaryIO:
    packed = _plain(name, path)
    return _guarded(name, gzip.GzipFile(fileobj=packed), path.stat().st_size, packed)


def _tarred(name: str, path: Path) -> Iterator[Source]:
    """The members of a tar archive. Each is opened by reading the archive again from its beginning."""

    def opener(member: str, offset: int, size: int | None) -> Callable[[], BinaryIO]:
        def opened() -> BinaryIO:
            tar = _tar(name, path)
            for info in _infos(name, tar):
                if info.offset == offset and (content := tar.extractfile(info)) is not None:
                    if size is not None:
                        return _guarded(member, content, path.stat().st_size, tar)
                    unpacked = gzip.GzipFile(fileobj=_guarded(member, content, path.stat().st_size, tar))
                    return _guarded(member, unpacked, info.size, content, tar)
            tar.close()
            raise UnreadableError(member, None, "it is no longer in the archive")

        return opened

    tar = _tar(name, path)
    with tar:
        for info in _infos(name, tar):
            if info.isreg():
                member = f"{name}/{shown(info.name)}"
                size = None if member.lower().endswith(".gz") else info.size
                yield Source(member, size, opener(member, info.offset, size))


class _Info(tarfile.TarInfo):
    """A header of a tar archive; one that is followed by a name longer than any is refused before it is read."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Info:
        info = super().frombuf(buf, encoding, errors)
        if info.type in b"gxXLK" and info.size > LARGEST_NAME:
            raise tarfile.ReadError(f"a name of {info.size} bytes")
        return info


class _Tar(tarfile.TarFile):
    members: list[tarfile.TarInfo]


def _tar(name: str, path: Path) -> _Tar:
    stream = _plain(name, path) if name.lower().endswith(".tar") else _unpacked(name, path)
    try:
        return _Tar.open(fileobj=stream, mode="r|", bufsize=PIECE, tarinfo=_Info)
    except (tarfile.TarError, *DAMAGE) as error:
        stream.close()
        raise _unreadable(name, None, error) from error


def _infos(name: str, tar: _Tar) -> Iterator[tarfile.TarInfo]:
    """Its members one after another, none of them kept."""
    while True:
        try:
            info = tar.next()
        except (tarfile.TarError, *DAMAGE) as error:
            raise _unreadable(name, None, error) from error
        if info is None:
            return
        tar.members.clear()
        yield info


def _zipped(name: str, path: Path) -> Iterator[Source]:
    def opener(member: str, info: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
        def opened() -> BinaryIO:
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise UnreadableError(member, None, f"packed by method {info.compress_type}, not by deflate")
            archive = _zip(name, path)
            try:
                content = archive.open(info)
            except (zipfile.BadZipFile, *DAMAGE) as error:
                archive.close()
                raise _unreadable(member, None, error) from error
            if not member.lower().endswith(".gz"):
                return _guarded(member, content, info.compress_size, archive)
            unpacked = gzip.GzipFile(fileobj=_guarded(member, content, info.compress_size, archive))
            return _guarded(member, unpacked, info.file_size, content, archive)

        return opened

    with _zip(name, path) as archive:
        infos = archive.infolist()
    for info in infos:
        kind = info.external_attr >> 16
        if not info.is_dir() and (stat.S_IFMT(kind) == 0 or stat.S_ISREG(kind)):
            member = f"{name}/{shown(info.filename)}"
            size = None if member.lower().endswith(".gz") else info.file_size
            yield Source(member, size, opener(member, info))


def _zip(name: str, path: Path) -> zipfile.ZipFile:
    stream = _plain(name, path)
    try:
        return zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, *DAMAGE) as error:
        stream.close()
        raise _unreadable(name, None, error) from error


class _Closable(Protocol):
    def close(self) -> None: ...


class _Readable(_Closable, Protocol):
    def read(self, size: int, /) -> bytes | None: ...

    def seek(self, offset: int, whence: int, /) -> int: ...


class _Guard(io.RawIOBase):
    """A stream that says which file is damaged, and that ends when more comes out than can have been packed."""

    def __init__(self, name: str, inner: _Readable, packed: int | None, held: ExitStack) -> None:
        self.name = name
        self.inner = inner
        self.held = held
        self.count = 0
        self.limit = LARGEST if packed is None else min(LARGEST, max(UNSUSPICIOUS, RATIO * packed))
        self.packed = packed

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self.packed is None

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.inner.seek(offset, whence)

    def readinto(self, buffer: WriteableBuffer) -> int:
        target = memoryview(buffer).cast("B")[:PIECE]
        try:
            data = self.inner.read(len(target)) or b""
        except UnreadableError:
            raise
        except (tarfile.TarError, zipfile.BadZipFile, *DAMAGE) as error:
            raise _unreadable(self.name, self.count, error) from error
        self.count += len(data)
        if self.packed is not None and self.count > self.limit:
            raise UnreadableError(
                self.name, None, f"more than {self.limit} bytes come out of {self.packed}; unpack it by hand"
            )
        target[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self.held.close()
        super().close()


def _guarded(name: str, inner: _Readable, packed: int | None, *held: _Closable) -> BinaryIO:
    """What ``inner`` reads out of a file of ``packed`` bytes; ``held`` is closed with it."""
    stack = ExitStack()
    for item in reversed((inner, *held)):
        stack.callback(item.close)
    return io.BufferedReader(_Guard(name, inner, packed, stack), PIECE // 4)


def shown(name: str) -> str:
    """A name of a file as it can be printed: a terminal obeys control characters."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def _unreadable(name: str, where: int | None, error: BaseException) -> UnreadableError:
    reason = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    return UnreadableError(name, where, shown(str(reason)))
