"""Finding out what lies in a folder: whose log, whose disk, which captures and histories. By looking, not by asking.

A server's things are those in the folder that has its ``myid``, or whose name has its number (``s1``, ``zk-2``,
``s3-version-2.tar.gz``). What is not recognised is listed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from zabcheck.checker import UsageError
from zabcheck.traces.disk import ACCEPTED, CURRENT, UPDATING
from zabcheck.traces.log_lines import HEAD, log_lines
from zabcheck.traces.server_log import sid_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zabcheck.traces.source import Source

PEEKED = 1 << 16
"""Bytes at the beginning of a file that it is recognised by."""
NAMED = re.compile(r"^(?:s|srv|server|zk|zookeeper|node|peer|host)[-_.]?(\d+)(?:\D.*)?$")
TRANSACTION_LOG = re.compile(r"^log\.[0-9a-f]+$")
SNAPSHOT = re.compile(r"^snapshot\.[0-9a-f]+(?:\.(?:gz|snappy))?$")
CONFIGURATION = re.compile(r"\.(?:cfg|conf|dynamic)(?:\.[0-9a-f]+)?$")
SERVER_LINE = re.compile(rb"^\s*server\.\d+\s*=", re.MULTILINE)
EPOCH_FILES = frozenset({ACCEPTED, CURRENT, UPDATING})
CONSOLE = b"zabcheck: "
"""How what a server of ours prints begins: its recording says all of it, and more."""
CAPTURES = (
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\xc3\xd4",
    b"\x4d\x3c\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
    b"\x0a\x0d\x0d\x0a",
)


@dataclass
class Found:
    """What was found, by what it is and whose it is."""

    logs: dict[int, dict[str, list[Source]]] = field(default_factory=lambda: defaultdict(dict))
    """by server, then by the name that rotated files share"""
    disks: dict[int, dict[str, list[Source]]] = field(default_factory=lambda: defaultdict(dict))
    """by server, then by folder"""
    captures: list[Source] = field(default_factory=list)
    histories: list[Source] = field(default_factory=list)
    recordings: list[Source] = field(default_factory=list)
    """in our own schema"""
    itf: list[Source] = field(default_factory=list)
    configurations: list[Source] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    homes: dict[int, str] = field(default_factory=dict)
    """the folder of each server that its ``myid``, configuration or log is in"""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to hold against the model."""
        return not (self.logs or self.disks or self.captures or self.histories or self.recordings or self.itf)


def find(sources: Iterable[Source]) -> Found:
    """Sort files into what they are."""
    found, named = Found(), list(sources)
    myids = {_folder(s.name): sid for s in named if s.base == "myid" and (sid := _myid(s)) is not None}
    for folder, sid in sorted(myids.items()):
        home = folder.removesuffix("/data").removesuffix("/version-2")
        if found.homes.setdefault(sid, home) != home:
            raise UsageError(
                f"{found.homes[sid]} and {home} are both of server {sid}: this is more than one recording; "
                f"name the folder of one, or of several with --each"
            )
    for source in named:
        _sort(found, source, myids)
    return found


def _sort(found: Found, source: Source, myids: dict[str, int]) -> None:
    base = source.base
    if base == "myid":
        return
    owner = _owner(source.name, myids)
    if TRANSACTION_LOG.match(base) or SNAPSHOT.match(base) or base in EPOCH_FILES:
        if owner is None:
            raise UsageError(
                f"{source.name}: whose disk is this? put it into a folder with the server's myid, or named s1, s2, …"
            )
        found.disks[owner].setdefault(_folder(source.name), []).append(source)
        return
    head = peek(source, PEEKED)
    if head.startswith(CAPTURES):
        found.captures.append(source)
    elif head.lstrip()[:1] == b"{":
        _sort_json(found, source, head)
    elif CONFIGURATION.search(base) and SERVER_LINE.search(head):
        found.configurations.append(source)
    elif head.startswith(CONSOLE):
        return
    elif any(HEAD.match(line) for line in head.splitlines()):
        owner = owner if owner is not None else _writer(source)
        if owner is None:
            raise UsageError(
                f"{source.name}: whose log is this? put it into a folder with the server's myid, or named s1, s2, …"
            )
        found.homes.setdefault(owner, _folder(source.name))
        found.logs[owner].setdefault(_family(source.name), []).append(source)
    else:
        found.others.append(source.name)


def _sort_json(found: Found, source: Source, head: bytes) -> None:
    first = head.split(b"\n", 1)[0]
    if b'"track"' in first and b'"kind"' in first:
        found.recordings.append(source)
    elif b'"client"' in first and b'"op"' in first:
        found.histories.append(source)
    elif b'"#meta"' in head or b'"states"' in head:
        found.itf.append(source)
    else:
        found.others.append(source.name)


def peek(source: Source, size: int) -> bytes:
    """The first bytes of a file."""
    with source.open() as stream:
        return stream.read(size)


def _writer(source: Source) -> int | None:
    """The server that a log names."""
    with source.open() as stream:
        return sid_of(log_lines(stream, source.name))


def _myid(source: Source) -> int | None:
    text = peek(source, 32).strip()
    return int(text) if text.isdigit() else None


def _owner(name: str, myids: dict[str, int]) -> int | None:
    """The server in whose folder a file lies, the innermost that says so."""
    folder = name
    while folder := _folder(folder):
        for inside in (folder, f"{folder}/data", f"{folder}/version-2"):
            if inside in myids:
                return myids[inside]
        if match := NAMED.match(_base(folder)):
            return int(match[1])
    return None


def _family(name: str) -> str:
    """What the names of rotated files have in common: ``zookeeper.log`` of ``zookeeper.log.3.gz``."""
    bare = re.sub(r"[-._]*\d+", "", _base(name).removesuffix(".gz"))
    return f"{_folder(name)}/{bare.rstrip('-._')}"


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _base(name: str) -> str:
    return name.rpartition("/")[2]
