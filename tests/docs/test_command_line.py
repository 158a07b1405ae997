"""The reference names every command, option and JSON key there is, and no other."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from zabcheck.cli import check, demo, explore, gate, prove, quorum, refine, replay, run, simulate
from zabcheck.cli.commands import COMMANDS
from zabcheck.cli.main import main

if TYPE_CHECKING:
    import pytest

    from zabcheck.cli.arguments import Parser

TEXT = (Path(__file__).parents[2] / "docs/command-line.md").read_text(encoding="utf-8")


def options_of(parser: Parser, capsys: pytest.CaptureFixture[str]) -> set[str]:
    parser.print_help()
    return set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}


def section(title: str) -> str:
    return re.split(r"^## ", TEXT.split(f"## {title}\n", 1)[1], flags=re.MULTILINE)[0]


def test_commands() -> None:
    for name, sentence in COMMANDS.items():
        assert re.search(rf"zabcheck {name} [A-Z\[\] ]*{re.escape(sentence)}", TEXT)


def test_options_of_check(capsys: pytest.CaptureFixture[str]) -> None:
    documented = set(re.findall(r"^\| `(--[a-z-]+)", section("`zabcheck check`"), re.MULTILINE))
    assert documented == options_of(check.parser(), capsys)


def test_options_of_explore(capsys: pytest.CaptureFixture[str]) -> None:
    documented = set(re.findall(r"`(--[a-z-]+)", section("`zabcheck explore`")))
    assert documented - {"--json", "--release", "--config"} == options_of(explore.parser(), capsys) - {
        "--json"
    }


def test_options_of_gate(capsys: pytest.CaptureFixture[str]) -> None:
    rows = re.findall(r"^\| (`--.*?) \|", section("`zabcheck gate`"), re.MULTILINE)
    assert set(re.findall(r"--[a-z-]+", " ".join(rows))) == options_of(gate.parser(), capsys)


def test_options_of_simulate(capsys: pytest.CaptureFixture[str]) -> None:
    documented = set(re.findall(r"`(--[a-z-]+)", section("`zabcheck simulate`")))
    assert documented == options_of(simulate.parser(), capsys)


def test_options_of_demo(capsys: pytest.CaptureFixture[str]) -> None:
    documented = set(re.findall(r"^\| `(--[a-z-]+)", section("`zabcheck demo`"), re.MULTILINE))
    assert documented == options_of(demo.parser(), capsys)


def test_json_keys_of_demo(capsys: pytest.CaptureFixture[str]) -> None:
    main(["demo", "startup-election", "--json", "-"])
    result = json.loads(capsys.readouterr().out)
    documented = set(re.findall(r"`(\w+)`", section("`zabcheck demo`")))
    assert {*result, *result["acts"][0], *result["claims"][0]} <= documented


def test_options_of_replay(capsys: pytest.CaptureFixture[str]) -> None:
    documented = set(re.findall(r"^\| `(--[a-z-]+)", section("`zabcheck replay`"), re.MULTILINE))
    assert documented == options_of(replay.parser(), capsys)


def test_json_keys_of_replay(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = str(tmp_path / "counterexample.json")
    main(["check", "zookeeper", "--bug", "ZOOKEEPER-975", "--quiet", "--json", path])
    capsys.readouterr()
    main(["replay", path, "--json", "-"])
    result = json.loads(capsys.readouterr().out)
    documented = set(re.findall(r"`(\w+)`", section("`zabcheck replay`")))
    servers = result["servers"]
    assert {*result, *servers, *servers["disk"][0], *result["recording"]} <= documented


def test_options_of_quorum(capsys: pytest.CaptureFixture[str]) -> None:
    documented = set(re.findall(r"^\| `(--[a-z-]+)", section("`zabcheck quorum`"), re.MULTILINE))
    assert documented == options_of(quorum.parser(), capsys)


def test_options_of_prove(capsys: pytest.CaptureFixture[str]) -> None:
    documented = set(re.findall(r"^\| `(--[a-z-]+)", section("`zabcheck prove`"), re.MULTILINE))
    assert documented == options_of(prove.parser(), capsys)


def test_json_keys_of_prove(capsys: pytest.CaptureFixture[str]) -> None:
    main(
        ["prove", "--mutant", "truncated-still-counts", "--obligation", "truncate/acked-kept", "--json", "-"]
    )
    result = json.loads(capsys.readouterr().out)
    keys = {*result, *result["obligations"][0], *result["counterexample"], *result["run"]}
    assert keys <= set(re.findall(r"`(\w+)`", section("`zabcheck prove`")))


def test_options_of_refine(capsys: pytest.CaptureFixture[str]) -> None:
    rows = re.findall(r"^\| (`--[^|]*) \|", section("`zabcheck refine`"), re.MULTILINE)
    assert set(re.findall(r"`(--[a-z-]+)", " ".join(rows))) == options_of(refine.parser(), capsys)


def test_json_keys_of_refine(capsys: pytest.CaptureFixture[str]) -> None:
    main(["refine", "zab", "--variant", "epoch-reused", "--counterexample", "--quiet", "--json", "-"])
    result = json.loads(capsys.readouterr().out)
    assert {*result, *result["misstep"]} <= set(re.findall(r"`(\w+)`", section("`zabcheck refine`")))


def test_quorum_shows_what_it_shows(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    servers = "".join(f"server.{n}=zk{n}:2888:3888\n" for n in (1, 2, 3))
    Path("zoo.cfg").write_text(f"{servers}group.1=1:2:3\nweight.1=2\n", encoding="utf-8")
    text = section("`zabcheck quorum`")
    assert main(["quorum", "zoo.cfg"]) == 0
    assert steady(capsys.readouterr().out) in steady(text)
    main(["quorum", "zoo.cfg", "--json", "-"])
    documented = set(re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE))
    result = json.loads(capsys.readouterr().out)
    assert documented == set(result)
    for key in {*result["groups"][0], *result["voters"][0]}:
        assert f"`{key}`" in text


def steady(text: str) -> str:
    """A text without times."""
    return re.sub(r"[0-9.]+ s$", "", text, flags=re.MULTILINE)


def test_json_keys(capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "tests/models/two_phase_commit.py", "--variant", "hasty", "--json", "-", "--no-cache"])
    result = json.loads(capsys.readouterr().out)
    table = section("JSON")
    cells = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", table, re.MULTILINE)
    documented = {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}
    assert documented == set(result)
    for key in {*result["counterexample"], *result["counterexample"]["steps"][0]}:
        assert f"`{key}`" in table


def test_options_of_run(capsys: pytest.CaptureFixture[str]) -> None:
    documented = set(re.findall(r"^\| `(--[a-z-]+)", section("`zabcheck run`"), re.MULTILINE))
    assert documented == options_of(run.parser(), capsys)
