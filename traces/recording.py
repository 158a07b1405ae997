"""A recording as a whole: what was found, put in order, as streams of events.

A server may have several logs of one time, at different levels. Each of them says what happened, so each is held
against the model: a *view* is one log of every server, and everything else. The order of tracks is chosen so that
little has to be remembered: what clients were told first, then logs by their clocks, then records by their zxids.
Verdicts do not depend on it.
"""

from __future__ import annotations

import heapq
import re
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from zabcheck.checker import UsageError
from zabcheck.model.quorums import Group, Hierarchical
from zabcheck.model.zookeeper.releases import RELEASES
from zabcheck.traces import client_history, disk, itf, jsonl, server_log, wire, zoo_cfg
from zabcheck.traces.accounts import Accounts, settle
from zabcheck.traces.event import Notified, Record, Recording
from zabcheck.traces.finder import Found, find, peek
from zabcheck.traces.java_properties import LARGEST_FILE
from zabcheck.traces.log_lines import log_lines
from zabcheck.traces.log_table import CLASSES
from zabcheck.traces.members import members
from zabcheck.traces.rotation import order_rotated
from zabcheck.traces.source import walk
from zabcheck.traces.track import Track

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from zabcheck.model.quorums import QuorumVerifier
    from zabcheck.traces.ensemble import Ensemble
    from zabcheck.traces.event import Base
    from zabcheck.traces.log_lines import Line
    from zabcheck.traces.members import Members
    from zabcheck.traces.source import Source

VERSION = re.compile(rb"zookeeper\.version=(\d+\.\d+\.\d+)")
HEAD = 1 << 20
"""Bytes of a log in which its release is looked for."""


@dataclass(frozen=True)
class Whole:
    """A recording, ready to be read."""

    found: Found
    accounts: Accounts
    members: Members
    ensemble: Ensemble | None
    steps_of: str | None
    """the model whose own steps were recorded, if that is what it is"""
    changed: str | None
    """why it is known that the ensemble changed while it was recorded"""
    notes: tuple[str, ...]

    @property
    def views(self) -> int:
        """How many logs the server with most of them has."""
        return max((len(families) for families in self.found.logs.values()), default=1)

    def header(self) -> Recording:
        """The first event of this recording, when it is kept: who is in the ensemble."""
        quorums = self.members.quorums
        groups, weights = (quorums.groups, quorums.weights) if isinstance(quorums, Hierarchical) else ((), ())
        return Recording(
            track="recording",
            seq=0,
            release=self.members.release,
            voters=self.members.voters,
            observers=self.members.recorded_observers,
            groups={g.number: tuple(sorted(g.sids)) for g in groups},
            weights=dict(weights),
            made_by="zabcheck trace",
        )

    def events(self, view: int = 0) -> Iterator[Base]:
        """Every event of one view."""
        return chain(
            self._clients(),
            self._written(),
            _by_clock(self._logs(view)),
            self._wire(),
            _by_zxid(self._disks()),
        )

    def _written(self) -> Iterator[Base]:
        yield from self.accounts.events(self.found.recordings)
        for source in self.found.itf:
            with source.open() as stream:
                yield from itf.read(stream.read(), source.name)

    def _clients(self) -> Iterator[Base]:
        for source in self.found.histories:
            with source.open() as stream:
                yield from client_history.read(stream, source.name)

    def _logs(self, view: int) -> list[Iterator[Base]]:
        made: list[Iterator[Base]] = []
        for sid, families in sorted(self.found.logs.items()):
            family = sorted(families)[min(view, len(families) - 1)]
            made.append(_log(families[family], Track(f"s{sid}/log", sid)))
        return made

    def _wire(self) -> Iterator[Base]:
        addresses: dict[tuple[str, int] | str, int] = {}
        ports: dict[int, wire.Protocol] = {}
        if self.ensemble is not None:
            for server in (*self.ensemble.voters, *self.ensemble.observers):
                for address in server.addresses:
                    for port in (address.quorum_port, address.election_port):
                        addresses[address.host, port] = server.sid
                    ports |= {address.quorum_port: "quorum", address.election_port: "election"}
        for number, source in enumerate(self.found.captures):
            with source.open() as stream:
                prefix = f"wire{number or ''}"
                yield from wire.read(stream, source.name, addresses, ports, prefix)

    def _disks(self) -> list[Iterator[Base]]:
        made: list[Iterator[Base]] = []
        for sid, folders in sorted(self.found.disks.items()):
            for number, (name, sources) in enumerate(_images(self.found, sid, folders)):
                track = Track(f"s{sid}/disk" if not name else f"s{sid}/copy{number}/disk", sid)
                made.append(disk.read(sources, track, name, detail=bool(self.found.histories)))
        return made


