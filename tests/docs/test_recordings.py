"""What is said of recordings names every property and every kind of event, and the schema is the one that is used."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

from tests.traces.story import legal
from zabcheck.cli import trace, validate
from zabcheck.cli.main import main
from zabcheck.traces import jsonl
from zabcheck.traces.event import Event, Recording

if TYPE_CHECKING:
    from zabcheck.cli.arguments import Parser

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "recordings.md").read_text(encoding="utf-8")
REFERENCE = (DOCS / "command-line.md").read_text(encoding="utf-8")


def test_kinds_of_events() -> None:
    kinds = re.findall(r"^\| `([a-z_]+)` \|", TEXT, re.MULTILINE)
    assert kinds == [kind.__struct_config__.tag for kind in get_args(Event)]


def test_properties() -> None:
    documented = dict(re.findall(r"^\| `([A-Z]\w+)` \| (.*?) \|", TEXT, re.MULTILINE))
    assert documented == {j.property.name: j.property.sentence for j in legal().outcome().properties}


def test_the_schema() -> None:
    written = json.loads((DOCS / "event.schema.json").read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(jsonl.schema()))


@pytest.mark.parametrize(("command", "parser"), [("validate", validate.parser()), ("trace", trace.parser())])
def test_options(command: str, parser: Parser, capsys: pytest.CaptureFixture[str]) -> None:
    section = re.split(r"^## ", REFERENCE.split(f"## `zabcheck {command}`\n", 1)[1], flags=re.MULTILINE)[0]
    parser.print_help()
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert set(re.findall(r"^\| `(--[a-z-]+)", section, re.MULTILINE)) == options


def test_keys_of_the_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "events.jsonl"
    with path.open("wb") as file:
        jsonl.write([Recording(track="recording", seq=0, voters=(1, 2, 3)), *legal().events()], file)
    main(["validate", str(path), "--json", "-"])
    result = json.loads(capsys.readouterr().out)
    section = re.split(r"^## ", REFERENCE.split("## `zabcheck validate`\n", 1)[1], flags=re.MULTILINE)[0]
    assert result.keys() | result["coverage"].keys() <= set(re.findall(r"`(\w+)`", section))


def test_the_script_collects_what_is_needed(tmp_path: Path) -> None:
    data, logs = tmp_path / "data", tmp_path / "logs"
    (data / "version-2").mkdir(parents=True)
    logs.mkdir()
    (data / "myid").write_text("2\n")
    for name in ("log.1", "snapshot.0", "acceptedEpoch", "currentEpoch"):
        (data / "version-2" / name).write_text(name)
    (logs / "zookeeper.log").write_text("a line\n")
    cfg = tmp_path / "zoo.cfg"
    cfg.write_text(f"dataDir={data}\nserver.2=a:2888:3888\n")
    script = ["sh", str(DOCS / "collect-recording.sh"), str(cfg), str(logs), str(tmp_path / "out")]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    found = {str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert found == {
        "s2/zoo.cfg",
        "s2/myid",
        "s2/zookeeper.log",
        *(f"s2/version-2/{name}" for name in ("log.1", "snapshot.0", "acceptedEpoch", "currentEpoch")),
    }
    script[2] = str(tmp_path / "nothing")
    assert subprocess.run(script, capture_output=True, text=True, check=False).returncode == 2
