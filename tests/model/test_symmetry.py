"""The names of the servers do not matter: permuting them turns reachable states and steps into such."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from zabcheck.checker import Options, check, native_available
from zabcheck.checker.search import Problem
from zabcheck.checker.values import permute
from zabcheck.model.zab import Scope, model
from zabcheck.model.zab.scope import ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zabcheck.checker import Id

TINY = [Scope(2, 1, 1, 1, 1, ghosts=1), Scope(3, 0, 1, 1, 0)]


def graph(problem: Problem) -> dict[Any, set[Any]]:
    """Every reachable state with its successors."""
    successors: dict[Any, set[Any]] = {}
    waiting = list(problem.evaluator.initial)
    while waiting:
        state = waiting.pop()
        if state not in successors:
            successors[state] = {
                after
                for instance in problem.selection.transitions
                for _, after in problem.evaluator.successors(state, instance)
            }
            waiting += successors[state]
    return successors


def mappings(scope: Scope) -> Iterator[Mapping[Id, Id]]:
    servers = ids(scope)
    for image in permutations(servers):
        yield dict(zip(servers, image, strict=True))


@pytest.mark.parametrize("scope", TINY, ids=str)
def test_permuted_states_are_reachable_and_have_the_permuted_successors(scope: Scope) -> None:
    problem = Problem(model, scope, Options(properties=("MessageLegal",)))
    successors = graph(problem)
    for mapping in mappings(scope):
        target = problem.shape.permutation(mapping)

        def image(state: Any, mapping: Mapping[Id, Id] = mapping, target: list[int] = target) -> Any:
            permuted: list[Any] = [None] * len(state)
            for index, value in zip(target, state, strict=True):
                permuted[index] = permute(value, mapping)
            return tuple(permuted)

        for state, afters in successors.items():
            assert successors[image(state)] == {image(after) for after in afters}


@pytest.mark.skipif(not native_available(), reason="the core was not built")
@pytest.mark.parametrize("bounds", [(2, 2, 2, 2, 1), (3, 1, 1, 1, 1), (3, 1, 1, 2, 0, 1), (4, 0, 1, 1, 0)])
def test_orbits_add_up_to_all_states(bounds: tuple[int, ...]) -> None:
    full = check(model, Scope(*bounds), Options(cache=False), engine="native")
    reduced = check(model, Scope(*bounds), Options(cache=False, symmetry=True), engine="native")
    assert reduced.symmetric_states == full.distinct_states
    assert {name: p.verdict for name, p in reduced.properties.items()} == {
        name: p.verdict for name, p in full.properties.items()
    }
