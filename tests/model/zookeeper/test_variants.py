"""Each known bug and mutant is caught by the properties it names, and each property catches one.

Everything is switched on over the latest release with all known bugs mended, so that nothing else is found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from zabcheck.checker import Options, check
from zabcheck.checker.model import Kind
from zabcheck.model.zookeeper import Scope, model

MANY = 1_000_000
"""more states than this take seconds"""

HARMLESS = {"commit-in-any-order", "recency-unchecked"}
"""mutants that nothing can catch in these scopes, and whose sentence says why"""


@dataclass(frozen=True)
class Caught:
    """A variant violates a property in a scope, first on some level, when so many states were found."""

    variant: str
    property: str
    bounds: dict[str, Any]
    level: int
    states: int


OLD_LOG = {"storage": "fine", "window": 1, "transactions": 2}
CUT_VOTE = {"election": "fine", "phases": "election", "resets": 1, "servers": 2}
LATE_OBSERVER = OLD_LOG | {"observers": 1, "crashes": 0, "epochs": 2, "discovery": "coarse"}

CAUGHT = [
    Caught("ZOOKEEPER-1419", "VoteOrder", {}, 8, 491),
    Caught(
        "ZOOKEEPER-975", "DecisionSupport", {"election": "fine", "phases": "election", "rounds": 2}, 4, 189
    ),
    Caught(
        "ZOOKEEPER-975",
        "NoFalseElection",
        {"grain": "coarse", "election": "fine", "rounds": 1, "transactions": 0},
        27,
        1991616,
    ),
    Caught("ZOOKEEPER-1514", "OwnRound", {"election": "fine", "phases": "election", "rounds": 2}, 12, 69023),
    Caught("ZOOKEEPER-3769", "Join", CUT_VOTE, 2, 2103),
    Caught("ZOOKEEPER-3769", "ElectionTerminates", CUT_VOTE, 2, 2103),
    Caught("ZOOKEEPER-335", "Leadership1", {}, 13, 2608),
    Caught("ZOOKEEPER-335", "Leadership2", {}, 13, 2610),
    Caught("ZOOKEEPER-790", "LeaderLogCompleteness", {"timeouts": 2, "grain": "coarse"}, 24, 643837),
    Caught("ZOOKEEPER-790", "P1s", {"timeouts": 2, "grain": "coarse"}, 28, 1379041),
    Caught("ZOOKEEPER-2307", "EpochOrder", {"write_failures": 1}, 19, 27534),
    Caught("ZOOKEEPER-1154", "P2", {"transactions": 2, "grain": "coarse"}, 40, 348250),
    Caught("ZOOKEEPER-1154", "ProcessConsistency", {"transactions": 2, "grain": "coarse"}, 38, 320427),
    Caught("ZOOKEEPER-1156", "ProcessConsistency", {"transactions": 2}, 50, 2544072),
    Caught("ZOOKEEPER-2845", "P1s", {}, 34, 139712),
    Caught("ZOOKEEPER-2845", "LeaderLogCompleteness", {}, 28, 65294),
    Caught("ZOOKEEPER-2845", "ProcessConsistency", {}, 30, 87535),
    Caught("ZOOKEEPER-2845", "P2", {}, 27, 55700),
    Caught("ZOOKEEPER-3911", "AckDurability", {}, 28, 63914),
    Caught("ZOOKEEPER-3911", "P1s", {"crashes": 2}, 43, 1524533),
    Caught("ZOOKEEPER-3911", "LeaderLogCompleteness", {"crashes": 2}, 37, 895014),
    Caught("ZOOKEEPER-4643", "LeaderLogCompleteness", {"crashes": 2}, 42, 1400635),
    Caught("ZOOKEEPER-4643", "P1s", {"crashes": 2}, 49, 2098591),
    Caught("ZOOKEEPER-4643", "CommittedLogDurability", {"crashes": 2}, 43, 1506222),
    Caught("ZOOKEEPER-4646", "AckDurability", {}, 29, 82853),
    Caught("ZOOKEEPER-4646", "P1s", {}, 42, 455895),
    Caught("ZOOKEEPER-4646", "LeaderLogCompleteness", {}, 36, 236663),
    Caught("ZOOKEEPER-4685", "AckConsistent", {}, 25, 39320),
    Caught("ZOOKEEPER-4685", "RecoversEventually", {}, 13, 1351848),
    Caught("silence", "Join", {"election": "fine", "phases": "election"}, 5, 123919),
    Caught("silence", "ElectionTerminates", {"election": "fine", "phases": "election"}, 5, 123919),
    Caught("ZOOKEEPER-4394", "CommitConsistent", {}, 33, 134624),
    Caught("ZOOKEEPER-3023", "StateConsistent", {}, 33, 134624),
    Caught("ZOOKEEPER-3023", "CommitConsistency", {}, 33, 134624),
    Caught("ZOOKEEPER-4712", "ProcessConsistency", {}, 31, 101163),
    Caught("ZOOKEEPER-4712", "P2", {}, 31, 101163),
    Caught("ZOOKEEPER-4712", "MemDisk", {}, 39, 221597),
    Caught("ZOOKEEPER-5094", "MemDisk", {"crashes": 2}, 49, 2087053),
    Caught("ZOOKEEPER-5094", "ProcessConsistency", {"crashes": 2}, 60, 2826977),
    Caught("ZOOKEEPER-3642", "MemDisk", {"window": 1}, 29, 73759),
    Caught("ZOOKEEPER-2355", "MemDisk", {}, 29, 74186),
    Caught("ZOOKEEPER-4925", "CommittedLogDurability", {"crashes": 2}, 48, 2080815),
    Caught("ZOOKEEPER-4882", "MemDisk", {}, 40, 293669),
    Caught("ZOOKEEPER-4882", "LogContiguity", {"transactions": 2}, 16, 5797),
    Caught("ZOOKEEPER-4882", "LocalPrimaryOrder", {"transactions": 2}, 32, 631032),
    Caught("ZOOKEEPER-4882", "PrefixConsistency", {"transactions": 2}, 38, 1767896),
    Caught("ZOOKEEPER-4882", "TotalOrder", {"transactions": 2}, 38, 1767896),
    Caught("ZOOKEEPER-1653", "LogEpoch", {"window": 1}, 31, 96073),
    Caught("ZOOKEEPER-2354", "LogEpoch", {"window": 1}, 31, 96073),
    Caught("ZOOKEEPER-1277", "LogContiguity", {"transactions": 2, "counter": 1}, 16, 5700),
    Caught("ZOOKEEPER-962", "ProposalConsistent", {"transactions": 2}, 20, 16406),
    Caught("ZOOKEEPER-962", "CommitConsistent", {"transactions": 2}, 27, 124703),
    Caught("ZOOKEEPER-1136", "CommittedLogDurability", {}, 23, 31152),
    Caught("ZOOKEEPER-1136", "P1s", {"crashes": 2}, 35, 729695),
    Caught("ZOOKEEPER-1136", "LeaderLogCompleteness", {"crashes": 2}, 31, 465890),
    Caught("ZOOKEEPER-1549", "P2", {"storage": "fine", "crashes": 2, "grain": "coarse"}, 33, 1184061),
    Caught("ZOOKEEPER-2418", "ProposalConsistent", LATE_OBSERVER, 41, 3829231),
    Caught("ZOOKEEPER-2418", "LogContiguity", LATE_OBSERVER, 45, 5407493),
    Caught("ZOOKEEPER-2846", "ProposalConsistent", OLD_LOG | {"grain": "coarse"}, 36, 503308),
    Caught("ZOOKEEPER-2846", "LogContiguity", OLD_LOG | {"grain": "coarse"}, 39, 602535),
    Caught("ZOOKEEPER-1551", "MemDisk", {"observers": 1, "grain": "coarse"}, 26, 310424),
    Caught("trunc-of-committed", "CommittedLogDurability", {}, 30, 85120),
    Caught("trunc-of-committed", "P1s", {"crashes": 2}, 44, 1694941),
    Caught("half-is-a-quorum", "Leadership1", {"servers": 4, "grain": "coarse"}, 11, 16233),
    Caught("half-is-a-quorum", "Leadership2", {"servers": 4, "grain": "coarse"}, 11, 16233),
    Caught("vote-by-sid", "LeaderLogCompleteness", {}, 28, 62522),
    Caught("vote-by-sid", "P1s", {}, 35, 139250),
    Caught("vote-by-sid", "CommittedLogMonotonicity", {}, 35, 139250),
    Caught("vote-by-sid", "InitialHistoryIntegrity", {"crashes": 2, "grain": "coarse"}, 36, 546895),
    Caught("vote-by-sid", "Agreement", {"transactions": 2, "grain": "coarse"}, 31, 173128),
    Caught("vote-by-sid", "PrefixConsistency", {"transactions": 2, "grain": "coarse"}, 31, 173128),
    Caught("vote-by-sid", "PrimaryIntegrity", {"transactions": 2, "grain": "coarse"}, 27, 95198),
    Caught("zxid-without-epoch", "GlobalPrimaryOrder", {}, 22, 22481),
    Caught("accepted-epoch-forgotten", "EpochOrder", {}, 6, 149),
    Caught("accepted-epoch-forgotten", "Leadership2", {}, 13, 1693),
    Caught("earlier-epoch-accepted", "EpochsMonotone", {"partitions": 1}, 21, 144922),
    Caught("acknowledged-before-logged", "CommittedLogDurability", {}, 21, 16804),
    Caught("acknowledged-before-logged", "P1s", {}, 34, 124005),
    Caught("no-trunc", "P2", {}, 36, 159552),
    Caught("no-trunc", "ProcessConsistency", {}, 32, 108333),
    Caught("no-trunc", "TotalOrder", {"transactions": 2, "grain": "coarse"}, 34, 246101),
    Caught("uptodate-before-quorum", "CommittedLogDurability", {}, 15, 10957),
    Caught("uptodate-forgotten", "Deadlock", {}, 28, 35806),
    Caught("uptodate-forgotten", "Recovery", {}, 1, 54920),
    Caught("uptodate-forgotten", "CatchUp", {}, 1, 54920),
    Caught("uptodate-forgotten", "Progress", {}, 1, 54920),
    Caught("observers-count", "CommittedLogDurability", {"observers": 1, "grain": "coarse"}, 25, 582474),
    Caught("value-mangled", "Integrity", {}, 23, 26619),
    Caught("value-mangled", "SameZxid", {}, 19, 10755),
]


def marked(row: Caught) -> Any:
    marks = [pytest.mark.slow] if row.states > MANY else []
    return pytest.param(row, id=f"{row.variant}-{row.property}", marks=marks)


@pytest.mark.parametrize("row", [marked(row) for row in CAUGHT])
def test_variant_is_caught(row: Caught) -> None:
    scope = Scope(release="mended", **row.bounds)
    result = check(model, scope, Options(properties=(row.property,), workers=2), variant=row.variant)
    found = result.properties[row.property]
    assert (result.verdict, found.verdict) == ("violated", "violated")
    assert (found.depth, result.distinct_states) == (row.level, row.states)
    assert result.counterexample is not None
    assert result.counterexample.property == row.property


def test_every_bug_and_mutant_is_in_the_table() -> None:
    named = {(v.name, p) for v in model.variants.values() for p in v.caught_by}
    assert named == {(row.variant, row.property) for row in CAUGHT}
    unnamed = {v.name for v in model.variants.values() if not v.caught_by and "=" not in v.name}
    assert unnamed == HARMLESS


def test_every_property_catches_something() -> None:
    expected = {p.name for p in model.properties.values() if p.kind is not Kind.GOAL}
    assert expected == {row.property for row in CAUGHT}


@pytest.mark.parametrize("variant", sorted(HARMLESS))
def test_harmless(variant: str) -> None:
    result = check(model, Scope(release="mended"), Options(workers=2), variant=variant)
    assert result.verdict == "holds"


@pytest.mark.parametrize("name", [name for name in model.variants if "=" in name])
def test_a_switch_alone_changes_that_switch(name: str) -> None:
    scope = Scope(release="mended")
    changed = model.variants[name].apply(scope)
    switch = name.split("=", maxsplit=1)[0].replace("-", "_")
    assert replace(changed.switches, **{switch: getattr(scope.switches, switch)}) == scope.switches
