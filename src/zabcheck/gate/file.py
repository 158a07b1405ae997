"""The file of a gate, ``zabcheck.toml``, with the lines at which its tables and keys stand."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zabcheck.checker.errors import UsageError
from zabcheck.cli.guess import closest

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = ("check", "validate")
HEADER = re.compile(r"\s*\[\[\s*(\w+)\s*\]\]")
KEY = re.compile(r"\s*\"?([\w-]+)\"?\s*=")

EXAMPLE = """\
# Each table is a question and what is expected of it; `zabcheck gate` asks all of them.
# Keys are the options of `zabcheck check` and `zabcheck validate`. A list multiplies: a cell for each value.

[[check]]
model = "zab"
servers = [2, 3]
transactions = 1
epochs = 2
timeouts = 1
restarts = 1
expect = "holds"

[[check]]
model = "zookeeper"
release = "mended"
expect = "holds"

[[check]]
model = "zookeeper"
bug = "ZOOKEEPER-4643"
expect = "violated by LeaderLogCompleteness"

# Recordings of your ensembles, each path one recording:
#
# [[validate]]
# recordings = "recordings/*"
# expect = "conforms"
"""


@dataclass(frozen=True)
class Table:
    """One ``[[check]]`` or ``[[validate]]``."""

    command: str
    values: dict[str, Any]
    line: int
    keys: dict[str, int]
    """the line of each key"""


@dataclass(frozen=True)
class GateFile:
    """All tables, in the order of the file."""

    path: Path
    tables: tuple[Table, ...]

    @property
    def folder(self) -> Path:
        """What paths in the file are relative to."""
        return self.path.parent

    def mistake(self, table: Table, key: str | None, why: str) -> UsageError:
        """A complaint that names line and key."""
        line = table.keys.get(key, table.line) if key else table.line
        return UsageError(f"{self.path}:{line}: {f'{key}: ' if key else ''}{why}")


def read(path: Path) -> GateFile:
    """The file at ``path``; whatever is wrong with it is a `UsageError`."""
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except FileNotFoundError:
        raise UsageError(f"there is no {path}; zabcheck gate --init writes one") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from None
    places = _places(text)
    for name, tables in content.items():
        if name not in COMMANDS:
            raise UsageError(
                f"{path}: unknown table {name}{closest(name, COMMANDS)}; there are [[check]] and [[validate]]"
            )
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise UsageError(f"{path}: write [[{name}]], with two brackets, for each cell")
    found = [
        Table(name, values, *next((p[1:] for p in places if p[0] == (name, number)), (1, {})))
        for name, tables in content.items()
        for number, values in enumerate(tables)
    ]
    return GateFile(path, tuple(sorted(found, key=lambda table: table.line)))


def _places(text: str) -> list[tuple[tuple[str, int], int, dict[str, int]]]:
    """For each table, by name and number, its line and those of its keys; `tomllib` does not tell."""
    found: list[tuple[tuple[str, int], int, dict[str, int]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if header := HEADER.match(line):
            name = header[1]
            found.append(((name, sum(place[0][0] == name for place in found)), number, {}))
        elif found and (key := KEY.match(line)):
            found[-1][2].setdefault(key[1], number)
    return found
