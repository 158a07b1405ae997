"""The one client of an ensemble on a stage: it asks leaders for writes, and keeps what it was told.

It is connected to whoever proposes its write, and is answered when that leader has applied it
(``FinalRequestProcessor``); a leader that falls answers nothing. Its history is a file that the validator reads.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, BinaryIO

from zabcheck.implementation.writes import SESSION, path_of
from zabcheck.traces.members import number

if TYPE_CHECKING:
    from pathlib import Path

    from zabcheck.model.transaction import Txn

NAME = "client.jsonl"


class StagedClient:
    """What was asked for and is not answered, and the history of what was."""

    def __init__(self, folder: Path) -> None:
        self._file: BinaryIO = (folder / NAME).open("wb")
        self._asked: dict[tuple[int, int], int] = {}
        """the moment, by leader and zxid"""
        self._moment = 0

    def asked(self, leader: int, txn: Txn) -> None:
        """A leader has proposed a write."""
        self._moment += 1
        self._asked[leader, number(txn.zxid)] = self._moment

    def told(self, server: int, txn: Txn) -> None:
        """A server has applied a write: is that the answer?"""
        start = self._asked.pop((server, number(txn.zxid)), None)
        if start is None:
            return
        self._moment += 1
        line = {
            "client": "client",
            "op": "create",
            "server": server,
            "start": start,
            "end": self._moment,
            "ok": True,
            "path": path_of(txn.value.cxid),
            "value": str(txn.value.cxid),
            "zxid": hex(number(txn.zxid)),
            "session": hex(SESSION),
        }
        self._file.write(json.dumps(line).encode() + b"\n")
        self._file.flush()

    def left(self, server: int) -> None:
        """A server leads no more: what it was asked for is not answered."""
        self._asked = {key: moment for key, moment in self._asked.items() if key[0] != server}

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
