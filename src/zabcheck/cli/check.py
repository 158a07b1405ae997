"""``zabcheck check``: explore a model exhaustively within its scope."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

from zabcheck.checker import run as checker
from zabcheck.checker.errors import UsageError
from zabcheck.checker.search import Limits, Options
from zabcheck.cli.arguments import Parser
from zabcheck.cli.limits import add_engine, add_memory, add_seconds
from zabcheck.cli.numbers import whole
from zabcheck.cli.output import destination, write
from zabcheck.cli.question import add_question, question
from zabcheck.cli.session import add_output, conduct
from zabcheck.cli.status import Status, tell

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from zabcheck.checker.result import CheckResult, Progress
    from zabcheck.cli.question import Question
    from zabcheck.reports.destination import Destination

DESCRIPTION = """\
Explore every state of a model within its scope, breadth first, and decide its properties.
A counterexample is as short as any. Ctrl-C ends the search with what it has found."""

EPILOG = """\
exit status: 0 all properties hold, 1 one is violated, 2 wrong usage or bad input,
             3 not decided (a limit was reached, or the search was interrupted)"""

MOST_WORKERS = 1024


def parser() -> Parser:
    """The options of the command, without those of any scope."""
    made = Parser("check", DESCRIPTION, EPILOG)
    made.add_argument("--witness", metavar="GOAL", help="show a shortest run that reaches this goal")
    made.add_argument(
        "--symmetry", action="store_true", help="explore one of all states that differ in names only"
    )
    add_question(made)
    how = made.add_argument_group("how to explore")
    add_engine(how)
    how.add_argument(
        "--workers",
        type=whole(1, MOST_WORKERS),
        metavar="N",
        help="threads; the result is the same for any number (default: one per processor)",
    )
    how.add_argument(
        "--store",
        choices=("fingerprint", "exact"),
        default="fingerprint",
        help="what to remember of a state: 128 bits (default), or everything",
    )
    how.add_argument(
        "--no-cache", action="store_true", help="do not use or keep what was learned about the model"
    )
    how.add_argument(
        "--no-liveness", action="store_true", help="leave out what is about whole runs, which takes memory"
    )
    limits = made.add_argument_group("limits (reaching one makes the verdict incomplete)")
    limits.add_argument(
        "--max-depth", type=whole(1), metavar="N", help="levels; the initial states are the first"
    )
    limits.add_argument("--max-states", type=whole(1), metavar="N", help="distinct states")
    add_memory(limits)
    add_seconds(limits)
    going_on = made.add_argument_group("stopping and going on")
    going_on.add_argument("--checkpoint", metavar="FILE", help="write the search here when it stops early")
    going_on.add_argument("--resume", metavar="FILE", help="go on from a checkpoint of the same question")
    add_output(made)
    made.add_argument(
        "--write-test", metavar="FILE", help="write a test for pytest that takes the counterexample again"
    )
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    model, parsed = parser().for_model(arguments)
    asked = question(model, parsed, parsed.witness)
    options = options_of(parsed, asked.properties)
    test = destination(parsed.write_test, "--write-test")
    if test is not None and test.is_standard_output:
        raise UsageError("--write-test: name a file, so that paths in it can be relative to it")

    def search(listener: Callable[[Progress], None]) -> CheckResult:
        heard = dataclasses.replace(options, on_progress=listener)
        return checker.check(model, asked.scope, heard, engine=parsed.engine, variant=asked.variants)

    def deliver(result: CheckResult) -> None:
        if test is not None:
            _write_test(test, result, parsed, asked)

    status = conduct(parsed, asked, search, also=deliver)
    if status == Status.UNDECIDED and options.checkpoint and options.checkpoint.exists() and not parsed.quiet:
        tell(f"zabcheck: to go on, repeat the command with --resume {options.checkpoint}")
    return status


def _write_test(where: Destination, result: CheckResult, parsed: argparse.Namespace, asked: Question) -> None:
    """Write the regression test, or say that there is none to write."""
    from zabcheck.checker.walk import Walk
    from zabcheck.cli.loading import is_path
    from zabcheck.reports.regression_test import regression_test

    def seen_from_the_test(path: str) -> str:
        return os.path.relpath(os.path.realpath(path), Path(os.path.realpath(where.name)).parent)

    initial = 0
    if result.counterexample:
        walk = Walk(asked.model, asked.scope, variants=asked.variants)
        initial = walk.root_of(result.counterexample.initial) or 0
    files = {name: seen_from_the_test(path) for name, path in asked.named.items()}
    source = regression_test(
        dataclasses.replace(result, scope=result.scope | files),
        seen_from_the_test(parsed.model) if is_path(parsed.model) else parsed.model,
        initial,
    )
    if source is None:
        tell("zabcheck: no test is written: no violation was found")
        return
    write(where, source.encode())


def options_of(parsed: argparse.Namespace, properties: tuple[str, ...]) -> Options:
    """How to search, as the arguments say."""
    _refuse_same_file(parsed)
    destination(parsed.checkpoint, "--checkpoint")
    if parsed.resume is not None:
        try:
            Path(parsed.resume).open("rb").close()
        except OSError as error:
            raise UsageError(f"--resume: cannot read {parsed.resume}: {error.strerror}") from error
    return Options(
        properties=properties,
        limits=Limits(parsed.max_depth, parsed.max_states, parsed.max_seconds, parsed.max_memory),
        workers=parsed.workers or processors(),
        store=parsed.store,
        symmetry=parsed.symmetry,
        liveness=not parsed.no_liveness,
        witness=parsed.witness,
        checkpoint=Path(parsed.checkpoint) if parsed.checkpoint else None,
        resume=Path(parsed.resume) if parsed.resume else None,
        cache=not parsed.no_cache,
    )


def _refuse_same_file(parsed: argparse.Namespace) -> None:
    """Refuse to write the report over a checkpoint, or over the test."""
    if parsed.json in (None, "-"):
        return
    for option in ("checkpoint", "resume", "write-test"):
        other = getattr(parsed, option.replace("-", "_"))
        if other and os.path.realpath(other) == os.path.realpath(parsed.json):
            raise UsageError(f"--json and --{option} name the same file, {other}")


def processors() -> int:
    """The processors that this process may use."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, MOST_WORKERS)
