"""A diagram as a picture: time runs down, a lane for each who acts, and a row for each step.

A message waits beside the lane of its sender and crosses in the row in which it is received: so each row shows what
arrives in it, however long that was under way, and labels never lie on top of each other.
"""

from __future__ import annotations

from collections import Counter
from importlib import resources
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from zabcheck.reports.diagram.xml import element, inside, text
from zabcheck.reports.differences import shorten

if TYPE_CHECKING:
    from zabcheck.reports.diagram.data import Arrow, Diagram, Row

ROW = 30
HEAD = 40
FOOT = 34
LANE = 176
SIDE = 40
"""Room beside the first lane and the last."""
MARGIN = 26
NAMES = 250
"""Width of the column with the names of the steps."""
CHARACTER = 5.7
"""Width of a character in a label, at most."""
SLOT = 7
"""Distance between messages that wait beside a lane."""

STYLE = resources.files("zabcheck.reports.diagram").joinpath("diagram.css").read_text(encoding="utf-8")
"""What the classes of the elements look like, in light, in dark and on paper."""


def drawn(diagram: Diagram, *, names: bool = True, style: bool = True) -> str:
    """The picture as an SVG element, complete in itself.

    ``names`` is whether the names of the steps stand at the left; ``style`` whether it brings its own style (`STYLE`),
    which a page that has it does without.
    """
    return _Drawing(diagram, names=names).whole(STYLE if style else "")


def heads(diagram: Diagram) -> str:
    """The titles of the lanes, as they stand above a picture without names: to be kept in view."""
    return _Drawing(diagram, names=False).titles()


