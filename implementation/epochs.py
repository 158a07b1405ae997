"""The two epochs of a server: their files follow its record."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Future

    from zabcheck.implementation.histories import Disk
    from zabcheck.model.zookeeper.server import Server


class Epochs:
    """It owns what the files say."""

    def __init__(self, me: Server, disk: Disk) -> None:
        self._me = me
        self._disk = disk
        self._saved: tuple[int | None, int | None] = (None, None)

    def load(self) -> None:
        """Read the files; where there is none, the epoch is that of the last transaction."""
        accepted, current = self._saved = self._disk.storage.epochs()
        latest = self._me.disk.zxid.epoch
        self._me.accepted_epoch = latest if accepted is None else accepted
        self._me.current_epoch = latest if current is None else current

    def write(self) -> Future[None] | None:
        """Begin to write what has changed, if anything has."""
        now = (self._me.accepted_epoch, self._me.current_epoch)
        if now == self._saved:
            return None
        changed = [new if new != old else None for new, old in zip(now, self._saved, strict=True)]
        self._saved = now
        return self._disk.write_epochs(*changed)
