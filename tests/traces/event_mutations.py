"""Changes of a recording in our own schema: the events of a run, and then with one of them wrong."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from tests.traces import artefacts as a
from tests.traces.mutation import mutation
from zabcheck.traces import jsonl
from zabcheck.traces.recording import open_recording

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

Event = dict[str, Any]


def convert(folder: Path) -> None:
    """Leave nothing but the events of the recording, at the lowest level that there is."""
    whole = open_recording([str(folder)])
    made = [whole.header(), *whole.events(whole.views - 1)]
    for path in list(folder.iterdir()):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    with (folder / "events.jsonl").open("wb") as stream:
        jsonl.write(made, stream)


def _apply(
    folder: Path, change: Callable[[list[Event]], list[Event] | None], *, renumber: bool = True
) -> bool:
    convert(folder)
    found = change(a.events(folder))
    if found is not None:
        a.write_events(folder, found, renumber=renumber)
    return found is not None


def _of(found: list[Event], kind: str) -> list[Event]:
    return [e for e in found if e["kind"] == kind]


def _successive(found: list[Event], kind: str) -> list[tuple[Event, Event, Event]]:
    """Three events of a kind on a track with successive zxids."""
    by_track: dict[str, list[Event]] = {}
    for event in _of(found, kind):
        by_track.setdefault(event["track"], []).append(event)
    return [
        t
        for events in by_track.values()
        for t in zip(events, events[1:], events[2:], strict=False)
        if int(t[1]["zxid"], 16) == int(t[0]["zxid"], 16) + 1 == int(t[2]["zxid"], 16) - 1
    ]


def _committed_by_leaders(found: list[Event]) -> list[Event]:
    """Commits of who counted acknowledgements."""
    counted = {(e["track"], e["zxid"]) for e in _of(found, "counted")}
    return [e for e in _of(found, "committed") if (e["track"], e["zxid"]) in counted]


@mutation("event", "A leader commits what a quorum has acknowledged; here it counted its own word at most.")
def acknowledgements_not_counted(folder: Path, random: Random) -> bool:
    def change(found: list[Event]) -> list[Event] | None:
        commit = a.pick(random, _committed_by_leaders(found))
        if commit is None:
            return None
        where = commit["track"], commit["zxid"]
        return [
            e
            for e in found
            if not (
                e["kind"] == "counted"
                and (e["track"], e["zxid"]) == where
                and e.get("sender") != commit.get("server")
            )
        ]

    return _apply(folder, change)


@mutation("event", "Acknowledgements of a server that does not vote make no quorum.")
def acknowledgements_of_strangers(folder: Path, random: Random) -> bool:
    def change(found: list[Event]) -> list[Event] | None:
        commit = a.pick(random, _committed_by_leaders(found))
        if commit is None:
            return None
        for event in _of(found, "counted"):
            if (event["track"], event["zxid"]) == (commit["track"], commit["zxid"]) and event.get(
                "sender"
            ) != commit.get("server"):
                event["sender"] = 77
        return found

    return _apply(folder, change)


@mutation("event", "Transactions are committed in the order of their zxids.")
def commits_turned(folder: Path, random: Random) -> bool:
    return _turned(folder, random, "committed")


@mutation("event", "A leader proposes in the order of its counter.")
def proposals_turned(folder: Path, random: Random) -> bool:
    return _turned(folder, random, "proposed")


def _turned(folder: Path, random: Random, kind: str) -> bool:
    def change(found: list[Event]) -> list[Event] | None:
        triple = a.pick(random, _successive(found, kind))
        if triple is None:
            return None
        triple[0]["zxid"], triple[1]["zxid"] = triple[1]["zxid"], triple[0]["zxid"]
        return found

    return _apply(folder, change)


@mutation("event", "No transaction is left out between two that are committed.")
def commit_skipped(folder: Path, random: Random) -> bool:
    return _skipped(folder, random, "committed")


@mutation("event", "A leader's counter goes up by one.")
def proposal_skipped(folder: Path, random: Random) -> bool:
    return _skipped(folder, random, "proposed")


def _skipped(folder: Path, random: Random, kind: str) -> bool:
    def change(found: list[Event]) -> list[Event] | None:
        triple = a.pick(random, _successive(found, kind))
        return None if triple is None else [e for e in found if e is not triple[1]]

    return _apply(folder, change)


@mutation("event", "A leader commits what it has proposed.")
def commit_of_what_was_not_proposed(folder: Path, random: Random) -> bool:
    def change(found: list[Event]) -> list[Event] | None:
        commit = a.pick(random, _committed_by_leaders(found))
        if commit is None:
            return None
        commit["zxid"] = hex(int(commit["zxid"], 16) + 500)
        return found

    return _apply(folder, change)


@mutation("event", "The same transactions make the same tree on every server.")
def tree_changed(folder: Path, random: Random) -> bool:
    def change(found: list[Event]) -> list[Event] | None:
        applied = [e for e in _of(found, "applied") if e.get("digest") is not None]
        servers: dict[str, set[int]] = {}
        for event in applied:
            servers.setdefault(event["zxid"], set()).add(event["server"])
        event = a.pick(random, [e for e in applied if len(servers[e["zxid"]]) > 1])
        if event is None:
            return None
        event["digest"] += 1
        return found

    return _apply(folder, change)


@mutation("event", "A server applies transactions in the order of their zxids.")
def applied_in_another_order(folder: Path, random: Random) -> bool:
    def change(found: list[Event]) -> list[Event] | None:
        triple = a.pick(random, _successive(found, "applied"))
        if triple is None:
            return None
        one, two = triple[:2]
        for name in ("zxid", "digest"):
            one[name], two[name] = two.get(name), one.get(name)
        return [{k: v for k, v in e.items() if v is not None} if e is one or e is two else e for e in found]

    return _apply(folder, change)


@mutation("event", "Under one zxid there are the same bytes everywhere.")
def body_of_a_record_changed(folder: Path, random: Random) -> bool:
    def change(found: list[Event]) -> list[Event] | None:
        records = _of(found, "record")
        count: dict[str, int] = {}
        for event in records:
            count[event["zxid"]] = count.get(event["zxid"], 0) + 1
        event = a.pick(random, [e for e in records if count[e["zxid"]] > 1])
        if event is None:
            return None
        event["body"] = hex(int(event["body"], 16) + (1 << 32))
        return found

    return _apply(folder, change)


@mutation("event", "The epoch of a server never goes down.")
def epoch_set_back(folder: Path, random: Random) -> bool:
    def change(found: list[Event]) -> list[Event] | None:
        activated = a.pick(random, [e for e in _of(found, "activated") if int(e["epoch"], 16) > 1])
        if activated is None:
            return None
        place = found.index(activated)
        lower = {
            "kind": "epoch_set",
            "track": activated["track"],
            "server": activated["server"],
            "epoch": "0x1",
        }
        return [*found[: place + 1], lower, *found[place + 1 :]]

    return _apply(folder, change)


# The same, or less


@mutation("event", "The same recording, kept as events.", legal=True)
def kept_as_events(folder: Path, random: Random) -> bool:
    return _apply(folder, lambda found: found)


@mutation("event", "Tracks are not ordered against one another, but for those of one capture.", legal=True)
def track_after_track(folder: Path, random: Random) -> bool:
    def change(found: list[Event]) -> list[Event]:
        places = {e["track"]: "wire" if e["track"].startswith("wire") else e["track"] for e in found}
        groups = sorted(set(places.values()) - {"recording"})
        random.shuffle(groups)
        groups.insert(0, "recording")
        return sorted(found, key=lambda e: groups.index(places[e["track"]]))

    return _apply(folder, change)


@mutation("event", "Clocks order nothing, and need not be there.", legal=True)
def events_without_clocks(folder: Path, random: Random) -> bool:
    return _apply(
        folder, lambda found: [{k: v for k, v in e.items() if k not in ("wall", "at")} for e in found]
    )


@mutation("event", "Lost events show as a gap in the numbers of a track.", legal=True, loses=True)
def events_lost(folder: Path, random: Random) -> bool:
    def change(found: list[Event]) -> list[Event]:
        lost = {id(e) for e in random.sample(found[1:], 3)}
        return [e for e in found if id(e) not in lost]

    return _apply(folder, change, renumber=False)


@mutation("event", "A recorder wrote only what happened after it was attached.", legal=True, loses=True)
def tracks_begin_later(folder: Path, random: Random) -> bool:
    def change(found: list[Event]) -> list[Event]:
        logs = sorted({e["track"] for e in found if e["track"].endswith("/log")})
        chosen = random.choice(logs)
        first = random.randrange(1, sum(e["track"] == chosen for e in found))
        return [e for e in found if e["track"] != chosen or e["seq"] >= first]

    return _apply(folder, change, renumber=False)
