"""How much of a search is left, from how many states each level had.

The levels of a finite state space grow, level off and shrink. While they grow, nothing can be said. Once they
shrink, their ratios usually fall in a steady line, and following that line to the end gives the number of
states to come, right to a factor of two or so.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WINDOW = 6
"""How many ratios the line is fitted to: enough to even out levels that alternate."""

LONGEST = 10_000
"""Levels to look ahead before giving up."""


def states_left(levels: Sequence[int]) -> float | None:
    """States in levels yet to come, given the complete ones, or ``None`` while that is unknown."""
    if len(levels) < WINDOW + 1 or min(levels[-WINDOW - 1 :]) <= 0:
        return None
    logarithms = [math.log(n) for n in levels[-WINDOW - 1 :]]
    ratios = [b - a for a, b in pairwise(logarithms)]
    if sum(ratios[-3:]) >= 0 or ratios[-1] >= 0:
        return None
    mean = sum(ratios) / WINDOW
    middle = (WINDOW - 1) / 2
    slope = sum((i - middle) * (r - mean) for i, r in enumerate(ratios)) / sum(
        (i - middle) ** 2 for i in range(WINDOW)
    )
    slope = min(slope, 0.0)
    left, level = 0.0, logarithms[-1]
    for ahead in range(1, LONGEST):
        ratio = mean + slope * (middle + ahead)
        if ratio >= 0:
            return None
        level += ratio
        if level < 0:
            return left
        left += math.exp(level)
    return None
