"""Every row of the decision DIFF, TRUNC or SNAP (``LearnerHandler.syncFollower``)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from zabcheck.model.transaction import Txn, Zxid
from zabcheck.model.zookeeper.log import Stored, log_of
from zabcheck.model.zookeeper.messages import Commit, Diff, Packet, Proposal, Snap, Trunc
from zabcheck.model.zookeeper.releases import RELEASES
from zabcheck.model.zookeeper.switches import Switches
from zabcheck.model.zookeeper.synchronization import Plan, decide, from_log

SWITCHES = Switches()


def txns(*zxids: str) -> tuple[Txn, ...]:
    return tuple(Txn(zxid(text), 0) for text in zxids)


def zxid(text: str) -> Zxid:
    epoch, counter = map(int, text.split("."))
    return Zxid(epoch, counter)


def shown(plan: Plan) -> str:
    """A plan in a line: ``TRUNC 1.1, P 2.1, C 2.1 | 2.1``."""

    def word(packet: Packet) -> str:
        match packet:
            case Proposal(txn):
                return f"P {txn.zxid}"
            case Commit(zxid):
                return f"C {zxid}"
            case Snap(tree):
                return f"SNAP {tree.zxid}"
            case Diff(zxid) | Trunc(zxid):
                return f"{type(packet).__name__.upper()} {zxid}"
        raise AssertionError(packet)

    return f"{', '.join(map(word, plan.packets))} | {plan.last_seen}"


@pytest.mark.parametrize(
    ("window", "last", "peer", "expected"),
    [
        # the learner has everything
        ("1.1 1.2", "1.2", "1.2", "DIFF 1.2 | 1.2"),
        ("", "2.0", "2.0", "DIFF 2.0 | 2.0"),
        # it has more than is committed
        ("1.1 1.2", "1.2", "1.3", "TRUNC 1.2 | 1.2"),
        ("1.1", "2.0", "1.2", "TRUNC 1.1 | 1.1"),
        # the beginning of an epoch is no place to cut to
        ("1.1", "1.1", "2.0", "SNAP 1.1 | 1.1"),
        # it lags behind, within what is kept
        ("1.1 1.2 1.3", "1.3", "1.1", "DIFF 1.3, P 1.2, C 1.2, P 1.3, C 1.3 | 1.3"),
        ("1.1 2.1", "2.1", "1.1", "DIFF 2.1, P 2.1, C 2.1 | 2.1"),
        ("1.1 2.1", "2.1", "2.0", "DIFF 2.1, P 2.1, C 2.1 | 2.1"),
        # it has what nobody else has, and lags behind as well
        ("1.1 1.3", "1.3", "1.2", "TRUNC 1.1, P 1.3, C 1.3 | 1.3"),
        ("1.1 2.1", "2.1", "1.2", "SNAP 2.1 | 2.1"),
        # it lags too far behind
        ("1.2 1.3", "1.3", "1.1", "SNAP 1.3 | 1.3"),
        ("1.1", "1.1", "0.0", "SNAP 1.1 | 1.1"),
        ("", "2.0", "0.0", "SNAP 2.0 | 2.0"),
    ],
)
def test_decision(window: str, last: str, peer: str, expected: str) -> None:
    kept = txns(*window.split())
    tree = Stored(log_of(*kept), zxid(last))
    assert shown(decide(SWITCHES, tree, kept, zxid(peer))) == expected


@pytest.mark.parametrize(
    ("release", "window", "last", "peer", "expected"),
    [
        ("3.4.14", "1.1 2.1", "2.1", "1.2", "TRUNC 1.1, P 2.1, C 2.1 | 2.1"),  # cuts across epochs
        ("3.4.14", "1.1", "1.1", "2.0", "TRUNC 1.1 | 1.1"),  # even to the beginning of one
        ("3.4.0", "", "2.0", "2.0", "SNAP 2.0 | 2.0"),  # ZOOKEEPER-1465
        ("3.4.4", "", "2.0", "2.0", "DIFF 2.0 | 2.0"),
    ],
)
def test_releases(release: str, window: str, last: str, peer: str, expected: str) -> None:
    kept = txns(*window.split())
    tree = Stored(log_of(*kept), zxid(last))
    assert shown(decide(RELEASES[release].but(), tree, kept, zxid(peer))) == expected


@pytest.mark.parametrize(
    ("switches", "expected"),
    [
        (
            replace(SWITCHES, truncs_inside_window=False, respects_epochs=False),
            "DIFF 2.1, P 2.1, C 2.1 | 2.1",
        ),  # 1154
        (
            replace(SWITCHES, truncs_exactly=False, respects_epochs=False),
            "TRUNC 0.0, P 2.1, C 2.1 | 2.1",
        ),  # 1156
    ],
)
def test_bugs(switches: Switches, expected: str) -> None:
    kept = txns("1.1", "2.1")
    assert shown(decide(switches, Stored(log_of(*kept), zxid("2.1")), kept, zxid("1.2"))) == expected


def from_disk(switches: Switches, all_txns: str, records: str, window: str, peer: str) -> str | None:
    """What a leader with these transactions sends from its log; with an empty window it is at 3.0."""
    log = log_of(*txns(*all_txns.split()))
    tree = Stored(log, log.zxid if window else zxid("3.0"))
    plan = from_log(switches, tree, txns(*records.split()), txns(*window.split()), zxid(peer))
    return shown(plan) if plan else None


@pytest.mark.parametrize(
    ("records", "window", "peer", "expected"),
    [
        ("1.1 1.2 1.3", "1.3", "1.1", "DIFF 1.3, P 1.2, C 1.2, P 1.3, C 1.3 | 1.3"),
        ("1.1 1.2", "1.2 1.3", "1.1", "DIFF 1.3, P 1.2, C 1.2, P 1.3, C 1.3 | 1.3"),
        # the log does not go back far enough, or ends too early
        ("1.2 1.3", "1.3", "1.1", None),
        ("", "1.3", "1.1", None),
        ("1.1", "1.3", "1.1", None),
        ("1.1 1.2 1.3", "", "1.1", None),
        # the learner has what nobody else has
        ("1.1 1.2 1.3", "1.3", "0.9", None),
    ],
)
def test_log_on_disk(records: str, window: str, peer: str, expected: str | None) -> None:
    assert from_disk(SWITCHES, "1.1 1.2 1.3", records, window, peer) == expected


@pytest.mark.parametrize(
    ("release", "records", "peer", "expected"),
    [
        ("3.4.14", "1.1 1.2 1.3", "1.1", None),  # knows no such thing
        ("3.5.10", "1.1", "1.1", "DIFF 1.3, P 1.3, C 1.3 | 1.3"),  # ZOOKEEPER-2418
        ("3.5.10", "1.1", "1.2", "TRUNC 0.0, P 1.3, C 1.3 | 1.3"),
        ("3.6.0", "1.1", "1.1", None),
        ("master", "1.1 1.3", "1.1", "DIFF 1.3, P 1.3, C 1.3 | 1.3"),  # ZOOKEEPER-2846
        ("master", "1.1 1.3", "1.2", "TRUNC 1.1, P 1.3, C 1.3 | 1.3"),
        ("mended", "1.1 1.3", "1.1", None),
    ],
)
def test_log_on_disk_of_releases(release: str, records: str, peer: str, expected: str | None) -> None:
    assert from_disk(RELEASES[release].but(), "1.1 1.2 1.3", records, "1.3", peer) == expected
