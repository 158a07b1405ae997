"""The bounds of an exploration, the model that all is registered with, and what functions range over."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, combinations, permutations
from typing import TYPE_CHECKING, Any

from zabcheck.checker import Model, UsageError, option
from zabcheck.model.quorums import Majority
from zabcheck.model.zookeeper.releases import DEFAULT, RELEASES

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from zabcheck.model.quorums import QuorumVerifier
    from zabcheck.model.zookeeper.switches import Switches


class AtLeastHalf(Majority):
    """Not a quorum system: with an even number of voters, two halves do not meet."""

    def is_quorum(self, inside: Mapping[int, Any]) -> Any:
        """At least half."""
        return 2 * sum(inside[sid] for sid in self.voters) >= len(self.voters)


class Anybody(Majority):
    """Not a quorum system either: who does not vote counts as well."""

    def contains_quorum(self, sids: Container[int]) -> bool:
        """Whether so many servers are there, voters or not, as a majority of the voters has."""
        return isinstance(sids, frozenset) and 2 * len(sids) > len(self.voters)


@dataclass(frozen=True)
class Scope:
    """How far to explore. Every bound is a guard on a step; no state is cut off or merged."""

    servers: int = option(3, "how many servers vote", minimum=1, maximum=9)
    observers: int = option(0, "how many observers there are besides", maximum=3)
    absent: int = option(0, "how many of the voters never run", maximum=8)
    history: int = option(1, "transactions of epoch 1 that every server begins with")
    transactions: int = option(1, "how many client writes are proposed")
    epochs: int = option(4, "no epoch later than this is proposed", minimum=1)
    crashes: int = option(1, "how many times a server may crash")
    partitions: int = option(0, "how many times two servers may be cut off from each other")
    timeouts: int = option(0, "how many times a server may give up a peer that answers")
    resets: int = option(0, "how many times a connection breaks over which votes are sent")
    write_failures: int = option(0, "how many times an accepted epoch cannot be written")
    rounds: int = option(3, "no round of the election later than this, with --election fine", minimum=1)
    window: int = option(500, "how many proposals a leader keeps for learners (commitLogCount)", minimum=1)
    counter: int = option(2**32 - 1, "the last number in an epoch (rollover)", minimum=1)
    grain: str = option(
        "fine",
        "whether the threads of a server interleave, or run to the end after each input",
        choices=("coarse", "fine"),
    )
    election: str = option(
        "coarse",
        "whether an election is one step with a legal outcome, or every notification",
        choices=("coarse", "fine"),
    )
    discovery: str = option(
        "fine",
        "whether each packet of discovery is a step, or all of them part of the election",
        choices=("coarse", "fine"),
    )
    storage: str = option(
        "coarse",
        "whether snapshots and the log are files of their own, or one sequence",
        choices=("coarse", "fine"),
    )
    phases: str = option(
        "all", "how far servers go: the election alone, or all the way", choices=("election", "all")
    )
    release: str = option(DEFAULT, "the release of ZooKeeper (zabcheck releases)", choices=tuple(RELEASES))
    reduced: bool = field(default=True, kw_only=True)
    """leave out what no step and no property can tell apart; the tests compare with the full search"""
    quorum_system: QuorumVerifier | None = field(default=None, kw_only=True)
    """who votes, and with what weights and groups, rather than a majority of ``servers``"""
    observer_numbers: tuple[int, ...] = field(default=(), kw_only=True)
    """the numbers of the observers, if they are others than those after the last voter"""
    changed: tuple[tuple[str, object], ...] = field(default=(), kw_only=True)
    """switches that differ from those of the release"""

    @cached_property
    def switches(self) -> Switches:
        """What the servers do."""
        return RELEASES[self.release].but(**dict(self.changed))

    @cached_property
    def quorums(self) -> QuorumVerifier:
        """Which sets of servers decide."""
        kind = AtLeastHalf if self.switches.half_is_a_quorum else Majority
        kind = Anybody if self.switches.counts_observers else kind
        if self.quorum_system is None or isinstance(self.quorum_system, Majority):
            return kind(frozenset(self.voters))
        if kind is not Majority:
            raise UsageError(
                "half-is-a-quorum and observers-count are about majorities, not weights and groups"
            )
        return self.quorum_system

    @cached_property
    def voters(self) -> tuple[int, ...]:
        """The servers that vote."""
        if self.quorum_system is not None:
            return tuple(sorted(self.quorum_system.voters))
        return tuple(range(1, self.servers + 1))

    @cached_property
    def sids(self) -> tuple[int, ...]:
        """All servers."""
        last = self.voters[-1]
        observers = self.observer_numbers or range(last + 1, last + self.observers + 1)
        return tuple(sorted((*self.voters, *observers)))

    @cached_property
    def missing(self) -> tuple[int, ...]:
        """The servers that never run."""
        return self.voters[: self.absent]

    @property
    def is_fine(self) -> bool:
        """Whether threads interleave."""
        return self.grain == "fine"

    @property
    def tells_files_apart(self) -> bool:
        """Whether snapshots and the log are files of their own."""
        return self.storage == "fine"

    def is_quorum(self, sids: frozenset[int]) -> bool:
        """Whether these servers contain a quorum."""
        return self.quorums.contains_quorum(sids)


model = Model("zookeeper", "FastLeaderElection and Zab 1.0 as ZooKeeper's releases run them", Scope)


def server(scope: Scope) -> tuple[int, ...]:
    """Each server."""
    return scope.sids


def voter(scope: Scope) -> tuple[int, ...]:
    """Each server that votes."""
    return scope.voters


def ordered_pair(scope: Scope) -> tuple[tuple[int, int], ...]:
    """Each server with each other one."""
    return tuple(permutations(scope.sids, 2))


def leader_and_learner(scope: Scope) -> tuple[tuple[int, int], ...]:
    """Each server that can lead with each other one."""
    return tuple((one, other) for one in scope.voters for other in scope.sids if one != other)


def learner_and_leader(scope: Scope) -> tuple[tuple[int, int], ...]:
    """Each server with each other one that can lead."""
    return tuple((learner, leader) for leader, learner in leader_and_learner(scope))


def ordered_voters(scope: Scope) -> tuple[tuple[int, int], ...]:
    """Each server that votes with each other one."""
    return tuple(permutations(scope.voters, 2))


def pair(scope: Scope) -> tuple[tuple[int, int], ...]:
    """Each two servers, in one order."""
    return tuple(combinations(scope.sids, 2))


def leader_and_supporters(scope: Scope) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """Each quorum with each of its members."""
    voters = scope.voters
    subsets = chain.from_iterable(combinations(voters, size) for size in range(1, len(voters) + 1))
    return tuple(
        (leader, subset) for subset in subsets if scope.is_quorum(frozenset(subset)) for leader in subset
    )
