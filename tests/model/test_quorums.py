"""What is a quorum, held against the arithmetic of ZooKeeper's classes written out plainly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zabcheck.model.quorums import Group, Hierarchical, Majority, QuorumVerifier


def by_the_source(quorums: Hierarchical, sids: set[int]) -> bool:
    """``QuorumHierarchical.containsQuorum``, line by line; ``int(a / b)`` truncates as Java does."""
    server_group = {sid: group.number for group in quorums.groups for sid in group.sids}
    group_weight: dict[int, int] = {}
    for sid, gid in server_group.items():
        group_weight[gid] = group_weight.get(gid, 0) + quorums.weight(sid)
    num_groups = len(quorums.groups) - sum(weight == 0 for weight in group_weight.values())
    expansion: dict[int, int] = {}
    for sid in sids:
        if sid in server_group:
            expansion[server_group[sid]] = expansion.get(server_group[sid], 0) + quorums.weight(sid)
    won = sum(weight > int(group_weight[gid] / 2) for gid, weight in expansion.items())
    return won > num_groups // 2


@st.composite
def hierarchies(draw: st.DrawFn, least_weight: int = 0) -> Hierarchical:
    """Up to 6 servers in up to 3 groups; some of them may not vote."""
    number = draw(st.integers(1, 6))
    sids = range(1, number + 1)
    of = {sid: draw(st.integers(1, 3)) for sid in sids}
    weights = frozenset((sid, draw(st.integers(least_weight, 4))) for sid in sids)
    voters = draw(st.frozensets(st.sampled_from(sids), min_size=1))
    groups = tuple(Group(g, frozenset(s for s in sids if of[s] == g)) for g in sorted(set(of.values())))
    return Hierarchical(voters, groups, weights)


@given(hierarchies(least_weight=-3), st.data())
def test_groups_and_weights(quorums: Hierarchical, data: st.DataObject) -> None:
    sids = data.draw(st.sets(st.sampled_from(sorted(quorums.voters))))
    assert quorums.contains_quorum(sids) is by_the_source(quorums, sids)


@pytest.mark.parametrize(("voters", "least"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (6, 4)])
def test_majority(voters: int, least: int) -> None:
    majority = Majority(frozenset(range(1, voters + 1)))
    assert majority.contains_quorum(set(range(1, least + 1)))
    assert not majority.contains_quorum(set(range(1, least)))
    assert majority.weight(1) == 1


def test_only_voters_count() -> None:
    assert not Majority(frozenset({1, 2, 3})).contains_quorum({1, 8, 9})
    group = Group(1, frozenset({1, 2, 3}))
    assert not Hierarchical(frozenset({1, 2}), (group,), frozenset({(3, 1)})).contains_quorum({1, 3})


def test_zero_weights() -> None:
    """A group without weight does not count; a server without weight helps nobody."""
    groups = (Group(1, frozenset({1, 2})), Group(2, frozenset({3})), Group(3, frozenset({4})))
    quorums = Hierarchical(frozenset({1, 2, 3, 4}), groups, frozenset({(2, 0), (4, 0)}))
    assert quorums.contains_quorum({1, 3})
    assert not quorums.contains_quorum({2, 3, 4})
    assert (quorums.weight(1), quorums.weight(2)) == (1, 0)


def test_nobody() -> None:
    assert not Majority(frozenset()).contains_quorum(set())
    assert not Hierarchical(frozenset(), ()).contains_quorum(set())


def test_they_are_values() -> None:
    def made() -> list[QuorumVerifier]:
        return [
            Majority(frozenset({1, 2, 3})),
            Hierarchical(frozenset({1, 2}), (Group(1, frozenset({1, 2})),), frozenset({(1, 3)})),
        ]

    assert made() == made()
    assert len({*made(), *made()}) == 2
