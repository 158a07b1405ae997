"""The random protocols are worth comparing engines on: they differ, and things happen in them."""

from __future__ import annotations

from collections import Counter

from hypothesis import HealthCheck, given, settings

from tests.checker.agreement import native, needs_core
from tests.strategies import Program, Scope, build, programs
from zabcheck.checker import Limits
from zabcheck.checker.model import Kind

EXAMPLES = 400


@needs_core
def test_random_protocols_vary() -> None:
    seen = Counter[str]()
    kinds = Counter[tuple[str, int]]()
    different: set[Program] = set()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(programs())
    def explore(program: Program) -> None:
        result = native(build(program), Scope(program.nodes), limits=Limits(states=1_500))
        different.add(program)
        seen["over 100 states"] += result.distinct_states > 100
        seen["over 1000 states"] += result.distinct_states > 1_000
        seen["over 5 levels"] += result.depth > 5
        seen["terminal"] += result.terminal_states > 0
        seen["several initial states"] += result.states_by_depth[0] > 1
        seen["transition that never fires"] += any(not t.fired for t in result.transitions.values())
        seen[result.verdict] += 1
        for found in result.properties.values():
            if found.verdict in ("violated", "reached") and found.depth is not None:
                kinds[found.kind, found.depth] += 1

    explore()
    assert len(different) > EXAMPLES / 2
    assert seen["over 100 states"]
    assert seen["over 1000 states"]
    assert seen["over 5 levels"]
    assert seen["terminal"]
    assert seen["several initial states"]
    assert seen["transition that never fires"]
    assert seen["holds"]
    assert seen["violated"]
    depths = {kind: {depth for name, depth in kinds if name == kind.value} for kind in Kind}
    assert len(depths[Kind.INVARIANT]) >= 1
    assert len(depths[Kind.STEP]) >= 1
    assert len(depths[Kind.GOAL]) >= 1
    assert depths[Kind.ASSERTION]
    assert depths[Kind.FINAL]
