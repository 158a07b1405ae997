"""Which sets of servers are a quorum: a majority, or more than half of the weight in more than half of the groups.

Every decision of the protocol rests on this one: who leads, when an epoch starts, what is committed. It is written
once, over *how much* of each server is in a set. With 0 and 1 that decides a set; with terms of a solver in their
place it is the formula that the solver reasons about. Hence sums and comparisons, and ``&``, which both understand.

What counts is what ``QuorumMaj`` and ``QuorumHierarchical`` of Apache ZooKeeper compute, with its corners: groups
without weight do not count, and division truncates as in Java, which shows when a weight is negative.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Container, Mapping


@dataclass(frozen=True)
class QuorumVerifier(ABC):
    """A rule that says which sets of servers are a quorum; a value that a scope may hold.

    ``voters`` are the servers whose word counts: only they can be in a quorum.
    """

    voters: frozenset[int]

    @abstractmethod
    def weight(self, sid: int) -> int:
        """How much the word of a voter counts; one of weight 0 is never elected."""

    @abstractmethod
    def is_quorum(self, inside: Mapping[int, Any]) -> Any:
        """Whether a set is a quorum that has ``inside[sid]`` (0 or 1, or a term) of each voter."""

    def contains_quorum(self, sids: Container[int]) -> bool:
        """Whether the voters among ``sids`` are a quorum."""
        return bool(self.is_quorum({sid: int(sid in sids) for sid in self.voters}))


@dataclass(frozen=True)
class Majority(QuorumVerifier):
    """More than half of the voters."""

    def weight(self, sid: int) -> int:  # noqa: ARG002 - all count alike
        """Every voter counts once."""
        return 1

    def is_quorum(self, inside: Mapping[int, Any]) -> Any:
        """More than half."""
        return sum(inside[sid] for sid in self.voters) > len(self.voters) // 2


@dataclass(frozen=True)
class Group:
    """Servers that decide together, and their number in ``group.N``."""

    number: int
    sids: frozenset[int]


@dataclass(frozen=True)
class Hierarchical(QuorumVerifier):
    """More than half of the weight in each of more than half of the groups.

    ``weights`` are pairs of server and weight; a server that is not named there has weight 1. A group may have members
    that are no voters: their weight counts in the whole of the group, and nobody can win it.
    """

    groups: tuple[Group, ...]
    weights: frozenset[tuple[int, int]] = frozenset()

    def weight(self, sid: int) -> int:
        """The weight that was given to a server, or 1."""
        return dict(self.weights).get(sid, 1)

    def group_weight(self, group: Group) -> int:
        """The weight of all members of a group."""
        return sum(map(self.weight, group.sids))

    def is_quorum(self, inside: Mapping[int, Any]) -> Any:
        """More than half of the groups that have a weight are won."""
        counting = sum(self.group_weight(group) != 0 for group in self.groups)
        return sum(self._is_won(group, inside) for group in self.groups) > counting // 2

    def _is_won(self, group: Group, inside: Mapping[int, Any]) -> Any:
        """Whether a set has members of the group, with more than half of its weight."""
        voters = group.sids & self.voters
        present = sum(inside[sid] for sid in voters)
        weight = sum(inside[sid] * self.weight(sid) for sid in voters)
        whole = self.group_weight(group)
        half = whole // 2 if whole >= 0 else -(-whole // 2)
        return (present > 0) & (weight > half)
