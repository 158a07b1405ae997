"""The cells that a gate file describes: its tables, multiplied."""

from __future__ import annotations

import glob
import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zabcheck.checker.errors import UsageError
from zabcheck.cli import check, validate
from zabcheck.cli.loading import is_path
from zabcheck.cli.question import question
from zabcheck.cli.session import REPORTING
from zabcheck.gate.expectation import Expectation, expectation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zabcheck.gate.file import GateFile, Table

SUBJECTS = {"check": "model", "validate": "recordings"}
"""For each command, the key that says what it is asked about."""


@dataclass(frozen=True)
class Cell:
    """One question, and what is expected."""

    command: tuple[str, ...]
    """what ``zabcheck`` is given"""
    expected: Expectation
    line: int
    """of the table in the file"""

    @property
    def title(self) -> str:
        """The command, without what only says how to search."""
        words = iter(self.command)
        return " ".join(word for word in words if word != "--workers" or not next(words))


def cells(file: GateFile) -> list[Cell]:
    """All cells, in the order of the file; each is known to be a question that can be asked."""
    found = [cell for table in file.tables for cell in _cells_of(file, table)]
    if not found:
        raise UsageError(
            f"{file.path}: no [[check]] and no [[validate]]; zabcheck gate --init writes an example"
        )
    return found


def _cells_of(file: GateFile, table: Table) -> Iterator[Cell]:
    values = dict(table.values)
    subject = SUBJECTS[table.command]
    for key in (subject, "expect"):
        if key not in values:
            raise file.mistake(table, None, f"[[{table.command}]] has no {key}")
    for key in values:
        if key.replace("-", "_") in REPORTING:
            raise file.mistake(table, key, "a gate says what is expected, and writes reports itself")
    try:
        expected = expectation(table.command, values.pop("expect"))
    except UsageError as error:
        raise file.mistake(table, "expect", str(error)) from None
    subjects = _recordings(file, table) if table.command == "validate" else _each(values[subject])
    del values[subject]
    if table.command == "check":
        values.setdefault("workers", 1)
    choices = [[(key, choice) for choice in _each(value)] for key, value in values.items()]
    for what in subjects:
        for chosen in itertools.product(*choices):
            options = [word for key, value in chosen for word in _words(file, table, key, value)]
            cell = Cell((table.command, str(what), *options, *expected.arguments), expected, table.line)
            _require_sense(file, table, cell)
            yield cell


def _each(value: object) -> list[Any]:
    """What a value multiplies into."""
    return value if isinstance(value, list) else [value]


def _words(file: GateFile, table: Table, key: str, value: object) -> Iterator[str]:
    """An option on a command line; an inner list is an option that is given several times."""
    for each in _each(value):
        if isinstance(each, bool):
            yield from [f"--{key}"] if each else []
        elif isinstance(each, (int, str)):
            yield from (f"--{key}", str(each))
        else:
            raise file.mistake(
                table, key, f"a number, a text, true or false, or a list of them, not {each!r}"
            )


def _recordings(file: GateFile, table: Table) -> list[str]:
    """The paths that the patterns match, each a recording of its own."""
    found = []
    for pattern in _each(table.values["recordings"]):
        matched = sorted(glob.glob(str(pattern), root_dir=file.folder))  # noqa: PTH207 - it may be absolute
        if not matched:
            raise file.mistake(table, "recordings", f"nothing matches {pattern}")
        found += matched
    return found


def _require_sense(file: GateFile, table: Table, cell: Cell) -> None:
    """Refuse what the command would refuse. A model in a file is loaded by its own process alone."""
    try:
        if table.command == "validate":
            validate.parser().read(cell.command[1:])
        elif not is_path(cell.command[1]):
            model, parsed = check.parser().for_model(cell.command[1:])
            question(model, parsed, parsed.witness)
    except UsageError as error:
        said = str(error)
        key = next((key for key in table.values if re.search(rf"--{re.escape(key)}(?![\w-])", said)), None)
        if key is None and cell.expected.name and cell.expected.name in said:
            key = "expect"
        raise file.mistake(table, key, said) from None
