"""Each variant is caught by the properties it names, and each property catches a variant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from zabcheck.checker import Options, check, native_available
from zabcheck.checker.model import Kind
from zabcheck.model.zab import Scope, model

if TYPE_CHECKING:
    from collections.abc import Mapping

INTERPRETED = 4_000
"""so many states are few enough for plain Python"""

VACUOUS = {"PublishedLocalPrimaryOrder"}
"""published properties that nothing can violate"""


@dataclass(frozen=True)
class Caught:
    """A variant violates a property in a scope, first on some level, when so many states were found."""

    variant: str
    property: str
    bounds: tuple[int, ...]
    level: int
    states: int


CAUGHT = [
    # the published ambiguities
    Caught("propose-to-established-only", "ProposalConsistent", (3, 0, 2, 2, 0), 22, 3_112),
    Caught("redundant-proposal-illegal", "ProposalConsistent", (3, 0, 1, 2, 0), 18, 1_300),
    Caught("latecomer-delivers-acknowledged", "CommitConsistent", (3, 0, 2, 2, 0), 26, 7_654),
    # discovery
    Caught("half-is-a-quorum", "Leadership1", (4, 0, 0, 2, 0), 13, 3_681),
    Caught("half-is-a-quorum", "Leadership2", (4, 0, 0, 2, 0), 13, 3_681),
    Caught("epoch-reused", "Leadership2", (2, 1, 0, 2, 0), 14, 200),
    Caught("earlier-epoch-accepted", "AcceptedEpochMonotone", (3, 2, 0, 3, 0), 19, 87_784),
    Caught("promise-forgotten", "EpochOrder", (2, 0, 0, 1, 0), 8, 17),
    Caught("leader-keeps-its-history", "P1s", (3, 1, 1, 2, 0), 23, 31_033),
    Caught("leader-keeps-its-history", "LeaderLogCompleteness", (3, 1, 1, 2, 0), 21, 24_280),
    Caught("leader-keeps-its-history", "PrefixConsistency", (3, 1, 2, 2, 0), 28, 184_966),
    Caught("leader-keeps-its-history", "Agreement", (3, 1, 2, 2, 0), 28, 184_966),
    Caught("zxid-before-epoch", "P2", (3, 2, 1, 3, 0), 26, 763_342),
    Caught("histories-merged", "P2", (3, 2, 1, 3, 0), 26, 763_342),
    # synchronization
    Caught("sync-skips-committed", "CommitConsistency", (2, 1, 1, 2, 0), 24, 679),
    Caught("sync-skips-committed", "CommittedLogDurability", (2, 1, 1, 2, 0), 22, 647),
    Caught("sync-skips-committed", "LogContiguity", (2, 1, 2, 2, 0), 23, 1_493),
    Caught("sync-skips-committed", "HistoryConsistency", (2, 1, 2, 2, 0), 23, 1_493),
    Caught("sync-skips-committed", "ProcessConsistency", (2, 1, 2, 2, 0), 23, 1_493),
    Caught("sync-skips-committed", "PrefixConsistency", (2, 1, 2, 2, 0), 24, 1_615),
    Caught("sync-skips-committed", "Agreement", (2, 1, 2, 2, 0), 24, 1_615),
    Caught("sync-skips-committed", "TotalOrder", (2, 1, 2, 2, 0), 25, 1_717),
    Caught("sync-skips-committed", "LocalPrimaryOrder", (2, 1, 2, 2, 0), 25, 1_717),
    Caught("sync-skips-committed", "PublishedTotalOrder", (2, 1, 2, 2, 0), 28, 1_863),
    Caught("sync-skips-committed", "PublishedAgreement", (3, 0, 2, 2, 0), 24, 5_743),
    Caught("sync-skips-committed", "InitialHistoryIntegrity", (2, 2, 2, 3, 1), 33, 72_418),
    Caught("follower-keeps-its-tail", "ProcessConsistency", (3, 1, 1, 3, 0), 23, 36_943),
    Caught("follower-keeps-its-tail", "P2", (3, 1, 1, 3, 0), 24, 44_299),
    Caught("leader-delivers-late", "PublishedPrimaryIntegrity", (2, 1, 1, 2, 0), 20, 563),
    Caught("leader-delivers-late", "CommittedLogMonotonicity", (2, 1, 1, 2, 0), 19, 547),
    Caught("leader-delivers-late", "PrimaryIntegrity", (2, 1, 2, 2, 0), 22, 1_359),
    Caught("leader-delivers-late", "PrimaryIntegrityOrder", (2, 1, 2, 2, 0), 22, 1_401),
    Caught("follower-ignores-commitld", "CommitConsistency", (2, 1, 1, 2, 0), 20, 591),
    Caught("commitld-forgotten", "Deadlock", (2, 0, 1, 1, 0), 14, 29),
    # broadcast
    Caught("epoch-falls", "GlobalPrimaryOrder", (2, 1, 2, 2, 0), 20, 831),
    Caught("redundant-proposal-acknowledged", "AckConsistent", (3, 0, 2, 2, 0), 20, 2_617),
    Caught("acknowledged-before-logged", "P1s", (3, 1, 1, 2, 0), 23, 27_823),
    Caught("value-mangled", "Integrity", (2, 0, 1, 1, 0), 15, 35),
    Caught("value-mangled", "PublishedIntegrity", (2, 0, 1, 1, 0), 15, 35),
    Caught("committed-out-of-order", "CommitConsistent", (3, 0, 2, 2, 0), 22, 3_892),
    Caught("never-committed", "Deadlock", (2, 0, 1, 1, 0), 14, 33),
    # faults
    Caught("messages-survive", "MessageLegal", (2, 1, 0, 1, 0), 6, 25),
    Caught("messages-survive", "StateConsistent", (2, 1, 0, 1, 0), 12, 281),
    Caught("restart-loses-accepted-epoch", "EpochOrder", (2, 1, 0, 1, 1), 8, 134),
    Caught("restart-loses-accepted-epoch", "AcceptedEpochMonotone", (2, 1, 0, 1, 1), 6, 50),
    Caught("restart-loses-current-epoch", "CurrentEpochMonotone", (2, 1, 0, 1, 1), 8, 120),
    Caught("restart-loses-current-epoch", "LogEpoch", (2, 1, 1, 1, 1), 11, 294),
    Caught("restart-loses-log", "CommittedLogDurability", (2, 1, 1, 1, 1), 15, 494),
    Caught("restart-loses-log", "LeaderLogCompleteness", (2, 2, 1, 2, 2), 22, 13_405),
    Caught("restart-loses-log", "P1s", (2, 2, 1, 2, 2), 24, 16_663),
]


@dataclass(frozen=True)
class Goal:
    """A goal is first reached on some level of a scope, and never by the variants."""

    name: str
    bounds: tuple[int, ...]
    level: int
    never: tuple[str, ...]
    states: int = 0


GOALS = [
    Goal("LeaderInBroadcast", (2, 0, 1, 1, 0), 10, ("commitld-forgotten", "promise-unrecorded")),
    Goal("CommittedEverywhere", (2, 0, 1, 1, 0), 15, ("never-committed",)),
    Goal("CommitSeenByLeaderOnly", (2, 0, 1, 1, 0), 14, ("never-committed",)),
    Goal("LaterEpochDelivers", (2, 1, 1, 2, 0), 19, ("promise-unrecorded",)),
    Goal("DeposedLeaderStays", (3, 0, 0, 1, 0), 10, ("promise-unrecorded",)),
    Goal("JoinsDuringBroadcast", (3, 0, 1, 2, 0), 12, ("promise-unrecorded",)),
    Goal("RedundantProposal", (3, 0, 1, 2, 0), 17, ("promise-unrecorded",)),
    Goal("OrphanDiscarded", (3, 1, 1, 3, 0), 26, ("follower-keeps-its-tail",), 75_379),
    Goal("OldLeaderCommits", (2, 1, 1, 2, 0), 20, ("promise-unrecorded",)),
    Goal("TwoEpochsEstablished", (2, 1, 0, 2, 0), 18, ("promise-unrecorded",)),
]


def fitting_engine(states: int) -> str:
    """Plain Python where that is quick, else the native engine, if there is one."""
    if states <= INTERPRETED:
        return "interpreted"
    if not native_available():
        pytest.skip("the core was not built")
    return "native"


def scope_of(name: str, bounds: tuple[int, ...]) -> Scope:
    needs: Mapping[str, Any] = model.properties[name].needs
    return Scope(*bounds, **needs)


@pytest.mark.parametrize("row", CAUGHT, ids=lambda row: f"{row.variant}-{row.property}")
def test_variant_is_caught(row: Caught) -> None:
    scope, options = scope_of(row.property, row.bounds), Options(properties=(row.property,), cache=False)
    result = check(model, scope, options, engine=fitting_engine(row.states), variant=row.variant)
    assert (result.verdict, result.properties[row.property].depth) == ("violated", row.level)
    assert result.counterexample is not None
    assert result.counterexample.property == row.property


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: goal.name)
def test_goal_is_reached_but_not_by_the_variants(goal: Goal) -> None:
    scope, options = scope_of(goal.name, goal.bounds), Options(properties=(goal.name,), cache=False)
    engine = fitting_engine(goal.states)
    result = check(model, scope, options, engine=engine)
    assert (result.properties[goal.name].verdict, result.properties[goal.name].depth) == (
        "reached",
        goal.level,
    )
    for variant in goal.never:
        result = check(model, scope, options, engine=engine, variant=variant)
        assert (result.properties[goal.name].verdict, result.reason) == ("unreached", "")


def test_every_variant_names_what_catches_it() -> None:
    catchers: dict[str, set[str]] = {name: set() for name in model.variants}
    for row in CAUGHT:
        catchers[row.variant].add(row.property)
    for goal in GOALS:
        for variant in goal.never:
            catchers[variant].add(goal.name)
    assert catchers == {name: set(variant.caught_by) for name, variant in model.variants.items()}


def test_every_property_catches_a_variant() -> None:
    properties = {p.name for p in model.properties.values() if p.kind is not Kind.GOAL}
    assert properties - {row.property for row in CAUGHT} == VACUOUS
    assert {p.name for p in model.properties.values() if p.kind is Kind.GOAL} == {goal.name for goal in GOALS}


def test_everything_has_a_sentence() -> None:
    listed: list[Any] = [*model.properties.values(), *model.transitions.values(), *model.variants.values()]
    assert [item.name for item in listed if not item.sentence.endswith((".", ")"))] == []
