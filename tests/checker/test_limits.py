"""Limits: what was explored is right as far as it goes, and the verdict is incomplete, never holds."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.checker import protocols
from tests.checker.agreement import ENGINES, STORES, TWO_PHASE_COMMIT, needs_core, verdicts
from zabcheck.checker import Limits, Model, Options, UsageError, check, option

ROOT = Path(__file__).parents[2]
SCOPE = TWO_PHASE_COMMIT.scope(rms=4)
LEVELS = (1, 9, 36, 88, 154, 216, 260, 270, 233, 161, 88, 38, 12, 2)
"""The states of two-phase commit with four managers, by level."""


def limited(model: Model[Any], scope: Any, engine: str, variant: str | None = None, **limits: Any) -> Any:
    options = Options(limits=Limits(**limits), cache=False)
    return check(model, scope, options, engine=engine, variant=variant)


@pytest.mark.parametrize("engine", ENGINES)
def test_without_limits(engine: str) -> None:
    result = limited(TWO_PHASE_COMMIT, SCOPE, engine)
    assert (result.verdict, result.reason, result.states_by_depth) == ("holds", "", LEVELS)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("depth", range(1, len(LEVELS) + 1))
def test_depth_counts_levels_with_the_initial_state_as_the_first(engine: str, depth: int) -> None:
    result = limited(TWO_PHASE_COMMIT, SCOPE, engine, depth=depth)
    assert (result.verdict, result.reason) == ("incomplete", f"the depth limit of {depth} was reached")
    assert result.states_by_depth == LEVELS[:depth]
    assert result.depth == depth
    assert "holds" not in verdicts(result).values()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_depth_limit_that_is_not_reached_is_no_limit(engine: str) -> None:
    result = limited(TWO_PHASE_COMMIT, SCOPE, engine, depth=len(LEVELS) + 1)
    assert (result.verdict, result.reason, result.states_by_depth) == ("holds", "", LEVELS)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("states", [1, 2, 100, 1_000, 1_500])
def test_states(engine: str, states: int) -> None:
    result = limited(TWO_PHASE_COMMIT, SCOPE, engine, states=states)
    assert (result.verdict, result.reason) == ("incomplete", f"the limit of {states:,} states was reached")
    assert result.distinct_states >= states
    whole, last = result.states_by_depth[:-1], result.states_by_depth[-1]
    assert whole == LEVELS[: len(whole)]
    assert last <= LEVELS[len(whole)]
    assert "holds" not in verdicts(result).values()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_limit_of_more_states_than_there_are_is_no_limit(engine: str) -> None:
    assert limited(TWO_PHASE_COMMIT, SCOPE, engine, states=sum(LEVELS) + 1).verdict == "holds"


@needs_core
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("store", STORES)
def test_not_many_more_states_than_the_limit_are_found(workers: int, store: str) -> None:
    """Where nothing has to be learned any more, a state is expanded or it is not."""
    for states in (200_000, 300_001, 400_002):
        options = Options(
            limits=Limits(states=states), workers=workers, store=store, properties=("all_nines",), cache=False
        )
        result = check(protocols.odometer, protocols.Scope(6), options, engine="native")
        assert states <= result.distinct_states < states + 100


@dataclass(frozen=True)
class Nothing:
    step: int = option(1, "how far to go at a time")


@dataclass
class Number:
    n: int = 0


endless = Model("endless", "counts for ever", Nothing)


@endless.initial
def zero(scope: Nothing) -> Number:
    return Number()


@endless.transition()
def count(s: Number) -> None:
    s.n += 1


@endless.invariant()
def small(s: Number) -> bool:
    return s.n < 10**9


@endless.goal()
def negative(s: Number) -> bool:
    return s.n < 0


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("seconds", [0, 0.05])
def test_seconds(engine: str, seconds: float) -> None:
    result = limited(endless, Nothing(), engine, seconds=seconds)
    assert (result.verdict, result.reason) == ("incomplete", f"the limit of {seconds:g} seconds was reached")
    assert set(verdicts(result).values()) == {"incomplete"}
    assert seconds <= result.seconds < seconds + 5


@pytest.mark.parametrize("engine", ENGINES)
def test_the_first_limit_that_is_reached_is_the_reason(engine: str) -> None:
    result = limited(endless, Nothing(), engine, depth=30, states=10**6, seconds=3600)
    assert result.reason == "the depth limit of 30 was reached"


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_violated_below_the_limit_is_violated(engine: str) -> None:
    broken: dict[str, Any] = {"model": TWO_PHASE_COMMIT, "scope": SCOPE, "engine": engine, "variant": "hasty"}
    short = limited(**broken, depth=5)
    assert (short.verdict, short.properties["consistent"].verdict) == ("incomplete", "incomplete")
    enough = limited(**broken, depth=6)
    assert (enough.verdict, enough.reason) == ("violated", "")
    assert enough.properties["consistent"].depth == 6


@pytest.mark.parametrize("engine", ENGINES)
def test_a_goal_is_reached_at_its_level_and_until_then_undecided(engine: str) -> None:
    found = {
        depth: limited(TWO_PHASE_COMMIT, SCOPE, engine, depth=depth).properties["all_committed"]
        for depth in (13, 14)
    }
    assert (found[13].verdict, found[13].depth) == ("incomplete", None)
    assert (found[14].verdict, found[14].depth) == ("reached", 14)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_goal_is_undecided_where_a_violation_ended_the_search(engine: str) -> None:
    options = Options(properties=("consistent", "all_committed"), cache=False)
    result = check(TWO_PHASE_COMMIT, SCOPE, options, engine=engine, variant="hasty")
    assert verdicts(result) == {"consistent": "violated", "all_committed": "incomplete"}


# -- memory --

RUN = """
import json, sys
from pathlib import Path
from zabcheck.checker import Limits, Options, check
from zabcheck.cli.loading import load_file

