"""Changes of packet captures: of what servers say to each other, and of how the frames of it were captured."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.traces import artefacts as a
from tests.traces import packets as p
from tests.traces.mutation import mutation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from tests.traces.packets import Message


def _apply(
    folder: Path, random: Random, change: Callable[[list[Message], Random, Path], list[Message] | None]
) -> bool:
    path = p.capture(folder)
    if path is None:
        return False
    found = change(p.messages(path), random, folder)
    if found is not None:
        p.write_messages(path, found)
    return found is not None


def _of(found: list[Message], *types: str) -> list[int]:
    return [n for n, m in enumerate(found) if m.type in types]


def _moved(
    places: Callable[[list[Message]], list[int]], by: int
) -> Callable[[list[Message], Random, Path], list[Message] | None]:
    """Give one of some packets a later zxid."""

    def change(found: list[Message], random: Random, folder: Path) -> list[Message] | None:
        number = a.pick(random, places(found))
        if number is None:
            return None
        return _set(found, number, found[number].with_zxid(found[number].zxid + by))

    return change


def _without(found: list[Message], numbers: set[int]) -> list[Message]:
    return [m for n, m in enumerate(found) if n not in numbers]


def _set(found: list[Message], number: int, message: Message) -> list[Message]:
    return [*found[:number], message, *found[number + 1 :]]


def _by_voters(found: list[Message], folder: Path) -> set[int]:
    """Connections of followers."""
    voting = {host for host, votes in a.configured(folder).values() if votes}
    return {m.number for m in found if m.kind == "packet" and m.learner[0] in voting}


def _connections(found: list[Message], type_: str) -> dict[int, list[int]]:
    """The packets of a type on each connection."""
    made: dict[int, list[int]] = {}
    for number in _of(found, type_):
        made.setdefault(found[number].number, []).append(number)
    return made


def _broadcast(found: list[Message], type_: str) -> list[tuple[int, int, int]]:
    """Three packets of a type that follow each other on a connection after UPTODATE, with successive zxids."""
    told = {found[n].number: n for n in _of(found, "UPTODATE")}
    triples = []
    for connection, numbers in _connections(found, type_).items():
        later = [n for n in numbers if n > told.get(connection, len(found))]
        triples += [
            t for t in zip(later, later[1:], later[2:], strict=False)
            if found[t[1]].zxid == found[t[0]].zxid + 1 and found[t[2]].zxid == found[t[1]].zxid + 1
        ]  # fmt: skip
    return triples


# Broadcast


@mutation("wire", "A leader alone is no quorum, and all acknowledgements of others come later.")
def commit_before_the_acknowledgements(folder: Path, random: Random) -> bool:
    def change(found: list[Message], random: Random, folder: Path) -> list[Message] | None:
        options = []
        for number in _of(found, "COMMIT"):
            commit = found[number]
            proposal = next(
                (n for n in range(number, -1, -1)
                 if found[n].type == "PROPOSAL" and found[n].number == commit.number and found[n].zxid == commit.zxid),
                None,
            )  # fmt: skip
            between = [] if proposal is None else found[proposal:number]
            acks = [m for m in between if m.type == "ACK" and m.zxid == commit.zxid]
            others = [m for m in between if m.number == commit.number and m.type == "COMMIT"]
            first = not any(m.type == "COMMIT" and m.zxid == commit.zxid for m in found[:number])
            if proposal is not None and acks and not others and first:
                early = [m for m in found[:proposal] if m.type == "ACK" and m.zxid == commit.zxid]
                if not early:
                    options.append((number, proposal))
        option = a.pick(random, options)
        if option is None:
            return None
        number, proposal = option
        moved = replace(found[number], time=found[proposal].time)
        return [*found[: proposal + 1], moved, *found[proposal + 1 : number], *found[number + 1 :]]

    return _apply(folder, random, change)


@mutation("wire", "Only the leader is left to have logged the proposal, and it is committed.")
def acknowledgements_removed(folder: Path, random: Random) -> bool:
    def change(found: list[Message], random: Random, folder: Path) -> list[Message] | None:
        triple = a.pick(random, _broadcast(found, "COMMIT"))
        if triple is None:
            return None
        zxid = found[triple[0]].zxid
        return _without(found, {n for n in _of(found, "ACK") if found[n].zxid == zxid})

    return _apply(folder, random, change)


@mutation("wire", "Exactly this proposal must be acknowledged by a quorum: one of a later zxid does not do.")
def acknowledgement_of_the_next_instead(folder: Path, random: Random) -> bool:
    def change(found: list[Message], random: Random, folder: Path) -> list[Message] | None:
        triple = a.pick(random, _broadcast(found, "COMMIT"))
        if triple is None:
            return None
        zxid = found[triple[0]].zxid
        return [m.with_zxid(zxid + 1) if m.type == "ACK" and m.zxid == zxid else m for m in found]

    return _apply(folder, random, change)


@mutation("wire", "Acknowledgements of observers do not count, and nobody else acknowledges.")
def acknowledged_by_observers_only(folder: Path, random: Random) -> bool:
    def change(found: list[Message], random: Random, folder: Path) -> list[Message] | None:
        voters = _by_voters(found, folder)
        observers = {m.number for m in found if m.type == "OBSERVERINFO"}
        triples = [t for t in _broadcast(found, "COMMIT") if found[t[0]].number in voters]
        informed = {found[n].zxid: n for n in _of(found, "INFORM") if found[n].number in observers}
        triple = a.pick(random, [t for t in triples if found[t[0]].zxid in informed])
        if triple is None:
            return None
        zxid = found[triple[0]].zxid
        observer = found[informed[zxid]]
        changed = []
        for message in found:
            if message.type == "ACK" and message.zxid == zxid and message.number in voters:
                continue
            changed.append(message)
            if message is observer:
                ack = struct.pack(">iqii", 3, zxid, -1, 0)
                changed.append(replace(observer, source=observer.target, target=observer.source, data=ack))
        return changed

    return _apply(folder, random, change)


@mutation("wire", "A follower gets every proposal of the epoch, in order, once it is in step.")
def proposal_left_out(folder: Path, random: Random) -> bool:
    def change(found: list[Message], random: Random, folder: Path) -> list[Message] | None:
        triple = a.pick(random, _broadcast(found, "PROPOSAL"))
        return None if triple is None else _without(found, {triple[1]})

    return _apply(folder, random, change)


@mutation("wire", "Proposals come in the order of their zxids.")
def proposals_exchanged(folder: Path, random: Random) -> bool:
    def change(found: list[Message], random: Random, folder: Path) -> list[Message] | None:
        triple = a.pick(random, _broadcast(found, "PROPOSAL"))
        if triple is None:
            return None
        one, two = found[triple[0]], found[triple[1]]
        return _set(
            _set(found, triple[0], replace(one, data=two.data)), triple[1], replace(two, data=one.data)
        )

    return _apply(folder, random, change)


@mutation("wire", "Commits come in the order of the proposals.")
def commits_exchanged(folder: Path, random: Random) -> bool:
    def change(found: list[Message], random: Random, folder: Path) -> list[Message] | None:
        triple = a.pick(random, _broadcast(found, "COMMIT"))
        if triple is None:
            return None
        one, two = found[triple[0]], found[triple[1]]
        return _set(
            _set(found, triple[0], replace(one, data=two.data)), triple[1], replace(two, data=one.data)
        )

    return _apply(folder, random, change)


@mutation("wire", "The oldest proposal is committed first: none is left out.")
def commit_left_out(folder: Path, random: Random) -> bool:
    def change(found: list[Message], random: Random, folder: Path) -> list[Message] | None:
        triple = a.pick(random, _broadcast(found, "COMMIT"))
        return None if triple is None else _without(found, {triple[1]})

    return _apply(folder, random, change)


@mutation("wire", "Nothing is committed that was not proposed.")
def commit_of_what_was_never_proposed(folder: Path, random: Random) -> bool:
    return _apply(folder, random, _moved(lambda found: _of(found, "COMMIT"), 1000))


@mutation("wire", "A follower acknowledges what it was sent.")
def acknowledgement_of_what_was_never_sent(folder: Path, random: Random) -> bool:
    def change(found: list[Message], random: Random, folder: Path) -> list[Message] | None:
        options = [n for n in _of(found, "ACK") if found[n].zxid & a.COUNTER]
        number = a.pick(random, options)
        return (
            None
            if number is None
            else _set(found, number, found[number].with_zxid(found[number].zxid + 1000))
        )

    return _apply(folder, random, change)


def _flipped(message: Message) -> Message | None:
    """A proposal with another value."""
    payload = message.payload()
    span = a.value_span(payload)
    if span is None:
        return None
    at = span[0]
    return message.with_payload(payload[:at] + bytes([payload[at] ^ 1]) + payload[at + 1 :])


@mutation("wire", "All followers get the same transaction under a zxid.")
def proposal_changed_for_one(folder: Path, random: Random) -> bool:
    def change(found: list[Message], random: Random, folder: Path) -> list[Message] | None:
        many = [found[n].zxid for n in _of(found, "PROPOSAL")]
        options = [n for n in _of(found, "PROPOSAL") if many.count(found[n].zxid) > 1 and _flipped(found[n])]
        number = a.pick(random, options)
        changed = None if number is None else _flipped(found[number])
        return None if changed is None else _set(found, number, changed)

    return _apply(folder, random, change)


@mutation("wire", "What was proposed is what is in the logs; this value is in none.")
def proposal_changed_for_all(folder: Path, random: Random) -> bool:
    def change(found: list[Message], random: Random, folder: Path) -> list[Message] | None:
        logged = a.all_zxids(folder)
        options = [n for n in _of(found, "PROPOSAL") if found[n].zxid in logged and _flipped(found[n])]
        number = a.pick(random, options)
        if number is None:
            return None
        zxid = found[number].zxid
        return [
            (_flipped(m) or m) if m.type in ("PROPOSAL", "INFORM") and m.zxid == zxid else m for m in found
        ]

    return _apply(folder, random, change)


@mutation("wire", "A leader proposes in its own epoch only.")
def proposal_of_another_epoch(folder: Path, random: Random) -> bool:
    def change(found: list[Message], random: Random, folder: Path) -> list[Message] | None:
        triple = a.pick(random, _broadcast(found, "PROPOSAL"))
        if triple is None:
            return None
        message = found[triple[2]]
        zxid = message.zxid + (1 << 32)
        return _set(
            found, triple[2], message.with_zxid(zxid).with_payload(a.with_zxid(message.payload(), zxid))
        )

    return _apply(folder, random, change)


# Discovery and synchronization


@mutation("wire", "NEWLEADER is of the epoch that LEADERINFO offered.")
def leaderinfo_of_another_epoch(folder: Path, random: Random) -> bool:
    return _apply(folder, random, _moved(lambda found: _of(found, "LEADERINFO"), (1 << 32)))


@mutation("wire", "NEWLEADER is of the epoch that LEADERINFO offered, and so is its acknowledgement.")
def newleader_of_another_epoch(folder: Path, random: Random) -> bool:
    return _apply(folder, random, _moved(lambda found: _of(found, "NEWLEADER"), (1 << 32)))


@mutation("wire", "Whoever has accepted a later epoch does not answer an earlier one.")
def followerinfo_of_a_later_epoch(folder: Path, random: Random) -> bool:
    return _apply(folder, random, _moved(lambda found: _of(found, "FOLLOWERINFO", "OBSERVERINFO"), (9 << 32)))


@mutation("wire", "A DIFF is for who has less, and this learner has more than its end.")
def diff_for_a_learner_that_is_ahead(folder: Path, random: Random) -> bool:
    def change(found: list[Message], random: Random, folder: Path) -> list[Message] | None:
        diffs = {found[n].number: found[n].zxid for n in _of(found, "DIFF")}
        number = a.pick(random, [n for n in _of(found, "ACKEPOCH") if found[n].number in diffs])
        if number is None:
            return None
        return _set(found, number, found[number].with_zxid(diffs[found[number].number] + 5))

    return _apply(folder, random, change)


@mutation("wire", "A leader serves when a quorum has acknowledged NEWLEADER; nobody did.")
def newleader_acknowledged_by_nobody(folder: Path, random: Random) -> bool:
    def change(found: list[Message], random: Random, folder: Path) -> list[Message] | None:
        zxid = a.pick(random, sorted({found[n].zxid for n in _of(found, "NEWLEADER")}))
        if zxid is None:
            return None
        return _without(found, {n for n in _of(found, "ACK") if found[n].zxid == zxid})

    return _apply(folder, random, change)


@mutation(
    "wire", "A leader serves a learner after it has acknowledged NEWLEADER, and proposes after a quorum has."
)
def uptodate_before_newleader(folder: Path, random: Random) -> bool:
    def change(found: list[Message], random: Random, folder: Path) -> list[Message] | None:
        number = a.pick(random, _of(found, "UPTODATE"))
        if number is None:
            return None
        before = next(
            n for n in range(number, -1, -1)
            if found[n].type == "NEWLEADER" and found[n].number == found[number].number
        )  # fmt: skip
        return [*found[:before], found[number], *found[before:number], *found[number + 1 :]]

    return _apply(folder, random, change)


@mutation("wire", "A DIFF brings all up to the end that it names.")
def diff_that_brings_less(folder: Path, random: Random) -> bool:
    def change(found: list[Message], random: Random, folder: Path) -> list[Message] | None:
        options = []
        for number in _of(found, "DIFF"):
            same = found[number].number
            until = next(
                (n for n in _of(found, "NEWLEADER") if n > number and found[n].number == same), number
            )
            brought = {
                n
                for n in range(number, until)
                if found[n].number == same and found[n].type in ("PROPOSAL", "COMMIT")
            }
            if brought:
                zxid = max(found[n].zxid for n in brought)
                options.append({n for n in brought if found[n].zxid == zxid})
        option = a.pick(random, options)
        return None if option is None else _without(found, option)

    return _apply(folder, random, change)


@mutation(
    "wire",
    "A vote arrives as it was sent, and its sender's log has no such vote.",
    missed="it is the last vote on its connection, which may be behind the end of the sender's log",
)
def vote_that_was_never_sent(folder: Path, random: Random) -> bool:
    def change(found: list[Message], random: Random, folder: Path) -> list[Message] | None:
        options = [n for n, m in enumerate(found) if m.kind == "vote" and _is_looking(m)]
        number = a.pick(random, options)
        if number is None:
            return None
        data = found[number].data
        at = 12  # behind state and leader
        zxid = int(struct.unpack_from(">q", data, at)[0]) + (5 << 32) + 7
        return _set(
            found, number, replace(found[number], data=data[:at] + struct.pack(">q", zxid) + data[at + 8 :])
        )

    return _apply(folder, random, change)


def _is_looking(message: Message) -> bool:
    """Whether these bytes are one notification of a server that looks for a leader; its length came before."""
    data = message.data
    if len(data) < 44:
        return False
    state, version, length = (struct.unpack_from(">i", data, at)[0] for at in (0, 36, 40))
    return bool(state == 0 and version == 2 and len(data) == 44 + length)


# How it was captured


@mutation("wire", "Nothing was captured.", legal=True, loses=True)
def capture_removed(folder: Path, random: Random) -> bool:
    path = p.capture(folder)
    if path:
        path.unlink()
    return path is not None


@mutation("wire", "TCP keeps bytes and no boundaries.", legal=True)
def segments_cut_elsewhere(folder: Path, random: Random) -> bool:
    path = p.capture(folder)
    if path:
        p.write_messages(path, p.messages(path), random)
    return path is not None


@mutation("wire", "What is not acknowledged in time is sent again.", legal=True)
def segments_sent_again(folder: Path, random: Random) -> bool:
    return _frames(
        folder, lambda found: [f for frame in found for f in [frame] * random.choice((1, 1, 1, 2))]
    )


@mutation("wire", "Two frames may overtake each other on the way.", legal=True)
def segments_out_of_order(folder: Path, random: Random) -> bool:
    def change(found: list[p.Frame]) -> list[p.Frame]:
        made = list(found)
        for number in range(len(made) - 1):
            one, two = made[number], made[number + 1]
            if (
                (one.source, one.target) == (two.source, two.target)
                and one.data
                and two.data
                and random.random() < 0.3
            ):
                made[number], made[number + 1] = two, one
        return made

    return _frames(folder, change)


@mutation("wire", "The capture was begun late.", legal=True, loses=True)
def capture_cut_at_the_beginning(folder: Path, random: Random) -> bool:
    return _frames(folder, lambda found: found[random.randrange(1, len(found)) :])


@mutation("wire", "The capture was ended early.", legal=True, loses=True)
def capture_cut_at_the_end(folder: Path, random: Random) -> bool:
    path = p.capture(folder)
    if path:
        data = path.read_bytes()
        path.write_bytes(data[: random.randrange(len(data) // 8, len(data))])
    return path is not None


@mutation("wire", "A busy machine does not capture every frame.", legal=True, loses=True)
def frames_not_captured(folder: Path, random: Random) -> bool:
    rate = random.choice((0.001, 0.01, 0.1))
    return _frames(folder, lambda found: [f for f in found if random.random() > rate])


@mutation("wire", "Only the frames at one server were captured.", legal=True, loses=True)
def captured_at_one_server(folder: Path, random: Random) -> bool:
    host = random.choice([host for host, _ in a.configured(folder).values()])
    return _frames(folder, lambda found: [f for f in found if host in (f.source[0], f.target[0])])


@mutation("wire", "Other programs talk on the same network.", legal=True)
def other_traffic(folder: Path, random: Random) -> bool:
    path = p.capture(folder)
    if path is None:
        return False
    found = p.messages(path)
    ends = ("127.0.0.11", 40000), ("127.0.0.12", 80)
    time = found[0].time
    talk = [
        p.Message(time, *ends, 9999, "begin"),
        p.Message(time, *ends, 9999, "vote", b"GET / HTTP/1.1\r\nHost: example\r\n\r\n"),
        p.Message(time, ends[1], ends[0], 9999, "vote", b"HTTP/1.1 200 OK\r\n\r\n"),
        p.Message(time, *ends, 9999, "end"),
    ]
    p.write_messages(path, [*talk, *found])
    return True


@mutation("wire", "Clocks order nothing.", legal=True)
def clock_of_the_capture_shifted(folder: Path, random: Random) -> bool:
    by = random.randrange(1000, 100_000)
    return _frames(folder, lambda found: [replace(f, time=(f.time[0] + by, f.time[1])) for f in found])


def _frames(folder: Path, change: Callable[[list[p.Frame]], list[p.Frame]]) -> bool:
    path = p.capture(folder)
    if path is None:
        return False
    header, found = p.frames(path)
    p.write_frames(path, header, change(found))
    return True
