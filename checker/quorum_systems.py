"""Quorum systems of any kind: whether any two quorums intersect, and which losses leave none.

A system is its members and a predicate that says whether a set is a quorum, told how much of each member is in it: 0
or 1, or a term of z3 in their place. z3 looks for sets; what it finds is put to the predicate with plain numbers before
anybody sees it. What it cannot find is proved not to be there.

Importing z3 takes long: nothing else of the checker imports this module.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import z3

from zabcheck.checker.result import QuorumAnalysis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    IsQuorum = Callable[[Mapping[int, Any]], Any]

MOST_LOSSES = 200
"""How many losses are listed; a majority of 9 has 126, one of 11 has 462."""


def analyse(members: Iterable[int], is_quorum: IsQuorum, seconds: float | None = None) -> QuorumAnalysis:
    """What z3 says of a quorum system, within so many seconds.

    Two quorums without a common member are a violation, and so is a system that has no quorum at all.
    """
    started = time.monotonic()
    search = _Search(sorted(members), is_quorum, None if seconds is None else started + seconds)
    found = QuorumAnalysis(verdict="incomplete")
    try:
        if disjoint := search.disjoint_quorums():
            found = replace(found, verdict="violated", disjoint=disjoint)
        smallest = search.smallest_quorum()
        intersecting = disjoint is None and smallest is not None
        found = replace(found, verdict="holds" if intersecting else "violated", smallest=smallest)
        for loss in islice(losses := search.losses(), MOST_LOSSES):
            found = replace(found, losses=(*found.losses, loss))
        found = replace(found, losses_complete=next(losses, None) is None)
    except _UndecidedError as error:
        found = replace(found, reason=str(error))
    ordered = tuple(sorted(found.losses, key=lambda loss: (len(loss), sorted(loss))))
    return replace(found, losses=ordered, seconds=time.monotonic() - started)


_TIMEOUT = "the time limit was reached"


class _UndecidedError(Exception):
    """z3 gave up; the text says why."""


class _Unknown:
    """A set that z3 is to find: it has 0 or 1 of each member."""

    def __init__(self, name: str, members: list[int]) -> None:
        self.inside = {member: z3.Int(f"{name}{member}") for member in members}
        self.outside = {member: 1 - term for member, term in self.inside.items()}
        self.size = z3.Sum(list(self.inside.values()))
        self.bounds = z3.And([z3.And(term >= 0, term <= 1) for term in self.inside.values()])

    def some_of(self, members: Iterable[int]) -> z3.BoolRef:
        """The set has one of these, or more."""
        return z3.Or([self.inside[member] == 1 for member in members])

    def lacks(self, members: Iterable[int]) -> z3.BoolRef:
        """The set has none of these."""
        return z3.And([self.inside[member] == 0 for member in members])

    def lacks_some_of(self, members: Iterable[int]) -> z3.BoolRef:
        """The set has not all of these."""
        return z3.Or([self.inside[member] == 0 for member in members])

    def found(self, solver: z3.Solver) -> frozenset[int]:
        """The set that z3 found."""
        model = solver.model()
        return frozenset(
            member
            for member, term in self.inside.items()
            if model.eval(term, model_completion=True).as_long()
        )


class _Search:
    """Questions to z3 about one quorum system."""

    def __init__(self, members: list[int], is_quorum: IsQuorum, deadline: float | None) -> None:
        self._members = members
        self._is_quorum = is_quorum
        self._deadline = deadline

    def disjoint_quorums(self) -> tuple[frozenset[int], frozenset[int]] | None:
        """Two quorums without a common member, neither larger than it need be."""
        one, other = _Unknown("one", self._members), _Unknown("other", self._members)
        solver = self._solver(one.bounds, other.bounds)
        solver.add(self._is_quorum(one.inside), self._is_quorum(other.inside))
        solver.add([one.inside[member] + other.inside[member] <= 1 for member in self._members])
        if not self._is_possible(solver):
            return None
        found = self._shrunk(one.found(solver)), self._shrunk(other.found(solver))
        if found[0] & found[1]:
            raise AssertionError(f"z3 takes {sorted(found[0])} and {sorted(found[1])} for disjoint")
        return found

    def smallest_quorum(self) -> frozenset[int] | None:
        """A quorum that is as small as any; of several, the one with the smaller members."""
        quorum = _Unknown("quorum", self._members)
        solver = self._solver(quorum.bounds, self._is_quorum(quorum.inside))
        for size in range(len(self._members) + 1):
            chosen = [quorum.size == size]
            if self._is_possible(solver, *chosen):
                for term in quorum.inside.values():
                    if self._is_possible(solver, *chosen, term == 1):
                        chosen.append(term == 1)
                self._is_possible(solver, *chosen)
                return self._shrunk(quorum.found(solver))
        return None

    def losses(self) -> Iterator[frozenset[int]]:
        """Every set of members whose loss leaves no quorum, without those that contain another; smaller ones first.

        The rest after a loss may be no quorum and yet contain one, where a member counts against its side. So each
        candidate is put to z3 again, and a quorum that is left keeps it and its like out.
        """
        lost, quorum = _Unknown("lost", self._members), _Unknown("quorum", self._members)
        candidates = self._solver(lost.bounds)
        candidates.add(z3.Not(self._is_quorum(lost.outside)))
        quorums = self._solver(quorum.bounds, self._is_quorum(quorum.inside))
        for size in range(len(self._members) + 1):
            while self._is_possible(candidates, lost.size == size):
                loss = lost.found(candidates)
                if self._is_possible(quorums, quorum.lacks(loss)):
                    candidates.add(lost.some_of(self._shrunk(quorum.found(quorums))))
                else:
                    candidates.add(lost.lacks_some_of(loss))
                    yield loss

    def _solver(self, *constraints: Any) -> z3.Solver:
        """A solver without the tactics of z3's default one, which turn 31 voters into bits and then take for ever."""
        solver = z3.SimpleSolver()
        solver.add(*constraints)
        return solver

    def _is_possible(self, solver: z3.Solver, *more: Any) -> bool:
        """Whether the constraints can be met together; z3 leaves what it finds in ``solver``."""
        if self._deadline is not None:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise _UndecidedError(_TIMEOUT)
            solver.set("timeout", math.ceil(left * 1000))
        answer = solver.check(*more)
        if answer == z3.unknown:
            late = self._deadline is not None and time.monotonic() >= self._deadline
            why = solver.reason_unknown()
            raise _UndecidedError(_TIMEOUT if late else "interrupted" if why == "canceled" else f"z3: {why}")
        return bool(answer == z3.sat)

    def _shrunk(self, quorum: frozenset[int]) -> frozenset[int]:
        """A quorum inside one that z3 found, from which no member can be taken; all by the plain predicate."""
        if not self._contains_quorum(quorum):
            raise AssertionError(f"z3 takes {sorted(quorum)} for a quorum, which it is not")
        for member in sorted(quorum, reverse=True):
            if self._contains_quorum(smaller := quorum - {member}):
                quorum = smaller
        return quorum

    def _contains_quorum(self, members: frozenset[int]) -> bool:
        return bool(self._is_quorum({member: int(member in members) for member in self._members}))
