"""One long run, from the first progress to the report: what `check` and `simulate` have in common."""

from __future__ import annotations

import dataclasses
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from zabcheck.checker.errors import UsageError
from zabcheck.cli.ci import add_ci, ci_reports
from zabcheck.cli.interruption import Interruption
from zabcheck.cli.output import destination, printing, write, write_json
from zabcheck.cli.pictures import EVENTS, FORMATS, Pictures, add_pictures
from zabcheck.cli.status import Status, status_of, tell
from zabcheck.reports.cases import check_suite
from zabcheck.reports.json import document

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from zabcheck.checker.result import CheckResult, Progress
    from zabcheck.checker.simulate import Simulation
    from zabcheck.cli.arguments import Parser
    from zabcheck.cli.question import Question
    from zabcheck.reports.destination import Destination
    from zabcheck.traces.event import Base


REPORTING = {
    *("json", "html", "export", "diagram", "charts", "junit", "sarif", "markdown", "github", "write_test"),
    *("quiet", "witness", "checkpoint", "resume"),
}
"""The options, as they are parsed, that say what to do with a result: for whoever makes another use of it."""


def add_output(parser: Parser) -> None:
    """Add what is shown and written."""
    output = parser.add_argument_group("output")
    output.add_argument(
        "--json", metavar="FILE", help="write the result as JSON; - for standard output and no text"
    )
    add_ci(output)
    add_pictures(output, "the counterexample or witness", FORMATS | EVENTS)
    output.add_argument(
        "--charts", metavar="FILE", help="write the search in numbers and charts, as a picture (SVG)"
    )
    output.add_argument("--quiet", action="store_true", help="nothing on standard error but mistakes")


@contextmanager
def progress_shown(asked: Question, *, quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """While entered, a search is shown on the terminal, and Ctrl-C ends it: what it has to tell of its progress."""
    from zabcheck.reports.progress import reporter_for

    if not quiet:
        for remark in asked.remarks:
            tell(f"zabcheck: {remark}")
    with (
        Interruption(quiet=quiet) as interruption,
        reporter_for(sys.stderr, asked.title, quiet=quiet) as reporter,
    ):
        yield interruption.listening(reporter)


def conduct(
    parsed: argparse.Namespace,
    asked: Question,
    search: Callable[[Callable[[Progress], None]], CheckResult],
    simulation: Simulation | None = None,
    also: Callable[[CheckResult], None] | None = None,
) -> Status:
    """Run ``search``, showing its progress; then report, with what ``also`` does, and return the exit status."""
    report, for_ci = destination(parsed.json, "--json"), ci_reports(parsed)
    pictures = Pictures(parsed, parsed.charts, formats=FORMATS | EVENTS)
    charts = destination(parsed.charts, "--charts")
    with progress_shown(asked, quiet=parsed.quiet) as listener:
        result = search(listener)
    result = dataclasses.replace(result, scope=result.scope | asked.named)
    _deliver(result, report, pictures, simulation, asked)
    if charts is not None:
        from zabcheck.reports.statistics import statistics

        write(charts, statistics(result).encode("utf-8", "replace"))
    for_ci.deliver([check_suite(result, asked.title)])
    if also:
        also(result)
    return status_of(result)


def _deliver(
    result: CheckResult,
    report: Destination | None,
    pictures: Pictures,
    simulation: Simulation | None,
    asked: Question,
) -> None:
    """Write the files and print the text; when the first fails, the second is still printed."""
    from zabcheck.reports.pages import diagram_of, page_of

    failure = None
    try:
        write_json(report, document(result, dataclasses.asdict(simulation) if simulation else None))
        if pictures.any:
            pictures.write(page_of(result), lambda: _events(result, asked))
    except UsageError as error:
        failure = error
    if report is None or not report.is_standard_output:
        from zabcheck.reports.console import console_for
        from zabcheck.reports.terminal import show_result

        walks = f"seed {simulation.seed}, walks of at most {simulation.length:,} states" if simulation else ""
        with printing() as stream:
            show_result(console_for(stream), result, walks=walks)
            pictures.show(console_for(stream), diagram_of(result))
    if failure:
        raise failure


def _events(result: CheckResult, asked: Question) -> list[Base]:
    """The counterexample or witness, taken once more, as events."""
    from zabcheck.checker.rerun import rerun
    from zabcheck.traces.steps import record_run

    trace = result.counterexample or result.witness
    if trace is None:
        return []
    scope = asked.model.varied(asked.scope, asked.variants)
    path = rerun(asked.model, scope, trace).path
    return record_run(asked.model, scope, path, trace, "zabcheck")
