"""Where bytes come from: files in a folder, and what is packed into archives there.

A source is a name and a way to open it. Nothing is extracted to a disk, so a member called ``../../etc/passwd`` is
only a name here; what is packed is read piece by piece, and no more of it than a recording could be.
"""

from __future__ import annotations

import io
import os
import stat
import tarfile
import zipfile
import zlib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from zabcheck.traces.errors import UnreadableError
from zabcheck.traces.inflate import Inflated, Marks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PIECE = 2**20
"""Bytes that are read at once."""

LARGEST = 2**38
"""Bytes that come out of a packed file at most."""

RATIO = 200
"""How many times its size a packed file may become once it is larger than `UNSUSPICIOUS`.

Preallocated transaction logs are nearly all zeros, 64 MiB each, so that a thousand times is usual for small ones.
"""

UNSUSPICIOUS = 2**33

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
    for name, file, size in _files(path):
        yield from _sources(name, file, size)


def _files(top: Path) -> Iterator[tuple[str, Path, int]]:
    """Names, paths and sizes."""
    seen: set[tuple[int, int]] = set()
    todo = [(shown(str(top)), top)]
    while todo:
        name, path = todo.pop()
        try:
            what = path.stat()
        except (OSError, ValueError) as error:
            if path is not top and path.is_symlink():
                continue  # it leads nowhere
            raise _unreadable(str(path), None, error) from error
        if stat.S_ISREG(what.st_mode):
            yield name, path, what.st_size
        if not stat.S_ISDIR(what.st_mode) or (what.st_dev, what.st_ino) in seen:
            continue
        if path is not top and path.is_symlink() and path.resolve().is_relative_to(top.resolve()):
            continue  # it is entered under its own name
        seen.add((what.st_dev, what.st_ino))
        try:
            entries = sorted(path.iterdir(), reverse=True)
        except OSError as error:
            raise _unreadable(str(path), None, error) from error
        todo += [(f"{name}/{shown(entry.name)}", entry) for entry in entries]


def _sources(name: str, path: Path, size: int) -> Iterator[Source]:
    lower = name.lower()
    if lower.endswith(".zip"):
        yield from _zipped(name, path)
    elif lower.endswith(ARCHIVES):
        yield from _tarred(name, path, size)
    elif lower.endswith(".gz"):
        yield Source(name, None, lambda: _inflated(name, _plain(name, path), size))
    else:
        yield Source(name, size, lambda: _plain(name, path))


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


def _inflated(name: str, packed: BinaryIO, size: int, marks: Marks | None = None) -> BinaryIO:
    """What comes out of ``packed``, which has this ``size``."""
    return _guarded(name, Inflated(name, packed, limit(size), marks), None, packed)


def limit(size: int) -> int:
    """How much may come out of a file of this size."""
    return min(LARGEST, max(UNSUSPICIOUS, RATIO * size))


def _tarred(name: str, path: Path, size: int) -> Iterator[Source]:
    marks = None if name.lower().endswith(".tar") else Marks()

    def opener(member: str, info: tarfile.TarInfo, *, packed: bool) -> Callable[[], BinaryIO]:
        def opened() -> BinaryIO:
            tar = _tar(name, path, size, marks)
            content = tar.extractfile(info)
            if content is None:
                raise AssertionError(info)
            stream = _guarded(member, content, size, tar)
            return _inflated(member, stream, info.size) if packed else stream

        return opened

    with _tar(name, path, size, marks) as tar:
        for info in _infos(name, tar):
            if info.isreg():
                member = f"{name}/{shown(info.name)}"
                packed = member.lower().endswith(".gz")
                yield Source(member, None if packed else info.size, opener(member, info, packed=packed))


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
    under: BinaryIO

    def close(self) -> None:
        super().close()
        self.under.close()


def _tar(name: str, path: Path, size: int, marks: Marks | None) -> _Tar:
    stream = _plain(name, path)
    if marks is not None:
        stream = _inflated(name, stream, size, marks)
    try:
        tar = _Tar.open(fileobj=stream, mode="r:", tarinfo=_Info)
        tar.under = stream
        return tar
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
            stream = _guarded(member, content, info.compress_size, archive)
            return _inflated(member, stream, info.file_size) if member.lower().endswith(".gz") else stream

        return opened

    with _zip(name, path) as archive:
        infos = archive.infolist()
    for info in infos:
        kind = info.external_attr >> 16
        if not info.is_dir() and (stat.S_IFMT(kind) == 0 or stat.S_ISREG(kind)):
            member = f"{name}/{shown(info.filename)}"
            size = None if member.lower().endswith(".gz") else info.file_size
            yield Source(member, size, opener(member, info))


class _Zip(zipfile.ZipFile):
    def __init__(self, under: BinaryIO) -> None:
        self.under = under
        super().__init__(under)

    def close(self) -> None:
        super().close()
        self.under.close()


def _zip(name: str, path: Path) -> _Zip:
    stream = _plain(name, path)
    try:
        return _Zip(stream)
    except (zipfile.BadZipFile, *DAMAGE) as error:
        stream.close()
        raise _unreadable(name, None, error) from error


class _Closable(Protocol):
    def close(self) -> None: ...


class _Readable(_Closable, Protocol):
    def read(self, size: int, /) -> bytes | None: ...

    def seek(self, offset: int, whence: int, /) -> int: ...

    def seekable(self) -> bool: ...


class _Guard(io.RawIOBase):
    """A stream that says which file is damaged, and that ends when more comes out than can have been packed."""

    def __init__(self, name: str, inner: _Readable, packed: int | None, held: ExitStack) -> None:
        self.name = name
        self.inner = inner
        self.held = held
        self.at = 0
        self.limit = None if packed is None else limit(packed)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self.limit is None and self.inner.seekable()

    def seek(self, offset: int, whence: int = 0) -> int:
        with self._naming():
            self.at = self.inner.seek(offset, whence)
        return self.at

    def readinto(self, buffer: Any) -> int:
        target = memoryview(buffer).cast("B")[:PIECE]
        with self._naming():
            data = self.inner.read(len(target)) or b""
        self.at += len(data)
        if self.limit is not None and self.at > self.limit:
            why = f"more than {self.limit} bytes come out of it; unpack it by hand if it is no trap"
            raise UnreadableError(self.name, None, why)
        target[: len(data)] = data
        return len(data)

    @contextmanager
    def _naming(self) -> Iterator[None]:
        """What the libraries raise becomes an error that names the file."""
        try:
            yield
        except UnreadableError:
            raise
        except (tarfile.TarError, zipfile.BadZipFile, *DAMAGE) as error:
            raise _unreadable(self.name, self.at, error) from error

    def close(self) -> None:
        if not self.closed:
            self.held.close()
        super().close()


def _guarded(name: str, inner: _Readable, packed: int | None, *held: _Closable) -> BinaryIO:
    """What ``inner`` reads, perhaps out of ``packed`` bytes; ``held`` is closed with it."""
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
