"""What a server is as one of an ensemble: its number, the others, and their limits (``QuorumPeerConfig``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from zabcheck.implementation.errors import ServerError
from zabcheck.model.zookeeper import model
from zabcheck.traces.members import members

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from zabcheck.implementation.configuration import Configuration
    from zabcheck.traces.ensemble import Address
    from zabcheck.traces.members import Members

RELEASE = "mended"
"""What our servers behave like, unless told otherwise: the latest release with every known bug mended."""


@dataclass(frozen=True)
class PeerConfiguration:
    """The settings of one server of an ensemble."""

    sid: int
    snapshots: Path
    """the folder of snapshots and epochs"""
    logs: Path
    """the folder of transaction logs"""
    members: Members
    endpoints: dict[int, Address]
    tick: float = 2.0
    """in seconds"""
    init_limit: int = 10
    sync_limit: int = 5
    """in ticks, as the other"""
    snapshot_after: int = 100_000
    preallocation: int = 0
    retained: int | None = None

    @cached_property
    def text(self) -> str:
        """The ensemble as servers tell it each other (``QuorumMaj.toString``); it never changes."""
        observers = self.members.recorded_observers
        lines = [
            f"server.{sid}={address}:" + ("observer" if sid in observers else "participant")
            for sid, address in sorted(self.endpoints.items())
        ]
        return "\n".join([*lines, "version=0"])

    @property
    def recording(self) -> Path:
        """Where the server records what it does."""
        return self.snapshots.parent / "recording"


def peer_configuration(
    configuration: Configuration, release: str = RELEASE, bugs: Sequence[str] = ()
) -> PeerConfiguration:
    """What the configuration of a server says of it as one of an ensemble.

    ``bugs`` are variants of the model that it has besides those of its release; what it records names the release
    alone, so that they are seen as what they are.
    """
    ensemble = configuration.ensemble
    assert ensemble is not None  # noqa: S101 - who asks knows
    settings, remedy = configuration.settings, "say how many ticks it is"
    sid = _sid(configuration.snapshots.parent)
    if sid not in ensemble.endpoints:
        raise ServerError(f"{settings.path}: there is no line server.{sid}, the number that is in myid")
    scope = members(
        frozenset(s.sid for s in ensemble.voters),
        frozenset(s.sid for s in ensemble.observers),
        ensemble.quorums,
        release,
    )
    for bug in bugs:
        scope = model.variants[bug].apply(scope)
    return PeerConfiguration(
        sid=sid,
        snapshots=configuration.snapshots,
        logs=configuration.logs,
        members=scope,
        endpoints=ensemble.endpoints,
        tick=configuration.tick / 1000,
        init_limit=settings.required("initLimit", remedy),
        sync_limit=settings.required("syncLimit", remedy),
        snapshot_after=configuration.snapshot_after,
        preallocation=configuration.preallocation,
        retained=configuration.retained,
    )


def _sid(data: Path) -> int:
    path = data / "myid"
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ServerError(f"cannot read {path}: {error}; it must hold the number of the server") from None
    if not text.isdigit():
        raise ServerError(f"{path}: expected the number of the server, not {text!r}")
    return int(text)
