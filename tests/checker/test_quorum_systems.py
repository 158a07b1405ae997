"""z3's answers about quorum systems, held against a search through all sets."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zabcheck.checker import quorum_systems
from zabcheck.checker.quorum_systems import MOST_LOSSES, analyse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Set = frozenset[int]


def majority(inside: Mapping[int, Any]) -> Any:
    return sum(inside.values()) > len(inside) // 2


def at_least_half(inside: Mapping[int, Any]) -> Any:
    """The mutant of every textbook."""
    return sum(inside.values()) >= len(inside) // 2


def threshold(weights: tuple[int, ...], least: int) -> Callable[[Mapping[int, Any]], Any]:
    return lambda inside: sum(inside[i] * weight for i, weight in enumerate(weights)) > least


def subsets(members: Set) -> list[Set]:
    return [frozenset(c) for size in range(len(members) + 1) for c in combinations(sorted(members), size)]


@settings(max_examples=60)
@given(st.lists(st.integers(-2, 4), min_size=1, max_size=5).map(tuple), st.integers(-1, 8))
def test_all_sets_agree(weights: tuple[int, ...], least: int) -> None:
    members = frozenset(range(len(weights)))
    quorums = {s for s in subsets(members) if sum(weights[i] for i in s) > least}
    found = analyse(members, threshold(weights, least))
    disjoint = any(not one & other for one in quorums for other in quorums)
    assert found.verdict == ("violated" if disjoint or not quorums else "holds")
    assert (found.disjoint is not None) == disjoint
    if found.disjoint:
        one, other = found.disjoint
        assert {one, other} <= quorums
        assert not one & other
    if found.smallest is None:
        assert not quorums
    else:
        assert found.smallest in quorums
        assert len(found.smallest) == min(map(len, quorums))
    stopping = [s for s in subsets(members) if not any(q <= members - s for q in quorums)]
    minimal = [s for s in stopping if not any(other < s for other in stopping)]
    assert sorted(map(sorted, found.losses)) == sorted(map(sorted, minimal))
    assert found.losses_complete
    assert [len(loss) for loss in found.losses] == sorted(len(loss) for loss in found.losses)


def test_a_mutant_is_refuted() -> None:
    found = analyse(range(1, 5), at_least_half)
    assert found.verdict == "violated"
    assert found.disjoint is not None
    one, other = found.disjoint
    assert (len(one), len(other), len(one | other)) == (2, 2, 4)
    assert analyse(range(1, 5), majority).verdict == "holds"


def test_no_quorum_at_all() -> None:
    found = analyse(range(3), lambda _: False)
    assert (found.verdict, found.disjoint, found.smallest) == ("violated", None, None)
    assert found.losses == (frozenset(),)


@pytest.mark.parametrize("members", [31, 51])
def test_many_members(members: int) -> None:
    """31 is where z3's default solver turns numbers into bits and does not come back."""
    found = analyse(range(members), majority, seconds=60)
    assert (found.verdict, found.reason) == ("holds", "")
    assert found.smallest is not None
    assert len(found.smallest) == members // 2 + 1
    assert len(found.losses) == MOST_LOSSES
    assert not found.losses_complete
    assert {len(loss) for loss in found.losses} == {members // 2 + 1}


def test_no_time() -> None:
    found = analyse(range(5), majority, seconds=1e-9)
    assert (found.verdict, found.reason) == ("incomplete", "the time limit was reached")


def test_what_is_left_undecided_does_not_undo_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def losses(_: object) -> Any:
        yield frozenset({1, 2})
        raise quorum_systems._UndecidedError("enough")  # noqa: SLF001 - what z3 would bring about

    monkeypatch.setattr(quorum_systems._Search, "losses", losses)  # noqa: SLF001 - as above
    found = analyse(range(3), majority)
    assert (found.verdict, found.reason, found.losses_complete) == ("holds", "enough", False)
    assert found.losses == (frozenset({1, 2}),)


def test_what_z3_finds_is_looked_at_again() -> None:
    """A predicate that says one thing to z3 and another in plain numbers is a defect, not a verdict."""

    def two_faced(inside: Mapping[int, Any]) -> Any:
        return not all(isinstance(term, int) for term in inside.values())

    with pytest.raises(AssertionError, match="z3 takes"):
        analyse(range(2), two_faced)
