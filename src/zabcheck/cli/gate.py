"""``zabcheck gate``: ask a matrix of questions, and see that each comes to what is expected."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from zabcheck.checker.errors import UsageError
from zabcheck.cli.arguments import Parser
from zabcheck.cli.check import MOST_WORKERS, processors
from zabcheck.cli.ci import add_ci, ci_reports
from zabcheck.cli.interruption import Interruption
from zabcheck.cli.numbers import memory, whole
from zabcheck.cli.output import destination, printing, write_json
from zabcheck.cli.status import Status, tell
from zabcheck.reports.destination import Destination

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zabcheck.gate.cells import Cell
    from zabcheck.gate.runner import Answer
    from zabcheck.reports.cases import Suite

FILE = "zabcheck.toml"

DESCRIPTION = """\
Ask everything that a file lists: checks of models and validations of recordings, each with what is
expected of it. A cell that expects a violation and does not get it fails; one that is not decided
never passes. What was decided before is not asked again, as long as nothing has changed."""

EPILOG = """\
exit status: 0 every cell is as expected, 1 one is not, 2 a cell or the file makes no sense,
             3 none failed, but one is not decided"""

STATUSES = {"mistaken": Status.BAD_INPUT, "failed": Status.VIOLATED, "undecided": Status.UNDECIDED}
"""The worst first."""


def parser() -> Parser:
    """The options of the command."""
    made = Parser("gate", DESCRIPTION, EPILOG)
    made.add_argument("file", metavar="FILE", nargs="?", default=FILE, help=f"the cells (default {FILE})")
    made.add_argument("--init", action="store_true", help="write an example to FILE, if there is none")
    made.add_argument("--list", action="store_true", help="print the cells as command lines, and ask nothing")
    made.add_argument("--schema", action="store_true", help="print the JSON Schema of such files")
    made.add_argument(
        "--jobs",
        type=whole(1, MOST_WORKERS),
        default=processors(),
        metavar="N",
        help="workers of all cells that are asked at a time (default: one per processor)",
    )
    made.add_argument(
        "--max-memory",
        type=memory,
        metavar="SIZE",
        help="memory of all of them together (default: three quarters of what there is)",
    )
    made.add_argument("--no-cache", action="store_true", help="ask everything anew, and keep nothing")
    made.add_argument(
        "--json", metavar="FILE", help="write the result as JSON; - for standard output and no text"
    )
    add_ci(made)
    made.add_argument("--quiet", action="store_true", help="print nothing but mistakes")
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    parsed = parser().read(arguments)
    if parsed.schema:
        return _print_schema()
    from zabcheck.gate.budget import Budget, usual_memory
    from zabcheck.gate.cells import cells
    from zabcheck.gate.file import read
    from zabcheck.gate.runner import Runner
    from zabcheck.reports.gate import Board, document, summary

    path = Path(parsed.file)
    if parsed.init:
        return _begin(path)
    report, for_ci = destination(parsed.json, "--json"), ci_reports(parsed)
    file = read(path)
    budget = Budget(parsed.jobs, parsed.max_memory or usual_memory())
    asked = cells(file, budget.memory)
    if parsed.list:
        with printing() as stream:
            stream.writelines(f"zabcheck {cell.title}  # {cell.expected}\n" for cell in asked)
        return Status.HOLDS
    lines = [(cell.title, str(cell.expected)) for cell in asked]
    with Interruption(quiet=parsed.quiet), Board(lines, sys.stderr, quiet=parsed.quiet) as board:
        answers = Runner(file.folder, budget, uses_cache=not parsed.no_cache).run(asked, board.tell)
    found: Counter[str] = Counter(answer.status for answer in answers)
    for_ci.deliver([_suite(path, asked, answers)])
    if not parsed.quiet and not (report and report.is_standard_output):
        with printing() as stream:
            stream.write(summary(found))
    write_json(
        report,
        document(
            [
                {
                    "cell": cell.title,
                    "expected": str(cell.expected),
                    "status": answer.status,
                    "reason": answer.said,
                }
                for cell, answer in zip(asked, answers, strict=True)
            ],
            found,
        ),
    )
    return next((status for name, status in STATUSES.items() if found[name]), Status.HOLDS)


def _print_schema() -> int:
    from zabcheck.gate.schema import schema

    write_json(Destination("-"), schema())
    return Status.HOLDS


def _begin(path: Path) -> int:
    from zabcheck.gate.file import EXAMPLE

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(EXAMPLE)
    except FileExistsError:
        raise UsageError(f"{path} is there already, and is left as it is") from None
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
    tell(f"zabcheck: wrote {path}; zabcheck gate {path} asks what is in it")
    return Status.HOLDS


def _suite(path: Path, asked: Sequence[Cell], answers: Sequence[Answer]) -> Suite:
    """The cells, as formats for CI show them."""
    from zabcheck.reports.cases import Case, Place, Suite

    return Suite(
        f"zabcheck gate {path}",
        tuple(
            Case(
                cell.title,
                "failed" if answer.status == "mistaken" else answer.status,
                f"expected: {cell.expected}; found: {answer.said}",
                places=(Place(str(path), cell.line),),
            )
            for cell, answer in zip(asked, answers, strict=True)
        ),
    )
