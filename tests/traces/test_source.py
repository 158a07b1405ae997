"""Files and members of archives as sources; hostile ones too."""

from __future__ import annotations

import gzip
import io
import os
import socket
import tarfile
import zipfile
from pathlib import Path
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.traces.zookeeper_files import damaged, memory_of
from zabcheck.traces import source as module
from zabcheck.traces.errors import UnreadableError
from zabcheck.traces.source import Source, walk

CONTENT = bytes(range(256)) * 20


def tar(members: dict[str, bytes], mode: str = "w") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def content(source: Source) -> bytes:
    with source.open() as stream:
        return stream.read()


def inside(source: Source, path: Path) -> str:
    return source.name.removeprefix(f"{path}/")


def names(path: Path) -> list[str]:
    return [inside(source, path) for source in walk(path)]


MEMBERS = {
    "version-2/log.2": CONTENT,
    "version-2/log.1": b"",
    "version-2/snapshot.0.gz": gzip.compress(CONTENT),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "s1").mkdir()
    (tmp_path / "s1" / "myid").write_bytes(b"1\n")
    (tmp_path / "s1" / "a.log.gz").write_bytes(gzip.compress(CONTENT) + gzip.compress(b"more"))
    (tmp_path / "s1" / "a.tar").write_bytes(tar(MEMBERS))
    (tmp_path / "s1" / "b.tar.gz").write_bytes(tar(MEMBERS, "w:gz"))
    (tmp_path / "s1" / "c.TGZ").write_bytes(tar(MEMBERS, "w:gz"))
    (tmp_path / "s1" / "d.zip").write_bytes(zipped({"empty/": b"", **MEMBERS}))
    (tmp_path / "s1.5").mkdir()
    (tmp_path / "s1.5" / "x").write_bytes(b"")
    return tmp_path


def test_all_files_and_members_in_order(folder: Path) -> None:
    archives = [
        f"s1/{name}/{member}" for name in ("a.tar", "b.tar.gz", "c.TGZ", "d.zip") for member in MEMBERS
    ]
    assert names(folder) == ["s1/a.log.gz", *archives, "s1/myid", "s1.5/x"]


def test_contents_and_sizes(folder: Path) -> None:
    found = {inside(source, folder): source for source in walk(folder)}
    assert content(found["s1/a.log.gz"]) == CONTENT + b"more"
    assert found["s1/a.log.gz"].size is None
    assert (content(found["s1/myid"]), found["s1/myid"].size) == (b"1\n", 2)
    for archive in ("a.tar", "b.tar.gz", "c.TGZ", "d.zip"):
        for member, packed in MEMBERS.items():
            source = found[f"s1/{archive}/{member}"]
            gzipped = member.endswith(".gz")
            assert source.size == (None if gzipped else len(packed))
            assert content(source) == (CONTENT if gzipped else packed)
            assert source.base == member.rpartition("/")[2]
            assert content(source) == content(source)


def test_a_single_file_or_archive(folder: Path) -> None:
    assert [s.name for s in walk(folder / "s1" / "myid")] == [f"{folder}/s1/myid"]
    assert names(folder / "s1" / "a.tar") == list(MEMBERS)


def test_all_that_is_opened_is_closed(folder: Path) -> None:
    opened = Path("/proc/self/fd")
    before = len(list(opened.iterdir()))
    streams = []
    for source in walk(folder):
        streams.append(source.open())
        streams[-1].read(10)
        streams[-1].close()
    assert len(list(opened.iterdir())) == before


def test_it_is_read_in_pieces_of_any_size(folder: Path) -> None:
    for source in walk(folder / "s1" / "b.tar.gz"):
        with source.open() as stream:
            pieces = iter(lambda stream=stream: stream.read(7), b"")  # type: ignore[misc]
            assert b"".join(pieces) == content(source)


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="No such file"):
        names(tmp_path / "nowhere")
    with pytest.raises(UnreadableError, match="null"):
        names(tmp_path / "a\0b")


