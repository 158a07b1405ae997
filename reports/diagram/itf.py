"""A run in the Informal Trace Format (ADR 015 of Apalache): a state after each step, and the step that led there.

Values are text, as a trace has them; `zabcheck.traces.itf` reads what is written here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zabcheck.reports.diagram.data import Diagram


def document(diagram: Diagram) -> str:
    """The trace as JSON; ``loop`` is there where a run is repeated for ever."""
    values = dict(diagram.initial)
    states: list[dict[str, Any]] = [{"#meta": {"index": 0}, "action": "init", **values}]
    for index, row in enumerate(diagram.rows, 1):
        values |= {changed.field: changed.after for changed in row.changes}
        named = f"{row.name}({row.detail})" if row.detail else row.name
        states.append({"#meta": {"index": index}, "action": named, **values})
    made: dict[str, Any] = {
        "#meta": {"format": "ITF", "description": diagram.clause},
        "vars": ["action", *values],
        "states": states,
    }
    if diagram.cycle_from is not None:
        made["loop"] = diagram.cycle_from
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"
