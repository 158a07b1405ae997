"""What cannot be understood, read or written: one clear line, status 2, nothing half-written."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from zabcheck.checker import native_available

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

TWO_PHASE_COMMIT = "tests/models/two_phase_commit.py"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["chek"], "unknown command chek, did you mean check?; zabcheck --help lists them"),
        (["--verson"], "unknown option --verson; zabcheck --help lists them"),
        (["check"], "the following arguments are required: MODEL (see zabcheck check --help)"),
        (
            ["check", TWO_PHASE_COMMIT, "--symetry"],
            "unknown option --symetry, did you mean --symmetry? (see zabcheck check --help)",
        ),
        (
            ["check", "--symetry", TWO_PHASE_COMMIT],
            "unknown option --symetry, did you mean --symmetry? (see zabcheck check --help)",
        ),
        (
            ["check", TWO_PHASE_COMMIT, "--bananas", "3"],
            "unknown option --bananas (see zabcheck check --help)",
        ),
        (["check", TWO_PHASE_COMMIT, "more"], "unknown argument more (see zabcheck check --help)"),
        (["check", TWO_PHASE_COMMIT, "--rms"], "--rms: expected one argument (see zabcheck check --help)"),
        (
            ["check", TWO_PHASE_COMMIT, "--property", "consistant"],
            "model two-phase-commit has no property consistant, did you mean consistent?",
        ),
        (
            ["check", TWO_PHASE_COMMIT, "--property", "x"],
            "model two-phase-commit has no property x; it has: consistent, all_committed",
        ),
        (
            ["check", TWO_PHASE_COMMIT, "--witness", "consistent"],
            "model two-phase-commit has no goal consistent; it has: all_committed",
        ),
        (
            ["check", TWO_PHASE_COMMIT, "--variant", "hastily"],
            "model two-phase-commit has no variant hastily, did you mean hasty?",
        ),
        (["check", "./tests"], "cannot read tests: Is a directory"),
        (["check", "no/such/file.py"], "cannot read no/such/file.py: No such file or directory"),
        (["check", TWO_PHASE_COMMIT, "--json", "tests"], "--json: cannot write tests: Is a directory"),
        (
            ["check", TWO_PHASE_COMMIT, "--json", "/no/such/folder/r.json"],
            "--json: cannot write /no/such/folder/r.json: No such file or directory",
        ),
        (["check", TWO_PHASE_COMMIT, "--json", ""], "--json: cannot write : Is a directory"),
        (
            ["check", TWO_PHASE_COMMIT, "--checkpoint", "/no/such/folder/c"],
            "--checkpoint: cannot write /no/such/folder/c: No such file or directory",
        ),
        (
            ["check", TWO_PHASE_COMMIT, "--resume", "/no/such/file"],
            "--resume: cannot read /no/such/file: No such file or directory",
        ),
        (
            ["check", TWO_PHASE_COMMIT, "--engine", "interpreted", "--symmetry"],
            "--symmetry needs the native engine",
        ),
        (
            ["check", TWO_PHASE_COMMIT, "--json", "tests/r", "--checkpoint", "tests/r"],
            "--json and --checkpoint name the same file, tests/r",
        ),
    ],
)
def test_one_line(zabcheck: Callable[..., Any], arguments: list[str], line: str) -> None:
    outcome = zabcheck(*arguments)
    assert outcome.err == f"zabcheck: {line}\n"
    assert (outcome.status, outcome.out) == (2, "")


@pytest.mark.parametrize("number", ["0", "-1", "2.5", "three", "", "1e3", "99999999999999999999", "²", "９"])
def test_senseless_scope(zabcheck: Callable[..., Any], number: str) -> None:
    outcome = zabcheck("check", TWO_PHASE_COMMIT, f"--rms={number}")
    assert outcome.status == 2
    assert outcome.err == (
        f"zabcheck: --rms: expected a whole number, at least 1, not {number!r} (see zabcheck check --help)\n"
    )


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--workers", "0"),
        ("--workers", "100000"),
        ("--max-depth", "0"),
        ("--max-states", "-5"),
        ("--max-seconds", "0"),
        ("--max-seconds", "nan"),
        ("--max-seconds", "."),
        ("--max-seconds", "soon"),
        ("--max-memory", "0"),
        ("--max-memory", "4X"),
        ("--max-memory", "G"),
        ("--max-memory", "999999999T"),
    ],
)
def test_senseless_limits(zabcheck: Callable[..., Any], option: str, value: str) -> None:
    outcome = zabcheck("check", TWO_PHASE_COMMIT, f"{option}={value}")
    assert outcome.status == 2
    assert outcome.err.startswith(f"zabcheck: {option}: expected ")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("name", ["zap", "nothing-like-it"])
def test_unknown_model(zabcheck: Callable[..., Any], name: str) -> None:
    for command in ("check", "simulate", "models", "properties", "variants"):
        outcome = zabcheck(command, name)
        assert outcome.status == 2
        guess = ", did you mean zab?" if name == "zap" else ""
        assert outcome.err.startswith(f"zabcheck: unknown model {name}{guess}; known are zab")
        assert outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1\ndef broken(:\n", ":2: invalid syntax"),
        ("x = 1\n  y = 2\n", ":2: unexpected indent"),
        ("x = 1\n\nraise ValueError('one\\ntwo')\n", ":3: importing it raised ValueError: one two"),
        ("def f():\n    1 / 0\nf()\n", ":2: importing it raised ZeroDivisionError: division by zero"),
        (
            "import no_such_module\n",
            ":1: importing it raised ModuleNotFoundError: No module named 'no_such_module'",
        ),
        ("import sys\nsys.exit(0)\n", ":2: importing it raised SystemExit: 0"),
        ("x = 1\n", ":1: there is no model in this file: it needs a module-level zabcheck.checker.Model"),
        ("", ":1: there is no model in this file: it needs a module-level zabcheck.checker.Model"),
        (
            "from zabcheck.checker import Model\na = Model('a', '', object)\nb = Model('b', '', object)\n",
            ":1: there are several models in this file (a, b): call the one to check 'model'",
        ),
        ("x = '\0'\n", ":1: "),
    ],
)
def test_file_without_a_usable_model(
    zabcheck: Callable[..., Any], tmp_path: Path, source: str, message: str
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(source)
    outcome = zabcheck("check", path)
    assert outcome.status == 2
    assert outcome.err.startswith(f"zabcheck: {path}{message}")
    assert outcome.err.count("\n") == 1


def test_file_that_is_not_text(zabcheck: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_bytes(bytes(range(128, 256)))
    outcome = zabcheck("check", path)
    assert outcome.status == 2
    assert outcome.err.startswith(f"zabcheck: {path}:1: ")
    assert outcome.err.count("\n") == 1


def test_model_called_model_wins(zabcheck: Callable[..., Any], counter: Path) -> None:
    counter.write_text(counter.read_text() + "\nother = Model('other', '', Scope)\n")
    assert zabcheck("check", counter).status == 0


def test_model_that_ends_the_process(zabcheck: Callable[..., Any], counter: Path) -> None:
    counter.write_text(counter.read_text() + "    raise SystemExit(0)\n")
    outcome = zabcheck("check", counter)
    assert outcome.status == 2
    assert outcome.err == "zabcheck: the model tried to end the process: SystemExit(0)\n"


def test_full_disk_under_the_report(zabcheck: Callable[..., Any]) -> None:
    outcome = zabcheck("check", TWO_PHASE_COMMIT, "--json", "/dev/full")
    assert outcome.status == 2
    assert outcome.out.startswith("holds")
    assert outcome.err == "zabcheck: cannot write /dev/full: No space left on device\n"


def test_full_disk_leaves_the_old_report(
    zabcheck: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    path = tmp_path / "result.json"
    path.write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    outcome = zabcheck("check", TWO_PHASE_COMMIT, "--json", path, "--no-cache")
    assert outcome.status == 2
    assert outcome.err == f"zabcheck: cannot write {path}: No space left on device\n"
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["result.json"]


def test_file_size_limit_leaves_nothing(start: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    process = start(
        *("check", TWO_PHASE_COMMIT, "--json", path, "--no-cache", "--quiet"),
        *("--engine", "interpreted", "--rms", 5),
    )
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (100, 100))
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err == f"zabcheck: cannot write {path}: File too large\n"
    assert list(tmp_path.iterdir()) == []


def test_full_disk_under_standard_output(start: Callable[..., subprocess.Popen[str]]) -> None:
    with Path("/dev/full").open("w") as full:
        for arguments in (
            ("check", TWO_PHASE_COMMIT),
            ("check", TWO_PHASE_COMMIT, "--json", "-"),
            ("--help",),
        ):
            process = start(*arguments, stdout=full)
            _, err = process.communicate(timeout=60)
            assert process.returncode == 2
            assert err == "zabcheck: cannot write to standard output: No space left on device\n"


def test_closed_standard_output(start: Callable[..., subprocess.Popen[str]]) -> None:
    process = start("check", TWO_PHASE_COMMIT, closed=1)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err == "zabcheck: cannot write the result: standard output is closed\n"


def test_closed_standard_error(start: Callable[..., subprocess.Popen[str]]) -> None:
    process = start("check", TWO_PHASE_COMMIT, closed=2)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.startswith("holds")


def test_reader_that_goes_away(start: Callable[..., subprocess.Popen[str]]) -> None:
    read, write = os.pipe()
    os.close(read)
    process = start("check", TWO_PHASE_COMMIT, stdout=write)
    os.close(write)
    _, err = process.communicate(timeout=60)
    assert err == ""
    assert process.returncode == 0


def test_narrow_encoding(
    start: Callable[..., subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    process = start("check", TWO_PHASE_COMMIT, "--variant", "hasty")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (1, "")
    assert "WORKING -> ABORTED" in out
    assert out.isascii()


@pytest.mark.skipif(not native_available(), reason="only the native engine writes checkpoints")
@pytest.mark.parametrize("damage", ["foreign", "cut", "flipped", "empty", "not a checkpoint"])
def test_damaged_checkpoint(zabcheck: Callable[..., Any], tmp_path: Path, damage: str) -> None:
    path = tmp_path / "search"
    rms = 4 if damage == "foreign" else 5
    zabcheck("check", TWO_PHASE_COMMIT, "--rms", rms, "--max-depth", 6, "--checkpoint", path)
    whole = path.read_bytes()
    if damage == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "flipped":
        path.write_bytes(whole[:2000] + bytes([whole[2000] ^ 1]) + whole[2001:])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "not a checkpoint":
        path.write_text("{}")
    outcome = zabcheck("check", TWO_PHASE_COMMIT, "--rms", 5, "--resume", path)
    assert outcome.status == 2
    assert outcome.err.startswith("zabcheck: ")
    assert "checkpoint" in outcome.err
    assert outcome.err.count("\n") == 1
