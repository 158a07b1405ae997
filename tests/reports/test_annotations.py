"""GitHub annotations, read back as GitHub documents them."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from tests.reports.test_junit import HOSTILE
from zabcheck.reports.annotations import github_annotations
from zabcheck.reports.cases import Case, Place, Suite


def read(text: str) -> list[tuple[str, dict[str, str], str]]:
    found = []
    for line in text.splitlines():
        command = re.fullmatch(r"::(\w+) (.*?)::(.*)", line)
        assert command, line
        pairs = (pair.partition("=") for pair in command[2].split(","))
        found.append((command[1], {k: unquote(v) for k, _, v in pairs}, unquote(command[3])))
    return found


def test_a_place_below_the_working_directory() -> None:
    places = (Place("/usr/lib/elsewhere.py", 1), Place(str(Path("a,b:c%.py").absolute()), 7))
    ((level, attributes, message),) = read(
        github_annotations(
            [Suite("zab", (Case("P1s", "failed", "one\ntwo 100%", places=places), Case("Q", "passed")))]
        )
    )
    assert (level, message) == ("error", "one\ntwo 100% (zab)")
    assert attributes == {"file": "a,b:c%.py", "line": "7", "title": "P1s: failed"}


def test_nothing_can_be_injected() -> None:
    case = Case(HOSTILE, "undecided", HOSTILE, places=(Place(HOSTILE, 1),))
    assert [level for level, _, _ in read(github_annotations([Suite(HOSTILE, (case,))]))] == ["warning"]
