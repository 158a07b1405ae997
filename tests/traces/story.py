"""A recording in events that is legal: two epochs, three servers, a client. Tests change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.traces import event as e
from zabcheck.traces.event import Hex
from zabcheck.traces.members import members
from zabcheck.traces.minimise import minimised
from zabcheck.traces.validator import Validator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zabcheck.traces.outcome import Outcome

ONE = 1 << 32
TWO = 2 << 32


class Story:
    """Events by track, written as they happen; numbered when they are told."""

    def __init__(self) -> None:
        self.tracks: dict[str, list[dict[str, Any]]] = {}

    def add(self, track: str, kind: type[e.Base], **fields: Any) -> None:
        server = int(track[1]) if track[0] == "s" else None
        fields = {"server": server, **fields}
        for name, value in fields.items():
            if kind.__annotations__.get(name, "").startswith("Hex") and value is not None:
                fields[name] = Hex(value)
        self.tracks.setdefault(track, []).append({"kind": kind, **fields})

    def find(self, track: str, kind: type[e.Base], number: int = 0) -> dict[str, Any]:
        return [fields for fields in self.tracks[track] if fields["kind"] is kind][number]

    def drop(self, track: str, kind: type[e.Base], number: int = 0) -> None:
        self.tracks[track].remove(self.find(track, kind, number))

    def events(self) -> Iterator[e.Base]:
        for track, events in self.tracks.items():
            for seq, fields in enumerate(events):
                rest = {name: value for name, value in fields.items() if name != "kind"}
                yield fields["kind"](track=track, seq=seq, at=f"{track}:{seq}", **rest)

    def outcome(self) -> Outcome:
        validator = Validator(members(frozenset({1, 2, 3}), release="3.8.0"))
        validator.feed(self.events())
        return minimised(validator, validator.outcome())


def vote(story: Story, track: str, sender: int, leader: int, zxid: int, epoch: int, **more: Any) -> None:
    fields = {"state": "looking", "round": 1, "my_state": "looking", **more}
    story.add(track, e.Notified, sender=sender, leader=leader, zxid=zxid, epoch=epoch, **fields)


def starts(story: Story, sid: int, zxid: int) -> None:
    log = f"s{sid}/log"
    story.add(log, e.Started, release="3.8.0")
    story.add(log, e.Loaded, zxid=zxid)
    story.add(log, e.Looking)
    story.add(log, e.ElectionBegan, zxid=zxid)


def elects(story: Story, zxid: int, epoch: int) -> None:
    """Servers 1 and 3 look for a leader with the same history; 3 wins."""
    starts(story, 1, zxid)
    starts(story, 3, zxid)
    vote(story, "s1/log", 1, 1, zxid, epoch)
    vote(story, "s3/log", 3, 3, zxid, epoch)
    vote(story, "s3/log", 1, 1, zxid, epoch)
    vote(story, "s1/log", 3, 3, zxid, epoch)
    vote(story, "s1/log", 1, 3, zxid, epoch)
    vote(story, "s3/log", 1, 3, zxid, epoch)
    story.add("s1/log", e.RoleTaken, role="following")
    story.add("s3/log", e.RoleTaken, role="leading")


def synchronizes(story: Story, zxid: int, epoch: int) -> None:
    """Leader 3 makes follower 1 begin epoch ``epoch`` with what both have, and activates it."""
    story.add("s3/log", e.LearnerCame, learner=1)
    story.add(
        "s3/log",
        e.SyncInputs,
        learner=1,
        max_committed=zxid,
        min_committed=zxid,
        last_processed=zxid,
        peer_last=zxid,
    )
    story.add("s3/log", e.SyncSent, learner=1, mode="diff", zxid=zxid)
    story.add("s1/log", e.SyncReceived, mode="diff", zxid=zxid)
    story.add("s1/log", e.NewleaderReceived)
    story.add("s3/log", e.Activated, epoch=epoch, supporters=(1, 3))
    story.add("s1/log", e.UptodateReceived)


def broadcasts(story: Story, zxids: list[int]) -> None:
    for zxid in zxids:
        story.add("s3/log", e.Proposed, zxid=zxid)
        story.add("s3/log", e.Counted, zxid=zxid, sender=3)
        story.add("s3/log", e.Counted, zxid=zxid, sender=1)
        for track in ("s3/log", "s1/log"):
            story.add(track, e.Committed, zxid=zxid)
            story.add(track, e.Applied, zxid=zxid, digest=zxid % 1000)


def has(story: Story, sid: int, zxids: list[int], epoch: int) -> None:
    track = f"s{sid}/disk"
    story.add(track, e.Image)
    story.add(track, e.Epochs, accepted=epoch, current=epoch)
    story.add(track, e.Snapshot, zxid=0)
    for zxid in zxids:
        story.add(track, e.Record, zxid=zxid, body=zxid * 7, type=5, path="/a", value=None)


def asks(story: Story, op: str, **fields: Any) -> None:
    story.add("client/a", e.Operation, client="a", op=op, server=1, path="/a", **{"ok": True, **fields})


def legal() -> Story:
    """Two epochs of leader 3 with follower 1, four transactions, a client; server 2 is away until the end."""
    story = Story()
    asks(story, "set", zxid=ONE + 1, seen=ONE + 1, value="x")
    asks(story, "set", zxid=TWO + 1, seen=TWO + 1, value="y")
    asks(story, "get", mzxid=TWO + 1, seen=TWO + 2, value="y")
    elects(story, 0, 0)
    synchronizes(story, 0, 1)
    broadcasts(story, [ONE + 1, ONE + 2])
    elects(story, ONE + 2, 1)
    synchronizes(story, ONE + 2, 2)
    broadcasts(story, [TWO + 1, TWO + 2])
    starts(story, 2, 0)
    vote(story, "s2/log", 3, 3, ONE + 2, 2, state="leading", round=2)
    starts(story, 1, TWO + 2)
    vote(story, "s1/log", 1, 1, TWO + 2, 2)
    for sid in (1, 2, 3):
        has(story, sid, [ONE + 1, ONE + 2, TWO + 1, TWO + 2], 2)
    return story
