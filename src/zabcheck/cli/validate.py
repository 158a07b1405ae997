"""``zabcheck validate``: hold a recording of a real ensemble against the model."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from zabcheck.checker.errors import UsageError
from zabcheck.checker.search import current_memory
from zabcheck.cli.arguments import Parser
from zabcheck.cli.ci import add_ci, ci_reports
from zabcheck.cli.limits import add_memory, add_seconds
from zabcheck.cli.output import destination, printing, write_json
from zabcheck.cli.pictures import Pictures, add_pictures
from zabcheck.cli.status import Status

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from zabcheck.reports.diagram.page import Page
    from zabcheck.traces.coverage import Coverage
    from zabcheck.traces.event import Base
    from zabcheck.traces.outcome import Outcome
    from zabcheck.traces.recording import Whole

DESCRIPTION = """\
Hold what an ensemble left behind against the model: logs, data directories, packet captures,
histories of clients, events of zabcheck itself. All PATHs are one recording, unless --each."""

EPILOG = """\
exit status: 0 the recording conforms, 1 it violates a property, 2 wrong usage, or nothing that can
             be read, 3 inconclusive: what is recorded does not suffice to tell"""

_STATUS = {"conforms": Status.HOLDS, "violates": Status.VIOLATED, "inconclusive": Status.UNDECIDED}
_STATES = 1_000_000
"""States that the search for a run of the model may visit."""
_CHECKED = 4096
"""Events between two looks at the clock."""


def add_recording(made: Parser) -> None:
    """Add the options that say what the recording is."""
    made.add_argument("paths", metavar="PATH", nargs="+", help="folders, files or archives")
    made.add_argument("--release", help="the release of ZooKeeper (default: the one that the logs name)")
    made.add_argument("--config", metavar="FILE", help="the zoo.cfg, if it does not lie with the rest")


def parser() -> Parser:
    """The options of the command."""
    made = Parser("validate", DESCRIPTION, EPILOG)
    add_recording(made)
    made.add_argument(
        "--each", action="store_true", help="each PATH is a recording of its own; coverage adds up"
    )
    limits = made.add_argument_group("limits (reaching one makes the verdict inconclusive)")
    add_memory(limits)
    add_seconds(limits)
    made.add_argument(
        "--json", metavar="FILE", help="write the result as JSON; - for standard output and no text"
    )
    add_ci(made)
    add_pictures(made.add_argument_group("to look at"), "the first violation")
    made.add_argument("--quiet", action="store_true", help="print nothing but the report")
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    parsed = parser().read(arguments)
    report, for_ci = destination(parsed.json, "--json"), ci_reports(parsed)
    pictures = Pictures(parsed)
    if parsed.each and pictures.any:
        raise UsageError("--each makes several recordings: a page, picture or diagram is of one")
    from zabcheck.reports.cases import validation_suite
    from zabcheck.reports.console import console_for
    from zabcheck.reports.validation import show_coverage, show_validation
    from zabcheck.reports.validation_json import coverage_document, validation_document
    from zabcheck.traces.coverage import Coverage

    suites = []
    shown, documents, coverage = not parsed.quiet and parsed.json not in ("-", "/dev/stdout"), [], Coverage()
    status = Status.HOLDS
    for paths in [(path,) for path in parsed.paths] if parsed.each else [tuple(parsed.paths)]:
        whole, outcome = validated(parsed, paths, coverage)
        page = _page(whole, outcome, paths) if pictures.any else None
        documents.append(validation_document(outcome, whole.header(), paths))
        suites.append(validation_suite(outcome, " ".join(paths)))
        status = _worse(status, _STATUS[outcome.verdict])
        if shown:
            with printing() as stream:
                show_validation(console_for(stream), outcome, paths)
                if page is not None:
                    pictures.show(console_for(stream), page.diagram)
    covered = coverage.covered()
    if parsed.each and shown:
        with printing() as stream:
            show_coverage(console_for(stream), covered)
    for_ci.deliver(suites)
    together = {"recordings": documents, "coverage": coverage_document(covered)}
    write_json(report, together if parsed.each else documents[0])
    if page is not None:
        pictures.write(page)
    return status


def _page(whole: Whole, outcome: Outcome, paths: tuple[str, ...]) -> Page:
    """The page of an outcome: its first violation, or else the first that is not decided, and what is around that."""
    from zabcheck.reports.pages import page_of_outcome
    from zabcheck.traces.context import around

    finding = next(iter(sorted(outcome.findings, key=lambda f: bool(f.doubt))), None)
    context: list[Base] = []
    if finding is not None:
        views = (around(finding, whole.events(view)) for view in range(whole.views))
        context = next(filter(None, views), [])
    return page_of_outcome(outcome, paths, finding, context)


def validated(
    parsed: argparse.Namespace, paths: tuple[str, ...], coverage: Coverage
) -> tuple[Whole, Outcome]:
    """Validate one recording, every view of it."""
    from zabcheck.traces.minimise import minimised
    from zabcheck.traces.recording import open_recording
    from zabcheck.traces.validator import Validator, combined

    whole = open_recording(paths, parsed.release, parsed.config)
    if whole.steps_of is not None:
        return whole, _of_steps(whole, whole.steps_of, parsed)
    begun = time.monotonic()
    outcomes = []
    for view in range(whole.views):
        validator = Validator(whole.members, [] if view else list(whole.notes), whole.changed)
        unfinished = None
        try:
            validator.feed(_limited(whole.events(view), parsed, begun))
        except KeyboardInterrupt:
            unfinished = "interrupted"
        except _LimitReached as limit:
            unfinished = str(limit)
        outcomes.append(minimised(validator, validator.outcome(unfinished)))
        if unfinished:
            break
    outcome = combined(outcomes)
    coverage.add(outcome.coverage)
    return whole, outcome


def _of_steps(whole: Whole, name: str, parsed: argparse.Namespace) -> Outcome:
    """Validate a recording of a model's own steps."""
    from zabcheck.checker.search import Limits
    from zabcheck.cli.loading import load
    from zabcheck.traces.refinement import refined

    limits = Limits(states=_STATES, seconds=parsed.max_seconds, memory=parsed.max_memory)
    return refined(load(name), list(whole.events()), limits)


class _LimitReached(Exception):  # noqa: N818 - no error: it says why the recording is read no further
    """Why the validation ends before the recording does."""


def _limited(events: Iterator[Base], parsed: argparse.Namespace, begun: float) -> Iterator[Base]:
    """The events, until a limit is reached; says on a terminal how many there were."""
    shows = sys.stderr is not None and sys.stderr.isatty()
    for number, event in enumerate(events):
        if number % _CHECKED == 0:
            past = time.monotonic() - begun
            if parsed.max_seconds is not None and past > parsed.max_seconds:
                raise _LimitReached(f"{parsed.max_seconds:g} seconds were over")
            if parsed.max_memory is not None and current_memory() > parsed.max_memory:
                raise _LimitReached(f"the limit of {parsed.max_memory:,} bytes of memory was reached")
            if shows and number:
                sys.stderr.write(f"\r{number:,} events, {number / past:,.0f}/s, reading {event.track:<20.20}")
        yield event
    if shows:
        sys.stderr.write("\r" + " " * 78 + "\r")


def _worse(one: Status, other: Status) -> Status:
    """The status of two recordings together: a violation before what is not known before what conforms."""
    order = (Status.VIOLATED, Status.UNDECIDED, Status.HOLDS)
    return min(one, other, key=order.index)
