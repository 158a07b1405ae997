"""Peers of one ensemble in one process, over real sockets on loopback and real files."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.implementation.tiny import Tiny, write
from zabcheck.implementation.peer import Peer
from zabcheck.implementation.peer_configuration import PeerConfiguration
from zabcheck.implementation.plan import free_ports
from zabcheck.traces.ensemble import Address
from zabcheck.traces.members import members

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zabcheck.traces.members import Members

TICK = 0.1


def ensemble(voters: int, observers: int = 0, **changed: object) -> Members:
    """The members, numbered from 1."""
    made = members(
        frozenset(range(1, voters + 1)),
        frozenset(range(voters + 1, voters + observers + 1)),
        release="mended",
    )
    return replace(made, **changed)  # type: ignore[arg-type]


class Group:
    """All servers, and what a test does to them."""

    def __init__(self, folder: Path, scope: Members) -> None:
        self.folder = folder
        ports = free_ports(2 * len(scope.sids))
        endpoints = {sid: Address("127.0.0.1", ports.pop(), ports.pop()) for sid in scope.sids}
        self.configurations = {
            sid: PeerConfiguration(
                sid,
                folder / f"s{sid}" / "version-2",
                folder / f"s{sid}" / "version-2",
                scope,
                endpoints,
                tick=TICK,
            )
            for sid in scope.sids
        }
        self.peers: dict[int, Peer] = {}
        self.tasks: dict[int, asyncio.Task[None]] = {}
        self.cxid = 0

    def start(self, *sids: int) -> None:
        for sid in sids or self.configurations:
            folder = self.configurations[sid].snapshots.parent
            folder.mkdir(exist_ok=True)
            (folder / "myid").write_text(f"{sid}\n")
            self.peers[sid] = Peer(self.configurations[sid], Tiny())
            self.tasks[sid] = asyncio.create_task(self.peers[sid].run())

    async def stop(self, *sids: int) -> None:
        """End servers without a word; as after a crash, what was not sent is not sent."""
        for sid in sids or tuple(self.tasks):
            task = self.tasks.pop(sid)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def machine(self, sid: int) -> Tiny:
        machine = self.peers[sid].machine
        assert isinstance(machine, Tiny)
        return machine

    async def until(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(seconds):
            while not condition():
                for task in self.tasks.values():
                    if task.done():
                        task.result()
                await asyncio.sleep(0.01)

    @property
    def leader(self) -> int | None:
        """Who leads and serves."""
        return next(
            (s for s in self.tasks if self.peers[s].role == "leader" and self.peers[s].is_serving()), None
        )

    async def settle(self, seconds: float = 20) -> int:
        """Wait until all that run serve with one leader."""
        await self.until(
            lambda: self.leader is not None and all(self.peers[s].is_serving() for s in self.tasks), seconds
        )
        assert self.leader is not None
        return self.leader

    def write(self, at: int, count: int = 1) -> None:
        for _ in range(count):
            self.cxid += 1
            self.peers[at].submit(write(self.cxid, f"/n{self.cxid}", b"%d" % self.cxid))

    async def agree(self) -> None:
        """Wait until all that run have the same nodes, and all that was written."""
        await self.until(
            lambda: all(
                self.machine(s).nodes == self.machine(next(iter(self.tasks))).nodes for s in self.tasks
            )
        )