model = load_file(Path(sys.argv[1]))
limits = Limits(memory=int(sys.argv[2]))
options = Options(limits=limits, cache=False, store=sys.argv[4], workers=int(sys.argv[5]))
result = check(model, model.scope(rms=9), options, engine=sys.argv[3])
status = Path("/proc/self/status").read_text()
peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
print(json.dumps([result.verdict, result.reason, result.states_by_depth, int(peak) << 10]))
"""
FIRST_LEVELS = [1, 19, 171, 978, 4_029, 12_888, 33_828, 76_212]


def run_with_memory(limit: int, engine: str, store: str = "fingerprint", workers: int = 1) -> list[Any]:
    """Check two-phase commit with nine managers in a process of its own, which tells its peak."""
    model = ROOT / "tests/models/two_phase_commit.py"
    done = subprocess.run(
        [sys.executable, "-c", RUN, model, str(limit), engine, store, str(workers)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    found: list[Any] = json.loads(done.stdout)
    return found


LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@LINUX
@needs_core
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("store", STORES)
def test_memory_is_never_more_than_the_limit(store: str, workers: int) -> None:
    """Asked of a process that starts small: what it inherits is not counted in the peak of its own memory."""
    limit = 120 << 20
    verdict, reason, found, peak = run_with_memory(limit, "native", store, workers)
    assert (verdict, reason) == ("incomplete", "the limit of 125,829,120 bytes of memory was reached")
    assert found[: len(FIRST_LEVELS)] == FIRST_LEVELS
    assert sum(found) > 250_000
    assert peak <= limit


@LINUX
def test_memory_of_the_interpreted_engine() -> None:
    limit = 32 << 20
    verdict, reason, found, peak = run_with_memory(limit, "interpreted")
    assert (verdict, reason) == ("incomplete", "the limit of 33,554,432 bytes of memory was reached")
    assert found[:4] == FIRST_LEVELS[:4]
    assert peak <= limit


@needs_core
def test_a_memory_limit_that_is_too_small_to_begin_with() -> None:
    with pytest.raises(
        UsageError, match=r"^the memory limit is too small to begin: at least \d+M is needed$"
    ):
        limited(TWO_PHASE_COMMIT, SCOPE, "native", memory=10 << 20)


@needs_core
def test_the_memory_that_is_said_to_be_needed_is_enough_to_begin() -> None:
    with pytest.raises(UsageError) as refused:
        limited(TWO_PHASE_COMMIT, SCOPE, "native", memory=10 << 20)
    megabytes = int(str(refused.value).rpartition("at least ")[2].partition("M")[0])
    assert limited(TWO_PHASE_COMMIT, SCOPE, "native", memory=megabytes + 8 << 20).distinct_states > 0