def open_recording(
    paths: Iterable[str], release: str | None = None, configuration: str | None = None
) -> Whole:
    """Look at what lies at ``paths``; raises `UsageError` when there is nothing to hold against the model."""
    names = list(paths)
    found = find(chain.from_iterable(walk(Path(name)) for name in names))
    if found.is_empty:
        seen = f"; found {', '.join(found.others[:3])}" if found.others else ""
        raise UsageError(f"{' '.join(names)}: nothing that can be validated{seen}")
    ensembles = _ensembles(found, configuration)
    ensemble = ensembles[0] if ensembles else None
    changed = None
    if len(ensembles) > 1:
        changed = f"{ensembles[0].files[-1]} and {ensembles[1].files[-1]} name different ensembles"
    notes = []
    if found.others:
        inside = [other.removeprefix(f"{names[0].rstrip('/')}/") for other in found.others]
        notes.append(f"not recognised, and not used: {', '.join(inside)}")
    header = next((h for s in found.recordings if (h := _header(s)) is not None), None)
    known = _members(found, header, ensemble, release, notes)
    steps_of = header.model if header else None
    accounts = settle(found)
    notes += accounts.notes
    return Whole(found, accounts, known, ensemble, steps_of, changed, tuple(notes))


def _ensembles(found: Found, configuration: str | None) -> list[Ensemble]:
    """The ensembles that the configurations describe, each once; with several it changed while it was recorded."""
    if configuration is not None:
        return [zoo_cfg.read(Path(configuration))]
    read = _configurations(found.configurations)
    return [
        one for place, one in enumerate(read) if all(one.quorums != other.quorums for other in read[:place])
    ]


def _configurations(sources: Sequence[Source]) -> list[Ensemble]:
    """What the configurations say. Those in an archive are unpacked: one may name another that is beside it."""
    with TemporaryDirectory() as folder:
        unpacked = {}
        for source in sources:
            if not Path(source.name).is_file():
                path = Path(folder) / source.name.lstrip("/").replace("..", "__")
                path.parent.mkdir(parents=True, exist_ok=True)
                with source.open() as stream:
                    path.write_bytes(stream.read(LARGEST_FILE))
                unpacked[source.name] = path
        return [
            replace(zoo_cfg.read(unpacked[s.name]), files=(s.name,))
            if s.name in unpacked
            else zoo_cfg.read(Path(s.name))
            for s in sources
        ]


def _members(
    found: Found, header: Recording | None, ensemble: Ensemble | None, release: str | None, notes: list[str]
) -> Members:
    named = release or _release(found) or (header.release if header else None)
    if release is None and named is not None:
        behaving = _behaves_like(named)
        if behaving != named:
            notes.append(
                f"release {named} behaves like {behaving}" if behaving else f"unknown release {named}"
            )
        named = behaving
    if named is not None and named not in RELEASES:
        raise UsageError(f"unknown release {named}; zabcheck releases lists them")
    if ensemble is not None:
        voters = frozenset(s.sid for s in ensemble.voters)
        observers = frozenset(s.sid for s in ensemble.observers)
        return members(voters, observers, ensemble.quorums, named)
    if header is not None and header.model is not None:
        return members(frozenset(range(1, int(header.bounds.get("servers", 1)) + 1)), release=named)
    if header is not None and header.voters:
        return members(frozenset(header.voters), frozenset(header.observers), _quorums(header), named)
    voters = frozenset(found.logs) | frozenset(found.disks) | _senders(found)
    voters = voters or _served(found)
    if not voters:
        raise UsageError("who votes is not known: there is no zoo.cfg; give one with --config FILE")
    notes.append(f"no zoo.cfg: servers {', '.join(map(str, sorted(voters)))} are taken for the voters")
    return members(voters, frozenset(), None, named)


def _header(source: Source) -> Recording | None:
    with source.open() as stream:
        first = next(jsonl.read(stream, source.name), None)
    return first if isinstance(first, Recording) else None


