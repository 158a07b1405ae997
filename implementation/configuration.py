"""What ``zoo.cfg`` says of one server: its folders, its clock and its clients (``QuorumPeerConfig``).

Who else is in the ensemble is read by `zabcheck.traces.zoo_cfg`. Unlike ZooKeeper, which listens everywhere if no
address is given, a server of ours listens to this machine alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zabcheck.implementation.client_port import LARGEST_FRAME, ClientSettings
from zabcheck.implementation.errors import ServerError
from zabcheck.implementation.transaction_log import PREALLOCATION
from zabcheck.traces.zoo_cfg import checked, ensemble_in

if TYPE_CHECKING:
    from zabcheck.traces.ensemble import Ensemble
    from zabcheck.traces.java_properties import Property

FOLDER = "version-2"
"""In ``dataDir`` and ``dataLogDir``: the files of this version of the format."""


class Settings:
    """Values with their defaults."""

    def __init__(self, path: Path, properties: dict[str, Property]) -> None:
        self.path = path
        self._properties = properties

    def text(self, key: str, default: str = "") -> str:
        """A value without the white space around it."""
        line = self._properties.get(key)
        return line.value.strip() if line else default

    def number(self, key: str, default: int, least: int = 0) -> int:
        """A number that may be left out."""
        if (line := self._properties.get(key)) is None:
            return default
        number = line.integer(line.value.strip(), bits=32)
        if number < least:
            raise line.refusal(f"it must not be less than {least}")
        return number

    def required(self, key: str, remedy: str) -> int:
        """A number, 1 or more, that ZooKeeper requires."""
        if key not in self._properties:
            raise ServerError(f"{self.path}: {key} is not set; {remedy}")
        return self.number(key, 1, least=1)

    def folder(self, key: str) -> Path | None:
        """A folder, where one is given."""
        return Path(self.text(key)) if self.text(key) else None


@dataclass(frozen=True)
class Configuration:
    """What a server is told; times are milliseconds."""

    settings: Settings
    snapshots: Path
    """the folder of snapshots and epochs"""
    logs: Path
    """the folder of transaction logs"""
    tick: int
    clients: ClientSettings
    snapshot_after: int
    """transactions between two snapshots, about"""
    preallocation: int
    retained: int | None
    """snapshots to keep when a new one is written; ``None`` keeps all"""
    ensemble: Ensemble | None
    """the other servers, unless this one is alone (``QuorumPeerConfig.isDistributed``)"""


def read_configuration(path: Path) -> Configuration:
    """The configuration of the server at ``path``, or a refusal that names the line."""
    properties = checked(path)
    settings = Settings(path, properties)
    data = settings.folder("dataDir")
    if data is None:
        raise ServerError(f"{path}: dataDir is not set; say where the server keeps its data")
    tick = settings.number("tickTime", 3000)
    snapshots = data / FOLDER
    logs = (settings.folder("dataLogDir") or data) / FOLDER
    interval = settings.number("autopurge.purgeInterval", 0)
    return Configuration(
        settings=settings,
        snapshots=snapshots,
        logs=logs,
        tick=tick,
        clients=_clients(settings, tick, snapshots, logs),
        snapshot_after=max(2, settings.number("snapCount", 100_000)),
        preallocation=settings.number("preAllocSize", PREALLOCATION // 1024) * 1024,
        retained=max(3, settings.number("autopurge.snapRetainCount", 3)) if interval > 0 else None,
        ensemble=_ensemble(path, properties),
    )


def _clients(settings: Settings, tick: int, snapshots: Path, logs: Path) -> ClientSettings:
    port, host = settings.number("clientPort", 0), settings.text("clientPortAddress")
    if not port:
        raise ServerError(f"{settings.path}: clientPort is not set; say where clients connect")
    if port > 65535:
        raise ServerError(f"{settings.path}: clientPort: there is no port {port}")
    shortest = settings.number("minSessionTimeout", -1, least=-1)
    longest = settings.number("maxSessionTimeout", -1, least=-1)
    shortest = 2 * tick if shortest == -1 else shortest
    longest = 20 * tick if longest == -1 else longest
    if shortest > longest:
        raise ServerError(f"{settings.path}: minSessionTimeout must not be larger than maxSessionTimeout")
    most = settings.number("maxClientCnxns", 60)
    words = settings.text("4lw.commands.whitelist", "*")
    return ClientSettings(
        host=host or "127.0.0.1",
        port=port,
        shortest_timeout=shortest,
        longest_timeout=longest,
        most_connections=most,
        largest_frame=settings.number("jute.maxbuffer", LARGEST_FRAME, least=1),
        backlog=settings.number("clientPortListenBacklog", 512, least=1),
        words=frozenset(word.strip() for word in words.split(",")),
        superuser=settings.text("DigestAuthenticationProvider.superDigest"),
        shown={
            "clientPort": str(port),
            "dataDir": str(snapshots),
            "dataLogDir": str(logs),
            "tickTime": str(tick),
            "maxClientCnxns": str(most),
            "minSessionTimeout": str(shortest),
            "maxSessionTimeout": str(longest),
        },
    )


def _ensemble(path: Path, properties: dict[str, Property]) -> Ensemble | None:
    if "dynamicConfigFile" not in properties and not any(key.startswith("server.") for key in properties):
        return None
    ensemble = ensemble_in(path, properties)
    alone = properties.get("standaloneEnabled")
    if len(ensemble.voters) == 1 and (alone is None or alone.boolean()):
        return None
    return ensemble
