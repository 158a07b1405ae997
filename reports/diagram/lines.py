"""A diagram on a terminal: a column for each lane, a line for each step, arrows where messages are received."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from zabcheck.reports.differences import shorten
from zabcheck.reports.layout import cut, heading

if TYPE_CHECKING:
    from rich.console import Console

    from zabcheck.reports.diagram.data import Arrow, Diagram, Row

LEAST = 8
"""Columns of a lane, at least; what does not fit is cut off at the edge."""
MOST = 40


def show_diagram(console: Console, diagram: Diagram) -> None:
    """Print ``diagram``, as wide as the console."""
    fault = "fault" if diagram.is_run else "the place of the violation"
    heading(console, "Diagram", f"● step  ✕ {fault}  ◆ writes to disk  ┊ does not run  ╳ lost")
    for line in _Lines(diagram, console.width).lines():
        cut(console, line)


class _Lines:
    def __init__(self, diagram: Diagram, width: int) -> None:
        self._d = diagram
        self._number = len(str(len(diagram.rows)))
        longest = max((cell_len(row.name) for row in diagram.rows), default=0)
        self._name = min(longest, max(width // 3, 12))
        lanes = max(len(diagram.lanes), 1)
        room = width - self._number - self._name - 6
        self._lane = min(max(room // lanes, LEAST), MOST)
        self._down: frozenset[int] = frozenset()

    def lines(self) -> list[Text]:
        """All of them."""
        d, made = self._d, []
        left = " " * (self._number + self._name + 4)
        titles = "".join(f"{shorten(title, self._lane - 1):<{self._lane}}" for title in d.lanes)
        made.append(Text(left + titles, style="bold"))
        for place, row in enumerate(d.rows, 1):
            if d.cycle_from == place - 1:
                made.append(Text(f"{'':>{self._number + 2}}then for ever:", style="bold red"))
            if row.remark:
                made.append(Text(f"{'':>{self._number + 2}}{row.remark}", style="dim"))
            made.append(self._line(place, row))
            self._down = row.down
        if d.stops:
            made.append(Text(f"{'':>{self._number + 2}}then nothing more has to happen", style="bold red"))
        return made

    def _line(self, place: int, row: Row) -> Text:
        line = Text(f"{place:>{self._number}}  ", style="dim")
        name = f"{shorten(row.name, self._name):<{self._name}}  "
        line.append(name, style="not dim red" if row.fault else "not dim")
        arrived = [
            a
            for a in self._d.arrows
            if a.ended == place and a.received and None not in (a.sender, a.receiver)
        ]
        cells = self._lives(row)
        if row.kind == "environment" and len(row.lanes) != 1:
            self._across(cells, row)
        for lane in row.lanes if row.kind != "environment" or len(row.lanes) == 1 else ():
            cells[lane * self._lane] = "✕" if row.fault else "◆" if row.writes else "●"
        if arrived:
            self._arrow(cells, arrived[0])
        if any(a.ended == place and not a.received for a in self._d.arrows):
            lost = next(a for a in self._d.arrows if a.ended == place and not a.received)
            at = lost.receiver if lost.receiver is not None else 0
            self._put(cells, at * self._lane + 2, "╳ " + shorten(lost.text, max(self._lane - 5, 1)))
        return line.append("".join(cells).rstrip(), style="not dim cyan" if arrived else "not dim")

    def _lives(self, row: Row) -> list[str]:
        cells = [" "] * (self._lane * len(self._d.lanes))
        for lane in range(len(self._d.lanes)):
            cells[lane * self._lane] = "┊" if lane in row.down and lane in self._down else "│"
        return cells

    def _across(self, cells: list[str], row: Row) -> None:
        lanes = row.lanes or range(len(self._d.lanes))
        for column in range(min(lanes) * self._lane, max(lanes) * self._lane + 1):
            cells[column] = "╌"
        for lane in lanes:
            cells[lane * self._lane] = "✕" if row.fault else "●"

    def _arrow(self, cells: list[str], arrow: Arrow) -> None:
        assert arrow.sender is not None  # noqa: S101 - the caller looked
        assert arrow.receiver is not None  # noqa: S101 - the caller looked
        begin, end = arrow.sender * self._lane, arrow.receiver * self._lane
        if begin == end:
            self._put(cells, end + 2, shorten(arrow.text, self._lane - 3))
            return
        left, right = min(begin, end) + 1, max(begin, end)
        for column in range(left, right):
            cells[column] = "─"
        cells[right - 1 if end > begin else left] = "▶" if end > begin else "◀"
        label = shorten(arrow.text, max(right - left - 4, 1))
        self._put(cells, left + max((right - left - len(label) - 2) // 2, 1), f" {label} ")

    @staticmethod
    def _put(cells: list[str], column: int, words: str) -> None:
        for offset, character in enumerate(words):
            if column + offset < len(cells) and cell_len(character) == 1:
                cells[column + offset] = character
