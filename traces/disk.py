"""What one server has on its disk, as a track: epochs, snapshots, then the records of its log in the order of files.

The files are those of its folder ``version-2``, or of both if ``dataLogDir`` is another than ``dataDir``. Which of
them are what, and their order, is as ``Util.getZxidFromName`` and ``Util.sortDataDir`` decide it. What a server would
make of it at its next start is for `effective` to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.traces import snapshot, transaction_log
from zabcheck.traces.epoch_files import number
from zabcheck.traces.errors import UnreadableError
from zabcheck.traces.event import Epochs, Image, Unrecognised
from zabcheck.traces.file_name import zxid_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zabcheck.traces.event import Event
    from zabcheck.traces.source import Source
    from zabcheck.traces.track import Track

ACCEPTED = "acceptedEpoch"
CURRENT = "currentEpoch"
UPDATING = "updatingEpoch"
"""It is there while the current epoch is about to be written (``QuorumPeer.UPDATING_EPOCH_FILENAME``)."""
IDENTITY = "myid"
LEFT_OVER = (f"{ACCEPTED}.tmp", f"{CURRENT}.tmp", "initialize")
"""Files that belong there and say nothing: an epoch on the way to its file, and leave to begin without data."""


def read(files: Iterable[Source], track: Track, name: str = "", *, detail: bool = False) -> Iterator[Event]:
    """The events of a disk; ``name`` is that of the image, ``detail`` as for `transaction_log.read`.

    If the track is about no server yet, a file ``myid`` among them decides.
    """
    by_name: dict[str, Source] = {}
    for source in files:
        if source.base in by_name and source.base != IDENTITY:
            raise UnreadableError(
                source.name,
                None,
                f"there is also {by_name[source.base].name}; these are the files of two servers",
            )
        by_name[source.base] = source
    if IDENTITY in by_name and track.server is None:
        track.server = number(by_name[IDENTITY])
    yield track.event(Image, "", name=name)
    accepted, current = by_name.get(ACCEPTED), by_name.get(CURRENT)
    if accepted or current:
        yield track.event(
            Epochs,
            " and ".join(file.name for file in (accepted, current) if file),
            accepted=number(accepted) if accepted else None,
            current=number(current) if current else None,
            updating=UPDATING in by_name,
        )
    snapshots = _numbered(by_name, "snapshot")
    logs = _numbered(by_name, "log")
    known = {ACCEPTED, CURRENT, UPDATING, IDENTITY, *LEFT_OVER, *(source.base for source in snapshots + logs)}
    for base, source in sorted(by_name.items()):
        if base not in known:
            yield track.event(Unrecognised, source.name, what="a file that does not belong there")
    for source in snapshots:
        yield from snapshot.read(source, track)
    for source in logs:
        yield from transaction_log.read(source, track, detail=detail)


def _numbered(files: dict[str, Source], prefix: str) -> list[Source]:
    found = [(zxid, base) for base in files if (zxid := zxid_in(base, prefix)) is not None]
    return [files[base] for _, base in sorted(found)]
