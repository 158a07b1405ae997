"""Whatever the threads of honest servers do to their logs, they are not found wrong; dishonest ones are."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.traces.election_threads import Vote, World
from tests.traces.story import Story

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.traces.outcome import Outcome

STEPS = 6000


def outcome(seed: int, better: Callable[[Vote, Vote], Vote] = max) -> Outcome:
    story = Story()
    World(Random(seed), story, better).run(STEPS)
    return story.outcome()


@pytest.mark.parametrize("seed", range(40))
def test_threads_that_stand_still_anywhere_are_legal(seed: int) -> None:
    found = outcome(seed)
    assert found.findings == ()
    judged = {judged.property.name: judged.checked for judged in found.properties}
    assert judged["VoteOrder"]
    assert judged["DecisionSupport"]


def test_another_order_of_votes_is_found() -> None:
    """Servers that go by the larger sid alone, whatever the histories are."""
    findings = [f for seed in range(20) for f in outcome(seed, by_sid).findings]
    assert "VoteOrder" in {finding.property for finding in findings}


def by_sid(one: Vote, other: Vote) -> Vote:
    return max(one, other, key=lambda vote: vote.leader)
