"""``--html`` and ``--export``: a run as a page, a picture, or in the format of another tool."""

from __future__ import annotations

import os
from types import MappingProxyType
from typing import TYPE_CHECKING

from zabcheck.checker.errors import UsageError
from zabcheck.cli.output import destination, streaming, write
from zabcheck.cli.status import tell

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Mapping

    from rich.console import Console

    from zabcheck.reports.diagram.data import Diagram
    from zabcheck.reports.diagram.page import Page
    from zabcheck.traces.event import Base

FORMATS = {
    ".svg": "a picture",
    ".mmd": "a sequence diagram of Mermaid",
    ".shiviz": "a log for ShiViz",
    ".itf.json": "a trace in ITF, as Apalache and Quint have it",
}
"""What ``--export`` writes, by the ending of the file's name."""


EVENTS = {".jsonl": "events in our own schema, which zabcheck validate takes"}
"""What else it writes where the run is one of a model that is at hand."""


def add_pictures(
    group: argparse._ArgumentGroup, what: str, formats: Mapping[str, str] = MappingProxyType(FORMATS)
) -> None:
    """Add the options; ``what`` is drawn."""
    group.add_argument(
        "--html", metavar="FILE", help=f"write {what} as a page to look at, complete in one file"
    )
    group.add_argument(
        "--export",
        metavar="FILE",
        action="append",
        default=[],
        help=f"write {what} in another format, by the name's ending: {', '.join(formats)} (repeatable)",
    )
    group.add_argument("--diagram", action="store_true", help=f"draw {what} on the terminal")


class Pictures:
    """The files that were asked for, all found writable before the long run; ``others`` are written by others."""

    def __init__(
        self,
        parsed: argparse.Namespace,
        *others: str | None,
        formats: Mapping[str, str] = MappingProxyType(FORMATS),
    ) -> None:
        _refuse_same_file([parsed.json, parsed.html, *parsed.export, *others])
        self._diagram = parsed.diagram
        self._html = destination(parsed.html, "--html")
        self._exports = [(_ending(name, formats), destination(name, "--export")) for name in parsed.export]

    @property
    def any(self) -> bool:
        """Whether any was asked for."""
        return self._diagram or self._html is not None or bool(self._exports)

    def write(self, made: Page, events: Callable[[], Iterable[Base]] = tuple) -> None:
        """Write them; ``events`` are those of the run. Where there is none, say so: that is no mistake."""
        if self._html is not None:
            from zabcheck.reports.diagram.page import document

            write(self._html, document(made))
        for ending, where in self._exports:
            if where is None:
                continue
            if made.diagram is None:
                tell(f"zabcheck: {where.name} is not written: there is no run to export")
            elif ending in EVENTS:
                from zabcheck.traces import jsonl

                with streaming(where) as stream:
                    jsonl.write(events(), stream)
            else:
                write(where, _exported(ending, made.diagram))

    def show(self, console: Console, diagram: Diagram | None) -> None:
        """Draw the run on the terminal, if that was asked for and there is one."""
        if self._diagram and diagram is not None:
            from zabcheck.reports.diagram.lines import show_diagram

            show_diagram(console, diagram)


def _refuse_same_file(names: list[str | None]) -> None:
    """Refuse two reports in one file, and a page among the text on standard output."""
    if names[1] in ("-", "/dev/stdout"):
        raise UsageError("--html: a page goes to a file, not to standard output")
    given = [os.path.realpath(name) for name in names if name not in (None, "-")]
    if twice := [name for name in given if given.count(name) > 1]:
        raise UsageError(f"two reports name the same file, {twice[0]}")


def _ending(name: str, formats: Mapping[str, str]) -> str:
    for ending in formats:
        if name.endswith(ending):
            return ending
    known = ", ".join(f"{ending} ({what})" for ending, what in formats.items())
    raise UsageError(f"--export: the name {name} says no format; known are {known}")


def _exported(ending: str, diagram: Diagram) -> bytes:
    from zabcheck.reports.diagram import itf, mermaid, shiviz, svg

    makers: dict[str, Callable[[Diagram], str]] = {
        ".svg": svg.drawn,
        ".mmd": mermaid.document,
        ".shiviz": shiviz.document,
        ".itf.json": itf.document,
    }
    return makers[ending](diagram).encode("utf-8", "replace")
