"""Every property of recordings passes on a story that is legal, and fails when one thing in it is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.traces.story import ONE, TWO, Story, broadcasts, elects, has, legal, synchronizes, vote
from zabcheck.traces import event as e
from zabcheck.traces.event import Hex
from zabcheck.traces.members import members
from zabcheck.traces.rules.synchronization import matching
from zabcheck.traces.validator import Validator

if TYPE_CHECKING:
    from collections.abc import Callable


def change(track: str, kind: type[e.Base], number: int, **fields: Any) -> Callable[[Story], None]:
    def changed(story: Story) -> None:
        found = story.find(track, kind, number)
        for name, value in fields.items():
            found[name] = Hex(value) if isinstance(found.get(name), Hex) else value

    return changed


def drop(track: str, kind: type[e.Base], *numbers: int) -> Callable[[Story], None]:
    def dropped(story: Story) -> None:
        for number in sorted(numbers, reverse=True):
            story.drop(track, kind, number)

    return dropped


def orphan(story: Story) -> None:
    """A proposal at the end of epoch 1 that server 1 kept, although it went on to epoch 2."""
    records = story.tracks["s1/disk"]
    place = records.index(story.find("s1/disk", e.Record, 2))
    extra = {**records[place - 1], "zxid": Hex(ONE + 3), "body": Hex(99)}
    records.insert(place, extra)


def lost(story: Story) -> None:
    """Servers 1 and 2 went on to epoch 2 without the last transaction of epoch 1."""
    for sid in (1, 2):
        story.drop(f"s{sid}/disk", e.Record, 1)


def lost_everywhere(story: Story) -> None:
    """No server has the last transaction of epoch 1, and all have a snapshot of epoch 2."""
    for sid in (1, 2, 3):
        story.drop(f"s{sid}/disk", e.Record, 1)
        covered(story, sid, TWO + 1)


def covered(story: Story, sid: int, zxid: int) -> None:
    """A server has a snapshot besides the first."""
    disk = story.tracks[f"s{sid}/disk"]
    place = disk.index(story.find(f"s{sid}/disk", e.Snapshot))
    disk.insert(place + 1, {"kind": e.Snapshot, "server": sid, "zxid": Hex(zxid)})


def forgets(story: Story) -> None:
    """Server 1 comes back without what it acknowledged, and says so."""
    for kind in (e.Loaded, e.ElectionBegan):
        change("s1/log", kind, 2, zxid=ONE + 1)(story)
    own = [f for f in story.tracks["s1/log"] if f["kind"] is e.Notified]
    own[-1]["zxid"] = Hex(ONE + 1)


BROKEN = [
    ("LeaderNamed", change("s2/log", e.Notified, 0, leader=1)),
    ("VoteOrder", change("s1/log", e.Notified, 2, leader=2)),
    ("VoteOrder", change("s1/log", e.Notified, 2, round=2)),
    ("DecisionSupport", change("s3/log", e.RoleTaken, 0, role="following")),
    ("DecisionSupport", drop("s3/log", e.Notified, 1, 2)),
    ("Leadership1", change("s3/log", e.Activated, 1, epoch=1)),
    ("ActivationQuorum", change("s3/log", e.Activated, 0, supporters=(3,))),
    ("ActivationQuorum", change("s3/log", e.Activated, 0, supporters=(1, 2))),
    ("ActivationQuorum", change("s3/log", e.LearnerCame, 0, learner=2)),
    ("ActivationQuorum", drop("s1/log", e.NewleaderReceived, 0, 1)),
    ("EpochOrder", change("s3/log", e.Activated, 0, epoch=5)),
    ("VoteTruth", change("s1/log", e.ElectionBegan, 1, zxid=ONE + 1)),
    ("VoteTruth", change("s1/log", e.Notified, 0, zxid=ONE)),
    ("VoteTruth", change("s3/log", e.SyncInputs, 1, last_processed=ONE + 1)),
    ("AckDurability", forgets),
    ("SyncDecision", change("s3/log", e.SyncSent, 0, mode="snap")),
    ("SyncDecision", change("s3/log", e.SyncSent, 1, zxid=ONE + 1)),
    ("SyncAgreement", change("s1/log", e.SyncReceived, 0, mode="trunc")),
    ("SyncAgreement", change("s3/log", e.SyncInputs, 1, peer_last=ONE + 1)),
    ("ProposalOrder", change("s3/log", e.Proposed, 1, zxid=ONE + 3)),
    ("CommitOrder", change("s1/log", e.Committed, 1, zxid=ONE + 3)),
    ("CommitQuorum", drop("s3/log", e.Counted, 1)),
    ("TreeAgreement", change("s1/log", e.Applied, 0, digest=1)),
    ("RecordAgreement", change("s2/disk", e.Record, 1, body=5)),
    ("LogContiguity", change("s2/disk", e.Record, 3, zxid=TWO + 3)),
    ("LogContiguity", drop("s2/disk", e.Record, 2)),
    ("TotalOrder", drop("s2/disk", e.Record, 1)),
    ("P2", orphan),
    ("P1s", lost),
    ("P1s", lost_everywhere),
    ("P1s", change("client/a", e.Operation, 1, zxid=TWO + 9)),
    ("EpochFiles", change("s1/disk", e.Epochs, 0, current=1)),
    ("EpochFiles", change("s1/disk", e.Epochs, 0, accepted=1)),
    ("MonotonicReads", change("client/a", e.Operation, 2, seen=TWO)),
    ("ClientOrder", change("client/a", e.Operation, 1, zxid=ONE)),
    ("AcknowledgedWrites", change("client/a", e.Operation, 0, path="/b")),
    ("ReadsExplained", change("client/a", e.Operation, 2, value="z")),
]


def test_a_server_may_have_died_before_it_wrote_its_current_epoch() -> None:
    story = legal()
    change("s1/disk", e.Epochs, 0, current=1, updating=True)(story)
    assert story.outcome().findings == ()


def test_the_legal_story() -> None:
    outcome = legal().outcome()
    assert outcome.findings == ()
    assert outcome.verdict == "conforms"
    decided = {judged.property.name for judged in outcome.properties if judged.verdict == "holds"}
    assert decided >= {name for name, _ in BROKEN}


@pytest.mark.parametrize(("name", "breaks"), BROKEN)
def test_one_thing_changed(name: str, breaks: Callable[[Story], None]) -> None:
    story = legal()
    breaks(story)
    outcome = story.outcome()
    assert outcome.verdict == "violates"
    found = [finding for finding in outcome.findings if finding.property == name]
    assert found, [finding.observed for finding in outcome.findings]
    assert all(f.observed and f.allowed and f.guard and f.events for f in found)


def observes(story: Story) -> None:
    """Server 4 does not vote: server 3 tells it the leader of epoch 1 in round 2, between two votes of its own."""
    vote(story, "s4/log", 3, 3, 0, 0)
    vote(story, "s4/log", 3, 3, 0, 1, round=2)
    vote(story, "s4/log", 3, 3, ONE + 2, 1)
    vote(story, "s4/log", 1, 1, ONE + 2, 1, state="following", round=2)


def enters_round_two(story: Story, *own: tuple[int, int, int]) -> None:
    """Server 2, with no history, learns of candidate 1 and round 2; then its first vote comes back, and these do."""
    vote(story, "s2/log", 1, 1, ONE + 2, 1, round=2)
    vote(story, "s2/log", 2, 2, 0, 0)
    for leader, zxid, epoch in own:
        vote(story, "s2/log", 2, leader, zxid, epoch, round=2)


def test_a_server_answers_itself_with_the_candidate_of_the_round_before() -> None:
    new, old = (1, ONE + 2, 1), (2, 0, 0)
    for own in ((new, old), (old, new), (old, new, new)):
        story = legal()
        enters_round_two(story, *own)
        assert story.outcome().findings == ()
    for own in ((new, old, old), (old, old), (new, (3, 0, 0))):
        story = legal()
        enters_round_two(story, *own)
        assert [f.property for f in story.outcome().findings] == ["VoteOrder"]


def test_what_a_leader_committed_is_in_the_next_epoch() -> None:
    """Epoch 2 begins without the last transaction of epoch 1; no client was asked, and a snapshot hides the place."""
    story = Story()
    elects(story, 0, 0)
    synchronizes(story, 0, 1)
    broadcasts(story, [ONE + 1, ONE + 2])
    elects(story, ONE + 1, 1)
    synchronizes(story, ONE + 1, 2)
    for sid in (1, 3):
        has(story, sid, [ONE + 1, TWO + 1, TWO + 2], 2)
        covered(story, sid, TWO + 1)
    (finding,) = story.outcome().findings
    assert finding.property == "P1s"
    assert finding.observed.startswith(f"{hex(ONE + 2)} was committed")


def test_a_hole_in_front_of_a_snapshot() -> None:
    """It is explained by a snapshot at its end, and by one that may have been thrown away since."""
    for first, second, findings in (
        (0, None, ["LogContiguity"]),
        (0, ONE + 2, []),
        (ONE + 3, None, []),
    ):
        story = Story()
        has(story, 1, [ONE + 1, ONE + 3, ONE + 4], 1)
        change("s1/disk", e.Snapshot, 0, zxid=first)(story)
        covered(story, 1, ONE + 4)
        if second is not None:
            covered(story, 1, second)
        assert [f.property for f in story.outcome().findings] == findings


LEGAL: dict[str, Callable[[Story], Any]] = {
    "a record again": lambda s: s.tracks["s1/disk"].append(dict(s.find("s1/disk", e.Record, 3))),
    "a torn record": lambda s: s.add("s1/disk", e.Torn),
    "a vote again, after a time-out": lambda s: s.tracks["s1/log"].insert(5, dict(s.tracks["s1/log"][4])),
    "an epoch that was accepted and came to nothing": change("s2/disk", e.Epochs, 0, accepted=7),
    "a follower that is behind": drop("s2/disk", e.Record, 2, 3),
    "a snapshot in place of records": lambda s: (
        change("s2/disk", e.Snapshot, 0, zxid=TWO + 1)(s),
        drop("s2/disk", e.Record, 0, 2)(s),
    ),
    "answers to an observer": observes,
    "no log of a server that led": lambda s: s.tracks.pop("s3/log"),
    "no disks": lambda s: [s.tracks.pop(f"s{sid}/disk") for sid in (1, 2, 3)],
    "no client": lambda s: s.tracks.pop("client/a"),
}


@pytest.mark.parametrize("name", LEGAL)
def test_legal_oddities(name: str) -> None:
    story = legal()
    LEGAL[name](story)
    outcome = story.outcome()
    assert outcome.findings == ()
    assert outcome.verdict == "conforms"


def test_what_lost_events_would_have_shown_is_not_judged() -> None:
    """Without the votes of server 1 its leader would have no support; but that they are missing shows."""
    validator = Validator(members(frozenset({1, 2, 3})))
    made = [event for event in legal().events() if event.track == "s3/log"]
    validator.feed(event for event in made if not (isinstance(event, e.Notified) and event.sender == 1))
    outcome = validator.outcome()
    assert outcome.findings == ()
    assert [note for note in outcome.notes if "2 events are missing" in note]
    (decisions,) = (j for j in outcome.properties if j.property.name == "DecisionSupport")
    assert decisions.verdict == "not decidable"


def test_findings_are_minimal() -> None:
    story = legal()
    orphan(story)
    (finding,) = story.outcome().findings
    assert finding.minimal
    assert {Hex(ONE + 3), Hex(TWO + 1)} <= {getattr(event, "zxid", None) for event in finding.events}


def test_anomalies_are_no_violations() -> None:
    story = legal()
    story.drop("s3/log", e.Activated, 0)
    story.drop("s1/log", e.UptodateReceived, 0)
    story.add("s2/log", e.Alarm, what="log thread died", text="SyncThread:2")
    story.add("s2/log", e.Refused, reason="the log is damaged")
    story.find("s1/log", e.Loaded)["digest"] = 1
    story.find("s3/log", e.Loaded)["digest"] = 2
    outcome = story.outcome()
    assert {a.kind for a in outcome.anomalies} == {
        "synchronization not completed",
        "epoch not activated",
        "log thread died",
        "start refused",
        "different tree",
    }
    assert not any(f.property in {"Leadership1", "ActivationQuorum"} for f in outcome.findings)


def test_a_vote_that_was_logged_before_the_server_looked_may_be_read() -> None:
    story = legal()
    votes = [f for f in story.tracks["s1/log"] if f["kind"] is e.Notified]
    votes[1]["my_state"] = "following"
    assert votes[1]["sender"] == 3
    story.tracks["s1/log"].remove(votes[1])
    story.tracks["s1/log"].insert(story.tracks["s1/log"].index(votes[0]), votes[1])
    assert story.outcome().findings == ()


def test_a_vote_of_its_own_may_be_logged_when_the_election_is_over() -> None:
    """Server 2 joins leader 3 in round 2 while its own vote of that round is still on its way to its log.

    The line says that it looks, and stands behind the one with its role: it is not the first vote of round 3.
    """
    story = legal()
    story.tracks["s2/log"].pop()
    vote(story, "s2/log", 2, 2, 0, 0)
    vote(story, "s2/log", 3, 1, 0, 0, round=2)
    vote(story, "s2/log", 3, 3, ONE + 2, 2, state="leading", round=2)
    vote(story, "s2/log", 1, 3, ONE + 2, 2, state="following", round=2)
    story.add("s2/log", e.RoleTaken, role="following", leader=3)
    vote(story, "s2/log", 2, 2, 0, 0, round=2)
    vote(story, "s2/log", 2, 3, ONE + 2, 2, state="following", round=2, my_state="following")
    story.add("s2/log", e.Looking)
    story.add("s2/log", e.ElectionBegan, zxid=0)
    vote(story, "s2/log", 2, 2, 0, 0, round=3)
    assert story.outcome().findings == ()
    story.tracks["s2/log"][-1]["round"] = Hex(4)
    assert [f.property for f in story.outcome().findings] == ["VoteOrder"]


@pytest.mark.parametrize(("next_round", "findings"), [(2, []), (3, []), (4, ["VoteOrder"])])
def test_a_vote_of_a_later_round_may_come_too_late(next_round: int, findings: list[str]) -> None:
    """Server 2 has its leader and waits a moment more: votes that are no better then do not take it to round 2.

    Unless its own vote had not come back; so the next round may be 2 or 3.
    """
    story = legal()
    vote(story, "s2/log", 2, 2, 0, 0)
    vote(story, "s2/log", 3, 3, 0, 0)
    vote(story, "s2/log", 2, 3, 0, 0)
    vote(story, "s2/log", 1, 1, 0, 0, round=2)
    vote(story, "s2/log", 3, 3, 0, 0, round=2)
    story.add("s2/log", e.RoleTaken, role="following", leader=3)
    story.add("s2/log", e.Looking)
    story.add("s2/log", e.ElectionBegan, zxid=0)
    vote(story, "s2/log", 2, 2, 0, 0, round=next_round)
    assert [f.property for f in story.outcome().findings] == findings


def test_each_sync_is_matched_with_a_decision_of_its_own() -> None:
    """The first may be of either decision, the second of one alone: taking that for the first would leave nothing."""
    assert matching([[0, 1], [0]]) == {0: 1, 1: 0}
    assert matching([[0], [1]]) == {0: 0, 1: 1}
    assert len(matching([[0], [0], [0, 1]])) == 2
    assert matching([[]]) == matching([]) == {}
