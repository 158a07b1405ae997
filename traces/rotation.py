"""The files of one log in the order in which they were written.

A server that has run for long leaves ``zookeeper.log`` and older parts of it. Numbered parts count backwards
(``zookeeper.log.1`` is the youngest of them), dated ones forwards, and any may be compressed. Read in a wrong order a
log shows lives that end before they began.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

COMPRESSED = re.compile(r"\.(?:gz|bz2|xz|zst|zip)$")
DATED = re.compile(r"(\d{4})[-_]?([01]\d)[-_]?([0-3]\d)(?!\d)")
NUMBERED = re.compile(r"\.(\d{1,9})(?:\.log)?$")


def order_rotated(names: Iterable[str]) -> list[str]:
    """These names of files, those written first at the beginning and the current one at the end."""
    return sorted(names, key=_age)


def _age(path: str) -> tuple[int, tuple[int, ...], str]:
    name = COMPRESSED.sub("", path.replace("\\", "/").rpartition("/")[2])
    if dated := DATED.search(name):
        within_day = re.findall(r"\d{1,18}", name[dated.end() :])
        return 0, tuple(map(int, (*dated.groups(), *within_day))), path
    if numbered := NUMBERED.search(name):
        return 1, (-int(numbered[1]),), path
    return 2, (), path