def test_a_file_that_vanishes(folder: Path) -> None:
    found = list(walk(folder / "s1"))
    for path in (folder / "s1").iterdir():
        path.unlink()
    for source in found:
        with pytest.raises(UnreadableError, match="No such file"):
            source.open()


def test_names_that_lead_outside_are_only_names(tmp_path: Path) -> None:
    outside = {"../../secret": b"1", "/etc/passwd": b"2"}
    (tmp_path / "a.tar").write_bytes(tar(outside))
    (tmp_path / "b.zip").write_bytes(zipped(outside))
    found = list(walk(tmp_path))
    assert [inside(source, tmp_path) for source in found] == [
        "a.tar/../../secret",
        "a.tar//etc/passwd",
        "b.zip/../../secret",
        "b.zip//etc/passwd",
    ]
    assert [content(source) for source in found] == [b"1", b"2", b"1", b"2"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar", "b.zip"]


def test_links_and_devices_in_archives_are_left_out(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE):
            info = tarfile.TarInfo("x")
            info.type = kind
            info.linkname = "/etc/passwd"
            archive.addfile(info)
    link = zipfile.ZipInfo("y")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as packed:
        packed.writestr(link, "/etc/passwd")
    assert names(tmp_path) == []


def test_a_sparse_file_in_an_archive(tmp_path: Path) -> None:
    header = tarfile.TarInfo("log.1")
    header.type = tarfile.GNUTYPE_SPARSE
    header.size = 4
    block = bytearray(header.tobuf(tarfile.GNU_FORMAT))
    block[386:410] = b"%011o\0%011o\0" % (1000, 4)  # four bytes of data at 1000
    block[483:495] = b"%011o\0" % 5000  # the size with the holes
    block[148:156] = b"%06o\0 " % (sum(block[:148]) + 8 * 32 + sum(block[156:]))
    (tmp_path / "a.tar").write_bytes(bytes(block) + b"data" + bytes(508) + bytes(1024))
    (source,) = walk(tmp_path)
    assert (source.size, content(source)) == (5000, bytes(1000) + b"data" + bytes(3996))


def test_loops_of_links(tmp_path: Path) -> None:
    (tmp_path / "in" / "a").mkdir(parents=True)
    (tmp_path / "in" / "a" / "file").write_bytes(b"")
    (tmp_path / "in" / "a" / "up").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "self").symlink_to("self")
    (tmp_path / "in" / "nowhere").symlink_to("missing")
    (tmp_path / "in" / "out").symlink_to(tmp_path / "out")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "again").symlink_to(tmp_path / "out")
    (tmp_path / "out" / "back").symlink_to(tmp_path / "in")
    (tmp_path / "out" / "file").write_bytes(b"")
    (tmp_path / "out" / "link").symlink_to("file")
    assert names(tmp_path / "in") == ["a/file", "out/file", "out/link"]


def test_pipes_devices_and_sockets_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(tmp_path / "socket"))
        assert names(tmp_path) == []


def test_a_file_that_became_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    (source,) = walk(tmp_path)
    (tmp_path / "a").unlink()
    os.mkfifo(tmp_path / "a")
    with pytest.raises(UnreadableError, match="a: this is not a file"):
        source.open()


def test_names_cannot_command_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "\x1b[31m\n").write_bytes(b"")
    (tmp_path / "\udcff").write_bytes(b"")
    (tmp_path / "a.tar").write_bytes(tar({"\x1b": b""}))
    assert names(tmp_path) == ["\\x1b[31m\\n", "a.tar/\\x1b", "\\udcff"]


