"""``zabcheck demo``: the list, an example on the terminal and as JSON, and mistakes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from zabcheck.checker import Claim
from zabcheck.model.zookeeper.examples import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_the_list(zabcheck: Callable[..., Any]) -> None:
    outcome = zabcheck("demo")
    assert outcome.status == 0
    assert [line for line in outcome.out.splitlines() if not line.startswith(" ")] == list(EXAMPLES)
    listed = json.loads(zabcheck("demo", "--json", "-").out)
    assert [each["name"] for each in listed] == list(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example(zabcheck: Callable[..., Any], name: str) -> None:
    outcome = zabcheck("demo", name)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith(f"{name}: ")
    *_, end = outcome.out.split("\n\nIn the end\n")
    claims = [line for line in end.splitlines() if line.startswith("  ✓ ")]
    assert len(claims) == len(EXAMPLES[name].claims)
    assert "✗" not in end
    assert all(len(line) <= 80 for line in outcome.out.splitlines())


def test_remarks_and_steps_alternate(zabcheck: Callable[..., Any]) -> None:
    lines = zabcheck("demo", "orphan-discarded").out.splitlines()
    remark = lines.index("2 does not have that: 3 must cut its log.")
    assert lines[remark + 1].startswith("  29  learner_process_trunc")
    assert lines[remark + 2] == ""


def test_json(zabcheck: Callable[..., Any], tmp_path: Path) -> None:
    played = json.loads(zabcheck("demo", "orphan-survives", "--json", "-").out)
    assert (played["name"], played["holds"], played["stopped"]) == ("orphan-survives", True, "")
    assert [claim["holds"] for claim in played["claims"]] == [True] * 3
    assert played["acts"][1]["steps"][0]["transition"] == "leader_process_request"
    outcome = zabcheck("demo", "orphan-survives", "--json", tmp_path / "played.json")
    assert outcome.out.startswith("orphan-survives: ")
    assert json.loads((tmp_path / "played.json").read_text(encoding="utf-8")) == played


def test_a_claim_that_is_false(zabcheck: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    example = EXAMPLES["startup-election"]
    wrong = Claim("1 leads.", lambda state: state.servers[1].is_leading)
    monkeypatch.setitem(EXAMPLES, example.name, replace(example, claims=(wrong,)))
    outcome = zabcheck("demo", "startup-election")
    assert outcome.status == 1
    assert outcome.out.endswith("\n\nIn the end\n  ✗ 1 leads.\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["startup"], "zabcheck demo has no example startup"),
        (["startup-elections"], "did you mean startup-election?"),
        (["--walks", "3"], "unknown option --walks"),
        (["startup-election", "--json", "no/such/place"], "--json: cannot write"),
    ],
)
def test_mistakes_are_one_line(zabcheck: Callable[..., Any], arguments: list[str], said: str) -> None:
    outcome = zabcheck("demo", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert said in outcome.err
    assert outcome.err.count("\n") == 1
