"""The commands that list models, properties and variants, and those that only say something."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from zabcheck import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

TWO_PHASE_COMMIT = "tests/models/two_phase_commit.py"


def test_help_and_version(zabcheck: Callable[..., Any]) -> None:
    alone, asked = zabcheck(), zabcheck("--help")
    assert (alone.status, asked.status) == (2, 0)
    assert alone.out == asked.out
    commands = ("check", "simulate", "quorum", "models", "properties", "variants", "bugs", "releases", "demo")
    for command in commands:
        assert f"\n  {command:<12}" in asked.out
        help_text = zabcheck(command, "--help")
        assert help_text.status == 0
        assert help_text.out.startswith(f"usage: zabcheck {command} ")
    assert zabcheck("--version").out == f"zabcheck {__version__}\n"


def test_models(zabcheck: Callable[..., Any]) -> None:
    outcome = zabcheck("models")
    assert outcome.status == 0
    assert outcome.out.startswith("zab\n")
    assert "--servers" in outcome.out


def test_one_model(zabcheck: Callable[..., Any]) -> None:
    outcome = zabcheck("models", TWO_PHASE_COMMIT)
    assert outcome.out.startswith("two-phase-commit\n    Gray and Lamport's two-phase commit")
    assert "  --rms  resource managers (default 3)\n" in outcome.out
    assert "  decide_commit    The transaction manager commits when all have promised.\n" in outcome.out


def test_properties(zabcheck: Callable[..., Any]) -> None:
    outcome = zabcheck("properties", TWO_PHASE_COMMIT)
    assert outcome.out == (
        "consistent  invariant\n"
        "    No manager has committed while another has aborted.\n"
        "    catches: hasty\n"
        "all_committed  goal\n"
        "    Every manager has committed.\n"
    )


def test_variants(zabcheck: Callable[..., Any]) -> None:
    outcome = zabcheck("variants", TWO_PHASE_COMMIT)
    assert (
        outcome.out
        == "hasty\n    the transaction manager commits after the first promise\n    caught by: consistent\n"
    )


def test_bugs(zabcheck: Callable[..., Any]) -> None:
    outcome = zabcheck("bugs")
    assert outcome.status == 0
    assert outcome.out.startswith("ZOOKEEPER-1419  affects 3.4.0-3.4.3\n    Votes compare in a circle")
    assert "    zabcheck check zookeeper --bug ZOOKEEPER-4643\n" in outcome.out
    listed = json.loads(zabcheck("bugs", "--json", "-").out)
    assert all(bug["affects"] and bug["caught_by"] for bug in listed)
    assert zabcheck("bugs", TWO_PHASE_COMMIT).out == "model two-phase-commit has no bugs\n"


def test_releases(zabcheck: Callable[..., Any]) -> None:
    outcome = zabcheck("releases")
    assert outcome.status == 0
    assert "\n3.4.14  as 3.4.12\n" in outcome.out
    assert "\nmended  every known bug is mended\n" in outcome.out
    listed = {release["name"]: release for release in json.loads(zabcheck("releases", "--json", "-").out)}
    assert listed["3.8.0"]["differs"]["log_thread"] == "survives"
    assert zabcheck("releases", "zab").status == 2


def test_json(zabcheck: Callable[..., Any]) -> None:
    properties = json.loads(zabcheck("properties", TWO_PHASE_COMMIT, "--json", "-").out)
    assert [p["name"] for p in properties] == ["consistent", "all_committed"]
    assert properties[0]["catches"] == ["hasty"]
    (variant,) = json.loads(zabcheck("variants", TWO_PHASE_COMMIT, "--json", "-").out)
    assert variant["caught_by"] == ["consistent"]
    model = json.loads(zabcheck("models", TWO_PHASE_COMMIT, "--json", "-").out)
    assert model["scope"] == [
        {"option": "--rms", "help": "resource managers", "default": 3, "minimum": 1, "choices": []}
    ]
    assert json.loads(zabcheck("models", "--json", "-").out)[0]["name"] == "zab"


def test_start_imports_little() -> None:
    """Neither rich nor the checker is imported before the command is known."""
    code = "import sys, zabcheck.cli.main; print({'rich', 'argparse', 'dataclasses'} & set(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": "src"}
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert loaded.stdout == "set()\n"
