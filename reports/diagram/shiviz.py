"""A diagram as a log for ShiViz (https://bestchai.bitbucket.io/shiviz/): events of each lane with vector clocks.

The file begins with the regular expression that ShiViz needs to read it, and an empty line, as its upload expects.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zabcheck.reports.diagram.data import Diagram

PARSER = r"(?<host>\S+) (?<clock>\{.*\})\n(?<event>.*)"


def document(diagram: Diagram) -> str:
    """The log. A step that happens to several is an event of each; what nobody does has a host of its own."""
    hosts = [re.sub(r"\s", "_", title) or f"lane{lane}" for lane, title in enumerate(diagram.lanes)]
    clocks: dict[str, dict[str, int]] = {}
    sent: dict[tuple[int, int | None], dict[str, int]] = {}
    lines = [PARSER, ""]
    for place, row in enumerate(diagram.rows, 1):
        sources = {a.sender for a in diagram.arrows if a.sent == place}
        goals = {a.receiver for a in diagram.arrows if a.ended == place and a.received}
        lanes = sorted({*row.lanes, *(lane for lane in sources | goals if lane is not None)})
        for host in [hosts[lane] for lane in lanes] or ["environment"]:
            clock = clocks.setdefault(host, {})
            for arrow in diagram.arrows:
                if arrow.ended == place and arrow.received and _host(hosts, arrow.receiver) == host:
                    for other, time in sent.get((arrow.sent, arrow.sender), {}).items():
                        clock[other] = max(clock.get(other, 0), time)
            clock[host] = clock.get(host, 0) + 1
            lines += [
                f"{host} {json.dumps(clock, ensure_ascii=False)}",
                f"{place} {row.name} {row.detail}".rstrip(),
            ]
        for lane in sources - {None}:
            sent[place, lane] = dict(clocks[hosts[lane]]) if lane is not None else {}
    return "\n".join(lines) + "\n"


def _host(hosts: list[str], lane: int | None) -> str | None:
    return None if lane is None else hosts[lane]
