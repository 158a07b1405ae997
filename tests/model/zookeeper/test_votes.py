"""The order of votes is a strict total order, but not in the releases that compare sids whatever the epochs."""

from __future__ import annotations

from itertools import permutations, product

import pytest

from zabcheck.model.quorums import Group, Hierarchical
from zabcheck.model.transaction import Zxid
from zabcheck.model.zookeeper import Scope
from zabcheck.model.zookeeper.election import beats
from zabcheck.model.zookeeper.messages import Vote

VOTES = [
    Vote(sid, Zxid(*zxid), epoch) for sid, zxid, epoch in product((1, 2, 3), ((1, 1), (1, 2), (2, 0)), (1, 2))
]


def is_strict_total_order(scope: Scope) -> bool:
    def better(a: Vote, b: Vote) -> bool:
        return beats(scope, a, b)

    irreflexive = not any(better(a, a) for a in VOTES)
    total = all(better(a, b) != better(b, a) for a, b in permutations(VOTES, 2))
    transitive = all(better(a, c) for a, b, c in product(VOTES, repeat=3) if better(a, b) and better(b, c))
    return irreflexive and total and transitive


@pytest.mark.parametrize("release", ["3.4.4", "3.8.0", "3.9.4"])
def test_order(release: str) -> None:
    assert is_strict_total_order(Scope(release=release))


def test_circle_of_zookeeper_1419() -> None:
    assert not is_strict_total_order(Scope(release="3.4.0"))


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (Vote(1, Zxid(1, 1), 2), Vote(3, Zxid(1, 9), 1)),  # the epoch first
        (Vote(1, Zxid(1, 123), 1), Vote(3, Zxid(1, 122), 1)),  # then the zxid
        (Vote(3, Zxid(1, 1), 1), Vote(2, Zxid(1, 1), 1)),  # then the sid
    ],
)
def test_what_decides(better: Vote, worse: Vote) -> None:
    assert beats(Scope(), better, worse)
    assert not beats(Scope(), worse, better)


def test_a_server_without_weight_never_wins() -> None:
    system = Hierarchical(
        voters=frozenset({1, 2, 3}), groups=(Group(1, frozenset({1, 2, 3})),), weights=frozenset({(3, 0)})
    )
    scope = Scope(quorum_system=system)
    assert not beats(scope, Vote(3, Zxid(9, 9), 9), Vote(1, Zxid(1, 1), 1))
    assert beats(scope, Vote(2, Zxid(1, 1), 1), Vote(1, Zxid(1, 1), 1))
