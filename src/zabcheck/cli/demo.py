"""``zabcheck demo``: worked examples of the protocol of ZooKeeper, played step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker import UsageError, play
from zabcheck.cli.arguments import Parser
from zabcheck.cli.guess import require_known
from zabcheck.cli.output import destination, printing, write_json
from zabcheck.cli.pictures import Pictures, add_pictures
from zabcheck.cli.status import Status
from zabcheck.reports.json import performance_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zabcheck.checker.result import Performance

DESCRIPTION = """\
Play a worked example of an election or a recovery, step by step, with the transitions of the
model zookeeper. Every property is checked after each step, and what the example shows at the end.
Without a name, list the examples."""

EPILOG = """\
exit status: 0 all that the example claims is true, 1 something is not, 2 wrong usage"""


def parser() -> Parser:
    """The options of the command."""
    made = Parser("demo", DESCRIPTION, EPILOG)
    made.add_argument("name", metavar="NAME", nargs="?", help="which example")
    made.add_argument(
        "--json", metavar="FILE", help="write the example as JSON; - for standard output and no text"
    )
    add_pictures(made.add_argument_group("to look at"), "the example")
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    from zabcheck.model.zookeeper import examples, model
    from zabcheck.reports.pages import page_of_performance

    parsed = parser().read(arguments)
    report, pictures = destination(parsed.json, "--json"), Pictures(parsed)
    if parsed.name is None:
        if pictures.any:
            raise UsageError("which example? zabcheck demo lists them")
        write_json(report, [{"name": e.name, "sentence": e.sentence} for e in examples.EXAMPLES.values()])
        if not (report and report.is_standard_output):
            from zabcheck.cli.listing import print_listing

            print_listing((e.name, "", [e.sentence]) for e in examples.EXAMPLES.values())
        return Status.HOLDS
    require_known(parsed.name, examples.EXAMPLES, "example", "zabcheck demo")
    performance = play(model, examples.EXAMPLES[parsed.name])
    write_json(report, performance_document(performance))
    pictures.write(page_of_performance(performance))
    if not (report and report.is_standard_output):
        _show(performance, pictures)
    return Status.HOLDS if performance.holds else Status.VIOLATED


def _show(performance: Performance, pictures: Pictures) -> None:
    from zabcheck.reports.console import console_for
    from zabcheck.reports.diagram.runs import of_performance
    from zabcheck.reports.performance import show_performance

    with printing() as stream:
        show_performance(console_for(stream), performance)
        pictures.show(console_for(stream), of_performance(performance))
