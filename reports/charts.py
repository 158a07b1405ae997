"""Small charts of numbers, as SVG elements in the style of the diagrams."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from zabcheck.reports.diagram.svg import STYLE
from zabcheck.reports.diagram.xml import element, inside, text
from zabcheck.reports.differences import shorten
from zabcheck.reports.legible import bounded
from zabcheck.reports.quantities import count

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT, LEFT, FOOT, TOP = 520, 170, 84, 24, 14
ROW = 20
NAMES, NUMBERS = 244, 84
"""Room for the names beside bars that lie, and for their numbers."""
HEAD, GAP = 30, 16


@dataclass(frozen=True)
class Chart:
    """A chart: what it shows, and its elements in a box that is `WIDTH` wide."""

    title: str
    height: int
    elements: str

    @property
    def picture(self) -> str:
        """The chart as an SVG element that leaves its style to the page."""
        return svg(self.title, self.height, self.elements)


def bars(title: str, numbers: Sequence[int], place: str, what: str) -> Chart:
    """A bar for each of ``numbers``, which are of successive places, as in ``level 7: 12 states``."""
    most, floor = max(numbers, default=0) or 1, HEIGHT - FOOT
    wide = (WIDTH - LEFT) / max(len(numbers), 1)
    parts = []
    for at, number in enumerate(numbers):
        high = max((floor - TOP) * number / most, 0.5)
        said = element("title", "", f"{place} {at + 1}: {count(number, what)}")
        box = {
            "x": round(LEFT + at * wide, 1),
            "y": round(floor - high, 1),
            "width": round(wide - min(wide / 5, 3), 1),
            "height": round(high, 1),
        }
        parts.append(element("rect", "bar", said, **box))
    parts += _axes(most, f"{place} 1", f"{place} {len(numbers)}")
    return Chart(title, HEIGHT, "".join(parts))


def curve(title: str, points: Sequence[tuple[int, int]], what: str) -> Chart:
    """A line through ``points``, whose first numbers, of ``what``, grow."""
    last, most, floor = points[-1][0] or 1, max(high for _, high in points) or 1, HEIGHT - FOOT
    way = " ".join(
        f"{LEFT + (WIDTH - LEFT) * x / last:.1f},{floor - (floor - TOP) * y / most:.1f}" for x, y in points
    )
    area = element("polygon", "area", points=f"{LEFT},{floor} {way} {WIDTH},{floor}")
    line = element("polyline", "move", points=way)
    return Chart(title, HEIGHT, area + line + "".join(_axes(most, "0", count(last, what))))


def _axes(most: int, first: str, last: str) -> list[str]:
    floor = HEIGHT - FOOT
    return [
        element("line", "lane", x1=LEFT, y1=floor, x2=WIDTH, y2=floor),
        text(LEFT - 8, TOP + 8, count(most), "soft", anchor="end"),
        text(LEFT - 8, floor, "0", "soft", anchor="end"),
        text(LEFT, HEIGHT - 6, first, "soft"),
        text(WIDTH, HEIGHT - 6, last, "soft", anchor="end"),
    ]


def rows(title: str, numbers: Sequence[tuple[str, int]]) -> Chart:
    """A bar that lies for each name with a number; what is never so has none."""
    most, room = max((number for _, number in numbers), default=0) or 1, WIDTH - NAMES - NUMBERS
    parts = []
    for at, (name, number) in enumerate(numbers):
        y, wide = at * ROW, room * number / most
        parts.append(text(NAMES - 8, y + 14, shorten(bounded(name), 32), anchor="end"))
        if number:
            parts.append(
                element("rect", "bar", x=NAMES, y=y + 4, width=round(max(wide, 0.5), 1), height=ROW - 8)
            )
        label = count(number) if number else "never"
        parts.append(text(round(NAMES + wide + 6, 1), y + 14, label, "soft"))
    return Chart(title, max(len(numbers) * ROW, ROW), "".join(parts))


def together(title: str, words: str, facts: Sequence[tuple[str, str]], charts: Sequence[Chart]) -> str:
    """Charts below each other, and above them what else there is to say, as a picture that is a file of its own."""
    parts, y = [f"<style>{STYLE}</style>", text(0, 16, bounded(title), "title")], HEAD
    for line in wrap(bounded(words), 80):
        parts.append(text(0, y + 4, line))
        y += 16
    for name, value in facts:
        parts += [text(0, y + 10, name, "soft"), text(NAMES, y + 10, bounded(value))]
        y += 16
    for chart in charts:
        parts.append(text(0, y + GAP + 14, chart.title, "title"))
        parts.append(f'<g transform="translate(0,{y + GAP + HEAD})">{chart.elements}</g>')
        y += GAP + HEAD + chart.height
    named = f"<title>{inside(bounded(title))}</title>"
    return svg(title, y, named + "\n".join(parts), margin=GAP) + "\n"


def svg(label: str, height: int, content: str, margin: int = 0) -> str:
    """An SVG element with a name for those who do not see it."""
    wide, high = WIDTH + 2 * margin, height + 2 * margin
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="diagram" role="img" aria-label={quoteattr(bounded(label))} '
        f'width="{wide}" height="{high}" viewBox="{-margin} {-margin} {wide} {high}">{content}</svg>'
    )
