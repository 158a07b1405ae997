"""A connection over which votes are sent breaks: the last one comes twice, or half of it ends who receives them."""

from __future__ import annotations

from typing import Any

import pytest

from zabcheck.checker import Options, check
from zabcheck.model.zookeeper import Scope, model

SMALL: dict[str, Any] = {"election": "fine", "phases": "election", "servers": 2, "history": 0, "crashes": 0}


@pytest.mark.parametrize("resets", [0, 1])
def test_a_budget(resets: int) -> None:
    result = check(model, Scope(release="mended", **SMALL, resets=resets), Options(workers=1))
    assert result.verdict == "holds"
    assert bool(result.transitions["election_connection_reset"].fired) == bool(resets)


@pytest.mark.parametrize(("release", "verdict"), [("3.6.0", "violated"), ("3.6.1", "holds")])
def test_half_a_vote(release: str, verdict: str) -> None:
    scope = Scope(release=release, **SMALL, resets=1)
    result = check(model, scope, Options(properties=("Join",), workers=1))
    assert result.properties["Join"].verdict == verdict