def _quorums(header: Recording) -> QuorumVerifier | None:
    if not header.groups:
        return None
    groups = tuple(Group(number, frozenset(sids)) for number, sids in header.groups.items())
    return Hierarchical(frozenset(header.voters), groups, frozenset(header.weights.items()))


def _senders(found: Found) -> frozenset[int]:
    """Whose notifications stand at the beginning of the logs."""
    sids: set[int] = set()
    for families in found.logs.values():
        for sources in families.values():
            for event in islice(_log(sources, Track("", None)), 2000):
                if isinstance(event, Notified):
                    sids.add(event.sender)
    return frozenset(sids)


def _served(found: Found) -> frozenset[int]:
    """The servers that clients were connected to, when nothing else is known of an ensemble."""
    sids: set[int] = set()
    for source in found.histories if not found.captures else ():
        with source.open() as stream:
            sids.update(e.server for e in client_history.read(stream, source.name) if e.server is not None)
    return frozenset(sids)


def _release(found: Found) -> str | None:
    """The release that the logs name; of several the newest."""
    versions = set()
    for source in chain.from_iterable(s for families in found.logs.values() for s in families.values()):
        if match := VERSION.search(peek(source, HEAD)):
            versions.add(match[1].decode())
    return max(versions, key=_numbers, default=None)


def _behaves_like(version: str) -> str | None:
    """The release of the model that a version behaves like: the newest of its line that is not newer."""
    if version in RELEASES:
        return version
    line = [r for r in RELEASES if r[:1].isdigit() and _numbers(r)[:2] == _numbers(version)[:2]]
    older = [r for r in line if _numbers(r) <= _numbers(version)]
    return max(older, key=_numbers, default=None)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _log(sources: list[Source], track: Track) -> Iterator[Base]:
    """One log of a server, its rotated files in order."""
    by_name = {s.name: s for s in sources}
    ordered = [by_name[name] for name in order_rotated(list(by_name))]
    lines = chain.from_iterable(_lines(s) for s in ordered)
    return server_log.read(lines, track)


def _lines(source: Source) -> Iterator[Line]:
    with source.open() as stream:
        yield from log_lines(stream, source.name, classes=CLASSES)


def _images(found: Found, sid: int, folders: dict[str, list[Source]]) -> Iterator[tuple[str, list[Source]]]:
    """The disk of a server, and copies of it that were taken earlier, each with its name.

    The disk is what lies in the server's own folder; data and log may be two folders there. Copies lie elsewhere.
    """
    home = found.homes.get(sid)
    own = {f: s for f, s in folders.items() if home is not None and f"{f}/".startswith(f"{home}/")}
    if not own and len(folders) == 1:
        own = dict(folders)
    if not own:
        depth = min(f.count("/") for f in folders)
        own = {f: s for f, s in folders.items() if f.count("/") == depth}
    names = sorted(own)
    with_logs = [f for f in names if any("/log." in s.name for s in own[f])]
    if len(with_logs) > 1:
        raise UsageError(
            f"server {sid} has several transaction logs: {', '.join(with_logs)}; give the folder of one recording"
        )
    yield "", list(chain.from_iterable(own.values()))
    for folder, sources in sorted(folders.items()):
        if folder not in own:
            yield folder, sources


def _by_clock(tracks: list[Iterator[Base]]) -> Iterator[Base]:
    """Tracks side by side, by what their clocks say: a hint, so that causes tend to come before effects."""
    return _side_by_side(tracks, lambda event: event.wall or 0)


def _by_zxid(tracks: list[Iterator[Base]]) -> Iterator[Base]:
    """Disks side by side, by their zxids, so that records are compared soon."""
    return _side_by_side(tracks, lambda event: event.zxid if isinstance(event, Record) else 0)


def _side_by_side(tracks: list[Iterator[Base]], number: Callable[[Base], float]) -> Iterator[Base]:
    """Tracks merged by the largest number that each has reached; within a track the order stays."""

    def reached(track: Iterator[Base]) -> Iterator[tuple[float, Base]]:
        highest = 0.0
        for event in track:
            highest = max(highest, number(event))
            yield highest, event

    return (event for _, event in heapq.merge(*map(reached, tracks), key=lambda pair: pair[0]))
