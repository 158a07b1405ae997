"""``zabcheck replay``: a file with a counterexample goes in; a verdict, disks and a recording come out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import TWO_PHASE_COMMIT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OVERFLOW = ["zookeeper", "--bug", "ZOOKEEPER-1277", "--counter", "1", "--property", "LogContiguity"]


@pytest.fixture
def counterexample(zabcheck: Callable[..., Any], tmp_path: Path) -> Path:
    """What the counter that runs over leads to: a short run with files."""
    path = tmp_path / "counterexample.json"
    assert zabcheck("check", *OVERFLOW, "--quiet", "--json", path).status == 1
    return path


def test_it_is_violated_again_and_on_disk(
    zabcheck: Callable[..., Any], counterexample: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    outcome = zabcheck("replay", counterexample, "--data", data)
    assert outcome.status == 1
    assert outcome.err == ""
    assert "LogContiguity is violated again: zookeeper, 15 steps" in outcome.out
    assert "after each of them all was as in the model" in outcome.out
    assert "transactions   ⟨1.1=-1, 2.1=1, 3.0=2⟩  ⟨1.1=-1, 2.1=1, 3.0=2⟩" in outcome.out
    assert all(len(line) <= 80 for line in outcome.out.splitlines())
    assert (data / "s3/data/version-2/currentEpoch").read_text() == "2"
    judged = zabcheck("validate", data)
    assert judged.status == 1
    assert "Violation of EpochFiles" in judged.out
    again = zabcheck("replay", counterexample, "--data", data)
    assert again.status == 2
    assert again.err == f"zabcheck: --data: {data} is not empty; take another folder, or remove it\n"


def test_json_says_the_same(zabcheck: Callable[..., Any], counterexample: Path) -> None:
    outcome = zabcheck("replay", counterexample, "--json", "-")
    assert outcome.status == 1
    said = json.loads(outcome.out)
    assert (said["verdict"], said["taken"], said["steps"], said["parted"]) == ("violated", 15, 15, "")
    assert said["counterexample"] == json.loads(counterexample.read_bytes())["counterexample"]
    assert said["servers"]["agree"] is True
    assert {row["server"] for row in said["servers"]["disk"]} == {1, 2, 3}
    assert said["recording"]["violated"] == ["EpochFiles"]


def test_a_mended_release_parts_from_it(zabcheck: Callable[..., Any], counterexample: Path) -> None:
    outcome = zabcheck("replay", counterexample, "--release", "mended")
    assert outcome.status == 0
    assert "LogContiguity is not violated any more: zookeeper, " in outcome.out
    assert "is another" in outcome.out or "not the run" in outcome.out or "not possible" in outcome.out
    assert "conforms" in outcome.out


def test_other_models_have_no_servers(zabcheck: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "zab.json"
    variant = ["--variant", "leader-keeps-its-history", "--property", "P1s"]
    assert zabcheck("check", "zab", *variant, "--quiet", "--json", path).status == 1
    outcome = zabcheck("replay", path)
    assert outcome.status == 1
    assert "P1s is violated again: zab, 22 steps" in outcome.out
    assert "on disk" not in outcome.out
    assert zabcheck("replay", path, "--data", tmp_path / "data").status == 2
    assert not (tmp_path / "data").exists()


def test_a_users_model_is_named(zabcheck: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    checked = zabcheck("check", TWO_PHASE_COMMIT, "--variant", "hasty", "--quiet", "--json", path)
    assert checked.status == 1
    unnamed = zabcheck("replay", path)
    assert unnamed.status == 2
    assert "name its file with --model" in unnamed.err
    assert zabcheck("replay", path, "--model", TWO_PHASE_COMMIT).status == 1
    assert zabcheck("replay", path, "--model", "zab").status == 2


def test_no_servers_for_what_no_bytes_can_be(zabcheck: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "mangled.json"
    mangled = ["zookeeper", "--variant", "value-mangled", "--property", "Integrity"]
    assert zabcheck("check", *mangled, "--quiet", "--json", path).status == 1
    outcome = zabcheck("replay", path)
    assert outcome.status == 1
    assert outcome.err.startswith("zabcheck: no servers take this run: ")
    assert zabcheck("replay", path, "--data", tmp_path / "data").status == 2


BROKEN: dict[str, Callable[[dict[str, Any]], object]] = {
    "not JSON": lambda _: "{",
    "no object": lambda _: [1],
    "empty": lambda _: {},
    "nothing violated": lambda d: {**d, "counterexample": None},
    "unknown model": lambda d: {**d, "model": "zoo"},
    "unknown option": lambda d: {**d, "scope": {**d["scope"], "cats": 1}},
    "impossible scope": lambda d: {**d, "scope": {**d["scope"], "servers": 0}},
    "a word for a number": lambda d: {**d, "scope": {**d["scope"], "servers": "three"}},
    "unknown variant": lambda d: {**d, "variants": ["ZOOKEEPER-0"]},
    "unknown property": lambda d: {**d, "counterexample": {**d["counterexample"], "property": "P0"}},
    "no steps": lambda d: {**d, "counterexample": {**d["counterexample"], "steps": None}},
    "choices that are none": lambda d: {
        **d,
        "counterexample": {
            **d["counterexample"],
            "steps": [{**step, "choices": ["a"]} for step in d["counterexample"]["steps"]],
        },
    },
}


@pytest.mark.parametrize("broken", BROKEN)
def test_rubbish_is_one_line(
    broken: str, zabcheck: Callable[..., Any], counterexample: Path, tmp_path: Path
) -> None:
    made = BROKEN[broken](json.loads(counterexample.read_bytes()))
    path = tmp_path / "broken.json"
    path.write_text(made if isinstance(made, str) else json.dumps(made))
    outcome = zabcheck("replay", path, "--data", tmp_path / "data")
    assert outcome.status == 2
    assert outcome.out == ""
    assert outcome.err.startswith("zabcheck: ")
    assert outcome.err.count("\n") == 1
    assert "internal error" not in outcome.err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_no_file(name: str, zabcheck: Callable[..., Any], tmp_path: Path) -> None:
    outcome = zabcheck("replay", tmp_path / name)
    assert outcome.status == 2
    assert outcome.err.startswith("zabcheck: cannot read ")
