"""The record of a server with what is behind it: files, the database, and the diary of what happens to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.implementation.diary import Diary
from zabcheck.implementation.epochs import Epochs
from zabcheck.implementation.histories import Disk, Tree
from zabcheck.implementation.recording import Recorder
from zabcheck.implementation.storage import Storage
from zabcheck.model.zookeeper.ensemble import new_server

if TYPE_CHECKING:
    from zabcheck.implementation.clock import Clock
    from zabcheck.implementation.peer_configuration import PeerConfiguration
    from zabcheck.implementation.replication import StateMachine
    from zabcheck.model.zookeeper.scope import Scope


class StoredServer:
    """It owns the files. ``keep`` transactions stay in memory, ``scope`` is what the model's functions go by."""

    def __init__(
        self,
        configuration: PeerConfiguration,
        machine: StateMachine,
        clock: Clock,
        scope: Scope,
        keep: int,
        kind: type[Disk] = Disk,
    ) -> None:
        members = configuration.members
        self._release = members.release
        storage = Storage(configuration, announces_epoch=members.switches.epoch_marker)
        # after the storage, which keeps a second server out of the folder
        self._recorder = Recorder(configuration.recording, members, configuration.sid, clock)
        self.diary = Diary(self._recorder)
        self.disk = kind(storage, machine, keep, self.diary.logged)
        self.tree = Tree(machine, self.disk, keep)
        self.disk.tree_zxid = lambda: self.tree.zxid
        self.me = new_server(scope, configuration.sid)
        self.me.disk, self.me.tree = self.disk, self.tree
        self.epochs = Epochs(self.me, self.disk)

    def begin(self) -> None:
        """The process has started: from now on it is recorded."""
        self.diary.begin(self.me, self._release)

    def close(self) -> None:
        """Write what was handed over, and let go of the files."""
        self.disk.thread.close()
        self._recorder.close()
