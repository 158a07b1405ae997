"""``zabcheck trace``: a recording as events, to keep or to read."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from zabcheck.cli.arguments import Parser
from zabcheck.cli.output import destination, printing, streaming
from zabcheck.cli.status import Status, tell
from zabcheck.cli.validate import add_recording

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION = """\
Turn what an ensemble left behind into events, a line of JSON each, or print them as one timeline.
In the timeline servers are merged by their clocks, for reading only: nothing follows from it."""

EPILOG = "exit status: 0 done, 2 wrong usage, or nothing that can be read"


def parser() -> Parser:
    """The options of the command."""
    made = Parser("trace", DESCRIPTION, EPILOG)
    add_recording(made)
    made.add_argument(
        "-o", "--output", metavar="FILE", default=None, help="write events here; - for standard output"
    )
    made.add_argument("--show", action="store_true", help="print a timeline to read")
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    parsed = parser().read(arguments)
    output = destination(parsed.output, "--output")
    from zabcheck.reports.console import console_for
    from zabcheck.reports.timeline import show_timeline
    from zabcheck.traces import jsonl
    from zabcheck.traces.recording import open_recording

    whole = open_recording(parsed.paths, parsed.release, parsed.config)
    if output is None or parsed.show:
        with printing() as stream:
            show_timeline(console_for(stream), whole.events())
    if output is not None:
        count = None
        with streaming(output) as stream:
            count = jsonl.write(chain([whole.header()], whole.events()), stream)
        if count is not None:  # unless the reader went away
            tell(f"zabcheck: {count:,} events in {output.name}")
    for note in whole.notes:
        tell(f"zabcheck: {note}")
    return Status.HOLDS