@pytest.mark.parametrize("name", ["a.gz", "a.tar.gz", "a.zip", "b.tar", "c.tar"])
def test_bombs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UNSUSPICIOUS", 10_000)
    zeros = bytes(10_000_000)
    twice = gzip.compress(gzip.compress(zeros))
    data = {
        "a.gz": gzip.compress(zeros),
        "a.tar.gz": tar({"x": zeros}, "w:gz"),
        "a.zip": zipped({"x": zeros}),
        "b.tar": tar({"x.gz": gzip.compress(zeros)}),
        "c.tar": tar({"x.gz": twice}),
    }[name]
    (tmp_path / name).write_bytes(data)

    def run() -> None:
        for source in walk(tmp_path):
            with source.open() as stream:
                while stream.read(1000):
                    pass

    if name == "c.tar":  # only one layer is unpacked
        run()
        return

    def refused() -> None:
        with pytest.raises(UnreadableError, match=rf"{name}.*: more than \d+ bytes come out"):
            run()

    assert memory_of(refused) < 2**23


def test_the_absolute_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 1000)
    (tmp_path / "a.gz").write_bytes(gzip.compress(os.urandom(2000)))
    (tmp_path / "b").write_bytes(bytes(2000))
    packed, plain = walk(tmp_path)
    with pytest.raises(UnreadableError, match="more than 1000 bytes"):
        content(packed)
    assert len(content(plain)) == 2000


def test_zeros_that_a_server_reserves_are_no_bomb(tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_bytes(tar({"log.1": bytes(2**25), "log.2": b"x"}, "w:gz"))
    assert [source.size for source in walk(tmp_path)] == [2**25, 1]
    assert content(list(walk(tmp_path))[1]) == b"x"


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_name_that_is_too_long(kind: bytes, tmp_path: Path) -> None:
    info = tarfile.TarInfo("x")
    info.type = kind
    info.size = 2**30
    (tmp_path / "a.tar").write_bytes(info.tobuf() + bytes(3 * 2**20))

    def refused() -> None:
        with pytest.raises(UnreadableError, match=r"a\.tar: a name of 1073741824 bytes"):
            names(tmp_path)

    assert memory_of(refused) < 4 * 2**20


def test_archives_packed_in_unknown_ways(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({"x": b"1"}, zipfile.ZIP_LZMA))
    (source,) = walk(tmp_path)
    with pytest.raises(UnreadableError, match=r"a\.zip/x: packed by method 14"):
        source.open()
    data = bytearray(zipped({"x": b"1"}))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    (source,) = walk(tmp_path)
    with pytest.raises(UnreadableError, match="encrypted"):
        source.open()


WHOLE = {
    "a.tar": tar(MEMBERS),
    "a.tar.gz": tar(MEMBERS, "w:gz"),
    "a.zip": zipped(MEMBERS),
    "a.gz": gzip.compress(CONTENT),
}


@pytest.mark.parametrize("name", WHOLE)
@given(data=st.data())
def test_anything_is_read_or_refused(
    name: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / name
    path.write_bytes(data.draw(damaged(WHOLE[name])))

    def run() -> None:
        try:
            for source in walk(path):
                content(source)
        except UnreadableError:
            pass

    assert memory_of(run) < 2**23


def test_a_truncated_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(os.urandom(5000))[:3000])
    (tmp_path / "b.tar.gz").write_bytes(tar({"x": os.urandom(5000)}, "w:gz")[:3000])
    found = walk(tmp_path)
    with pytest.raises(UnreadableError, match=r"a\.gz at byte \d+: it ends in the middle"):
        content(next(found))
    with pytest.raises(UnreadableError, match=r"b\.tar\.gz"):
        list(found)
    (tmp_path / "b.tar.gz").write_bytes(b"not gzip")
    with pytest.raises(UnreadableError, match="incorrect header"):
        names(tmp_path / "b.tar.gz")


def test_a_length_in_a_member_does_not_decide(tmp_path: Path) -> None:
    data = bytearray(zipped({"x": bytes(100)}, zipfile.ZIP_STORED))
    at = data.index(b"PK\1\2")
    data[at + 20 : at + 28] = pack("<II", 2**32 - 2, 2**32 - 2)
    (tmp_path / "a.zip").write_bytes(data)

    def refused() -> None:
        with pytest.raises(UnreadableError):
            [content(source) for source in walk(tmp_path)]

    assert memory_of(refused) < 2**23
