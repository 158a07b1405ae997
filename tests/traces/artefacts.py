"""What lies in a recording's folder, taken apart and put together again, without any of the readers under test."""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zlib import adler32

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

COUNTER = 0xFFFFFFFF
MULTI, SET_DATA, CREATES, ERROR = 14, 5, (1, 15), -1


# The ensemble


def servers(folder: Path) -> list[int]:
    return sorted(int(path.parent.name[1:]) for path in folder.glob("s*/myid"))


def configured(folder: Path) -> dict[int, tuple[str, bool]]:
    """Of every server its address, and whether it votes."""
    text = next(folder.glob("s*/zoo.cfg")).read_text()
    found = re.findall(r"^server\.(\d+)=([\d.]+):\d+:\d+(:observer)?", text, re.MULTILINE)
    return {int(sid): (host, not observer) for sid, host, observer in found}


def voters(folder: Path) -> list[int]:
    return sorted(sid for sid, (_, votes) in configured(folder).items() if votes)


def is_quorum(folder: Path, sids: set[int]) -> bool:
    return 2 * len(sids & set(voters(folder))) > len(voters(folder))


def pick(random: Random, options: list[Any]) -> Any:
    """One of them, or nothing when there is none."""
    return random.choice(options) if options else None


# Text logs


def log_path(folder: Path, sid: int) -> Path:
    return folder / f"s{sid}" / "zookeeper.log"


def lines(folder: Path, sid: int) -> list[str]:
    return log_path(folder, sid).read_text(encoding="utf-8", errors="surrogateescape").splitlines()


def write_lines(folder: Path, sid: int, text: list[str], end: str = "\n") -> None:
    data = "".join(line + end for line in text).encode("utf-8", "surrogateescape")
    log_path(folder, sid).write_bytes(data)


@dataclass(frozen=True)
class Place:
    """A line of a log that a pattern fits."""

    sid: int
    number: int
    match: re.Match[str]

    def __getitem__(self, group: str) -> str:
        return self.match[group]

    def hex(self, group: str) -> int:
        return int(self.match[group], 16)


def places(folder: Path, pattern: str) -> list[Place]:
    """The lines of all logs that a pattern fits."""
    return [
        Place(sid, number, match)
        for sid in servers(folder)
        for number, line in enumerate(lines(folder, sid))
        if (match := re.search(pattern, line))
    ]


def edit_line(folder: Path, place: Place, change: Callable[[str], str]) -> None:
    text = lines(folder, place.sid)
    text[place.number] = change(text[place.number])
    write_lines(folder, place.sid, text)


def set_group(folder: Path, place: Place, group: str, value: str) -> None:
    """Replace what a group of the pattern matched."""
    start, end = place.match.span(group)
    edit_line(folder, place, lambda line: line[:start] + value + line[end:])


NOTE = (
    r"Notification: my state:\w+; n\.sid:(?P<sender>\d+), n\.state:(?P<state>\w+), n\.leader:(?P<leader>-?\d+), "
    r"n\.round:0x(?P<round>[0-9a-f]+), n\.peerEpoch:0x(?P<epoch>[0-9a-f]+), n\.zxid:0x(?P<zxid>[0-9a-f]+),"
)
BEGUN = r"New election\. My id = (?P<sid>\d+), proposed zxid=0x(?P<zxid>[0-9a-f]+)"
LOADED = r"highest zxid is 0x(?P<zxid>[0-9a-f]+), digest"
ACTIVATED = (
    r"sids: \[\[(?P<sids>[\d, ]+)\]\]; "
    r"starting up and setting last processed zxid: 0x(?P<zxid>[0-9a-f]+)"
)
INPUTS = (
    r"(?P<thread>LearnerHandler-\S+?):LearnerHandler.*Synchronizing with Learner sid: (?P<learner>\d+) "
    r"maxCommittedLog=0x(?P<most>[0-9a-f]+) minCommittedLog=0x(?P<least>[0-9a-f]+) "
    r"lastProcessedZxid=0x(?P<last>[0-9a-f]+) peerLastZxid=0x(?P<peer>[0-9a-f]+)"
)
DIFF = r"Sending DIFF zxid=0x(?P<zxid>[0-9a-f]+) {1,2}for peer sid: (?P<learner>\d+)"
TAKEN = r"Peer state changed: (?P<role>leading|following)$"
CAME = r"Follower sid: (?P<learner>\d+) : info"
STARTED = r"Starting quorum peer, myid"


