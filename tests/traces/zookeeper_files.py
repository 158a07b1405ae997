"""Writes the files of a ZooKeeper server byte by byte, to compare what the readers say with what is meant."""

from __future__ import annotations

import tracemalloc
from struct import pack
from typing import TYPE_CHECKING
from zlib import adler32

from hypothesis import strategies as st

from zabcheck.traces.event import Base, Record
from zabcheck.traces.source import of_bytes
from zabcheck.traces.track import Track

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from zabcheck.traces.source import Source

SESSION = 0x1000_0000_0000_0001
ACL = pack(">ii5si6s", 31, 5, b"world", 6, b"anyone")
DIGEST = pack(">iq", 2, -77)


def text(content: str | bytes | None) -> bytes:
    if content is None:
        return pack(">i", -1)
    data = content.encode() if isinstance(content, str) else content
    return pack(">i", len(data)) + data


def vector(*items: bytes) -> bytes:
    return pack(">i", len(items)) + b"".join(items)


def payload(
    zxid: int, kind: int = 5, body: bytes | None = None, digest: bytes = DIGEST, cxid: int = 3
) -> bytes:
    if body is None:
        body = text("/a") + text(b"value") + pack(">i", 7)
    return pack(">QiQqi", SESSION, cxid, zxid, 1_700_000_000_500, kind) + body + digest


def record(content: bytes, *, checksum: int | None = None, end: bytes = b"B") -> bytes:
    return pack(">Qi", adler32(content) if checksum is None else checksum, len(content)) + content + end


def log(*records: bytes, zeros: int = 100) -> bytes:
    return b"ZKLG" + pack(">iq", 2, 0) + b"".join(records) + bytes(zeros)


def log_of(*zxids: int) -> bytes:
    return log(*(record(payload(zxid)) for zxid in zxids))


def node(path: str, data: bytes | None, zxid: int = 1, owner: int = 0) -> bytes:
    stat = pack(">QQqqiiiQQ", zxid, zxid + 1, 5, 6, 1, 2, 3, owner, zxid + 2)
    return text(path) + text(data) + pack(">q", -1) + stat


def sealed(content: bytes) -> bytes:
    return content + pack(">Q", adler32(content)) + text("/")


def tree(*nodes: bytes, sessions: tuple[int, ...] = (SESSION,)) -> bytes:
    return (
        b"ZKSN"
        + pack(">iq", 2, -1)
        + vector(*(pack(">Qi", session, 4000) for session in sessions))
        + vector(pack(">q", 1) + vector(ACL))
        + b"".join(nodes)
        + text("/")
    )


def snapshot(*nodes: bytes, digest_zxid: int | None = 9, last_zxid: int | None = None) -> bytes:
    content = sealed(tree(*(nodes or (node("", b""), node("/a", b"value")))))
    if digest_zxid is not None:
        content = sealed(content + pack(">Qiq", digest_zxid, 2, -77))
    if last_zxid is not None:
        content = sealed(content + pack(">Q", last_zxid))
    return content


def events(read: Callable[[Source, Track], Iterable[Base]], name: str, data: bytes) -> list[Base]:
    """What a reader makes of a file; the numbers of its events are looked at too."""
    found = list(read(of_bytes(name, data), Track("s1/disk", 1)))
    assert [event.seq for event in found] == list(range(len(found)))
    assert {(event.track, event.server) for event in found} <= {("s1/disk", 1)}
    return found


def kinds(found: Iterable[object]) -> list[str]:
    return [type(item).__name__ for item in found]


def zxids(found: Iterable[object]) -> list[int]:
    return [item.zxid for item in found if isinstance(item, Record)]


def memory_of(action: Callable[[], object]) -> int:
    """Bytes that an action takes at most."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@st.composite
def damaged(draw: st.DrawFn, *files: bytes) -> bytes:
    """One of the files with some bytes changed, cut out, put in, or cut off; or anything at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=200))
    data = bytearray(draw(st.sampled_from(files)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        match draw(st.sampled_from(("change", "number", "cut", "insert", "end"))):
            case "change":
                data[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case "number":
                numbers = (-(2**31), -2, -1, 0, 1, 2, 0x7FFFFFFF, 0x100000, 0x4000000)
                data[at : at + 4] = pack(">i", draw(st.sampled_from(numbers)))
            case "cut":
                del data[at : at + draw(st.integers(1, 20))]
            case "insert":
                data[at:at] = draw(st.binary(max_size=20))
            case "end":
                del data[at:]
    return bytes(data)


def cut(data: bytes) -> Iterator[bytes]:
    """Every beginning of a file."""
    return (data[:length] for length in range(len(data)))
