"""Both engines agree on the model, in scopes that are small enough for plain Python."""

from __future__ import annotations

from typing import Any

import pytest

from zabcheck.checker import Options, check
from zabcheck.model.zookeeper import Scope, model

SCOPES: list[dict[str, Any]] = [
    {"servers": 1, "crashes": 1},
    {"servers": 2, "crashes": 1},
    {"servers": 2, "crashes": 1, "history": 0},
    {"servers": 2, "crashes": 0, "partitions": 1, "transactions": 2, "grain": "coarse"},
    {"servers": 2, "crashes": 1, "timeouts": 1, "grain": "coarse"},
    {"servers": 2, "crashes": 0, "observers": 1, "grain": "coarse", "window": 1},
    {"servers": 2, "crashes": 1, "election": "fine", "rounds": 2},
    {"servers": 3, "crashes": 0, "absent": 1, "election": "fine", "phases": "election", "rounds": 2},
    {"servers": 3, "crashes": 0, "grain": "coarse", "transactions": 0},
    {"servers": 2, "crashes": 1, "release": "3.4.0"},
    {"servers": 2, "crashes": 1, "release": "3.8.0"},
]


@pytest.mark.parametrize("bounds", SCOPES, ids=str)
def test_engines_agree(bounds: dict[str, Any]) -> None:
    plain, native = (
        check(model, Scope(**bounds), Options(workers=2), engine=engine)
        for engine in ("interpreted", "native")
    )
    assert plain.verdict == native.verdict
    assert plain.states_by_depth == native.states_by_depth
    assert plain.generated_states == native.generated_states
    assert {n: c.fired for n, c in plain.transitions.items()} == {
        n: c.fired for n, c in native.transitions.items()
    }
    assert plain.properties == native.properties
    assert plain.counterexample == native.counterexample
