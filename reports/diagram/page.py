"""A diagram, and what else there is to say, as one HTML file: it works from disk and asks for nothing.

Style and script are files of their own, put into the page and named by their hashes in its content security policy,
which forbids all else: whatever a model or recording brings along cannot run, load or send anything.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from zabcheck import __version__
from zabcheck.reports.diagram.svg import STYLE, drawn, heads
from zabcheck.reports.legible import bounded, named

if TYPE_CHECKING:
    from zabcheck.reports.charts import Chart
    from zabcheck.reports.diagram.data import Diagram

_FILES = resources.files("zabcheck.reports.diagram")
_LEGEND_OF_EVENTS = (
    "✕ the place of the violation · ● with it, shows the violation · ○ around it on the same tracks"
)
_LEGEND = (
    "● a step · ✕ a fault · ○ back again · a small disk: what is on disk was written · solid arrows are received in "
    "the row in which they cross · dashed ones were lost (✕) or are still in transit at the end"
)

_COLUMNS = {
    **dict.fromkeys(("what it says", "what it is"), "prose"),
    **dict.fromkeys(("observed", "allowed", "because"), "prose told"),
    "verdict": "verdict",
    "#": "number",
}
"""Columns that are not values, and how they are set: what is told has its column's name where there is no room."""


@dataclass(frozen=True)
class Table:
    """A table below the diagram."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """What each column holds, by its name: it is set accordingly."""
        return tuple(_COLUMNS.get(name, "value") for name in self.head)


@dataclass(frozen=True)
class Page:
    """What a page says: the verdict on a question, a diagram if there is one, and tables and charts below."""

    verdict: str
    question: str
    diagram: Diagram | None
    title: str = ""
    """of a page without a diagram"""
    summary: str = ""
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()


def document(page: Page) -> bytes:
    """The HTML file."""
    diagram, script = page.diagram, _read("page.js")
    style = FRAME + _read("page.css") + STYLE
    return _TEMPLATE.render(
        verdict=page.verdict,
        question=bounded(page.question),
        title=diagram.headline if diagram else bounded(page.title),
        summary=diagram.clause if diagram else bounded(page.summary),
        facts=diagram.facts if diagram else (),
        diagram=diagram,
        names=sorted({row.name for row in diagram.rows}) if diagram else (),
        picture=Markup(drawn(diagram, names=False, style=False)) if diagram else "",  # noqa: S704 - escaped there
        heads=Markup(heads(diagram)) if diagram else "",  # noqa: S704 - as above
        legend=_LEGEND if diagram is None or diagram.is_run else _LEGEND_OF_EVENTS,
        tables=[_legible(table) for table in page.tables],
        charts=[(chart.title, Markup(chart.picture)) for chart in page.charts],  # noqa: S704 - as above
        version=__version__,
        style=Markup(style),  # noqa: S704 - our own
        script=Markup(script),  # noqa: S704 - our own
        style_hash=_hash(style),
        script_hash=_hash(script),
        data=_data(diagram) if diagram else "",
    ).encode("utf-8", "replace")


def _read(name: str) -> str:
    return _FILES.joinpath(name).read_text(encoding="utf-8")


FRAME = _read("time.css")
"""The style of what is around a diagram in a page, and of its colours."""

_TEMPLATE = Environment(
    autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
).from_string(_read("page.html"))


def _hash(text: str) -> str:
    """``text`` as a content security policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _legible(table: Table) -> Table:
    return dataclasses.replace(table, rows=tuple(tuple(map(bounded, row)) for row in table.rows))


def _data(diagram: Diagram) -> Markup:
    """The diagram for the script, as JSON that cannot end the element it is in."""
    made: dict[str, Any] = {
        "headline": diagram.headline,
        "clause": diagram.clause,
        "lanes": diagram.lanes,
        "initial": diagram.initial,
        "owners": _owners(diagram),
        "evidence": sorted(diagram.evidence),
        "unit": "steps" if diagram.is_run else "events",
        "begin": len(diagram.rows) if diagram.is_run else _place(diagram),
        "rows": [
            {
                "name": row.name,
                "detail": row.detail,
                "sentence": row.sentence,
                "remark": row.remark,
                "kind": row.kind,
                "lanes": row.lanes,
                "fault": row.fault,
                "down": sorted(row.down),
                "changes": [(c.field, c.before, c.after, c.durable) for c in row.changes],
            }
            for row in diagram.rows
        ],
        "arrows": [dataclasses.asdict(arrow) for arrow in diagram.arrows],
    }
    text = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704


def _place(diagram: Diagram) -> int:
    """The row at which a recording is at odds with the model."""
    return next((place for place, row in enumerate(diagram.rows, 1) if row.fault), len(diagram.rows))


def _owners(diagram: Diagram) -> dict[str, str]:
    """The fields that belong to one lane, each with its title."""
    owners = {}
    for field, _ in diagram.initial:
        keys = [named(key) for key in re.split(r"[.\[\]]+", field)[:2]]
        titles = [title for title in diagram.lanes for key in keys if key in (title, title.removeprefix("s"))]
        if titles:
            owners[field] = titles[0]
    return owners
