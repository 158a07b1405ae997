"""Orbits the slow and obvious way: every state, renamed in every way."""

from __future__ import annotations

import dataclasses
from enum import Enum
from itertools import permutations
from typing import Any

from zabcheck.checker import Id, Limits, Model, Options
from zabcheck.checker.interpreted import InterpretedSearch
from zabcheck.checker.search import Problem

State = frozenset[tuple[Any, Any]]
"""A state as a set of (path of the field, value)."""


def levels(model: Model[Any], scope: Any, limits: Limits | None = None) -> list[list[State]]:
    """All states, by level."""
    problem = Problem(model, scope, Options(limits=limits or Limits()))
    search = InterpretedSearch(problem)
    search.run()
    paths = [field.path for field in problem.shape.fields]
    found = iter(search.seen)
    return [
        [frozenset(zip(paths, next(found), strict=True)) for _ in range(size)]
        for size in search.levels
        if size
    ]


def orbits(states: list[State], ids: tuple[Id, ...]) -> set[frozenset[State]]:
    """The different sets of states that are the same up to renaming ``ids``."""
    renamings = [dict(zip(ids, image, strict=True)) for image in permutations(ids)]
    return {frozenset(frozenset(renamed(state, names)) for names in renamings) for state in states}


def renamed(value: Any, names: dict[Id, Id]) -> Any:
    """``value`` with other names, written without a look at `zabcheck.checker.values.permute`."""
    if isinstance(value, Id):
        return names.get(value, value)
    if isinstance(value, (tuple, frozenset)):
        return type(value)(renamed(item, names) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, (type, Enum)):
        fields = {f.name: renamed(getattr(value, f.name), names) for f in dataclasses.fields(value)}
        return type(value)(**fields)
    return value
