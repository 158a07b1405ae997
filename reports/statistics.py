"""How a search went, in numbers and charts: they are of the states, not of the clock, and the same for every run."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from zabcheck.reports import charts
from zabcheck.reports.quantities import count
from zabcheck.reports.terminal import described

if TYPE_CHECKING:
    from zabcheck.checker.result import CheckResult
    from zabcheck.reports.charts import Chart


def facts_of(result: CheckResult) -> tuple[tuple[str, str], ...]:
    """The summary: each number with its name. Of random walks there is only how many steps they took."""
    if not result.distinct_states:
        return (("steps of random walks", count(result.generated_states)),)
    levels = result.states_by_depth
    widest = max(range(len(levels)), key=levels.__getitem__, default=0)
    growth = max((after / before for before, after in pairwise(levels) if before), default=0)
    fired = sum(1 for each in result.transitions.values() if each.fired)
    facts = (
        ("distinct states", count(result.distinct_states)),
        (
            "states they stand for",
            "" if result.symmetric_states is None else count(result.symmetric_states),
        ),
        ("generated states", count(result.generated_states)),
        ("successors of a state, on average", f"{result.generated_states / result.distinct_states:.2f}"),
        ("levels", count(result.depth)),
        ("widest level", f"{widest + 1}, {count(levels[widest], 'state')}" if levels else ""),
        ("largest growth from level to level", f"×{growth:.2f}" if growth else ""),
        ("states without a step", count(result.terminal_states)),
        ("transitions that fired", f"{fired} of {len(result.transitions)}"),
    )
    return tuple((name, value) for name, value in facts if value)


def charts_of(result: CheckResult) -> tuple[Chart, ...]:
    """New states on each level, all states so far, the queue, and how often each transition fired."""
    made: list[Chart] = []
    if levels := result.states_by_depth:
        totals = list(accumulate(levels))
        waiting = list(zip([0, *totals], [*levels, 0], strict=True))
        states, depth = count(result.distinct_states, "distinct state"), count(result.depth, "level")
        made = [
            charts.bars(f"{states} in {depth}: new on each level", levels, "level", "new state"),
            charts.bars("All states up to each level", totals, "level", "state"),
            charts.curve(
                "The queue after each level: states that wait when so many are explored",
                waiting if result.verdict == "holds" else waiting[:-1],  # else the last level still waits
                "state",
            ),
        ]
    fired = sorted(((name, each.fired) for name, each in result.transitions.items()), key=lambda row: -row[1])
    return (*made, charts.rows("How often each transition fired", fired)) if fired else tuple(made)


def statistics(result: CheckResult) -> str:
    """Numbers and charts as one SVG file."""
    return charts.together(result.verdict, described(result), facts_of(result), charts_of(result))
