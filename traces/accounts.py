"""What is told twice: by a recording in events, and by artefacts of the same servers or by another recording.

The first recording in events is taken, for it says more: `zabcheck trace` has read the artefacts, and a server of ours
writes more than a log has. To take both would be to see everything happen twice. But a log that is left may be of
another time, when other software ran in the same folder; so the log of its server is then known to be incomplete.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from zabcheck.traces import jsonl
from zabcheck.traces.event import Missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zabcheck.traces.event import Base
    from zabcheck.traces.finder import Found
    from zabcheck.traces.source import Source


@dataclass
class Accounts:
    """Which recording tells of which track, and what is left for that reason."""

    told: dict[str, str] = field(default_factory=dict)
    """by track, the recording that tells of it: its first file"""
    left: set[tuple[str, str]] = field(default_factory=set)
    """files of recordings, each with a track that another one tells of"""
    notes: list[str] = field(default_factory=list)
    gaps: list[Missing] = field(default_factory=list)
    """servers whose log was left"""

    def events(self, sources: Iterable[Source]) -> Iterator[Base]:
        """The events of recordings, each track from one of them."""
        yield from self.gaps
        for source in sources:
            with source.open() as stream:
                for event in jsonl.read(stream, source.name):
                    if (source.name, event.track) not in self.left:
                        yield event

    def read(self, sources: Iterable[Source]) -> None:
        """Look through recordings. Files in which the numbers of a track go on are parts of one."""
        length: dict[str, int] = {}
        for source in sources:
            servers: dict[str, int | None] = {}
            with source.open() as stream:
                for event in jsonl.read(stream, source.name):
                    track = event.track
                    if track not in servers:
                        servers[track] = event.server
                        if event.seq < length.get(track, 0):
                            self.left.add((source.name, track))
                    if (source.name, track) not in self.left:
                        self.told.setdefault(track, source.name)
                        length[track] = event.seq + 1
            for track, server in servers.items():
                if (source.name, track) in self.left and track != "recording":
                    self.leave([source.name], track, server)

    def leave(self, names: Iterable[str], track: str, server: int | None = None) -> None:
        """What these files have of a track is not used."""
        why = (
            f"{', '.join(names)}: what it has of {track} is not used, since {self.told[track]} tells of that"
        )
        if server is not None and track.endswith("/log"):
            seq = sum(gap.server == server for gap in self.gaps)
            self.gaps.append(Missing(track=f"s{server}/left/log", seq=seq, server=server, what=why))
        else:
            self.notes.append(why)


def settle(found: Found) -> Accounts:
    """Decide what is taken, and drop what is not from what was found."""
    accounts = Accounts()
    if len(found.recordings) == 1 and not (found.logs or found.disks or found.histories or found.captures):
        return accounts
    accounts.read(found.recordings)
    for sid in [sid for sid in found.logs if f"s{sid}/log" in accounts.told]:
        families = found.logs.pop(sid)
        accounts.leave((s.name for sources in families.values() for s in sources), f"s{sid}/log", sid)
    for sid in [sid for sid in found.disks if f"s{sid}/disk" in accounts.told]:
        accounts.leave(sorted(found.disks.pop(sid)), f"s{sid}/disk")
    for prefix, sources in (("client/", found.histories), ("wire", found.captures)):
        track = next((track for track in accounts.told if track.startswith(prefix)), None)
        if sources and track is not None:
            accounts.leave((s.name for s in sources), track)
            sources.clear()
    return accounts
