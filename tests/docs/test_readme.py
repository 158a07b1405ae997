"""What the README shows and names is so."""

from __future__ import annotations

import re
import tomllib
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zabcheck.checker import native_available
from zabcheck.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONSOLE = re.findall(r"```console\n(.*?)```", README, re.DOTALL)


@pytest.mark.skipif(not native_available(), reason="takes long without the core")
def test_the_counterexample_is_what_the_command_prints(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    (block,) = (block for block in CONSOLE if "Counterexample" in block)
    command, _, shown = block.partition("\n…\n")
    assert main([*command.split()[2:], "--no-cache"]) == 1
    printed = capsys.readouterr().out
    assert shown == printed[printed.index("Counterexample") :]


def commands() -> Iterator[list[str]]:
    for block in CONSOLE:
        for line in block.splitlines():
            if line.startswith("$ zabcheck "):
                yield line.split()[2:]


def test_the_commands_exist(capsys: pytest.CaptureFixture[str]) -> None:
    """Each is understood up to the model; running all of them would take too long."""
    listed = list(commands())
    assert len(listed) > 5
    for command, *arguments in listed:
        if "path/to/your_model.py" not in arguments:
            assert main([command, *arguments, "--help"]) == 0
    capsys.readouterr()


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    names = {re.split(r"[=<>~\[; ]", item)[0] for item in wanted} - {"zabcheck"}
    table = README.split("## Dependencies")[1].split("## ")[0]
    documented = {
        name
        for cell in re.findall(r"^\| ([a-z0-9, -]+) \|", table, re.MULTILINE)
        for name in cell.split(", ")
    }
    assert documented - {"package"} == names


def test_links_lead_somewhere() -> None:
    for folder, text in (
        (ROOT, README),
        *((p.parent, p.read_text(encoding="utf-8")) for p in ROOT.glob("docs/*.md")),
    ):
        for target in re.findall(r"\]\((?!http)([^)#]+)", text):
            assert (folder / target).exists(), target


@pytest.mark.skipif(not native_available(), reason="takes long without the core")
def test_the_picture_is_what_the_command_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = tmp_path / "counterexample.svg"
    question = ["check", "zab", "--variant", "leader-keeps-its-history", "--property", "P1s"]
    assert main([*question, "--export", str(made), "--no-cache"]) == 1
    capsys.readouterr()
    assert made.read_text(encoding="utf-8") == (ROOT / "docs/counterexample.svg").read_text(encoding="utf-8")
