"""What is left out of the search changes nothing that anybody can see, and coarse runs are fine runs.

States are compared by what is visible: roles, phases, disks, trees, epochs, and what was committed.
"""

from __future__ import annotations

from typing import Any

import pytest

from zabcheck.checker import Options, check
from zabcheck.checker.evaluate import Evaluator, select
from zabcheck.model.zookeeper import Scope, model

ALWAYS = ("accepted_epoch", "current_epoch", "disk", "tree", "role", "phase")


def visible(scope: Scope, *, without: tuple[str, ...] = ()) -> set[tuple[Any, ...]]:
    """The visible part of every reachable state, by plain search."""
    selection = select(model, scope, ("StateConsistent",))
    evaluator = Evaluator(model, scope, selection)
    shown = [
        index
        for index, field in enumerate(evaluator.shape.fields)
        if (field.path[0] == "servers" and field.path[2] in ALWAYS and field.path[2] not in without)
        or (field.path[0] == "ghosts")
    ]
    seen = set(evaluator.initial)
    frontier = list(seen)
    while frontier:
        state = frontier.pop()
        for instance in selection.transitions:
            for _, after in evaluator.successors(state, instance):
                if after not in seen:
                    seen.add(after)
                    frontier.append(after)
    return {tuple(state[index] for index in shown) for state in seen}


SMALL: list[dict[str, Any]] = [
    {"servers": 2, "crashes": 1, "epochs": 3},
    {"servers": 2, "crashes": 0, "timeouts": 1, "epochs": 3, "release": "3.8.0"},
    {"servers": 2, "crashes": 1, "epochs": 2, "history": 0, "window": 1},
    {"servers": 2, "crashes": 1, "election": "fine", "rounds": 2, "epochs": 3, "grain": "coarse"},
    {"servers": 3, "crashes": 0, "election": "fine", "phases": "election", "rounds": 1, "absent": 1},
    {"servers": 2, "crashes": 0, "election": "fine", "phases": "election", "rounds": 3, "resets": 1},
    {"servers": 2, "crashes": 1, "storage": "fine", "epochs": 3, "window": 1},
    {"servers": 2, "crashes": 0, "write_failures": 1, "epochs": 3},
]


@pytest.mark.parametrize("bounds", SMALL, ids=str)
def test_reduced_and_full_search_see_the_same(bounds: dict[str, Any]) -> None:
    reduced, full = Scope(**bounds), Scope(**bounds, reduced=False)
    assert visible(reduced) == visible(full)


BUGGY = (
    "AckDurability",
    "AckConsistent",
    "StateConsistent",
    "CommitConsistency",
    "P1s",
    "ProcessConsistency",
)
"""properties that are compared one by one where a violation would end the search of all"""


def verdicts(scope: Scope) -> dict[str, str]:
    found: dict[str, str] = {}
    questions: list[tuple[str, ...]] = [(name,) for name in BUGGY] if scope.release == "3.8.0" else [()]
    for names in questions:
        result = check(model, scope, Options(properties=names, workers=2))
        found |= {name: prop.verdict for name, prop in result.properties.items()}
    return found


@pytest.mark.parametrize("bounds", [*SMALL, {"crashes": 0}, {"crashes": 0, "release": "3.8.0"}], ids=str)
def test_reduced_and_full_search_give_the_same_verdicts(bounds: dict[str, Any]) -> None:
    assert verdicts(Scope(**bounds)) == verdicts(Scope(**bounds, reduced=False))


@pytest.mark.parametrize(
    "bounds",
    [
        {"servers": 2, "crashes": 1, "epochs": 3},
        {"servers": 2, "crashes": 0, "timeouts": 1, "epochs": 3, "transactions": 2},
        {"servers": 2, "crashes": 1, "epochs": 2, "observers": 0, "release": "3.8.0"},
    ],
    ids=str,
)
def test_what_is_reachable_with_coarse_threads_is_reachable_with_fine_ones(bounds: dict[str, Any]) -> None:
    coarse, fine = visible(Scope(**bounds, grain="coarse")), visible(Scope(**bounds, grain="fine"))
    assert coarse < fine


@pytest.mark.parametrize(
    "bounds",
    [
        {"servers": 2, "crashes": 1, "epochs": 3, "grain": "coarse"},
        {
            "servers": 3,
            "absent": 1,
            "crashes": 0,
            "timeouts": 1,
            "epochs": 3,
            "grain": "coarse",
            "transactions": 0,
        },
    ],
    ids=str,
)
def test_what_is_reachable_with_coarse_elections_is_reachable_with_fine_ones(bounds: dict[str, Any]) -> None:
    coarse = visible(Scope(**bounds, election="coarse"))
    fine = visible(Scope(**bounds, election="fine", rounds=4))
    assert coarse <= fine


@pytest.mark.parametrize(
    "bounds",
    [
        {"servers": 2, "crashes": 1, "epochs": 3, "grain": "coarse"},
        {"servers": 2, "crashes": 0, "timeouts": 1, "epochs": 3},
        {"servers": 3, "crashes": 0, "epochs": 2, "grain": "coarse", "transactions": 0},
    ],
    ids=str,
)
def test_what_is_reachable_with_coarse_discovery_is_reachable_with_a_fine_one(bounds: dict[str, Any]) -> None:
    coarse, fine = visible(Scope(**bounds, discovery="coarse")), visible(Scope(**bounds, discovery="fine"))
    assert coarse <= fine
