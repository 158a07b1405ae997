"""Pages, pictures and graphs as a user asks for them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zabcheck.cli.main import main

MODEL = str(Path(__file__).parents[1] / "models/two_phase_commit.py")
HASTY = ["check", MODEL, "--variant", "hasty", "--no-cache", "--quiet"]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_counterexample_in_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["x.svg", "x.mmd", "x.shiviz", "x.itf.json"]
    exports = [word for name in names for word in ("--export", name)]
    assert main([*HASTY, "--html", "x.html", *exports, "--diagram"]) == 1
    assert "Diagram  ● step" in capsys.readouterr().out
    assert all(Path(name).stat().st_size > 200 for name in [*names, "x.html"])
    assert json.loads(Path("x.itf.json").read_text(encoding="utf-8"))["states"]


def test_files_are_the_same_every_time(capsys: pytest.CaptureFixture[str]) -> None:
    for number, workers in enumerate("12"):
        main([*HASTY, "--html", f"{number}.html", "--export", f"{number}.svg", "--workers", workers])
    for ending in ("html", "svg"):
        assert Path(f"0.{ending}").read_bytes() == Path(f"1.{ending}").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--export", "x.png"], "--export: the name x.png says no format"),
        (["--html", "-"], "--html: a page goes to a file"),
        (["--html", "x.svg", "--export", "x.svg"], "two reports name the same file"),
        (["--html", "no/where.html"], "--html: cannot write no/where.html"),
        (["--charts", "no/where.svg"], "--charts: cannot write no/where.svg"),
        (["--charts", "x.svg", "--export", "x.svg"], "two reports name the same file"),
    ],
)
def test_mistakes_are_found_before_the_search(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*HASTY, *arguments]) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.out == ""


def test_charts_of_a_search(capsys: pytest.CaptureFixture[str]) -> None:
    for number, workers in enumerate("12"):
        assert main([*HASTY, "--charts", f"{number}.svg", "--workers", workers]) == 1
    assert Path("0.svg").read_bytes() == Path("1.svg").read_bytes()
    assert "decide_commit" in Path("0.svg").read_text(encoding="utf-8")


def test_a_run_as_events_is_one_that_validate_knows(capsys: pytest.CaptureFixture[str]) -> None:
    zab = ["check", "zab", "--servers", "2", "--transactions", "1", "--epochs", "1", "--quiet"]
    assert main([*zab, "--witness", "CommittedEverywhere", "--json", "w.json", "--export", "w.jsonl"]) == 0
    lines = Path("w.jsonl").read_text(encoding="utf-8").splitlines()
    steps = json.loads(Path("w.json").read_bytes())["witness"]["steps"]
    assert [json.loads(line).get("transition") for line in lines] == [None, *(s["transition"] for s in steps)]
    assert main(["validate", "w.jsonl"]) == 0
    assert "a run of the model explains it" in capsys.readouterr().out
    last = json.loads(lines[-1])
    last["seen"] = dict.fromkeys(last["seen"], "another")
    Path("x.jsonl").write_text("\n".join([*lines[:-1], json.dumps(last)]) + "\n", encoding="utf-8")
    assert main(["validate", "x.jsonl"]) == 1


def test_the_run_of_a_variant_is_none_of_the_model(capsys: pytest.CaptureFixture[str]) -> None:
    mutant = ["check", "zab", "--variant", "leader-keeps-its-history", "--property", "P1s", "--quiet"]
    assert main([*mutant, "--export", "x.jsonl"]) == 1
    capsys.readouterr()
    assert main(["validate", "x.jsonl"]) == 1
    assert "Violation of Refinement" in capsys.readouterr().out
    assert main(["demo", "orphan-discarded", "--export", "x.jsonl"]) == 2
    assert "--export: the name x.jsonl says no format" in capsys.readouterr().err


def test_a_run_that_is_not_there_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", MODEL, "--no-cache", "--quiet", "--export", "x.svg"]) == 0
    assert "x.svg is not written: there is no run to export" in capsys.readouterr().err
    assert not Path("x.svg").exists()


def test_a_recording_is_drawn_around_its_violation(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.jsonl").write_text(
        '{"kind":"recording","track":"recording","seq":0,"voters":[1,2,3],"release":"3.8.0"}\n'
        '{"kind":"epoch_set","track":"s1/log","seq":0,"server":1,"epoch":"0x3"}\n'
        '{"kind":"epoch_set","track":"s1/log","seq":1,"server":1,"epoch":"0x2"}\n',
        encoding="utf-8",
    )
    assert main(["validate", "bad.jsonl", "--html", "x.html", "--diagram"]) == 1
    assert "✕ the place of the violation" in capsys.readouterr().out
    assert "the place of the violation" in Path("x.html").read_text(encoding="utf-8")
    assert main(["validate", "bad.jsonl", "--each", "--html", "x.html"]) == 2


def test_a_graph(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", MODEL, "--output", "g.json"]) == 0
    assert json.loads(Path("g.json").read_text(encoding="utf-8"))["nodes"]
    assert main(["graph", MODEL, "--output", "g.txt"]) == 2
    assert "known are .dot, .graphml, .json, .svg" in capsys.readouterr().err
