"""A node of the tree, and what is known of it (``DataNode``)."""

from __future__ import annotations

from dataclasses import dataclass, field
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from zabcheck.traces.transactions import Acl

_CLIENT = Struct(">qqqqiiiqiiq")
STORED = Struct(">qqqqiiiqq")
"""``StatPersisted``, which is the fields of `Stat` in their order."""


class Stat(NamedTuple):
    """What a server stores of a node besides data and permissions."""

    czxid: int
    mzxid: int
    ctime: int
    mtime: int
    version: int
    cversion: int
    """how many children were created; clients are shown how often the children changed"""
    aversion: int
    owner: int
    """a session, or what marks a container or a time to live, or 0"""
    pzxid: int


FRESH = Stat(0, 0, 0, 0, 0, 0, 0, 0, 0)
"""Of a node that was there from the beginning."""


@dataclass(slots=True)
class Node:
    """A node. Its fields are replaced and never changed, so a copy of them is a picture of one moment."""

    data: bytes | None
    acl: tuple[Acl, ...]
    stat: Stat
    children: set[str] = field(default_factory=set)

    def client_stat(self) -> bytes:
        """The ``Stat`` that clients are shown (``DataNode.copyStat``)."""
        stat, count = self.stat, len(self.children)
        return _CLIENT.pack(
            stat.czxid,
            stat.mzxid,
            stat.ctime,
            stat.mtime,
            stat.version,
            int32(stat.cversion * 2 - count),
            stat.aversion,
            stat.owner,
            len(self.data or b""),
            count,
            stat.pzxid,
        )


def int32(number: int) -> int:
    """A number as Java has it after an overflow."""
    return (number + 2**31) % 2**32 - 2**31
