"""The search in numbers and charts."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from zabcheck.reports.charts import WIDTH
from zabcheck.reports.statistics import charts_of, facts_of, statistics

if TYPE_CHECKING:
    from tests.reports.conftest import Samples

SVG = "{http://www.w3.org/2000/svg}"


def test_the_numbers(samples: Samples) -> None:
    facts = dict(facts_of(samples.holds))
    assert facts["distinct states"] == "1,282,949"
    assert facts["successors of a state, on average"] == "2.03"
    assert facts["widest level"] == "3, 1,200,000 states"
    assert facts["largest growth from level to level"] == "×82948.00"
    assert facts["transitions that fired"] == "2 of 3"
    assert "states they stand for" not in facts
    assert (
        dict(facts_of(dataclasses.replace(samples.holds, symmetric_states=7)))["states they stand for"] == "7"
    )


def test_random_walks_have_no_levels(samples: Samples) -> None:
    walked = dataclasses.replace(samples.incomplete, distinct_states=0, depth=0, states_by_depth=())
    assert facts_of(walked) == (("steps of random walks", "2,600,000"),)
    assert [chart.title for chart in charts_of(walked)] == ["How often each transition fired"]


def queue(svg: str) -> list[tuple[float, float]]:
    (points,) = re.findall(r'<polyline[^>]* points="([^"]*)"', svg)
    return [(float(x), float(y)) for x, y in (point.split(",") for point in points.split())]


def test_the_queue_is_empty_when_all_was_explored_and_not_before(samples: Samples) -> None:
    small = dataclasses.replace(samples.holds, distinct_states=7, states_by_depth=(1, 2, 4))
    points = queue(statistics(small))
    assert points[0][0] < points[1][0] < points[2][0] < points[3][0] == WIDTH
    assert points[3][1] == max(y for _, y in points)
    stopped = queue(statistics(dataclasses.replace(small, verdict="violated")))
    assert len(stopped) == 3
    assert stopped[-1][1] == min(y for _, y in stopped)


def test_bars_are_as_high_as_their_numbers(samples: Samples) -> None:
    small = dataclasses.replace(samples.holds, distinct_states=7, states_by_depth=(1, 2, 4))
    levels = ET.fromstring(charts_of(small)[0].picture)  # noqa: S314 - our own
    high = [float(bar.get("height", "")) for bar in levels.findall(f"{SVG}rect")]
    assert [round(each / high[0]) for each in high] == [1, 2, 4]
    fired = statistics(samples.holds)
    assert fired.index("propose") < fired.index("elect") < fired.index("sleep") < fired.index("never")


def test_a_file_says_what_it_is_of(samples: Samples) -> None:
    picture = ET.fromstring(statistics(samples.violated))  # noqa: S314 - our own
    words = [element.text for element in picture.findall(f"{SVG}text")]
    assert words[:2] == ["violated", "zab --servers 3 --max-epochs 2 --variant amnesia"]
