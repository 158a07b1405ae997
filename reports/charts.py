"""Small charts of numbers, as SVG elements in the style of the diagrams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.reports.diagram.xml import element, text
from zabcheck.reports.quantities import count

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT, LEFT, FOOT, TOP = 640, 180, 96, 24, 14


def growth(states_by_depth: Sequence[int]) -> str:
    """How many states were new on each level of a search, as bars; the largest and the last are labelled."""
    most, levels = max(states_by_depth, default=0) or 1, max(len(states_by_depth), 1)
    wide = (WIDTH - LEFT) / levels
    floor = HEIGHT - FOOT
    parts = [element("line", "lane", x1=LEFT, y1=floor, x2=WIDTH, y2=floor)]
    for place, states in enumerate(states_by_depth):
        high = max((floor - TOP) * states / most, 0.5)
        said = element("title", "", f"level {place + 1}: {count(states, 'new state')}")
        box = {
            "x": round(LEFT + place * wide, 1),
            "y": round(floor - high, 1),
            "width": round(wide - min(wide / 5, 3), 1),
            "height": round(high, 1),
        }
        parts.append(element("rect", "bar", said, **box))
    parts += [
        text(LEFT - 8, TOP + 8, count(most), "soft", anchor="end"),
        text(LEFT - 8, floor, "0", "soft", anchor="end"),
        text(LEFT, HEIGHT - 6, "level 1", "soft"),
        text(WIDTH, HEIGHT - 6, f"level {levels}", "soft", anchor="end"),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="diagram" role="img" aria-label="New states on each level" '
        f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(parts)}</svg>'
    )
