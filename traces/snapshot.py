"""Reads a snapshot of ZooKeeper's tree, ``snapshot.<zxid>`` with ``.gz`` or without, in constant memory.

In order (``FileSnap.serialize``, ``SerializeUtils.serializeSnapshot``, ``DataTree.serialize``): header, sessions,
permissions, nodes and a path ``/`` that ends them; then up to three seals, each the checksum of all before it: over
the tree, over the digest of the tree, and from 3.9 on over the last zxid. A server that finds a snapshot damaged takes
the one before, so damage is what the event says, and no error.

Not compared: the digest with the tree, and that every node has a parent. Snapshots may be *fuzzy*: transactions
go on while one is written, so a node may be newer than the zxid in the name.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from zabcheck.traces.errors import UnreadableError
from zabcheck.traces.event import Hex, Missing, Snapshot, Unrecognised
from zabcheck.traces.file_name import zxid_in
from zabcheck.traces.jute import Cursor
from zabcheck.traces.transactions import body_of, read_acl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zabcheck.traces.source import Source
    from zabcheck.traces.track import Track

MAGIC = b"ZKSN"
FILE_HEADER = Struct(">4siq")
"""Magic, version (not looked at), id of the database."""

SESSION = Struct(">Qi")
"""Session and time-out."""

STAT = Struct(">qQQqqiiiQQ")
"""Key of the permissions, then ``StatPersisted``."""

DIGEST = Struct(">Qiq")
"""Zxid, version, and the digest of the tree at that zxid."""

SEAL = Struct(">Qi1s")
"""Adler-32 and the path ``/``."""

LAST_ZXID = Struct(">Q")


class Node(NamedTuple):
    """A node of the tree, as a snapshot has it."""

    path: str
    """the root is the empty text"""
    value: Hex | None
    """a checksum of its data, as in `event.Record`"""
    czxid: Hex
    mzxid: Hex
    pzxid: Hex
    version: int
    ephemeral_owner: Hex
    """a session, or what marks a container or a time to live (``EphemeralType``), or 0"""


class Nodes:
    """The nodes of a snapshot, one after another; all else that it says is known after the last one.

    Damage is an `UnreadableError`, perhaps only after the last node: the checksum is behind them.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.sessions: dict[Hex, int] = {}
        """with their time-outs in milliseconds"""
        self.count = 0
        self.digest: int | None = None
        self.digest_zxid: Hex | None = None
        self.last_zxid: Hex | None = None
        """in the last seal, if there is one"""
        self.rest: int | None = None
        """where bytes are that are no part of a snapshot"""

    def __iter__(self) -> Iterator[Node]:
        with self.source.open() as stream:
            cursor = Cursor(self.source.name, stream=stream)
            check_header(cursor)
            for _ in range(cursor.integer()):
                session, timeout = cursor.unpack(SESSION)
                self.sessions[Hex(session)] = timeout
            for _ in range(cursor.integer()):
                cursor.long()
                read_acl(cursor)
            while (path := cursor.text()) != "/":
                data = cursor.buffer()
                _, czxid, mzxid, _, _, version, _, _, owner, pzxid = cursor.unpack(STAT)
                self.count += 1
                value = None if data is None else body_of(data)
                yield Node(path, value, Hex(czxid), Hex(mzxid), Hex(pzxid), version, Hex(owner))
            check_seal(cursor)
            self._read_rest(cursor)

    def _read_rest(self, cursor: Cursor) -> None:
        """The two later sections; older servers and settings leave out either."""
        if cursor.left(DIGEST.size + SEAL.size) >= DIGEST.size + SEAL.size:
            zxid, _, digest = cursor.unpack(DIGEST)
            check_seal(cursor)
            if zxid:  # 0: nothing was applied yet
                self.digest_zxid, self.digest = Hex(zxid), digest
        if cursor.left(LAST_ZXID.size + SEAL.size) >= LAST_ZXID.size + SEAL.size:
            self.last_zxid = Hex(cursor.unpack(LAST_ZXID)[0])
            check_seal(cursor)
        if cursor.left(1):
            self.rest = cursor.offset


def check_header(cursor: Cursor) -> None:
    """Refuse what does not begin like a snapshot."""
    if cursor.unpack(FILE_HEADER)[0] != MAGIC:
        raise cursor.wrong("this is no snapshot, which begins with ZKSN", back=FILE_HEADER.size)


def check_seal(cursor: Cursor) -> None:
    """Refuse what is not followed by a checksum of all before it."""
    checksum = cursor.checksum()
    if cursor.unpack(SEAL) != (checksum, 1, b"/"):
        raise cursor.wrong("the checksum is wrong", back=SEAL.size)


def read(source: Source, track: Track) -> Iterator[Snapshot | Missing | Unrecognised]:
    """The event of a file whose name is ``snapshot.<zxid>``; if it is damaged, another says where."""
    if (zxid := zxid_in(source.base, "snapshot")) is None:
        raise UnreadableError(source.name, None, "a snapshot is called snapshot.<zxid>")
    if source.base.lower().endswith(".snappy"):
        yield track.event(Missing, source.name, what="not read: snappy")
        return
    nodes = Nodes(source)
    damage = None
    try:
        for _ in nodes:
            pass
    except UnreadableError as error:
        damage = str(error)
    yield track.event(
        Snapshot,
        source.name,
        zxid=Hex(zxid),
        valid=damage is None,
        digest=nodes.digest,
        digest_zxid=nodes.digest_zxid,
    )
    if damage is not None:
        yield track.event(Unrecognised, source.name, what=damage)
    if nodes.rest is not None:
        yield track.event(
            Unrecognised, f"{source.name} at byte {nodes.rest}", what="bytes behind the snapshot"
        )
