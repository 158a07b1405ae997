"""Guards that are not asked twice answer as they would have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from zabcheck.checker.disabled import Disabled
from zabcheck.checker.evaluate import Evaluator, select
from zabcheck.model.zab import Scope as ZabScope
from zabcheck.model.zab import model as zab
from zabcheck.model.zookeeper import Scope as ZooKeeperScope
from zabcheck.model.zookeeper import model as zookeeper

if TYPE_CHECKING:
    from zabcheck.checker.model import Model


@pytest.mark.parametrize(
    ("model", "scope"),
    [
        (zab, ZabScope(servers=2, timeouts=1, transactions=1, epochs=1)),
        (zookeeper, ZooKeeperScope(servers=2, storage="fine", crashes=1, discovery="coarse")),
    ],
    ids=["zab", "zookeeper"],
)
def test_the_same_steps(model: Model[Any], scope: object) -> None:
    evaluator = Evaluator(model, scope, select(model, scope))
    known = Disabled(evaluator)
    seen = dict.fromkeys(evaluator.initial)
    for state in (frontier := list(seen)):
        steps = list(known.steps(state))
        assert steps == [
            (instance, choices, after)
            for instance in evaluator.selection.transitions
            for choices, after in evaluator.successors(state, instance)
        ]
        for _, _, after in steps:
            if after not in seen and len(seen) < 1000:
                seen[after] = None
                frontier.append(after)
    assert len(seen) > 200
