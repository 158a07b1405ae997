"""What an ensemble on this machine is made of, and the configurations in which that is written down."""

from __future__ import annotations

import random
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zabcheck.implementation.configuration import read_configuration
from zabcheck.implementation.errors import ServerError
from zabcheck.implementation.peer_configuration import RELEASE
from zabcheck.implementation.switchboard import Route
from zabcheck.traces import zoo_cfg
from zabcheck.traces.ensemble import Address

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

HOST = "127.0.0.1"
PORTS = (12_000, 32_000)
"""Between these a port is chosen where none is given."""


@dataclass(frozen=True)
class Plan:
    """What an ensemble is made of."""

    folder: Path
    servers: int = 3
    observers: int = 0
    client_port: int = 2181
    """of the first server; the others count on from there"""
    tick: int = 500
    """milliseconds"""
    init_limit: int = 20
    sync_limit: int = 10
    release: str = RELEASE
    """which the servers do as"""
    bugs: tuple[str, ...] = ()
    """variants of the model that they have besides"""
    settings: tuple[str, ...] = ()
    """further lines of each configuration"""
    direct: bool = False
    """servers talk to each other without a relay between: faster, and no link can be cut"""

    @property
    def sids(self) -> range:
        """The numbers of all servers, those of the voters first."""
        return range(1, self.servers + self.observers + 1)

    def require(self, *sids: int) -> None:
        """Refuse servers that are not in it."""
        if strange := set(sids) - set(self.sids):
            raise ServerError(f"there is no server {min(strange)}; there are 1 to {len(self.sids)}")

    @property
    def options(self) -> list[str]:
        """What each server is told besides its configuration."""
        return ["--release", self.release, *(word for bug in self.bugs for word in ("--bug", bug))]

    def home(self, sid: int) -> Path:
        """The folder of a server."""
        return self.folder / f"s{sid}"

    def write(self) -> None:
        """Write the configurations, unless they are there: an ensemble keeps its ports."""
        if there := {path.parent for path in self.folder.glob("s*/zoo.cfg")}:
            if there != {self.home(sid) for sid in self.sids}:
                raise ServerError(f"{self.folder} has another ensemble; take an empty folder, or remove it")
            for sid in self.sids:
                port = read_configuration(self.home(sid) / "zoo.cfg").clients.port
                if port != self.port(sid):
                    raise ServerError(
                        f"{self.folder} was made with --client-port {port - sid + 1}; go on with that, "
                        "or take an empty folder"
                    )
            return
        ports = free_ports(4 * len(self.sids), besides=[self.port(sid) for sid in self.sids])
        own = {sid: Address(HOST, ports.pop(), ports.pop()) for sid in self.sids}
        relays = own if self.direct else {sid: Address(HOST, ports.pop(), ports.pop()) for sid in self.sids}
        for sid in self.sids:
            data = self.home(sid) / "data"
            data.mkdir(parents=True, exist_ok=True)
            (data / "myid").write_text(f"{sid}\n", encoding="ascii")
            settings = [
                f"tickTime={self.tick}",
                f"initLimit={self.init_limit}",
                f"syncLimit={self.sync_limit}",
                f"dataDir={data.resolve()}",
                f"clientPort={self.port(sid)}",
                f"clientPortAddress={HOST}",
                *self.settings,
                *(["peerType=observer"] if sid > self.servers else []),
            ]
            members = [
                f"server.{other}={(own if other == sid else relays)[other]}:"
                + ("participant" if other <= self.servers else "observer")
                for other in self.sids
            ]
            (self.home(sid) / "zoo.cfg").write_text(
                "\n".join([*settings, *members]) + "\n", encoding="latin-1"
            )

    def port(self, sid: int) -> int:
        """The port for clients of a server."""
        return self.client_port + sid - 1

    def routes(self) -> list[Route]:
        """How the servers reach each other, as their configurations say; none if they do so without relays."""
        seen = {sid: zoo_cfg.read(self.home(sid) / "zoo.cfg").endpoints for sid in self.sids}
        first, last = self.sids[0], self.sids[-1]
        found = [Route(sid, seen[sid][sid], seen[last if sid == first else first][sid]) for sid in self.sids]
        return [route for route in found if route.server != route.relay]


def free_ports(count: int, besides: Collection[int] = ()) -> list[int]:
    """Ports in a row that nobody uses now, and that are not ``besides``.

    They are below those that the kernel gives to whoever connects: one of those could be taken while its server is
    down.
    """
    while True:
        first = random.randrange(*PORTS, count)
        ports = range(first, first + count)
        if not any(port in besides for port in ports) and all(map(_is_free, ports)):
            return list(ports)


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        try:
            tried.bind((HOST, port))
        except OSError:
            return False
    return True
