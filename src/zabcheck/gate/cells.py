"""The cells that a gate file describes: its tables, multiplied."""

from __future__ import annotations

import glob
import itertools
import re
from contextlib import chdir
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zabcheck.checker.errors import UsageError
from zabcheck.cli import check, validate
from zabcheck.cli.loading import is_path, load
from zabcheck.cli.question import question
from zabcheck.gate.expectation import Expectation, expectation
from zabcheck.gate.options import NOT_OF_CELLS, SUBJECTS, is_of_type, is_repeatable, options, value

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from zabcheck.gate.budget import Part
    from zabcheck.gate.file import GateFile, Table

EXPECTED = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "string": "a text",
}
"""Types of values, in words."""
ANYTHING = tuple({"type": name} for name in EXPECTED)
"""What the value of an option may be that is not known here: of the scope of a model in a file."""


@dataclass(frozen=True)
class Cell:
    """One question, and what is expected."""

    command: tuple[str, ...]
    """what ``zabcheck`` is given, without what only says how to search"""
    expected: Expectation
    line: int
    """of the table in the file"""
    workers: int = 1
    memory: int | None = None
    """its own limit, if it has one"""

    @property
    def title(self) -> str:
        """The command in a line."""
        return " ".join(self.command)

    def limited(self, part: Part) -> tuple[str, ...]:
        """What keeps the command within its part of the budget."""
        workers = ("--workers", str(part.workers)) if self.command[0] == "check" else ()
        return workers if self.memory else (*workers, "--max-memory", str(part.memory))


def cells(file: GateFile, memory: int) -> list[Cell]:
    """All cells, in the order of the file; each can be asked, as far as is known, and within so much memory."""
    found = [cell for table in file.tables for cell in _cells_of(file, table, memory)]
    if not found:
        raise UsageError(
            f"{file.path}: no [[check]] and no [[validate]]; zabcheck gate --init writes an example"
        )
    return found


def _cells_of(file: GateFile, table: Table, memory: int) -> Iterator[Cell]:
    subject = SUBJECTS[table.command]
    for key in (subject, "expect"):
        if key not in table.values:
            raise file.mistake(table, None, f"[[{table.command}]] has no {key}")
    try:
        expected = expectation(table.command, table.values["expect"])
    except UsageError as error:
        raise file.mistake(table, "expect", str(error)) from None
    keys = [key for key in table.values if key not in (subject, "expect")]
    for what in _models(file, table) if subject == "model" else _recordings(file, table):
        known = _options(file, table, what)
        choices = [list(_choices(file, table, key, known)) for key in keys]
        for chosen in itertools.product(*choices):
            words = dict(zip(keys, chosen, strict=True))
            how = words.pop("workers", ())
            command = (table.command, what, *itertools.chain(*words.values()), *expected.arguments)
            parsed = _parsed(file, table, (*command, *how), expected)
            workers = getattr(parsed, "workers", None) or 1
            if parsed.max_memory and parsed.max_memory > memory:
                raise file.mistake(
                    table, "max-memory", f"more than the gate may use, which is {memory >> 20}M"
                )
            yield Cell(command, expected, table.line, workers, parsed.max_memory)


def _each(file: GateFile, table: Table, key: str) -> list[Any]:
    """What the value of a key multiplies into."""
    given = table.values[key]
    if given == []:
        raise file.mistake(table, key, "an empty list asks nothing")
    return given if isinstance(given, list) else [given]


def _texts(file: GateFile, table: Table, key: str) -> Iterator[str]:
    for given in _each(file, table, key):
        if not isinstance(given, str):
            raise file.mistake(table, key, f"a text is expected, or a list of them, not {given!r}")
        yield given


def _models(file: GateFile, table: Table) -> Iterator[str]:
    return _texts(file, table, "model")


def _recordings(file: GateFile, table: Table) -> list[str]:
    """The paths that the patterns match, each a recording of its own."""
    found = []
    for pattern in _texts(file, table, "recordings"):
        matched = sorted(glob.glob(pattern, root_dir=file.folder))  # noqa: PTH207 - it may be absolute
        if not matched:
            raise file.mistake(table, "recordings", f"nothing matches {pattern}")
        found += matched
    return found


def _options(file: GateFile, table: Table, what: str) -> dict[str, argparse.Action]:
    """The options that are known; of a model in a file, which its own process alone loads, not those of its scope."""
    if table.command == "validate" or is_path(what):
        return options(table.command)
    try:
        return options("check", load(what))
    except UsageError as error:
        raise file.mistake(table, "model", str(error)) from None


def _choices(
    file: GateFile, table: Table, key: str, known: dict[str, argparse.Action]
) -> Iterator[tuple[str, ...]]:
    """What a command line is given for each value of a key; an inner list is an option given several times."""
    if key.replace("-", "_") in NOT_OF_CELLS:
        why = "a gate says what is expected, takes each recording by itself, and writes the reports"
        raise file.mistake(table, key, why)
    option = known.get(key)
    types = (value(option),) if option else ANYTHING
    for choice in _each(file, table, key):
        several = isinstance(choice, list) and (option is None or is_repeatable(option))
        given = choice if several else [choice]
        for each in given:
            if not any(is_of_type(each, described) for described in types):
                what = " or ".join(EXPECTED[described["type"]] for described in types)
                raise file.mistake(table, key, f"{what} is expected, or a list of such, not {each!r}")
        yield tuple(itertools.chain.from_iterable(_words(key, each) for each in given))


def _words(key: str, given: object) -> Sequence[str]:
    if isinstance(given, bool):
        return (f"--{key}",) if given else ()
    return (f"--{key}", str(given))


def _parsed(
    file: GateFile, table: Table, command: tuple[str, ...], expected: Expectation
) -> argparse.Namespace:
    """The command line, as the command understands it; what it would refuse is a mistake in the file."""
    words = command[1:]
    try:
        with chdir(file.folder):
            if table.command == "validate":
                return validate.parser().read(words)
            if is_path(words[0]):
                return check.parser().parse_known_args(words)[0]
            model, parsed = check.parser().for_model(words)
            question(model, parsed, parsed.witness)
            return parsed
    except UsageError as error:
        said = str(error)
        named = {key: re.search(rf"--{re.escape(key)}(?![\w-])", said) for key in table.values}
        places = {key: found.start() for key, found in named.items() if found}
        key = min(
            places, key=places.__getitem__, default=None
        )  # what comes later is a guess at what was meant
        if key is None and expected.name and expected.name in said:
            key = "expect"
        raise file.mistake(table, key, said) from None
