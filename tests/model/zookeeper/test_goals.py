"""Everything that should happen happens: goals are reached, transitions fire, with other quorums and observers too."""

from __future__ import annotations

from typing import Any

import pytest

from zabcheck.checker import Options, UsageError, check
from zabcheck.checker.model import Kind
from zabcheck.model.quorums import Group, Hierarchical
from zabcheck.model.zookeeper import Scope, model

GOALS = {p.name for p in model.properties.values() if p.kind is Kind.GOAL}

SCOPES: list[dict[str, Any]] = [
    {},
    {"crashes": 0, "partitions": 1, "grain": "coarse"},
    {"crashes": 0, "timeouts": 1, "grain": "coarse"},
    {"crashes": 0, "write_failures": 1, "grain": "coarse"},
    {"servers": 2, "election": "fine", "phases": "election", "resets": 1},
    {"crashes": 0, "observers": 1, "grain": "coarse"},
    {"crashes": 0, "transactions": 0, "election": "fine", "phases": "election", "rounds": 2},
    {"release": "3.8.0", "grain": "fine"},
    {"crashes": 1, "transactions": 2, "window": 1, "grain": "coarse"},
]


def run(bounds: dict[str, Any], properties: tuple[str, ...] = ()) -> Any:
    return check(model, Scope(**({"release": "mended"} | bounds)), Options(properties=properties, workers=2))


def test_the_default_scope_reaches_every_goal_that_it_can() -> None:
    result = run({})
    needless = {name for name in GOALS if model.properties[name].applies(Scope())}
    assert {n for n in needless if result.properties[n].verdict == "reached"} == needless
    assert GOALS - needless == {"ObserverServes"}


def test_observers_serve() -> None:
    assert (
        run({"crashes": 0, "observers": 1, "grain": "coarse"}).properties["ObserverServes"].verdict
        == "reached"
    )


def test_every_transition_fires() -> None:
    fired: set[str] = set()
    for bounds in SCOPES:
        properties = ("P1s",) if "release" in bounds else ()
        result = run(bounds, properties)
        fired |= {name for name, coverage in result.transitions.items() if coverage.fired}
    assert set(model.transitions) - fired == {"log_write_fail", "orphaned_log_thread_write"} - fired
    result = check(
        model,
        Scope(release="mended"),
        Options(properties=("P1s",), workers=2),
        variant=["ZOOKEEPER-4882", "ZOOKEEPER-4712"],
    )
    assert result.transitions["log_write_fail"].fired
    assert result.transitions["orphaned_log_thread_write"].fired


@pytest.mark.parametrize(
    "system",
    [
        Hierarchical(
            voters=frozenset({1, 2, 3}), groups=(Group(1, frozenset({1, 2, 3})),), weights=frozenset({(1, 3)})
        ),
        Hierarchical(
            voters=frozenset({1, 2, 3}),
            groups=(Group(1, frozenset({1})), Group(2, frozenset({2})), Group(3, frozenset({3}))),
        ),
    ],
    ids=["one server outweighs the others", "each server a group"],
)
def test_weights_and_groups(system: Hierarchical) -> None:
    result = run({"quorum_system": system, "grain": "coarse"})
    assert result.verdict == "holds"
    assert result.properties["LeaderInBroadcast"].verdict == "reached"


def test_a_full_counter_ends_the_epoch() -> None:
    result = run({"crashes": 0, "transactions": 2, "counter": 1, "grain": "coarse"})
    assert result.verdict == "holds"
    assert result.properties["LaterEpochEstablished"].verdict == "reached"


def test_fine_elections_hold() -> None:
    result = run({"crashes": 0, "transactions": 1, "election": "fine", "rounds": 1, "grain": "coarse"})
    assert result.verdict == "holds"
    assert result.properties["CommittedEverywhere"].verdict == "reached"


def test_too_few_servers_are_refused() -> None:
    with pytest.raises(UsageError, match="--absent 2 leaves no quorum of 3 servers"):
        run({"absent": 2})


def test_an_election_ends_without_the_servers_that_are_down() -> None:
    """Votes for those who do not take them must not keep a server from asking the others again."""
    bounds = {"servers": 5, "absent": 2, "crashes": 0, "election": "fine", "phases": "election", "rounds": 2}
    result = run(bounds)
    assert result.verdict == "holds"
    assert result.properties["LeaderElected"].verdict == "reached"
