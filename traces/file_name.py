"""The names of the files in ``version-2``: a zxid is part of them."""

from __future__ import annotations

import re

_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{1,16}")


def zxid_in(name: str, prefix: str) -> int | None:
    """The zxid in ``log.<zxid>`` or ``snapshot.<zxid>``, whatever follows after another dot; else ``None``.

    As ``Util.getZxidFromName`` has it, also that a zxid with the highest bit set is none.
    """
    first, *rest = name.split(".")
    if first != prefix or not rest or not _HEXADECIMAL.fullmatch(rest[0]):
        return None
    zxid = int(rest[0], 16)
    return zxid if zxid < 2**63 else None
