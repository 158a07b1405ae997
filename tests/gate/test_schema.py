"""The schema of the file: it is what is written down, validators take it, and it refuses what the gate refuses."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from zabcheck.checker.errors import UsageError
from zabcheck.cli.loading import shipped
from zabcheck.cli.main import main
from zabcheck.gate.cells import cells
from zabcheck.gate.file import EXAMPLE, read
from zabcheck.gate.options import options
from zabcheck.gate.schema import schema

ROOT = Path(__file__).parents[2]
WRITTEN = ROOT / "docs" / "gate.schema.json"
VALIDATOR = Draft7Validator(schema())
MODEL = str(ROOT / "tests/models/two_phase_commit.py")
RECORDING = str(ROOT / "tests/data/recordings/zxid-rollover.tar.gz")


def is_valid(text: str) -> bool:
    return bool(VALIDATOR.is_valid(tomllib.loads(text)))


def complaint(tmp_path: Path, text: str) -> str:
    """What the gate says against a file; nothing, if it would ask it."""
    file = tmp_path / "zabcheck.toml"
    file.write_text(text, encoding="utf-8")
    try:
        cells(read(file), 1 << 40)
    except UsageError as error:
        return str(error)
    return ""


def test_it_is_the_one_in_the_docs(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(WRITTEN.read_text(encoding="utf-8")) == schema()
    assert main(["gate", "--schema"]) == 0
    assert capsys.readouterr().out == WRITTEN.read_text(encoding="utf-8")


def test_it_is_a_schema() -> None:
    Draft7Validator.check_schema(schema())


@pytest.mark.parametrize("text", [EXAMPLE, (ROOT / "zabcheck.toml").read_text(encoding="utf-8")])
def test_our_files_are_valid(text: str) -> None:
    assert is_valid(text)


def test_a_validator_of_others_takes_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(WRITTEN)]
    assert subprocess.run([*command, str(ROOT / "zabcheck.toml")], check=False).returncode == 0
    wrong = tmp_path / "zabcheck.toml"
    wrong.write_text('[[check]]\nmodel = "zab"\nservers = "many"\nexpect = "holds"\n', encoding="utf-8")
    done = subprocess.run([*command, str(wrong)], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "$.check[0].servers" in done.stdout


VALUES: list[Any] = [True, 3, 0.5, "x", "1G", [], [True], [3, 0.5], [["x", "y"]], [[3]], [["x", 3]]]
SUBJECTS = [
    *(("check", f'model = "{name}"\nexpect = "holds"', model) for name, model in shipped().items()),
    ("check", f'model = "{MODEL}"\nexpect = "holds"', None),
    ("validate", f'recordings = "{RECORDING}"\nexpect = "conforms"', None),
]


@pytest.mark.parametrize(("command", "subject", "model"), SUBJECTS)
def test_of_keys_and_types_both_say_the_same(tmp_path: Path, command: str, subject: str, model: Any) -> None:
    refused = 0
    for key in [*options(command, model), "unknown", "json", "each", "help"]:
        for given in VALUES:
            text = f"[[{command}]]\n{subject}\n{key} = {json.dumps(given)}\n"
            said = complaint(tmp_path, text)
            if not is_valid(text):
                assert said, text
                refused += 1
            elif said:  # a word or a number that the command does not take, for a reason of its own
                assert not any(kind in said for kind in ("is expected", "unknown option", "an empty list"))
    assert refused > len(VALUES) * 4


@pytest.mark.parametrize(
    "text",
    [
        "",
        "check = []\n",
        "[[chek]]\n",
        '[check]\nmodel = "zab"\nexpect = "holds"\n',
        '[[check]]\nmodel = "zab"\n',
        '[[check]]\nexpect = "holds"\n',
        '[[check]]\nmodel = "zabb"\nexpect = "holds"\n',
        '[[check]]\nmodel = []\nexpect = "holds"\n',
        '[[check]]\nmodel = 3\nexpect = "holds"\n',
        '[[check]]\nmodel = "zab"\nexpect = "conforms"\n',
        '[[check]]\nmodel = "zab"\nexpect = ["holds"]\n',
        '[[check]]\nmodel = ["zab", "zookeeper"]\ncrashes = 1\nexpect = "holds"\n',
        '[[check]]\nmodel = "zab"\nvariant = "none"\nexpect = "holds"\n',
        '[[check]]\nmodel = "zookeeper"\nproperty = "P9"\nexpect = "holds"\n',
        f'[[validate]]\nrecordings = "{RECORDING}"\nexpect = "holds"\n',
    ],
)
def test_both_refuse(tmp_path: Path, text: str) -> None:
    assert complaint(tmp_path, text)
    assert not is_valid(text)
