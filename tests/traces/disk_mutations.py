"""Changes of what is on disks: some that no correct ensemble leaves, some that it may."""

from __future__ import annotations

import gzip
import shutil
import struct
from itertools import pairwise
from typing import TYPE_CHECKING
from zlib import adler32

from tests.traces import artefacts as a
from tests.traces.mutation import mutation
from tests.traces.packets import capture, messages

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

COUNTER = a.COUNTER


def _living(folder: Path) -> list[a.Spot]:
    return [spot for sid in a.servers(folder) for spot in a.living(folder, sid)]


def _changed(payload: bytes, random: Random) -> bytes | None:
    """Another value of the same length."""
    span = a.value_span(payload)
    if span is None:
        return None
    at = random.randrange(*span)
    return payload[:at] + bytes([payload[at] ^ 1]) + payload[at + 1 :]


def _elsewhere(folder: Path, spot: a.Spot) -> bool:
    """Whether another server has a record with this zxid."""
    return any(
        other.zxid == spot.zxid
        for sid in a.servers(folder)
        if sid != spot.sid
        for other in a.spots(folder, sid)
    )


def _acknowledged(folder: Path) -> dict[int, str | None]:
    return {int(o["zxid"], 16): a.path_of(o) for o in a.operations(folder) if a.acknowledged(o)}


# Records


@mutation(
    "disk",
    "Within an epoch every number is used, and no snapshot of this server covers the one that is missing.",
)
def record_removed(folder: Path, random: Random) -> bool:
    options = []
    for sid in a.servers(folder):
        alive = a.living(folder, sid)
        zxids = {spot.zxid for spot in alive}
        options += [s for s in alive if s.zxid - 1 in zxids and s.zxid + 1 in zxids]
    spot = a.pick(random, options)
    if spot:
        for log in a.logs(folder, spot.sid):
            log.records = [p for p in log.records if a.zxid_of(p) != spot.zxid]
            log.write()
    return spot is not None


@mutation(
    "disk",
    "Who lacks a record in front of a snapshot was sent another one, and that is kept beside older ones.",
)
def record_under_a_snapshot_removed(folder: Path, random: Random) -> bool:
    options = []
    for sid in a.servers(folder):
        zxids = {spot.zxid for spot in a.spots(folder, sid)}
        snapshots = [int(path.name[9:], 16) for path in a.version2(folder, sid).glob("snapshot.*")]
        options += [
            (sid, zxid)
            for zxid in sorted(zxids)
            if {zxid - 1, zxid + 1} <= zxids
            and zxid + 1 <= a.base(folder, sid)
            and zxid not in snapshots
            and min(snapshots) < zxid
        ]
    option = a.pick(random, options)
    if option:
        sid, zxid = option
        for log in a.logs(folder, sid):
            log.records = [p for p in log.records if a.zxid_of(p) != zxid]
            log.write()
    return option is not None


@mutation("disk", "A zxid is given to one transaction, and another server has other bytes under it.")
def record_changed(folder: Path, random: Random) -> bool:
    options = [s for s in _living(folder) if a.value_span(s.payload) and _elsewhere(folder, s)]
    spot = a.pick(random, options)
    changed = _changed(spot.payload, random) if spot else None
    if changed:
        a.set_record(folder, spot, changed)
    return changed is not None


@mutation("disk", "What a snapshot covers has the same bytes everywhere too.")
def record_under_a_snapshot_changed(folder: Path, random: Random) -> bool:
    options = [
        spot
        for sid in a.servers(folder)
        for spot in a.spots(folder, sid)
        if spot.zxid <= a.base(folder, sid) and a.value_span(spot.payload) and _elsewhere(folder, spot)
    ]
    spot = a.pick(random, options)
    changed = _changed(spot.payload, random) if spot else None
    if changed:
        a.set_record(folder, spot, changed)
    return changed is not None


