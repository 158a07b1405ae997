"""A diagram as a sequence diagram of Mermaid, which Markdown on many sites shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from zabcheck.reports.differences import shorten

if TYPE_CHECKING:
    from zabcheck.reports.diagram.data import Arrow, Diagram, Row

LONGEST = 80
_PLAIN = re.compile(r"[^\w .,:=()+*/⟨⟩→·…'?!\[\]-]")


def document(diagram: Diagram) -> str:
    """The text of the diagram. A message is drawn where it ends; one that is lost ends in a cross."""
    lines = ["sequenceDiagram"]
    lines += [f"    participant p{lane} as {_plain(title)}" for lane, title in enumerate(diagram.lanes)]
    loops = diagram.cycle_from is not None and not diagram.stops
    for place, row in enumerate(diagram.rows, 1):
        if loops and place - 1 == diagram.cycle_from:
            lines.append("    loop for ever")
        if row.remark:
            lines.append(f"    Note over {_over(diagram, ())}: {_plain(row.remark)}")
        lines += [_message(arrow) for arrow in diagram.arrows if arrow.ended == place and _drawable(arrow)]
        lines.append(f"    Note over {_over(diagram, row.lanes)}: {_note(place, row)}")
    if loops:
        lines.append("    end")
    lines += [_message(a) for a in diagram.arrows if a.ended is None and _drawable(a)]
    lines.append(f"    Note over {_over(diagram, ())}: {_plain(diagram.clause)}")
    return "\n".join(lines) + "\n"


def _drawable(arrow: Arrow) -> bool:
    return arrow.sender is not None and arrow.receiver is not None


def _message(arrow: Arrow) -> str:
    line = "->>" if arrow.received else "--)" if arrow.ended is None else "--x"
    return f"    p{arrow.sender}{line}p{arrow.receiver}: {_plain(arrow.text)}"


def _over(diagram: Diagram, lanes: tuple[int, ...]) -> str:
    first, last = (min(lanes), max(lanes)) if lanes else (0, len(diagram.lanes) - 1)
    return f"p{first}" if last <= first else f"p{first},p{last}"


def _note(place: int, row: Row) -> str:
    written = " (writes to disk)" if row.writes else ""
    return f"{place} {_plain(row.name)}{' ✕' if row.fault else ''}{written}"


def _plain(text: str) -> str:
    """``text`` without what Mermaid, or HTML in which it ends up, gives a meaning to: as entities of Mermaid."""
    return _PLAIN.sub(lambda match: f"#{ord(match[0])};", shorten(text, LONGEST)) or "#32;"
