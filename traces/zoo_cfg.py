"""``zoo.cfg``: which servers make an ensemble, and what is a quorum of them.

Read as ``QuorumPeerConfig`` reads it, and refused where that refuses, with the line that is wrong. Not asked for is
what a server needs to start (``dataDir``, ``myid``, ``initLimit`` and the like), so that the dynamic part of a
configuration can be read alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from zabcheck.checker import UsageError
from zabcheck.model.quorums import Majority
from zabcheck.traces.ensemble import Ensemble
from zabcheck.traces.java_properties import load
from zabcheck.traces.quorum_lines import hierarchical, numbered
from zabcheck.traces.server_line import server
from zabcheck.traces.settings import check_settings

if TYPE_CHECKING:
    from zabcheck.model.quorums import QuorumVerifier
    from zabcheck.traces.ensemble import Server
    from zabcheck.traces.java_properties import Property

MEMBERSHIP = ("server.", "group", "weight")
"""What the keys begin with that say who is in the ensemble, wherever they stand."""


def read(path: Path) -> Ensemble:
    """The ensemble that the configuration at ``path`` describes."""
    return ensemble_in(path, checked(path))


def checked(path: Path) -> dict[str, Property]:
    """What stands in the configuration at ``path``, where every number and switch is one."""
    found = load(path)
    check_settings(found)
    return found


def ensemble_in(path: Path, static: dict[str, Property]) -> Ensemble:
    """The ensemble that is described by what stands in the configuration at ``path``."""
    properties = static
    files = [str(path)]
    if line := static.get("dynamicConfigFile"):
        _refuse_membership(static)
        dynamic = _dynamic_path(path, line)
        properties = _dynamic_properties(dynamic)
        files.append(str(dynamic))
    elif version := properties.get("version"):
        version.integer(version.value, base=16)
    lines = numbered(properties, "server.")
    servers = [server(line, sid) for sid, line in lines.items()]
    voters = {s.sid: lines[s.sid] for s in servers if not s.is_observer}
    standalone = "standaloneEnabled" not in static or static["standaloneEnabled"].boolean()
    _check_voters(files[-1], len(voters), len(servers) - len(voters), standalone=standalone)
    quorums, remarks = _quorums(properties, voters, static.get("oraclePath"))
    return Ensemble(
        files=tuple(files),
        voters=tuple(s for s in servers if not s.is_observer),
        observers=tuple(s for s in servers if s.is_observer),
        quorums=quorums,
        warnings=(*_logged(len(voters), standalone=standalone), *_addresses(servers), *remarks),
    )


def _refuse_membership(static: dict[str, Property]) -> None:
    for key, line in static.items():
        if key.startswith(MEMBERSHIP):
            raise line.refusal("with dynamicConfigFile, this must be in that file; move it there")


def _dynamic_path(static: Path, line: Property) -> Path:
    """The dynamic configuration: seen from the working directory, as by ZooKeeper, or else from the static one.

    The second is for whoever looks at a configuration elsewhere than where its server runs.
    """
    name = Path(line.value.strip())
    found = next((path for path in (name, static.parent / name) if path.is_file()), None)
    if found is None:
        raise line.refusal(f"there is no file {line.value!r}, neither here nor beside {static}")
    return found


def _dynamic_properties(path: Path) -> dict[str, Property]:
    """What the dynamic configuration at ``path`` says."""
    found = load(path)
    for key, line in found.items():
        if key == "version":
            raise line.refusal("a dynamic configuration has its version in its name; remove the line")
        if not key.strip().startswith(MEMBERSHIP):
            raise line.refusal("unknown in a dynamic configuration, which has server, group and weight only")
    return found


def _check_voters(file: str, voters: int, observers: int, *, standalone: bool) -> None:
    if not voters and observers:
        raise UsageError(f"{file}: there are observers but no participants; add servers that vote")
    if not voters:
        raise UsageError(f"{file}: there is no line server.N=host:port:port, so this is no ensemble")
    if voters == 1 and observers and standalone:
        raise UsageError(f"{file}: one participant with observers is no ensemble; add servers that vote")


def _quorums(
    properties: dict[str, Property], voters: dict[int, Property], oracle: Property | None
) -> tuple[QuorumVerifier, list[str]]:
    """What is a quorum, and remarks on how it came about."""
    grouped = any(key.startswith(("group", "weight")) for key in properties)
    if oracle and len(voters) <= 2:
        raise oracle.refusal("an oracle outside this file decides what is a quorum; nothing can be said")
    if oracle and grouped:
        return Majority(frozenset(voters)), ["groups and weights have no effect beside oraclePath"]
    return hierarchical(properties, voters) if grouped else (Majority(frozenset(voters)), [])


def _logged(voters: int, *, standalone: bool) -> list[str]:
    """What ZooKeeper itself says in its log, in its own words."""
    if voters == 1 and standalone:
        return ["Invalid configuration, only one server specified (ignoring)"]
    if voters <= 2:
        return ["No server failure will be tolerated. You need at least 3 servers."]
    if voters % 2 == 0:
        return ["Non-optimal configuration, consider an odd number of servers."]
    return []


def _addresses(servers: list[Server]) -> list[str]:
    """What the file cannot tell: whether several addresses are allowed."""
    several = [f"server.{s.sid}" for s in servers if len(s.addresses) > 1]
    needed = "ZooKeeper refuses them without -Dzookeeper.multiAddress.enabled=true"
    return [f"{', '.join(several)}: several addresses; {needed}"] if several else []