class _Drawing:
    def __init__(self, diagram: Diagram, *, names: bool) -> None:
        self._d = diagram
        self._names = names
        self._left = (MARGIN + NAMES if names else 4) + (14 if diagram.cycle_from is not None else 0)
        self._lanes = max(len(diagram.lanes), 1)
        self.width = self._left + LANE * (self._lanes - 1) + 2 * SIDE
        self.height = HEAD + ROW * len(diagram.rows) + FOOT
        self._slots: dict[tuple[int, int], list[int]] = {}

    def whole(self, style: str) -> str:
        """All of it; what is drawn first lies at the bottom."""
        label = f"Sequence diagram: {self._d.headline}, {len(self._d.rows)} steps"
        return self._svg(self.height, f'role="img" aria-label={quoteattr(label)}', self._parts(style))

    def titles(self) -> str:
        """The titles of the lanes alone."""
        return self._svg(HEAD, 'aria-hidden="true"', self._titles())

    def _parts(self, style: str) -> list[str]:
        return [
            f"<style>{style}</style>" if style else "",
            *self._titles(),
            *self._stripes(),
            *self._lane_lines(),
            *self._loop(),
            *(part for labelled in self._labelled() for part in self._arrow(*labelled)),
            *(part for place, row in enumerate(self._d.rows, 1) for part in self._row(place, row)),
        ]

    def _svg(self, height: int, attributes: str, parts: list[str]) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="diagram" {attributes} '
            f'width="{self.width}" height="{height}" viewBox="0 0 {self.width} {height}">'
            + "\n".join(filter(None, parts))
            + "</svg>\n"
        )

    def _titles(self) -> list[str]:
        return [
            text(self._x(lane), 20, shorten(title, 24), "title", anchor="middle")
            for lane, title in enumerate(self._d.lanes)
        ]

    def _x(self, lane: int) -> int:
        return self._left + SIDE + LANE * lane

    def _y(self, row: int) -> int:
        return HEAD + ROW * row - ROW // 2

    def _stripes(self) -> list[str]:
        return [
            element("rect", "stripe", x=0, y=self._y(row) - ROW // 2, width=self.width, height=ROW)
            for row in range(2, len(self._d.rows) + 1, 2)
        ]

    def _lane_lines(self) -> list[str]:
        parts = []
        for lane in range(len(self._d.lanes)):
            x, down, begin = self._x(lane), False, HEAD - 12
            for place, row in enumerate(self._d.rows, 1):
                if (lane in row.down) != down:
                    parts.append(self._life(x, begin, self._y(place), down=down))
                    begin, down = self._y(place), not down
            parts.append(self._life(x, begin, self.height - FOOT + 10, down=down))
        return parts

    @staticmethod
    def _life(x: int, begin: int, end: int, *, down: bool) -> str:
        return element("line", "lane gone" if down else "lane", x1=x, y1=begin, x2=x, y2=end)

    def _loop(self) -> list[str]:
        """A bracket beside the steps that are repeated for ever."""
        if self._d.cycle_from is None:
            return []
        x, bottom = self._left - 8, self._y(len(self._d.rows)) + ROW // 2
        if self._d.stops:
            return [text(x, bottom + 16, "nothing more has to happen", "fault")]
        top = self._y(self._d.cycle_from + 1)
        path = f"M{x + 10},{bottom - ROW // 2} H{x} V{top} H{x + 7}"
        head = element("path", "fault", d=f"M{x + 3},{top - 4} L{x + 9},{top} L{x + 3},{top + 4}")
        return [element("path", "loop", d=path), head, text(x, bottom + 16, "repeated for ever", "fault")]

    # Messages

    def _labelled(self) -> list[tuple[Arrow, str]]:
        """The arrows, each with its label: its text, or for all that end in one place how many they are."""
        ends = Counter(map(_end, self._d.arrows))
        said: set[object] = set()
        labelled = []
        for arrow in self._d.arrows:
            number, label = ends[_end(arrow)], arrow.text
            if number > 1:
                fate = "messages" if arrow.received else "in transit" if arrow.ended is None else "lost"
                label = "" if _end(arrow) in said else f"{number} {fate}"
            said.add(_end(arrow))
            labelled.append((arrow, label))
        return labelled

    def _waiting(self, lane: int, side: int, begin: int, end: int) -> int:
        """How far beside a lane there is room between two rows."""
        busy = self._slots.setdefault((lane, side), [])
        for slot, until in enumerate(busy):
            if until < begin:
                busy[slot] = end
                return slot
        busy.append(end)
        return len(busy) - 1

    def _arrow(self, arrow: Arrow, label: str) -> list[str]:
        d = self._d
        sender = arrow.receiver if arrow.sender is None else arrow.sender
        if sender is None:
            return []
        receiver = sender if arrow.receiver is None else arrow.receiver
        side = -1 if receiver < sender else 1
        last = len(d.rows) + 1 if arrow.ended is None else arrow.ended
        begin, end = (self._y(arrow.sent) if arrow.sent else HEAD - 8), self._y(last)
        slot = 0 if arrow.sent == arrow.ended else self._waiting(sender, side, arrow.sent, last)
        x, to = self._x(sender), self._x(receiver)
        beside = x + side * min(14 + SLOT * slot, LANE // 2 - 12)
        if arrow.ended is None:
            end = self.height - FOOT + 8
        hover = f"<title>{inside(arrow.text)}</title>"
        if arrow.received and receiver != sender:
            tip = to - side * 7
            turns = f"L{beside},{begin + 6} V{end - 4} Q{beside},{end} {beside + side * 4},{end}"
            path = f"M{x},{begin} {'' if arrow.sent == arrow.ended else turns} H{tip}"
            head = f"M{tip - side * 6},{end - 3.5} L{tip + side},{end} L{tip - side * 6},{end + 3.5} Z"
            parts = [element("path", "move", hover, d=path), element("path", "head", d=head)]
            room = int((abs(tip - beside) - 14) / CHARACTER)
            if label:
                parts.append(text((beside + tip) / 2, end - 5, shorten(label, room), anchor="middle"))
            return [_group(parts, arrow)]
        path = f"M{x},{begin} L{beside},{begin + 6} V{end - 4}"
        parts = [element("path", "move lost", hover, d=path)]
        if arrow.ended is None:
            parts.append(
                element(
                    "path", "move", d=f"M{beside - 3},{end - 7} L{beside},{end - 3} L{beside + 3},{end - 7}"
                )
            )
        else:
            parts.append(_cross(beside, end - 2, 3.5))
        room = int((LANE - abs(beside - x) - 16) / CHARACTER)
        if label:
            anchor = "start" if side > 0 else "end"
            parts.append(text(beside + side * 7, end - 5, shorten(label, room), "soft", anchor=anchor))
        return [_group(parts, arrow)]

    # Steps

    def _row(self, place: int, row: Row) -> list[str]:
        y, parts = self._y(place), []
        if self._names:
            parts.append(text(MARGIN + 6, y + 4, str(place), "soft", anchor="end"))
            name = shorten(row.name, int((NAMES - 30) / 6.4))
            parts.append(text(MARGIN + 14, y + 4, name, "fault" if row.fault else ""))
        if row.kind == "environment" and len(row.lanes) != 1:
            parts += self._band(y, row)
        else:
            parts += [self._node(self._x(lane), y, row, place) for lane in row.lanes]
            if row.writes and row.lanes:
                parts.append(self._disk(row.lanes[0], place, row))
        absent = {a.sender for a in self._d.arrows if a.sent == place and a.sender is not None} - set(
            row.lanes
        )
        parts += [element("circle", "node", cx=self._x(lane), cy=y, r=3) for lane in sorted(absent)]
        hover = f"<title>{inside(f'{place} {row.name} {row.detail}')}</title>"
        parts.append(element("rect", "hit", hover, x=0, y=y - ROW // 2, width=self.width, height=ROW))
        return [f'<g class="row" data-row="{place}">{"".join(parts)}</g>']

    def _band(self, y: int, row: Row) -> list[str]:
        lanes = row.lanes or tuple(range(self._lanes))
        kind = "band fault" if row.fault else "band"
        left, right = self._x(min(lanes)), self._x(max(lanes))
        room = int((right - left) / CHARACTER) or 20
        ink, middle = "name fault" if row.fault else "name soft", (left + right) / 2
        label = text(middle, y + 4, shorten(row.name, room), ink, anchor="middle")
        return [element("line", kind, x1=left - 16, y1=y, x2=right + 16, y2=y), label]

    def _node(self, x: int, y: int, row: Row, place: int) -> str:
        if row.fault:
            return _cross(x, y, 6)
        before = self._d.rows[place - 2].down if place > 1 else frozenset()
        returns = row.lanes[0] in before - row.down
        kind = "node context" if returns or row.kind == "context" else "node"
        return element("circle", kind, cx=x, cy=y, r=5)

    def _disk(self, lane: int, place: int, row: Row) -> str:
        """A little disk beside the step that writes one, on the side where no message arrives."""
        come_from_left = any(
            a.ended == place
            and a.received
            and a.receiver == lane
            and a.sender is not None
            and a.sender < lane
            for a in self._d.arrows
        )
        left, top = self._x(lane) + (12 if come_from_left else -22), self._y(place) - 6
        body = f"M{left},{top + 2.5} V{top + 9} A5,2.4 0 0 0 {left + 10},{top + 9} V{top + 2.5}"
        hover = f"<title>{inside('on disk: ' + ', '.join(row.writes))}</title>"
        lid = element("ellipse", "disk", cx=left + 5, cy=top + 2.5, rx=5, ry=2.4)
        return f'<g class="write">{element("path", "disk", hover, d=body)}{lid}</g>'


def _end(arrow: Arrow) -> object:
    """Where a message ends: those that are lost at one moment beside one lane do so together."""
    return arrow.ended, arrow.sender, arrow.receiver if arrow.received else None


def _group(parts: list[str], arrow: Arrow) -> str:
    fate = "received" if arrow.received else "transit" if arrow.ended is None else "lost"
    ended = "" if arrow.ended is None else arrow.ended
    return (
        f'<g class="message" data-fate="{fate}" data-sent="{arrow.sent}" data-ended="{ended}">'
        f"{''.join(parts)}</g>"
    )


def _cross(x: float, y: float, size: float) -> str:
    falling = f"M{x - size},{y - size} L{x + size},{y + size}"
    rising = f"M{x - size},{y + size} L{x + size},{y - size}"
    return element("path", "fault", d=f"{falling} {rising}")
