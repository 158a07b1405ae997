"""Reports for CI, as commands write them and other programs read them: verdicts, and the lines that they point to."""

from __future__ import annotations

import json
import tarfile
import zipfile
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from tests.reports.consumers import of_annotations, of_junit, of_markdown, of_sarif
from tests.traces.mutations import MUTATIONS, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Outcome

RECORDING = str(Path(__file__).parents[1] / "data/recordings/zxid-rollover.tar.gz")
TINY = ("--servers", "2", "--timeouts", "0", "--transactions", "1", "--epochs", "1", "--restarts", "0")
FORMATS = ("junit", "sarif", "markdown")
STATUS = {
    "holds": "passed",
    "reached": "passed",
    "unreached": "skipped",
    "not checked": "skipped",
    "not decidable": "skipped",
    "violated": "failed",
    "incomplete": "undecided",
    "inconclusive": "undecided",
}
"""What the formats make of what the JSON says of a property."""


def agreed(outcome: Outcome, folder: Path) -> list[tuple[str, str]]:
    """What all formats say: JUnit and Markdown of all cases, SARIF and annotations of those with a problem."""
    cases = of_junit((folder / "r.junit").read_bytes())
    problems = [case for case in cases if case[1] in ("failed", "undecided")]
    commands = "".join(f"{line}\n" for line in outcome.err.splitlines() if line.startswith("::"))
    assert of_markdown((folder / "r.markdown").read_bytes()) == cases
    assert of_sarif((folder / "r.sarif").read_bytes()) == problems
    assert of_annotations(commands) == problems
    return cases


@pytest.fixture
def reported(zabcheck: Callable[..., Outcome], tmp_path: Path) -> Callable[..., Any]:
    """Run a command with all reports; its status, its JSON, and what the formats say."""

    def run(*arguments: object) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        files = [word for kind in (*FORMATS, "json") for word in (f"--{kind}", tmp_path / f"r.{kind}")]
        outcome = zabcheck(*arguments, *files, "--github")
        return outcome.status, json.loads((tmp_path / "r.json").read_bytes()), agreed(outcome, tmp_path)

    return run


@pytest.mark.parametrize(
    ("arguments", "status", "verdict"),
    [
        (("check", "zab", *TINY), 0, "holds"),
        (("check", "zab", *TINY, "--max-states", "2"), 3, "incomplete"),
        (("check", "zookeeper", "--bug", "ZOOKEEPER-1419"), 1, "violated"),
        (("simulate", "zab", "--walks", "3", "--seed", "1"), 3, "incomplete"),
        (("validate", RECORDING), 0, "conforms"),
        (("validate", RECORDING, "--max-memory", "1M"), 3, "inconclusive"),
    ],
)
def test_properties(
    reported: Callable[..., Any], arguments: tuple[str, ...], status: int, verdict: str
) -> None:
    found, document, cases = reported(*arguments)
    assert (found, document["verdict"]) == (status, verdict)
    properties = {name: STATUS[result] for name, result in document["properties"].items()}
    assert dict(cases).items() >= properties.items()
    rest = [case for case in cases if case[0] not in properties]
    assert rest == ([("recording", "undecided")] if verdict == "inconclusive" else [])


def test_a_gate(reported: Callable[..., Any], tmp_path: Path) -> None:
    table = '[[check]]\nmodel = "zab"\nservers = 2\ntimeouts = 0\nrestarts = 0\nepochs = 1\n'
    cells = {
        f'{table}expect = "holds"\n': "passed",
        f'{table}expect = "violated by P1s"\n': "failed",
        f'{table}max-states = 2\nexpect = "holds"\n': "undecided",
        '[[check]]\nmodel = "there/is/none.py"\nexpect = "holds"\n': "mistaken",
        f'[[validate]]\nrecordings = "{RECORDING}"\nexpect = "violates P2"\n': "failed",
    }
    file = tmp_path / "zabcheck.toml"
    file.write_text("".join(cells), encoding="utf-8")
    status, document, cases = reported("gate", file)
    assert status == 2
    assert [cell["status"] for cell in document["cells"]] == list(cells.values())
    shown = ["failed" if became == "mistaken" else became for became in cells.values()]
    assert cases == [(cell["cell"], became) for cell, became in zip(document["cells"], shown, strict=True)]


def places(sarif: Path, base: str) -> list[tuple[str, str, int]]:
    """Rule, file and line of all locations of all results; files below ``base`` by their path from there."""
    found = []
    for result in json.loads(sarif.read_bytes())["runs"][0]["results"]:
        for location in result["locations"] + result["relatedLocations"]:
            at = location["physicalLocation"]
            file = unquote(at["artifactLocation"]["uri"]).removeprefix(f"{base}/")
            found.append((result["ruleId"], file, at["region"]["startLine"]))
    return found


def logs(folder: Path) -> dict[Path, list[bytes]]:
    return {path: path.read_bytes().splitlines() for path in folder.rglob("*.log")}


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("activation-without-quorum", "ActivationQuorum"),
        ("activation-repeated-by-another", "Leadership1"),
        ("activation-without-the-leader", "ActivationQuorum"),
    ],
)
def test_a_rejected_recording_points_at_the_line_that_was_changed(
    zabcheck: Callable[..., Outcome],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    rule: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    recording = unpacked(tmp_path)[0]
    before = logs(recording)
    assert next(m for m in MUTATIONS if m.name == name).apply(recording, Random(1))
    ((changed, line),) = (
        (str(path.relative_to(tmp_path)), number)
        for path, now in logs(recording).items()
        for number, (one, other) in enumerate(zip(before[path], now, strict=True), 1)
        if one != other
    )
    with tarfile.open("r.tar.gz", "w:gz") as tar:
        tar.add(recording.name)
    with zipfile.ZipFile("r.zip", "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for path in sorted(recording.rglob("*")):
            archive.write(path, path.relative_to(tmp_path))
    found = []
    for given, base in ((recording.name, "."), ("r.tar.gz", "r.tar.gz"), ("r.zip", "r.zip")):
        assert zabcheck("validate", given, "--sarif", "r.sarif").status == 1
        found.append(places(tmp_path / "r.sarif", base))
    assert (rule, changed, line) in found[0]
    for _, file, number in found[0]:
        assert 0 < number <= len((tmp_path / file).read_bytes().splitlines())
    assert found[0] == found[1] == found[2]
