"""Text logs that no correct ensemble writes: a line is changed, removed or added so that it contradicts others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.traces import artefacts as a
from tests.traces.mutation import mutation

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

COUNTER = a.COUNTER
NOBODY = 77
LAST_VOTE = (
    "it is the last vote of its sender that was seen there, which may be behind the end of the sender's log"
)


# Activations


@mutation("log", "One server is no quorum of three or five.")
def activation_without_quorum(folder: Path, random: Random) -> bool:
    place = a.pick(random, a.places(folder, a.ACTIVATED))
    if place:
        a.set_group(folder, place, "sids", str(place.sid))
    return place is not None


@mutation("log", "Acknowledgements of observers do not count, and the leader alone is no quorum.")
def activation_with_observers(folder: Path, random: Random) -> bool:
    observers = [sid for sid, (_, votes) in a.configured(folder).items() if not votes]
    place = a.pick(random, a.places(folder, a.ACTIVATED) if observers else [])
    if place:
        a.set_group(folder, place, "sids", ", ".join(map(str, (place.sid, *observers))))
    return place is not None


@mutation("log", "A leader counts its own acknowledgement with the first one of others.")
def activation_without_the_leader(folder: Path, random: Random) -> bool:
    place = a.pick(random, a.places(folder, a.ACTIVATED))
    if place:
        others = [sid for sid in a.voters(folder) if sid != place.sid]
        a.set_group(folder, place, "sids", ", ".join(map(str, others)))
    return place is not None


@mutation("log", "Two servers activate one epoch, each with a quorum: the two quorums share a server.")
def activation_repeated_by_another(folder: Path, random: Random) -> bool:
    found = a.places(folder, a.ACTIVATED)
    pairs = [(p, q) for p in found for q in found if p.sid != q.sid and p.hex("zxid") < q.hex("zxid")]
    pair = a.pick(random, pairs)
    if pair:
        a.set_group(folder, pair[1], "zxid", pair[0]["zxid"])
    return pair is not None


@mutation(
    "log", "The epoch has records, which a leader proposes only after its activation, and later ones follow."
)
def activation_removed(folder: Path, random: Random) -> bool:
    found = a.places(folder, a.ACTIVATED)
    epochs = {zxid >> 32 for zxid in a.all_zxids(folder)}
    last = max((p.hex("zxid") for p in found), default=0)
    place = a.pick(random, [p for p in found if p.hex("zxid") >> 32 in epochs and p.hex("zxid") < last])
    if place:
        text = a.lines(folder, place.sid)
        del text[place.number]
        a.write_lines(folder, place.sid, text)
    return place is not None


@mutation("log", "A leader counts only whom it serves, and prints who comes to it; the supporter did not.")
def supporter_never_came(folder: Path, random: Random) -> bool:
    place = a.pick(random, a.places(folder, a.ACTIVATED))
    if place is None:
        return False
    supporter = random.choice([sid for sid in map(int, place["sids"].split(",")) if sid != place.sid])
    text = a.lines(folder, place.sid)
    begun = max(n for n in range(place.number) if re.search(a.TAKEN, text[n]))
    came = re.compile(rf"Follower sid: {supporter} : info")
    kept = [t for n, t in enumerate(text) if not (begun < n < place.number and came.search(t))]
    a.write_lines(folder, place.sid, kept)
    return True


@mutation(
    "log",
    "Who acknowledges NEWLEADER has received it, and prints so; the supporter's log goes on without it.",
)
def supporter_never_got_newleader(folder: Path, random: Random) -> bool:
    place = a.pick(random, a.places(folder, a.ACTIVATED))
    if place is None:
        return False
    supporter = random.choice([sid for sid in map(int, place["sids"].split(",")) if sid != place.sid])
    text = a.lines(folder, supporter)
    kept = [t for t in text if "Learner received NEWLEADER message" not in t]
    a.write_lines(folder, supporter, kept)
    return len(kept) < len(text)


# Votes


def _first_votes(folder: Path, *, after_start: bool | None = None) -> list[a.Election]:
    return [
        e for e in a.elections(folder) if e.own and (after_start is None or e.first_of_life == after_start)
    ]


@mutation(
    "log", "The first vote is for the last zxid that the server has; after a start it printed that before."
)
def own_vote_with_more_than_loaded(folder: Path, random: Random) -> bool:
    election = a.pick(random, _first_votes(folder, after_start=True))
    if election:
        vote = election.own[0]
        a.set_group(folder, vote, "zxid", f"{vote.hex('zxid') + 3:x}")
    return election is not None


@mutation("log", "What is read from disk at the start is what the election begins with.")
def loaded_less_than_proposed(folder: Path, random: Random) -> bool:
    elections = [e for e in _first_votes(folder, after_start=True) if e.began.hex("zxid") & COUNTER > 1]
    election = a.pick(random, elections)
    if election is None:
        return False
    loads = [
        p for p in a.places(folder, a.LOADED) if p.sid == election.sid and p.number < election.began.number
    ]
    a.set_group(folder, loads[-1], "zxid", f"{loads[-1].hex('zxid') - 1:x}")
    return True


@mutation("log", "A server proposes itself first, whoever else there is.")
def first_vote_for_another(folder: Path, random: Random) -> bool:
    election = a.pick(random, _first_votes(folder))
    if election:
        others = [sid for sid in a.voters(folder) if sid != election.sid]
        a.set_group(folder, election.own[0], "leader", str(random.choice(others)))
    return election is not None


@mutation("log", "A server takes over only votes that it was told of, and nobody has this number.")
def own_vote_for_nobody(folder: Path, random: Random) -> bool:
    election = a.pick(random, [e for e in _first_votes(folder) if len(e.own) > 1])
    if election:
        a.set_group(folder, random.choice(election.own[1:]), "leader", str(NOBODY))
    return election is not None


@mutation("log", "Votes only get better in a round, and what a server sends to itself comes in order.")
def own_vote_gets_worse(folder: Path, random: Random) -> bool:
    options = [
        e for e in _first_votes(folder) if len(e.own) > 1 and e.own[0]["leader"] != e.own[-1]["leader"]
        and e.own[0]["round"] == e.own[-1]["round"]
    ]  # fmt: skip
    election = a.pick(random, options)
    if election:
        text = a.lines(folder, election.sid)
        text.insert(election.own[-1].number + 1, text[election.own[0].number])
        a.write_lines(folder, election.sid, text)
    return election is not None


@mutation(
    "log", "A round is one more than the last, or that of a notification; nobody sent one of this round."
)
def own_votes_of_a_later_round(folder: Path, random: Random) -> bool:
    election = a.pick(random, [e for e in _first_votes(folder) if e.taken])
    if election is None:
        return False
    text = a.lines(folder, election.sid)
    for vote in election.own:
        start, end = vote.match.span("round")
        text[vote.number] = text[vote.number][:start] + f"{vote.hex('round') + 9:x}" + text[vote.number][end:]
    a.write_lines(folder, election.sid, text)
    return True


@mutation(
    "log", "The epoch on disk only grows, and the server voted with a later one, or activated it, before."
)
def own_vote_of_an_earlier_epoch(folder: Path, random: Random) -> bool:
    highest: dict[int, int] = {}
    options = []
    for election in _first_votes(folder):
        vote = election.own[0]
        if highest.get(election.sid, 0):
            options.append(election)
        highest[election.sid] = max(highest.get(election.sid, 0), vote.hex("epoch"))
    election = a.pick(random, options)
    if election:
        a.set_group(folder, election.own[0], "epoch", "0")
    return election is not None


@mutation("log", "Who supports an epoch has written it to disk, and votes with it from then on.")
def supporter_votes_with_the_epoch_before(folder: Path, random: Random) -> bool:
    epochs: dict[int, set[int]] = {}
    for place in a.places(folder, a.ACTIVATED):
        for sid in map(int, place["sids"].split(",")):
            epochs.setdefault(sid, set()).add(place.hex("zxid") >> 32)
    options = [e for e in _first_votes(folder) if e.own[0].hex("epoch") in epochs.get(e.sid, ())]
    election = a.pick(random, options)
    if election:
        text = a.lines(folder, election.sid)
        for vote in election.own:
            if int(vote["leader"]) == election.sid:
                start, end = vote.match.span("epoch")
                lower = f"{vote.hex('epoch') - 1:x}"
                text[vote.number] = text[vote.number][:start] + lower + text[vote.number][end:]
        a.write_lines(folder, election.sid, text)
    return election is not None


@mutation("log", "A supporter has the epoch's initial history on disk: it cannot come back with less.")
def supporter_returns_with_less(folder: Path, random: Random) -> bool:
    options = []
    for election in _first_votes(folder, after_start=True):
        for epoch, sids, history in _histories(folder):
            vote = election.own[0]
            if election.sid in sids and epoch <= vote.hex("epoch") and history & COUNTER > 1:
                options.append((election, history))
    option = a.pick(random, options)
    if option is None:
        return False
    election, history = option
    loads = [
        p for p in a.places(folder, a.LOADED) if p.sid == election.sid and p.number < election.began.number
    ]
    text = a.lines(folder, election.sid)
    own = [v for v in election.own if int(v["leader"]) == election.sid]
    for place in (loads[-1], election.began, *own):
        start, end = place.match.span("zxid")
        text[place.number] = text[place.number][:start] + f"{history - 1:x}" + text[place.number][end:]
    a.write_lines(folder, election.sid, text)
    return True


def _histories(folder: Path) -> list[tuple[int, set[int], int]]:
    """Of every activation the epoch, the supporters and the end of the history that it began with."""
    found = []
    inputs = a.places(folder, a.INPUTS)
    taken = a.places(folder, a.TAKEN)
    for place in a.places(folder, a.ACTIVATED):
        begun = max((t.number for t in taken if t.sid == place.sid and t.number < place.number), default=0)
        first = next((i for i in inputs if i.sid == place.sid and begun < i.number < place.number), None)
        if first:
            sids = set(map(int, place["sids"].split(",")))
            found.append((place.hex("zxid") >> 32, sids, first.hex("last")))
    return found


@mutation("log", "Without any vote of another server there is no quorum for anybody.")
def decision_without_votes(folder: Path, random: Random) -> bool:
    election = a.pick(random, [e for e in _first_votes(folder) if e.taken and e.heard])
    if election is None or election.taken is None:
        return False
    text = a.lines(folder, election.sid)
    before = [n for n in range(election.began.number) if re.search(f"{a.STARTED}|{a.TAKEN}", text[n])]
    begun, ended = max(before, default=0), election.taken.number
    kept = []
    for number, line in enumerate(text):
        note = re.search(a.NOTE, line) if begun < number < ended else None
        if note is None or int(note["sender"]) == election.sid:
            kept.append(line)
    a.write_lines(folder, election.sid, kept)
    return True


@mutation("log", "A server leads when a quorum votes for it; these vote for another, itself among them.")
def follower_leads(folder: Path, random: Random) -> bool:
    options = [
        e for e in _first_votes(folder)
        if e.taken and e.taken["role"] == "following" and int(e.own[-1]["leader"]) != e.sid
    ]  # fmt: skip
    election = a.pick(random, options)
    if election and election.taken:
        text = a.lines(folder, election.sid)
        number = election.taken.number
        for n in range(number, min(number + 4, len(text))):
            text[n] = re.sub(r"following$", "leading", re.sub(r"- FOLLOWING$", "- LEADING", text[n]))
        a.write_lines(folder, election.sid, text)
    return election is not None


@mutation(
    "log",
    "A notification arrives as it was sent, and its sender's own copy of the vote has another zxid.",
    missed=LAST_VOTE,
)
def received_vote_with_another_zxid(folder: Path, random: Random) -> bool:
    votes = [v for e in a.elections(folder) for v in e.heard if v["state"] == "LOOKING"]
    vote = a.pick(random, votes)
    if vote:
        a.set_group(folder, vote, "zxid", f"{vote.hex('zxid') + (9 << 32) + 1:x}")
    return vote is not None


@mutation(
    "log",
    "A notification arrives as it was sent, and its sender never voted for this one in this round.",
    missed=LAST_VOTE,
)
def received_vote_for_another(folder: Path, random: Random) -> bool:
    sent = {(v.sid, v["leader"], v["round"]) for e in a.elections(folder) for v in e.own}
    options = [
        (v, str(sid))
        for e in a.elections(folder)
        for v in e.heard
        for sid in a.voters(folder)
        if v["state"] == "LOOKING" and (int(v["sender"]), str(sid), v["round"]) not in sent
    ]
    option = a.pick(random, options)
    if option:
        a.set_group(folder, option[0], "leader", option[1])
    return option is not None


# Synchronization


@mutation("log", "A DIFF ends where the leader's committed proposals, or its database, end.")
def diff_ends_elsewhere(folder: Path, random: Random) -> bool:
    place = a.pick(random, a.places(folder, a.DIFF))
    if place:
        a.set_group(folder, place, "zxid", f"{place.hex('zxid') + 7:x}")
    return place is not None


@mutation("log", "A learner with the leader's last zxid gets an empty DIFF, never the whole database.")
def snap_for_a_learner_in_step(folder: Path, random: Random) -> bool:
    inputs = {(p.sid, p["learner"]) for p in a.places(folder, a.INPUTS) if p["last"] == p["peer"]}
    diffs = [p for p in a.places(folder, a.DIFF) if (p.sid, p["learner"]) in inputs]
    place = a.pick(random, [p for p in diffs if "  for peer" not in p.match[0]])
    if place:
        value = place["zxid"]
        text = (
            f"Sending snapshot last zxid of peer is 0x{value}, zxid of leader is 0x{value}, "
            f"send zxid of db as 0x{value}, 1 concurrent snapshot sync, snapshot sync was exempt from throttle"
        )
        a.edit_line(folder, place, lambda line: line[: place.match.start()] + text)
    return place is not None


@mutation("log", "What a learner gets is what a leader sent; no leader sent this zxid.")
def diff_arrives_with_another_zxid(folder: Path, random: Random) -> bool:
    place = a.pick(random, a.places(folder, r"Getting a diff from the leader 0x(?P<zxid>[0-9a-f]+)"))
    if place:
        a.set_group(folder, place, "zxid", f"{place.hex('zxid') + 5:x}")
    return place is not None


@mutation("log", "What a learner gets is what a leader sent; it sent a DIFF.")
def diff_arrives_as_snapshot(folder: Path, random: Random) -> bool:
    place = a.pick(random, a.places(folder, r"(?P<what>Getting a diff from the) leader"))
    if place:
        a.set_group(folder, place, "what", "Getting a snapshot from")
    return place is not None


@mutation("log", "A leader cuts back to the last zxid that it has committed itself.")
def trunc_arrives_with_another_zxid(folder: Path, random: Random) -> bool:
    found = a.places(folder, r"Truncating log to get in sync with the leader 0x(?P<zxid>[0-9a-f]+)")
    place = a.pick(random, found)
    if place:
        a.set_group(folder, place, "zxid", f"{place.hex('zxid') - 3:x}")
    return place is not None


@mutation("log", "A learner reports the zxid that it voted with; it never had this one.")
def peer_last_changed(folder: Path, random: Random) -> bool:
    had = {(e.sid, e.began.hex("zxid")) for e in a.elections(folder)}
    options = [
        p
        for p in a.places(folder, a.INPUTS)
        if int(p["learner"]) in a.voters(folder) and (int(p["learner"]), p.hex("peer") + 3) not in had
    ]
    place = a.pick(random, options)
    if place:
        a.set_group(folder, place, "peer", f"{place.hex('peer') + 3:x}")
    return place is not None


@mutation("log", "A leader begins with the history that it was elected with.")
def leader_begins_with_less(folder: Path, random: Random) -> bool:
    firsts = []
    for place in a.places(folder, a.TAKEN):
        if place["role"] == "leading":
            later = [i for i in a.places(folder, a.INPUTS) if i.sid == place.sid and i.number > place.number]
            if later and later[0].hex("last") & COUNTER > 1:
                firsts.append(later[0])
    place = a.pick(random, firsts)
    if place:
        a.set_group(folder, place, "last", f"{place.hex('last') - 1:x}")
    return place is not None
