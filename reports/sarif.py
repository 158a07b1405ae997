"""Suites as SARIF 2.1.0: what is violated or undecided, at the lines that it points to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from zabcheck import __version__
from zabcheck.reports.json import encode
from zabcheck.reports.legible import passage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zabcheck.reports.cases import Case, Place, Suite

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"failed": "error", "undecided": "warning"}


def sarif(suites: Sequence[Suite]) -> bytes:
    """A log with one run; a rule for each name of a case that has a result."""
    shown = [(suite, case) for suite in suites for case in suite.cases if case.status in _LEVELS]
    rules = sorted({passage(case.name) for _, case in shown})
    driver = {"name": "zabcheck", "version": __version__, "rules": [{"id": name} for name in rules]}
    results = [_result(suite, case, rules) for suite, case in shown]
    return encode(
        {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
    )


def _result(suite: Suite, case: Case, rules: list[str]) -> dict[str, Any]:
    name = passage(case.name)
    text = "\n".join(filter(None, (f"{case.message} ({suite.name})", case.details)))
    places = list(dict.fromkeys(case.places))  # related locations are a set
    return {
        "ruleId": name,
        "ruleIndex": rules.index(name),
        "level": _LEVELS[case.status],
        "message": {"text": passage(text)},
        "locations": [_location(at) for at in places[:1]],
        "relatedLocations": [_location(at) for at in places[1:]],
    }


def _location(at: Place) -> dict[str, Any]:
    """A place, by a path that is relative where the file is below the working directory."""
    here, file = Path.cwd().resolve(), Path(os.path.realpath(passage(at.file)))
    uri = quote(str(file.relative_to(here))) if file.is_relative_to(here) else file.as_uri()
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": at.line}}}
