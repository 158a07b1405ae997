"""Reads the files that hold a number: ``acceptedEpoch``, ``currentEpoch`` and ``myid``.

As ``QuorumPeer.readLongFromFile`` and ``QuorumPeerConfig.setupMyId`` read them: the first line, without any blanks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from zabcheck.traces.errors import UnreadableError

if TYPE_CHECKING:
    from zabcheck.traces.source import Source

LARGEST_FILE = 64
"""Bytes; more is something else."""


def number(source: Source) -> int:
    """The number in a file."""
    with source.open() as stream:
        content = stream.read(LARGEST_FILE)
    line = re.split(rb"\r\n|\r|\n", content)[0]
    if not re.fullmatch(rb"[+-]?[0-9]{1,19}", line) or not -(2**63) <= int(line) < 2**63:
        found = "it is empty" if not content else f"not {line.decode('ascii', 'backslashreplace')!r}"
        raise UnreadableError(source.name, None, f"expected a number, {found}")
    return int(line)
