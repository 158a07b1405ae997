"""What the wire rules find: a legal conversation passes, and each forbidden change of it is found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.traces.captures import Line, events
from zabcheck.traces.event import Ballot, Closed, Hex, Missing, Unrecognised
from zabcheck.traces.ledger import Ledger
from zabcheck.traces.members import members
from zabcheck.traces.rules.reigns import Reigns
from zabcheck.traces.rules.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable

L, A, B = 3, 1, 2
E1, E2 = 1 << 32, 2 << 32
Lines = list[Line]


def joining(
    connection: int, learner: int, mode: str, had: int, end: int, leader: int = L, **more: Any
) -> Lines:
    """A learner comes to its leader, and is synchronized."""
    accepted = more.get("accepted", had >> 32)
    epoch = more.get("epoch", 1)
    kind = more.get("kind", "FOLLOWERINFO")
    promise = -1 if accepted == epoch else accepted
    return [
        Line(connection, learner, leader, kind, accepted << 32),
        Line(connection, leader, learner, "LEADERINFO", epoch << 32),
        Line(connection, learner, leader, "ACKEPOCH", had, promise),
        Line(connection, leader, learner, mode, end),
    ]


def joined(connection: int, learner: int, epoch: int = 1, leader: int = L) -> Lines:
    return [
        Line(connection, leader, learner, "NEWLEADER", epoch << 32),
        Line(connection, learner, leader, "ACK", epoch << 32),
        Line(connection, leader, learner, "UPTODATE"),
        Line(connection, learner, leader, "ACK", epoch << 32),
        Line(connection, leader, learner, "PING", epoch << 32),
        Line(connection, learner, leader, "PING", 0),
    ]


def proposed(connection: int, learner: int, zxid: int, leader: int = L) -> Lines:
    return [Line(connection, leader, learner, "PROPOSAL", zxid, body=zxid << 32 | 50)]


def written(zxid: int, *ends: tuple[int, int], leader: int = L) -> Lines:
    """A transaction in broadcast, on each connection."""
    found = [line for end in ends for line in proposed(*end, zxid, leader)]
    found += [Line(c, learner, leader, "ACK", zxid) for c, learner in ends]
    return found + [Line(c, leader, learner, "COMMIT", zxid) for c, learner in ends]


def legal() -> Lines:
    """Two epochs of server 3: it starts with two followers; the second comes back by DIFF; an observer gets a SNAP."""
    found = joining(1, A, "DIFF", 0, 0)
    found += joined(1, A)
    found += joining(2, B, "DIFF", 0, 0) + joined(2, B)
    found += written(E1 + 1, (1, A), (2, B)) + written(E1 + 2, (1, A), (2, B))
    found += [Line(1, A, L, "REQUEST"), Line(1, L, A, "SYNC"), Line(1, A, L, "REVALIDATE")]
    found += written(E1 + 3, (1, A))
    found += joining(3, B, "DIFF", E1 + 2, E1 + 3, accepted=1)
    found += [*proposed(3, B, E1 + 3), Line(3, L, B, "COMMIT", E1 + 3)]
    found += joined(3, B)
    found += joining(4, 4, "SNAP", 0, E1 + 3, kind="OBSERVERINFO") + joined(4, 4)
    found += [*written(E1 + 4, (1, A), (3, B)), Line(4, L, 4, "INFORM", E1 + 4, body=E1 + 4 << 32 | 50)]
    # The leader is back in another epoch: both followers report the history, one of them too much of it.
    begin = [joining(5, A, "DIFF", E1 + 4, E1 + 4, epoch=2), joining(6, B, "TRUNC", E1 + 5, E1 + 4, epoch=2)]
    found += [line for pair in zip(*begin, strict=True) for line in pair]
    found += joined(5, A, 2) + joined(6, B, 2)
    return found + written(E2 + 1, (5, A), (6, B))


def judged(lines: list[Any], *others: Any, last: tuple[Any, ...] = ()) -> Ledger:
    ledger = Ledger(members(frozenset({1, 2, 3}), frozenset({4})))
    rules = [Wire(ledger), Reigns(ledger)]
    for each in [
        *meetings(),
        *others,
        *(events(lines) if lines and isinstance(lines[0], Line) else lines),
        *last,
    ]:
        for rule in rules:
            if handler := rule.handlers().get(type(each)):
                handler(each)
    for rule in rules:
        rule.finish()
    return ledger


def meetings() -> list[Any]:
    """An election that shows that the capture hears all servers."""
    pairs = [(1, 2), (1, 3), (2, 3)]
    zero = Hex(0)
    return [
        Ballot(
            track=f"wire/e{a}{b}/x",
            seq=0,
            server=a,
            to=b,
            state="looking",
            leader=3,
            zxid=zero,
            epoch=zero,
            round=zero,
        )
        for a, b in pairs
    ]


def at(lines: Lines, connection: int, type_: str, zxid: int | None = None, sender: int | None = None) -> int:
    """Where the first such packet is."""
    return next(
        i
        for i, line in enumerate(lines)
        if (line.connection, line.type) == (connection, type_)
        and zxid in (None, line.zxid)
        and sender in (None, line.server)
    )


def test_a_legal_conversation_passes() -> None:
    ledger = judged(legal())
    assert ledger.findings == []
    assert ledger.anomalies == []
    names = {p.name for rule in (Wire, Reigns) for p in rule.properties}
    assert set(ledger.checked) == names


def dropped(
    connection: int, type_: str, zxid: int | None = None, sender: int | None = None
) -> Callable[[Lines], None]:
    def drop(lines: Lines) -> None:
        del lines[at(lines, connection, type_, zxid, sender)]

    return drop


def changed(
    connection: int, type_: str, zxid: int | None = None, /, **fields: Any
) -> Callable[[Lines], None]:
    def change(lines: Lines) -> None:
        line = lines[at(lines, connection, type_, zxid)]
        for key, value in fields.items():
            setattr(line, key, value)

    return change


def moved(connection: int, type_: str, zxid: int | None, by: int) -> Callable[[Lines], None]:
    def move(lines: Lines) -> None:
        place = at(lines, connection, type_, zxid)
        lines.insert(place + by, lines.pop(place))

    return move


def without_promises(lines: Lines) -> None:
    lines[:] = [line for line in lines if line.connection != 1]
    place = at(lines, 2, "ACKEPOCH")
    lines[place].epoch = -1


def two_epochs(lines: Lines) -> None:
    """Server 3 goes on in epoch 1 with server 2 after it has offered epoch 2 to server 1."""
    lines[:] = lines[: at(lines, 5, "FOLLOWERINFO")]
    lines += joining(5, A, "DIFF", E1 + 4, E1 + 4, epoch=2)[:2]
    lines += written(E1 + 5, (3, B))


def back_to_an_epoch(lines: Lines) -> None:
    lines += joining(7, B, "DIFF", E1 + 4, E1 + 4, accepted=1, epoch=1)


def two_leaders(lines: Lines) -> None:
    lines += joining(7, B, "DIFF", E2 + 1, E2 + 1, 1, accepted=1, epoch=2) + joined(7, B, 2, 1)


def lost_history(lines: Lines) -> None:
    """Server 1 leads epoch 3 without what was committed in epoch 2."""
    lines += joining(7, B, "DIFF", E1 + 4, E1 + 4, 1, accepted=2, epoch=3) + joined(7, B, 3, 1)


FORBIDDEN = {
    "no LEADERINFO": (dropped(1, "LEADERINFO"), "PacketOrder"),
    "no ACKEPOCH": (dropped(1, "ACKEPOCH"), "PacketOrder"),
    "no DIFF": (dropped(1, "DIFF"), "PacketOrder"),
    "no NEWLEADER": (dropped(1, "NEWLEADER"), "PacketOrder"),
    "no acknowledgement of NEWLEADER": (dropped(1, "ACK", E1), "PacketOrder"),
    "no UPTODATE": (dropped(1, "UPTODATE"), "PacketOrder"),
    "a second NEWLEADER": (changed(1, "UPTODATE", type="NEWLEADER", zxid=E1), "PacketOrder"),
    "LEADERINFO before FOLLOWERINFO": (moved(2, "LEADERINFO", None, -1), "PacketOrder"),
    "ACKEPOCH before LEADERINFO": (moved(2, "ACKEPOCH", None, -1), "PacketOrder"),
    "DIFF before ACKEPOCH": (moved(2, "DIFF", None, -1), "PacketOrder"),
    "a request before UPTODATE": (changed(1, "ACK", E1, type="REQUEST", zxid=None), "PacketOrder"),
    "an unknown packet": (changed(1, "SYNC", type="99"), "PacketOrder"),
    "a proposal left out": (dropped(2, "PROPOSAL", E1 + 1), "ProposalConsistent"),
    "a proposal twice": (changed(2, "PROPOSAL", E1 + 2, zxid=E1 + 1), "ProposalConsistent"),
    "a proposal of another epoch": (changed(2, "PROPOSAL", E1 + 1, zxid=E2 + 1), "ProposalConsistent"),
    "a gap at the beginning of a DIFF": (changed(3, "ACKEPOCH", zxid=E1 + 1), "ProposalConsistent"),
    "a gap behind a SNAP": (changed(4, "SNAP", zxid=E1 + 2), "ProposalConsistent"),
    "a gap of INFORMs": (changed(4, "INFORM", zxid=E1 + 5), "ProposalConsistent"),
    "a commit left out": (dropped(2, "COMMIT", E1 + 1), "CommitConsistent"),
    "a commit of what was not proposed": (changed(2, "COMMIT", E1 + 2, zxid=E1 + 7), "CommitConsistent"),
    "an acknowledgement of what was not sent": (changed(2, "ACK", E1 + 2, zxid=E1 + 7), "AckConsistent"),
    "an acknowledgement of another epoch": (changed(1, "ACK", E1, zxid=E2), "AckConsistent"),
    "an acknowledgement before NEWLEADER": (moved(1, "ACK", E1, -1), "AckConsistent"),
    "DIFF that ends later": (changed(3, "DIFF", zxid=E1 + 9), "SyncContent"),
    "DIFF for a learner that is ahead": (changed(6, "TRUNC", type="DIFF"), "SyncContent"),
    "TRUNC to a later zxid": (changed(6, "TRUNC", zxid=E1 + 6), "SyncContent"),
    "NEWLEADER of another epoch": (changed(1, "NEWLEADER", zxid=E2), "SyncContent"),
    "a promise that was given before": (changed(3, "ACKEPOCH", epoch=1), "EpochAnswer"),
    "no promise": (changed(1, "ACKEPOCH", epoch=-1), "EpochAnswer"),
    "a promise after a later one": (changed(1, "FOLLOWERINFO", zxid=2 << 32), "EpochAnswer"),
    "an epoch that was accepted": (changed(1, "FOLLOWERINFO", zxid=E1), "EpochSupport"),
    "synchronized without promises": (without_promises, "EpochSupport"),
    "serves without a quorum": (changed(1, "ACK", E1, zxid=0), "ActivationSupport"),
    "a commit without acknowledgement": (dropped(1, "ACK", E1 + 3), "CommitSupport"),
    "a commit before its acknowledgement": (moved(1, "ACK", E1 + 3, 1), "CommitSupport"),
    "an observer's acknowledgement counts": (
        changed(1, "ACK", E1 + 3, connection=4, server=4),
        "CommitSupport",
    ),
    "other bytes": (changed(2, "PROPOSAL", E1 + 2, body=7), "ProposalAgreement"),
    "two epochs at once": (two_epochs, "Leadership2"),
    "back to an earlier epoch": (back_to_an_epoch, "Leadership2"),
    "two leaders of an epoch": (two_leaders, "Leadership2"),
    "committed history is lost": (lost_history, "InitialHistoryIntegrity"),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_each_forbidden_change_is_found(name: str) -> None:
    change, expected = FORBIDDEN[name]
    lines = legal()
    change(lines)
    found = judged(lines).findings
    assert expected in {each.property for each in found}
    for each in found:
        assert each.events
        assert all((each.observed, each.allowed, each.guard))


def test_every_property_has_a_change() -> None:
    names = {p.name for rule in (Wire, Reigns) for p in rule.properties}
    assert {expected for _, expected in FORBIDDEN.values()} == names


def test_the_bug_that_loses_acknowledged_history() -> None:
    lines = joining(1, A, "DIFF", E1 + 2, E1 + 3, accepted=1, epoch=2) + proposed(1, A, E1 + 3)
    lines += [Line(1, L, A, "COMMIT", E1 + 3), *joined(1, A, 2)]
    lines += joining(2, B, "DIFF", E1 + 2, E1 + 2, A, accepted=1, epoch=3) + joined(2, B, 3, A)
    (found,) = judged(lines).findings
    assert (found.property, found.known_bug) == ("InitialHistoryIntegrity", "ZOOKEEPER-4646")
    lines = [line for line in lines if not (line.connection == 1 and line.type == "ACK")]
    assert "ZOOKEEPER-4643" in {each.known_bug for each in judged(lines).findings}


def test_the_bug_that_takes_over_an_epoch_too_early() -> None:
    lines = legal() + joining(7, A, "DIFF", E1 + 4, E2 + 1, accepted=2, epoch=3)
    lines += [*proposed(7, A, E2 + 1), Line(7, L, A, "COMMIT", E2 + 1), *joined(7, A, 3)[:2]]
    lines += joining(8, B, "DIFF", E1 + 4, E1 + 4, A, accepted=2, epoch=4) + joined(8, B, 4, A)
    (found,) = judged(lines).findings
    assert (found.property, found.known_bug) == ("InitialHistoryIntegrity", "ZOOKEEPER-4643")


def test_a_first_acknowledgement_of_a_proposal_is_odd() -> None:
    lines = joining(1, A, "DIFF", 0, 0) + joined(1, A)
    lines += joining(2, B, "DIFF", 0, 0)[:4] + proposed(2, B, E1 + 1)
    lines += [Line(2, L, B, "NEWLEADER", E1), Line(2, B, L, "ACK", E1 + 1), Line(2, B, L, "ACK", E1)]
    ledger = judged(lines)
    assert ledger.findings == []
    (odd,) = ledger.anomalies
    assert "ZOOKEEPER-4685" in odd.text


def test_an_epoch_that_begins_elsewhere_is_odd() -> None:
    first = E1 + 0xFFFFFFF1
    lines = joining(1, A, "DIFF", 0, 0) + joined(1, A) + joining(2, B, "DIFF", 0, 0) + joined(2, B)
    ledger = judged(lines + written(first, (1, A), (2, B)))
    assert ledger.findings == []
    assert {each.kind for each in ledger.anomalies} == {"epoch does not begin at 1"}


def test_a_digest_may_be_left_out() -> None:
    lines = legal()
    changed(3, "PROPOSAL", E1 + 3, body=7 << 32 | 38)(lines)
    ledger = judged(lines)
    assert ledger.findings == []
    assert [each.kind for each in ledger.anomalies] == ["digest left out"]


def test_a_snapshot_may_contain_what_is_proposed_after_it() -> None:
    lines = legal()
    changed(4, "SNAP", zxid=E1 + 4)(lines)
    assert judged(lines).findings == []


def test_a_learner_without_a_record_of_the_epoch_may_be_ahead() -> None:
    lines = joining(1, A, "DIFF", E1, E1, accepted=1, epoch=2)
    changed(1, "DIFF", zxid=5)(lines)
    assert judged(lines + joined(1, A, 2)).findings == []


@pytest.mark.parametrize("kind", [Missing, Unrecognised])
def test_what_was_not_captured_is_no_violation(kind: Any) -> None:
    lines = legal()
    place = at(lines, 1, "ACK", E1 + 3)
    made: list[Any] = list(events(lines))
    gone = made[place]
    later = next(i for i, each in enumerate(made) if i > place and each.track == gone.track)
    cut = made[:place] + made[place + 1 : later]
    cut += [kind(track=gone.track, seq=gone.seq, server=1, what="lost")]
    cut += [each for each in made[later:] if not each.track.startswith("wire/1/")]
    ledger = judged(cut)
    assert ledger.findings == []
    assert "undecided" in {each.kind for each in ledger.anomalies}


def test_a_server_that_is_never_heard_may_have_acknowledged() -> None:
    lines = [line for line in legal() if line.connection == 1]
    dropped(1, "ACK", E1 + 2)(lines)
    heard = judged(lines)
    assert {each.property for each in heard.findings} == {"CommitSupport"}
    ledger = Ledger(members(frozenset({1, 2, 3}), frozenset({4})))
    rule = Reigns(ledger)
    for each in events(lines):
        rule.handlers()[type(each)](each)
    rule.finish()
    assert ledger.findings == []
    assert {each.kind for each in ledger.anomalies} == {"undecided"}


def test_a_capture_from_the_middle_decides_nothing_about_quorums() -> None:
    lines = [line for line in legal() if line.connection in (3, 4)]
    before = Missing(track="wire/9/a-b", seq=0, server=1, what="the connection began before the capture")
    ledger = judged(lines, before)
    assert ledger.findings == []
    assert {each.kind for each in ledger.anomalies} == {"undecided"}


def test_nothing_is_said_of_quorums_when_the_ensemble_changes() -> None:
    lines = legal()
    dropped(1, "ACK", E1 + 3)(lines)
    changed(1, "COMMIT", E1 + 4, type="COMMITANDACTIVATE")(lines)
    ledger = judged(lines)
    assert ledger.findings == []
    assert any("the ensemble was reconfigured" in each.text for each in ledger.anomalies)


def test_a_connection_that_shows_later_that_it_cannot_be_read() -> None:
    lines = [line for line in legal() if line.connection == 1]
    dropped(1, "ACK", E1 + 2)(lines)
    late = Missing(track="wire/2/2-3", seq=0, server=2, what="bytes of the connection were not captured")
    assert judged(lines).findings != []
    assert judged(lines, last=(late,)).findings == []


def test_closed_connections_are_forgotten() -> None:
    made = events(legal())
    rule = Wire(Ledger(members(frozenset({1, 2, 3}))))
    for each in made:
        rule.handlers()[type(each)](each)
    for each in {e.track: e for e in made}.values():
        rule.handlers()[Closed](Closed(track=each.track, seq=0, connection=each.connection))
    assert len(rule._talks) == 0  # noqa: SLF001 - memory is what this is about