@dataclass
class Election:
    """The lines of one election in the log of a server, up to the role that it ends with."""

    sid: int
    began: Place
    own: list[Place] = field(default_factory=list)
    heard: list[Place] = field(default_factory=list)
    taken: Place | None = None
    after_start: bool = False
    first_of_life: bool = False


def elections(folder: Path) -> list[Election]:
    """Those of voters, in the order of the logs."""
    found: list[Election] = []
    pattern = (
        f"(?:{NOTE})|(?:{BEGUN})|(?P<taken>Peer state changed: (?:leading|following)$)|(?P<start>{STARTED})"
    )
    now: Election | None = None
    sid = started = None
    for place in places(folder, _unnamed(pattern)):
        if place.sid != sid:
            now, sid, started = None, place.sid, False
        text = lines_cached(folder, place.sid)[place.number]
        if re.search(STARTED, text):
            started, now = True, None
        elif match := re.search(BEGUN, text):
            now = Election(place.sid, Place(place.sid, place.number, match), first_of_life=bool(started))
            started = False
            if place.sid in voters(folder):
                found.append(now)
        elif match := re.search(TAKEN, text):
            if now is not None:
                now.taken, now = Place(place.sid, place.number, match), None
        elif now is not None and (match := re.search(NOTE, text)):
            note = Place(place.sid, place.number, match)
            (now.own if int(note["sender"]) == place.sid else now.heard).append(note)
    return found


def _unnamed(pattern: str) -> str:
    return re.sub(r"\(\?P<\w+>", "(?:", pattern)


_cache: dict[tuple[str, int, int], list[str]] = {}


def lines_cached(folder: Path, sid: int) -> list[str]:
    """The lines of a log, read once as long as it stays as it is."""
    stat = log_path(folder, sid).stat()
    key = (str(log_path(folder, sid)), stat.st_mtime_ns, stat.st_size)
    if key not in _cache:
        _cache.clear()
        _cache[key] = lines(folder, sid)
    return _cache[key]


# Disks


@dataclass
class TransactionLog:
    """A file of a transaction log: its header, the payloads of its records, and what is behind them."""

    path: Path
    header: bytes
    records: list[bytes]
    tail: bytes

    def write(self) -> None:
        made = self.header
        for payload in self.records:
            made += struct.pack(">Qi", adler32(payload), len(payload)) + payload + b"B"
        self.path.write_bytes(made + self.tail)


def transaction_log(path: Path) -> TransactionLog:
    data = path.read_bytes()
    at, records = 16, []
    while at + 12 <= len(data):
        _, length = struct.unpack_from(">Qi", data, at)
        if length <= 0 or at + 13 + length > len(data):
            break
        records.append(data[at + 12 : at + 12 + length])
        at += 13 + length
    return TransactionLog(path, data[:16], records, data[at:])


def zxid_of(payload: bytes) -> int:
    return int(struct.unpack_from(">q", payload, 12)[0])


def type_of(payload: bytes) -> int:
    return int(struct.unpack_from(">i", payload, 28)[0])


def with_zxid(payload: bytes, zxid: int) -> bytes:
    return payload[:12] + struct.pack(">q", zxid) + payload[20:]


def path_in(payload: bytes) -> str | None:
    """The path of a create or set."""
    if type_of(payload) not in (SET_DATA, *CREATES):
        return None
    (length,) = struct.unpack_from(">i", payload, 32)
    return payload[36 : 36 + length].decode()


