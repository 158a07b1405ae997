"""The gate, as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from zabcheck.cli.main import main
from zabcheck.gate.expectation import expectation

TINY = 'model = "zab"\nservers = 2\ntimeouts = 0\ntransactions = 1\nepochs = 1\nrestarts = 0\n'
RECORDING = Path(__file__).parents[1] / "data" / "recordings" / "zxid-rollover.tar.gz"


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def gate(tmp_path: Path, text: str, *options: str) -> tuple[int, dict[str, Any]]:
    file, report = tmp_path / "zabcheck.toml", tmp_path / "gate.json"
    file.write_text(text, encoding="utf-8")
    status = main(["gate", str(file), "--json", str(report), "--quiet", *options])
    return status, json.loads(report.read_bytes())


def statuses(document: dict[str, Any]) -> list[str]:
    return [cell["status"] for cell in document["cells"]]


def test_every_cell_is_as_expected(tmp_path: Path) -> None:
    text = (
        f'[[check]]\n{TINY}expect = "holds"\n'
        f'[[check]]\n{TINY}expect = "reaches LeaderInBroadcast"\n'
        '[[check]]\nmodel = "zookeeper"\nbug = "ZOOKEEPER-1419"\nexpect = "violated by VoteOrder"\n'
        f'[[validate]]\nrecordings = "{RECORDING}"\nexpect = "conforms"\n'
    )
    status, document = gate(tmp_path, text)
    assert (status, document["verdict"], statuses(document)) == (0, "passed", ["passed"] * 4)


def test_a_violation_that_does_not_come_fails(tmp_path: Path) -> None:
    status, document = gate(tmp_path, f'[[check]]\n{TINY}expect = "violated by P1s"\n')
    assert (status, statuses(document)) == (1, ["failed"])
    assert document["cells"][0]["reason"] == "holds: P1s is holds"


def test_what_is_not_decided_never_passes(tmp_path: Path) -> None:
    for expected in ("holds", "violated by P1s"):
        status, document = gate(tmp_path, f'[[check]]\n{TINY}max-states = 2\nexpect = "{expected}"\n')
        assert (status, statuses(document)) == (3, ["undecided"])


def test_lists_multiply_and_inner_lists_repeat(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = '[[check]]\nmodel = "zab"\nservers = [2, 3]\nproperty = [["P1s", "P2"], "P2"]\nexpect = "holds"\n'
    (tmp_path / "zabcheck.toml").write_text(text, encoding="utf-8")
    assert main(["gate", str(tmp_path / "zabcheck.toml"), "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert lines[0] == "zabcheck check zab --servers 2 --property P1s --property P2  # holds"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[check]]\nmodel = "zab"\nexpect = "hold"\n', "toml:3: expect: expect is one of"),
        (
            '[[check]]\nmodel = "zab"\nservrs = 3\nexpect = "holds"\n',
            "toml:3: servrs: unknown option --servrs, did",
        ),
        ('[[check]]\nmodel = "zab"\nservers = 0\nexpect = "holds"\n', "toml:3: servers: "),
        ('[[check]]\nmodel = "zab"\n\nexpect = "violated by P1x"\n', "toml:4: expect: "),
        ('[[check]]\nexpect = "holds"\n', "toml:1: [[check]] has no model"),
        ('[[check]]\nmodel = "zab"\njson = "x"\nexpect = "holds"\n', "toml:3: json: "),
        (
            '[[validate]]\nrecordings = "none/*"\nexpect = "conforms"\n',
            "toml:2: recordings: nothing matches none/*",
        ),
        (
            '[[check]]\nmodel = "zab"\nservers = []\nexpect = "holds"\n',
            "toml:3: servers: an empty list asks nothing",
        ),
        ('[[check]]\nmodel = []\nexpect = "holds"\n', "toml:2: model: an empty list asks nothing"),
        (
            '[[check]]\nmodel = "zab"\nservers = [[2, 3]]\nexpect = "holds"\n',
            "toml:3: servers: a whole number is",
        ),
        ('[[check]]\nmodel = "zab"\nservers = "3"\nexpect = "holds"\n', "toml:3: servers: a whole number is"),
        ('[[check]]\nmodel = "zab"\nsymmetry = 1\nexpect = "holds"\n', "toml:3: symmetry: true or false is"),
        ('[[check]]\nmodel = "zab"\nworkers = 0\nexpect = "holds"\n', "toml:3: workers: "),
        ('[[check]]\nmodel = "x.py"\nmax-memory = "much"\nexpect = "holds"\n', "toml:3: max-memory: "),
        (f'[[validate]]\nrecordings = "{RECORDING}"\neach = true\nexpect = "conforms"\n', "toml:3: each: "),
        ('[check]\nmodel = "zab"\n', "write [[check]], with two brackets"),
        ('[[chek]]\nmodel = "zab"\n', "unknown table chek, did you mean check?"),
        ("[[check]\n", "cannot read"),
        ("", "no [[check]] and no [[validate]]"),
    ],
)
def test_mistakes_name_line_and_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    (tmp_path / "zabcheck.toml").write_text(text, encoding="utf-8")
    assert main(["gate", str(tmp_path / "zabcheck.toml")]) == 2
    shown = capsys.readouterr().err
    assert said in shown
    assert shown.count("\n") == 1


def test_a_second_run_asks_nothing_and_says_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "two_phase_commit.py"
    source = (Path(__file__).parents[1] / "models" / "two_phase_commit.py").read_text(encoding="utf-8")
    model.write_text(source, encoding="utf-8")
    text = (
        f'[[check]]\n{TINY}expect = "holds"\n'
        '[[check]]\nmodel = "two_phase_commit.py"\nvariant = "hasty"\nexpect = "violated by consistent"\n'
    )
    (tmp_path / "zabcheck.toml").write_text(text, encoding="utf-8")
    reports = []
    for number, jobs in enumerate(("1", "2")):
        names = [str(tmp_path / f"{number}.{end}") for end in ("json", "xml", "sarif", "md")]
        options = [
            *("--json", names[0]),
            *("--junit", names[1]),
            *("--sarif", names[2]),
            *("--markdown", names[3]),
        ]
        assert main(["gate", str(tmp_path / "zabcheck.toml"), "--jobs", jobs, *options]) == 0
        reports.append([Path(name).read_bytes() for name in names])
        shown = capsys.readouterr().err
        assert shown.count("(as before)") == (2 if number else 0)
    assert reports[0] == reports[1]
    assert ET.fromstring(reports[0][1]).iter("testcase")  # noqa: S314 - our own
    model.write_text(source + "\n# changed\n", encoding="utf-8")
    assert main(["gate", str(tmp_path / "zabcheck.toml")]) == 0
    assert capsys.readouterr().err.count("(as before)") == 1


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    ensemble = "dataDir=d\nserver.1=a:2888:3888\nserver.2=b:2888:3888\nserver.3=c:2888:3888\n"
    (tmp_path / "zoo.cfg").write_text(ensemble, encoding="utf-8")
    text = '[[check]]\nmodel = "zookeeper"\nquorum = "zoo.cfg"\nmax-seconds = 0.001\nexpect = "holds"\n'
    status, document = gate(tmp_path, text)
    assert (status, document["cells"][0]["reason"]) == (3, "the limit of 0.001 seconds was reached")


def test_workers_are_no_part_of_the_question(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = f'[[check]]\n{TINY}workers = [1, 2]\nexpect = "holds"\n'
    assert gate(tmp_path, text, "--jobs", "1")[0] == 0
    assert main(["gate", str(tmp_path / "zabcheck.toml")]) == 0
    assert capsys.readouterr().err.count("(as before)") == 2


def test_an_example_is_written_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "zabcheck.toml")
    assert main(["gate", file, "--init"]) == 0
    assert main(["gate", file, "--list"]) == 0
    assert main(["gate", file, "--init"]) == 2
    assert "left as it is" in capsys.readouterr().err


def test_a_property_that_another_violates_does_not_count() -> None:
    expected = expectation("check", "violated by A")
    assert expected.judge(
        {"verdict": "violated", "properties": {"A": "holds", "B": "violated"}, "reason": ""}
    ) == (
        "failed",
        "B violated",
    )
    undecided = {"verdict": "incomplete", "properties": {"A": "incomplete"}, "reason": "the limit"}
    assert expected.judge(undecided) == ("undecided", "the limit")
