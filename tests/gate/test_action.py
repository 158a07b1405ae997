"""The composite action and the hook for pre-commit, as those run them."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import venv
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from tests.gate.checkout import checked_out
from tests.gate.workflow import ACTION, ROOT, run

if TYPE_CHECKING:
    from pathlib import Path

TINY = 'model = "zab"\nservers = 2\ntimeouts = 0\ntransactions = 1\nepochs = 1\nrestarts = 0\n'
PASSES = f'[[check]]\n{TINY}expect = "holds"\n'
FAILS = f'[[check]]\n{TINY}expect = "violated by P1s"\n'


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The repository that uses the action."""
    made = tmp_path / "theirs"
    made.mkdir()
    (made / "zabcheck.toml").write_text(PASSES, encoding="utf-8")
    return made


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Programs that are found, with an installation that only notes what it was asked for."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    programs = tmp_path / "bin"
    programs.mkdir()
    python, asked = shlex.quote(sys.executable), shlex.quote(str(tmp_path / "installed"))
    for name, script in {
        "python": f'[ "$1 $2" != "-m pip" ] || {{ echo "${{@:3}}" > {asked}; exit; }}\nexec {python} "$@"\n',
        "zabcheck": f'exec {python} -m zabcheck "$@"\n',
    }.items():
        (programs / name).write_text(f"#!/bin/bash\n{script}", encoding="utf-8")
        (programs / name).chmod(0o755)
    return f"{programs}{os.pathsep}{os.environ['PATH']}"


def test_it_is_an_action() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-actions"]
    done = subprocess.run([*command, str(ROOT / "action.yml")], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_what_it_takes_and_gives_is_in_the_docs() -> None:
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    for name in (*ACTION["inputs"], *ACTION["outputs"]):
        assert f"`{name}`" in text


def test_all_is_well(folder: Path, path: str, tmp_path: Path) -> None:
    job = run(folder, path)
    assert job.status == 0, job.log
    assert job.outputs == {"verdict": "passed", "sarif": "zabcheck.sarif", "junit": "zabcheck.xml"}
    assert job.summary.startswith("### zabcheck gate zabcheck.toml\n")
    assert len(ET.parse(folder / "zabcheck.xml").findall(".//testcase")) == 1  # noqa: S314 - our own
    assert (folder / "zabcheck.sarif").exists()
    assert (tmp_path / "installed").read_text(encoding="utf-8").split() == ["install", str(ROOT)]
    cache = {"path": str(tmp_path / "cache" / "zabcheck"), "key": "zabcheck-Linux-77-1"}
    assert job.used == [
        ("actions/setup-python@v5", {"python-version": "3.12"}),
        ("actions/cache/restore@v4", {**cache, "restore-keys": "zabcheck-Linux-"}),
        ("actions/cache/save@v4", cache),
    ]
    assert list((tmp_path / "cache" / "zabcheck" / "gate").iterdir()), (
        "what is kept is not where it is looked for"
    )
    assert "(as before)" in run(folder, path).log


@pytest.mark.parametrize(
    ("text", "status", "verdict", "said"),
    [
        (FAILS, 1, "failed", "::error file=zabcheck.toml,line=1,title="),
        (PASSES + "max-states = 2\n", 3, "undecided", "::warning file=zabcheck.toml,line=1,title="),
        (
            PASSES + "severs = 2\n",
            2,
            "mistaken",
            "zabcheck.toml:9: severs: unknown option --severs, did you mean",
        ),
    ],
)
def test_all_is_not_well(folder: Path, path: str, text: str, status: int, verdict: str, said: str) -> None:
    (folder / "zabcheck.toml").write_text(text, encoding="utf-8")
    job = run(folder, path)
    assert (job.status, job.outputs["verdict"]) == (status, verdict)
    assert said in job.log
    assert bool(job.outputs["junit"]) == (folder / "zabcheck.xml").exists() == (status != 2)
    assert job.used[-1][0] == "actions/cache/save@v4", "what was decided is not kept"


def test_inputs(folder: Path, path: str, tmp_path: Path) -> None:
    name = '$(touch told) "x" `touch told`;.toml'
    (folder / name).write_text(PASSES, encoding="utf-8")
    job = run(
        folder,
        path,
        file=name,
        arguments="--jobs 1  --quiet",
        version="9.9",
        cache="false",
        junit="a b.xml",
        sarif="c d.sarif",
    )
    assert job.status == 0, job.log
    assert {file.name for file in folder.iterdir()} == {name, "a b.xml", "c d.sarif", "zabcheck.toml"}
    assert (tmp_path / "installed").read_text(encoding="utf-8").split() == ["install", "zabcheck==9.9"]
    assert [action for action, _ in job.used] == ["actions/setup-python@v5"]


@pytest.mark.slow
def test_installed_from_its_own_checkout(folder: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    path = f"{tmp_path / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    job = run(folder, path, checked_out(tmp_path))
    assert job.status == 0, job.log
    assert job.outputs["verdict"] == "passed"


def git(folder: Path, *arguments: str) -> None:
    person = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    subprocess.run(["git", *person, *arguments], cwd=folder, check=True, capture_output=True)


def committed(folder: Path) -> Path:
    """All of a folder as a commit."""
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "all")):
        git(folder, *command)
    return folder


@pytest.mark.slow
def test_the_hook(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    ours = committed(checked_out(tmp_path))
    committed(folder)
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(ours), "zabcheck-gate", "--all-files"]
    for text, status in ((PASSES, 0), (FAILS, 1)):
        (folder / "zabcheck.toml").write_text(text, encoding="utf-8")
        git(folder, "add", "-A")
        done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
        assert done.returncode == status, done.stdout + done.stderr
        assert ("gate failed: 1 failed" in done.stdout) == bool(status)


def test_the_hook_is_one() -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml")]
    assert subprocess.run(command, check=False).returncode == 0