def value_span(payload: bytes) -> tuple[int, int] | None:
    """Where the data of a create or set is, if there is any."""
    if type_of(payload) not in (SET_DATA, *CREATES):
        return None
    (length,) = struct.unpack_from(">i", payload, 32)
    (size,) = struct.unpack_from(">i", payload, 36 + length)
    return (40 + length, 40 + length + size) if size > 0 else None


def version2(folder: Path, sid: int) -> Path:
    return folder / f"s{sid}" / "version-2"


def logs(folder: Path, sid: int) -> list[TransactionLog]:
    """The files of a server's transaction log, in their order."""
    paths = sorted(version2(folder, sid).glob("log.*"), key=lambda p: int(p.name[4:], 16))
    return [transaction_log(path) for path in paths]


def base(folder: Path, sid: int) -> int:
    """The zxid of the newest snapshot of a server; up to there it covers everything."""
    names = [p.name[9:] for p in version2(folder, sid).glob("snapshot.*")]
    return max((int(name, 16) for name in names), default=0)


@dataclass(frozen=True)
class Spot:
    """A record on a disk."""

    sid: int
    file: int
    index: int
    payload: bytes

    @property
    def zxid(self) -> int:
        return zxid_of(self.payload)


def spots(folder: Path, sid: int) -> list[Spot]:
    """All records of a server, in the order of its log."""
    return [
        Spot(sid, number, index, payload)
        for number, log in enumerate(logs(folder, sid))
        for index, payload in enumerate(log.records)
    ]


def living(folder: Path, sid: int) -> list[Spot]:
    """The records behind the newest snapshot, each once."""
    last, found = base(folder, sid), []
    for spot in spots(folder, sid):
        if spot.zxid > last:
            last = spot.zxid
            found.append(spot)
    return found


def all_zxids(folder: Path) -> set[int]:
    """Those of all records, also in copies of disks that were taken earlier."""
    return {zxid_of(p) for path in folder.rglob("version-2/log.*") for p in transaction_log(path).records}


def edit_log(folder: Path, spot: Spot, change: Callable[[list[bytes], int], object]) -> None:
    """Change the list of records in which one is."""
    log = logs(folder, spot.sid)[spot.file]
    change(log.records, spot.index)
    log.write()


def set_record(folder: Path, spot: Spot, payload: bytes) -> None:
    def replaced(records: list[bytes], index: int) -> None:
        records[index] = payload

    edit_log(folder, spot, replaced)


def remove_from(folder: Path, sid: int, zxid: int) -> None:
    """Cut the log of a server before a zxid."""
    for log in logs(folder, sid):
        log.records = [p for p in log.records if zxid_of(p) < zxid]
        log.write()


def epoch(folder: Path, sid: int, name: str) -> int:
    return int((version2(folder, sid) / name).read_text())


def set_epoch(folder: Path, sid: int, name: str, value: int) -> None:
    (version2(folder, sid) / name).write_text(str(value))


# Client histories


def operations(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "client-ops.jsonl").read_text().splitlines()]


def write_operations(folder: Path, found: list[dict[str, Any]]) -> None:
    (folder / "client-ops.jsonl").write_text("".join(json.dumps(each) + "\n" for each in found))


def zxid(operation: dict[str, Any], name: str = "zxid") -> int | None:
    value = operation.get(name)
    return None if value is None else int(value, 16)


def path_of(operation: dict[str, Any]) -> str | None:
    return operation.get("path") or (operation.get("args") or {}).get("path")


def acknowledged(operation: dict[str, Any]) -> bool:
    return operation.get("ok") is True and operation.get("zxid") is not None


# Recordings in our own schema


def events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def write_events(folder: Path, found: list[dict[str, Any]], *, renumber: bool = True) -> None:
    """Write events; those of a track are numbered anew, unless a gap is meant to show."""
    numbers: dict[str, int] = {}
    for event in found:
        if renumber:
            event["seq"] = numbers.get(event["track"], 0)
            numbers[event["track"]] = event["seq"] + 1
    (folder / "events.jsonl").write_text("".join(json.dumps(each) + "\n" for each in found))
