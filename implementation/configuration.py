"""What a server is started with: ``zoo.cfg`` and the ``myid`` in its data directory (``QuorumPeerConfig``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zabcheck.checker import UsageError
from zabcheck.traces import zoo_cfg
from zabcheck.traces.java_properties import load
from zabcheck.traces.members import members

if TYPE_CHECKING:
    from zabcheck.traces.ensemble import Ensemble
    from zabcheck.traces.java_properties import Property
    from zabcheck.traces.members import Members

RELEASE = "mended"
"""What our servers behave like, unless told otherwise: the latest release with every known bug mended."""


@dataclass(frozen=True)
class Endpoints:
    """Where a server listens."""

    host: str
    quorum_port: int
    election_port: int


@dataclass(frozen=True)
class Configuration:
    """The settings of one server of an ensemble; times in seconds."""

    sid: int
    data: Path
    log: Path
    members: Members
    endpoints: dict[int, Endpoints]
    tick: float = 2.0
    init_limit: int = 10
    sync_limit: int = 5
    client_host: str = "127.0.0.1"
    client_port: int | None = None
    snap_count: int = 100_000

    @property
    def text(self) -> str:
        """The ensemble as servers tell it each other (``QuorumMaj.toString``); it never changes."""
        observers = self.members.recorded_observers
        lines = [
            f"server.{sid}={e.host}:{e.quorum_port}:{e.election_port}:"
            + ("observer" if sid in observers else "participant")
            for sid, e in sorted(self.endpoints.items())
        ]
        return "\n".join([*lines, "version=0"])

    @property
    def recording(self) -> Path:
        """Where the server records what it does."""
        return self.data / "recording"


def read(path: Path, release: str = RELEASE) -> Configuration:
    """The configuration of a server of an ensemble."""
    ensemble = zoo_cfg.read(path)
    settings = load(path)
    data = _folder(path, settings)
    sid = _sid(data)
    endpoints = _endpoints(ensemble)
    if sid not in endpoints:
        raise UsageError(f"{path}: there is no line server.{sid}, but {data / 'myid'} says {sid}")
    voters = frozenset(s.sid for s in ensemble.voters)
    observers = frozenset(s.sid for s in ensemble.observers)
    return Configuration(
        sid=sid,
        data=data,
        log=Path(settings["dataLogDir"].value) if "dataLogDir" in settings else data,
        members=members(voters, observers, ensemble.quorums, release),
        endpoints=endpoints,
        tick=_number(settings, "tickTime", 2000) / 1000,
        init_limit=_number(settings, "initLimit", 10),
        sync_limit=_number(settings, "syncLimit", 5),
        client_host=settings["clientPortAddress"].value if "clientPortAddress" in settings else "127.0.0.1",
        client_port=_number(settings, "clientPort", 0) or None,
        snap_count=_number(settings, "snapCount", 100_000),
    )


def _folder(path: Path, settings: dict[str, Property]) -> Path:
    if "dataDir" not in settings:
        raise UsageError(f"{path}: dataDir is missing; name the folder that has the server's myid")
    return Path(settings["dataDir"].value)


def _sid(data: Path) -> int:
    try:
        text = (data / "myid").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {data / 'myid'}: {error}") from None
    if not text.isdigit():
        raise UsageError(f"{data / 'myid'}: expected the number of the server, not {text!r}")
    return int(text)


def _endpoints(ensemble: Ensemble) -> dict[int, Endpoints]:
    found = {}
    for server in (*ensemble.voters, *ensemble.observers):
        first = server.addresses[0]
        found[server.sid] = Endpoints(first.host, first.quorum_port, first.election_port)
    return found


def _number(settings: dict[str, Property], name: str, default: int) -> int:
    found = settings.get(name)
    return default if found is None else found.integer(found.value.strip(), bits=32)