@mutation("disk", "Two transactions have exchanged their numbers on one server.")
def zxids_exchanged(folder: Path, random: Random) -> bool:
    options = []
    for sid in a.servers(folder):
        alive = a.living(folder, sid)
        options += [
            (one, two) for one, two in pairwise(alive)
            if two.zxid == one.zxid + 1 and a.MULTI not in (a.type_of(one.payload), a.type_of(two.payload))
            and _elsewhere(folder, one)
        ]  # fmt: skip
    pair = a.pick(random, options)
    if pair:
        one, two = pair
        a.set_record(folder, one, a.with_zxid(two.payload, one.zxid))
        a.set_record(folder, two, a.with_zxid(one.payload, two.zxid))
    return pair is not None


@mutation("disk", "A repeated record is the same record.")
def repeat_with_other_bytes(folder: Path, random: Random) -> bool:
    options = [s for s in _living(folder) if a.value_span(s.payload)]
    spot = a.pick(random, options)
    changed = _changed(spot.payload, random) if spot else None
    if changed is None:
        return False
    log = a.logs(folder, spot.sid)[-1]
    log.records.append(changed)
    log.write()
    return True


@mutation("disk", "The client was told, so a quorum has logged it; and no snapshot holds it there either.")
def acknowledged_tail_removed_from_a_quorum(folder: Path, random: Random) -> bool:
    voters = a.voters(folder)
    held = {sid: {s.zxid for s in a.living(folder, sid)} for sid in voters}
    acknowledged = [
        zxid for zxid in _acknowledged(folder) if 2 * sum(zxid in held[sid] for sid in voters) > len(voters)
        and all(zxid in held[sid] or zxid > a.base(folder, sid) for sid in voters)
    ]  # fmt: skip
    last = max((zxid >> 32 for zxid in acknowledged), default=0)
    zxid = a.pick(random, [z for z in acknowledged if z >> 32 == last])
    if zxid is None:
        return False
    for sid in random.sample(voters, len(voters) // 2 + 1):
        a.remove_from(folder, sid, zxid)
    return True


def _ends(folder: Path) -> list[tuple[int, int]]:
    """Servers, each with the last record of an epoch after which it has later ones, no snapshot covering it."""
    found = []
    for sid in a.servers(folder):
        alive = a.living(folder, sid)
        found += [(sid, one.zxid) for one, two in pairwise(alive) if two.zxid >> 32 > one.zxid >> 32]
    return found


def _comparable(folder: Path, sid: int, zxid: int) -> bool:
    """Whether another server too has this record and later epochs, with no snapshot between."""
    return any(other != sid and end == zxid for other, end in _ends(folder))


@mutation(
    "disk",
    "A proposal that a later epoch did not begin with is in no history that has records of that epoch.",
)
def orphan_at_the_end_of_an_epoch(folder: Path, random: Random) -> bool:
    options = [
        (sid, zxid)
        for sid, zxid in _ends(folder)
        if _comparable(folder, sid, zxid) and zxid & COUNTER < COUNTER - 1
    ]
    option = a.pick(random, options)
    if option:
        sid, zxid = option
        spot = next(s for s in a.living(folder, sid) if s.zxid == zxid)
        orphan = a.with_zxid(spot.payload, zxid + 1)
        a.edit_log(folder, spot, lambda records, index: records.insert(index + 1, orphan))
    return option is not None


@mutation("disk", "What a later epoch began with is in every history that has records of that epoch.")
def end_of_an_epoch_removed(folder: Path, random: Random) -> bool:
    options = [(sid, zxid) for sid, zxid in _ends(folder) if _comparable(folder, sid, zxid)]
    option = a.pick(random, options)
    if option:
        sid, zxid = option
        for log in a.logs(folder, sid):
            log.records = [p for p in log.records if a.zxid_of(p) != zxid]
            log.write()
    return option is not None


@mutation("disk", "An epoch begins with one record, the same for all.")
def beginning_of_an_epoch_removed(folder: Path, random: Random) -> bool:
    options = []
    for sid in a.servers(folder):
        alive = a.living(folder, sid)
        options += [
            two for one, two, three in zip(alive, alive[1:], alive[2:], strict=False)
            if one.zxid >> 32 < two.zxid >> 32 == three.zxid >> 32 and _elsewhere(folder, two)
        ]  # fmt: skip
    spot = a.pick(random, options)
    if spot:
        a.edit_log(folder, spot, lambda records, index: records.pop(index))
    return spot is not None


@mutation("disk", "A whole epoch is missing on a server that has later ones, and others have it.")
def epoch_removed(folder: Path, random: Random) -> bool:
    options = []
    for sid in a.servers(folder):
        epochs = sorted({s.zxid >> 32 for s in a.living(folder, sid)})
        options += [(sid, epoch) for epoch in epochs[1:-1] if a.base(folder, sid) >> 32 < epoch]
    option = a.pick(random, options)
    if option:
        sid, epoch = option
        for log in a.logs(folder, sid):
            log.records = [p for p in log.records if a.zxid_of(p) >> 32 != epoch]
            log.write()
    return option is not None


@mutation(
    "disk",
    "Nobody activated the epoch of the last record, as all logs show.",
    missed="the logs may have been copied before the disks, so the activation may be in what is not there",
)
def record_of_an_epoch_that_nobody_began(folder: Path, random: Random) -> bool:
    sid = random.choice(a.servers(folder))
    log = a.logs(folder, sid)[-1]
    epoch = max(zxid >> 32 for zxid in a.all_zxids(folder)) + 3
    log.records.append(a.with_zxid(log.records[-1], epoch << 32 | 1))
    log.write()
    for name in ("acceptedEpoch", "currentEpoch"):
        a.set_epoch(folder, sid, name, epoch)
    return True


@mutation("disk", "The client was told that its value was written, and every disk has another.")
def acknowledged_value_changed_everywhere(folder: Path, random: Random) -> bool:
    acknowledged = _acknowledged(folder)
    options = {
        s.zxid for s in _living(folder)
        if s.zxid in acknowledged and a.value_span(s.payload) and a.path_in(s.payload) == acknowledged[s.zxid]
    }  # fmt: skip
    zxid = a.pick(random, sorted(options))
    if zxid is None:
        return False
    place = random.random()
    for sid in a.servers(folder):
        for spot in [s for s in a.spots(folder, sid) if s.zxid == zxid]:
            span = a.value_span(spot.payload)
            if span is None:
                return False
            at = span[0] + int(place * (span[1] - span[0]))
            a.set_record(
                folder, spot, spot.payload[:at] + bytes([spot.payload[at] ^ 1]) + spot.payload[at + 1 :]
            )
    return True


# Epochs and snapshots


@mutation("disk", "A server writes an epoch before records of it, and does not start with such a disk.")
def current_epoch_under_that_of_a_record(folder: Path, random: Random) -> bool:
    options = [sid for sid in a.servers(folder) if a.living(folder, sid)]
    sid = a.pick(random, options)
    if sid:
        a.set_epoch(folder, sid, "currentEpoch", (a.living(folder, sid)[-1].zxid >> 32) - 1)
    return sid is not None


@mutation(
    "disk", "An epoch is accepted before it is the current one, and a server does not start with such a disk."
)
def accepted_epoch_under_the_current(folder: Path, random: Random) -> bool:
    sid = random.choice(a.servers(folder))
    a.set_epoch(folder, sid, "acceptedEpoch", a.epoch(folder, sid, "currentEpoch") - 1)
    return True


def _seal(data: bytes) -> int | None:
    """Where the checksum of the tree is in a snapshot."""
    at = data.find(b"\0\0\0\1/")
    while at >= 0:
        end = at + 5
        if end + 8 <= len(data) and struct.unpack_from(">Q", data, end)[0] == adler32(data[:end]):
            return end
        at = data.find(b"\0\0\0\1/", at + 1)
    return None


@mutation(
    "disk",
    "The node has a value that no transaction wrote; the checksum is right.",
    missed="the tree is not rebuilt from the records, and the digest of a snapshot is not compared with its nodes",
)
def snapshot_with_a_changed_node(folder: Path, random: Random) -> bool:
    options = []
    for sid in a.servers(folder):
        path = a.version2(folder, sid) / f"snapshot.{a.base(folder, sid):x}"
        data = path.read_bytes() if path.exists() else b""
        end = _seal(data)
        for spot in a.spots(folder, sid) if end else ():
            span = a.value_span(spot.payload)
            value = spot.payload[slice(*span)] if span else b""
            at = data.find(struct.pack(">i", len(value)) + value, 0, end) if value else -1
            if at > 0:
                options.append((path, data, end, at + 4))
    option = a.pick(random, options)
    if option is None:
        return False
    path, data, end, at = option
    data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    data = data[:end] + struct.pack(">Q", adler32(data[:end])) + data[end + 8 :]
    rest = end + 8 + 5 + 20  # the path that ends the first seal, and the digest
    if len(data) >= rest + 8:
        data = data[:rest] + struct.pack(">Q", adler32(data[:rest])) + data[rest + 8 :]
    path.write_bytes(data)
    return True


# What a correct ensemble may leave


@mutation("disk", "A server that loses its leader during a synchronization logs records again.", legal=True)
def records_repeated_at_the_end(folder: Path, random: Random) -> bool:
    sid = random.choice(a.servers(folder))
    log = a.logs(folder, sid)[-1]
    epoch = a.zxid_of(log.records[-1]) >> 32
    same = [p for p in log.records if a.zxid_of(p) >> 32 == epoch]
    log.records += same[-random.randrange(1, 20) :]
    log.write()
    return True


@mutation("disk", "The space that a server reserves in front of itself depends on a setting.", legal=True)
def reserved_space_changed(folder: Path, random: Random) -> bool:
    for sid in a.servers(folder):
        for log in a.logs(folder, sid):
            log.tail = bytes(random.choice((0, 1, 12, 4096, 100_000)))
            log.write()
    return True


@mutation("disk", "A crash leaves the last record half written, and a server ignores it.", legal=True)
def torn_last_record(folder: Path, random: Random) -> bool:
    sid = random.choice(a.servers(folder))
    log = a.logs(folder, sid)[-1]
    payload = a.with_zxid(log.records[-1], a.zxid_of(log.records[-1]) + 1)
    whole = struct.pack(">Qi", adler32(payload), len(payload)) + payload + b"B"
    log.tail = whole[: random.randrange(13, len(whole) - 1)]
    log.write()
    return True


@mutation("disk", "A leader logged a proposal that reached nobody before the recording ended.", legal=True)
def proposal_that_only_the_leader_has(folder: Path, random: Random) -> bool:
    found = a.places(folder, a.ACTIVATED)
    last = max(found, key=lambda p: p.hex("zxid"))
    log = a.logs(folder, last.sid)[-1]
    zxid = a.zxid_of(log.records[-1])
    if zxid >> 32 != last.hex("zxid") >> 32:
        return False
    log.records.append(a.with_zxid(log.records[-1], zxid + 1))
    log.write()
    return True


@mutation(
    "disk", "After SNAP what was never committed stays in an old file, in front of the snapshot.", legal=True
)
def dead_record_in_front_of_a_snapshot(folder: Path, random: Random) -> bool:
    options = []
    for sid in a.servers(folder):
        covered = [s for s in a.spots(folder, sid) if s.zxid <= a.base(folder, sid)]
        ends = {s.zxid >> 32: s for s in covered}
        options += [s for s in ends.values() if s.zxid >> 32 < a.base(folder, sid) >> 32]
    path = capture(folder)
    proposed = {m.zxid for m in messages(path) if m.kind == "packet"} if path else set()
    used = a.all_zxids(folder) | proposed
    options = [s for s in options if s.zxid + 1 not in used]
    spot = a.pick(random, options)
    if spot:
        orphan = a.with_zxid(spot.payload, spot.zxid + 1)
        a.edit_log(folder, spot, lambda records, index: records.insert(index + 1, orphan))
    return spot is not None


@mutation("disk", "An epoch may be accepted and never activated.", legal=True)
def epoch_burnt(folder: Path, random: Random) -> bool:
    sid = random.choice(a.servers(folder))
    a.set_epoch(folder, sid, "acceptedEpoch", a.epoch(folder, sid, "acceptedEpoch") + random.randrange(1, 4))
    return True


@mutation("disk", "A crash leaves the file through which an epoch is replaced.", legal=True)
def half_written_epoch_file(folder: Path, random: Random) -> bool:
    sid = random.choice(a.servers(folder))
    (a.version2(folder, sid) / "acceptedEpoch.tmp").write_text("9")
    return True


@mutation("disk", "What does not belong there says nothing.", legal=True)
def foreign_files(folder: Path, random: Random) -> bool:
    sid = random.choice(a.servers(folder))
    (a.version2(folder, sid) / "lost+found").write_bytes(b"\0\1\2")
    (folder / "notes.txt").write_text("taken on Friday")
    return True


@mutation("disk", "A snapshot that was being written when the server died is passed over.", legal=True)
def torn_snapshot(folder: Path, random: Random) -> bool:
    options = [sid for sid in a.servers(folder) if a.living(folder, sid)]
    sid = a.pick(random, options)
    if sid is None:
        return False
    source = max(a.version2(folder, sid).glob("snapshot.*")).read_bytes()
    zxid = random.choice(a.living(folder, sid)).zxid
    path = a.version2(folder, sid) / f"snapshot.{zxid:x}"
    path.write_bytes(source[: random.randrange(1, len(source) - 1)])
    return True


@mutation(
    "disk",
    "Old snapshots, and files of the log that the newest one covers, are purged.",
    legal=True,
    loses=True,
)
def old_files_purged(folder: Path, random: Random) -> bool:
    options = [sid for sid in a.servers(folder) if len(list(a.version2(folder, sid).glob("snapshot.*"))) > 1]
    sid = a.pick(random, options)
    if sid is None:
        return False
    newest = a.base(folder, sid)
    for path in a.version2(folder, sid).glob("snapshot.*"):
        if int(path.name[9:], 16) < newest:
            path.unlink()
    files = a.logs(folder, sid)
    for one, two in pairwise(files):
        if int(two.path.name[4:], 16) <= newest + 1:
            one.path.unlink()
    return True


@mutation("disk", "A snapshot may be compressed.", legal=True)
def snapshots_compressed(folder: Path, random: Random) -> bool:
    for path in folder.glob("s*/version-2/snapshot.*"):
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    return True


@mutation("disk", "Only the disks of some servers were collected.", legal=True, loses=True)
def disk_of_one_server_removed(folder: Path, random: Random) -> bool:
    sid = random.choice(a.servers(folder))
    for path in [a.version2(folder, sid), *folder.glob(f"disk-images/*/s{sid}")]:
        shutil.rmtree(path)
    return True


@mutation("disk", "No disk was collected.", legal=True, loses=True)
def all_disks_removed(folder: Path, random: Random) -> bool:
    for sid in a.servers(folder):
        shutil.rmtree(a.version2(folder, sid))
    shutil.rmtree(folder / "disk-images", ignore_errors=True)
    return True


@mutation("disk", "Only epoch files and snapshots were collected.", legal=True, loses=True)
def transaction_logs_removed(folder: Path, random: Random) -> bool:
    for path in folder.glob("s*/version-2/log.*"):
        path.unlink()
    return True


@mutation(
    "disk",
    "A disk was copied earlier than everything else, without its last records.",
    legal=True,
    loses=True,
)
def disk_copied_earlier(folder: Path, random: Random) -> bool:
    """Of one server, so that a quorum still has what clients were told of."""
    options = []
    for sid in a.servers(folder):
        alive = a.living(folder, sid)
        if len(alive) > 12:
            options.append((sid, alive[-random.randrange(1, 12)].zxid))
    option = a.pick(random, options)
    if option:
        a.remove_from(folder, *option)
    return option is not None
