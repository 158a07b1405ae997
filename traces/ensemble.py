"""An ensemble as its configuration describes it: plain data, for whoever reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zabcheck.model.quorums import QuorumVerifier


@dataclass(frozen=True)
class Address:
    """Where a server listens to its peers, and to the election."""

    host: str
    quorum_port: int
    election_port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.quorum_port}:{self.election_port}"


@dataclass(frozen=True)
class Server:
    """What a line ``server.N`` says."""

    sid: int
    addresses: tuple[Address, ...]
    is_observer: bool


@dataclass(frozen=True)
class Ensemble:
    """The servers of a configuration, and what is a quorum of them."""

    files: tuple[str, ...]
    """the configuration, and the dynamic one that it names"""
    voters: tuple[Server, ...]
    observers: tuple[Server, ...]
    quorums: QuorumVerifier
    warnings: tuple[str, ...] = ()
    """what ZooKeeper warns of, and what has no effect or another than it seems"""

    @property
    def endpoints(self) -> dict[int, Address]:
        """The first address of each server."""
        return {server.sid: server.addresses[0] for server in (*self.voters, *self.observers)}
