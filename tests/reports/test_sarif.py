"""SARIF: what it points to, whatever a model or recording says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from zabcheck.reports.cases import Case, Place, Suite, check_suite
from zabcheck.reports.sarif import sarif

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.reports.conftest import Samples

HOSTILE = "<script>\x00\x1b[31m\ud800\u202e\n::error::x"


def test_a_check(samples: Samples) -> None:
    (run,) = json.loads(sarif([check_suite(samples.violated, "zab")]))["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    levels = {found["ruleId"]: found["level"] for found in run["results"]}
    assert levels[samples.trace.property] == "error"
    assert sorted(levels) == rules
    assert all(rules[found["ruleIndex"]] == found["ruleId"] for found in run["results"])


def test_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    case = Case("P", "failed", "false", places=(Place("a b.py", 3), Place("/elsewhere/log", 7)))
    (found,) = json.loads(sarif([Suite("zab", (case,))]))["runs"][0]["results"]
    (first,), (second,) = found["locations"], found["relatedLocations"]
    assert first["physicalLocation"] == {
        "artifactLocation": {"uri": "a%20b.py"},
        "region": {"startLine": 3},
    }
    assert second["physicalLocation"]["artifactLocation"]["uri"] == "file:///elsewhere/log"


def test_nothing_can_be_injected() -> None:
    case = Case(HOSTILE, "failed", HOSTILE, HOSTILE * 1_000_000, (Place(HOSTILE, 1),))
    made = sarif([Suite(HOSTILE, (case,))])
    assert len(made) < 100_000
    (found,) = json.loads(made)["runs"][0]["results"]
    assert not set(json.dumps(found, ensure_ascii=False)) & set("\x00\x1b\ud800\u202e")
