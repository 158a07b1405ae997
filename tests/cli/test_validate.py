"""``zabcheck validate`` and ``zabcheck trace`` as a user meets them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.traces.story import ONE, legal
from zabcheck.cli.main import main
from zabcheck.traces import event as e
from zabcheck.traces import jsonl

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.traces.story import Story

HEADER = e.Recording(track="recording", seq=0, release="3.8.0", voters=(1, 2, 3))
CFG = "".join(f"server.{n}=127.0.0.1{n}:2888:3888\n" for n in (1, 2, 3))


def write(story: Story, path: Path) -> Path:
    with path.open("wb") as file:
        jsonl.write([HEADER, *story.events()], file)
    return path


@pytest.fixture
def conforming(tmp_path: Path) -> Path:
    return write(legal(), tmp_path / "legal.jsonl")


@pytest.fixture
def violating(tmp_path: Path) -> Path:
    story = legal()
    story.drop("s2/disk", e.Record, 1)
    return write(story, tmp_path / "hole.jsonl")


@pytest.fixture
def silent(tmp_path: Path) -> Path:
    path = tmp_path / "silent.jsonl"
    with path.open("wb") as file:
        jsonl.write([HEADER, e.Looking(track="s1/log", seq=3, server=1)], file)
    return path


def test_conforms(zabcheck: Callable[..., Any], conforming: Path) -> None:
    outcome = zabcheck("validate", conforming)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith("conforms: ")
    assert "PacketOrder" in outcome.out
    assert "not decidable" in outcome.out
    assert "a packet capture" in outcome.out


def test_what_is_not_recognised_is_said(zabcheck: Callable[..., Any], conforming: Path) -> None:
    folder = conforming.parent
    (folder / "shopping.txt").write_text("bread\n")
    (folder / "s1").mkdir()
    (folder / "s1" / "server.out").write_text("zabcheck: server 1: looking for a leader\n")
    outcome = zabcheck("validate", folder)
    assert outcome.status == 0
    assert "not recognised, and not used: shopping.txt\n" in outcome.out


def test_violates(zabcheck: Callable[..., Any], violating: Path) -> None:
    outcome = zabcheck("validate", violating)
    assert outcome.status == 1
    assert outcome.out.startswith("violates: ")
    assert "Violation of TotalOrder" in outcome.out
    for label in ("observed ", "allowed ", "because ", "consistent ", "the smallest set of events"):
        assert label in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 100


def test_inconclusive(zabcheck: Callable[..., Any], silent: Path) -> None:
    outcome = zabcheck("validate", silent)
    assert outcome.status == 3
    assert outcome.out.startswith("inconclusive:")
    assert "nothing in the recording decides any property" in outcome.out
    assert "3 events are missing before number 3" in outcome.out


def test_json(zabcheck: Callable[..., Any], violating: Path) -> None:
    outcome = zabcheck("validate", violating, "--json", "-")
    assert outcome.status == 1
    result = json.loads(outcome.out)
    assert result["verdict"] == "violates"
    assert result["properties"]["TotalOrder"] == "violated"
    assert result["properties"]["PacketOrder"] == "not decidable"
    assert result["servers"] == {"voters": [1, 2, 3], "observers": []}
    rejection = result["rejection"]
    assert rejection["property"] == "TotalOrder"
    assert rejection["minimal"] is True
    assert {event["track"] for event in rejection["events"]} == rejection["consistent_up_to"].keys()
    assert "leader_process_request" in result["coverage"]["transitions"]["seen"]
    assert "heal" in result["coverage"]["transitions"]["never"]


def test_each_recording_by_itself(zabcheck: Callable[..., Any], conforming: Path, violating: Path) -> None:
    outcome = zabcheck("validate", "--each", conforming, violating, "--json", "-")
    assert outcome.status == 1
    result = json.loads(outcome.out)
    assert [r["verdict"] for r in result["recordings"]] == ["conforms", "violates"]
    assert result["coverage"] == result["recordings"][0]["coverage"]


def test_quiet(zabcheck: Callable[..., Any], conforming: Path) -> None:
    outcome = zabcheck("validate", conforming, "--quiet")
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "")


def test_a_kept_trace_has_the_same_verdict(
    zabcheck: Callable[..., Any], violating: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.jsonl"
    written = zabcheck("trace", violating, "-o", kept)
    assert written.status == 0
    assert f"events in {kept}" in written.err
    again = zabcheck("validate", kept, "--json", "-")
    assert json.loads(again.out)["properties"]["TotalOrder"] == "violated"


def test_a_timeline(zabcheck: Callable[..., Any], conforming: Path) -> None:
    outcome = zabcheck("trace", conforming)
    assert outcome.status == 0
    assert "server 3 activated epoch=0x2 supporters=1,3" in outcome.out


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "No such file or directory"),
        (b"", "nothing that can be validated"),
        (b"hello\n", "nothing that can be validated"),
        (b'{"kind":"looking","track":"s1/log"}\n', "line 1: not an event of schema 1"),
        (b'{"kind":"recording","track":"r","seq":0,"schema":9,"voters":[1]}\n', "schema 9"),
        (b'{"kind":"recording","track":"r","seq":0}\n', "who votes is not known"),
        (
            b'{"kind":"recording","track":"r","seq":0,"voters":[1]}\n{"kind":"loaded","track":"a","seq":0,"zxid":"one"}\n',
            "line 2: not an event of schema 1: expected a hexadecimal number",
        ),
    ],
)
def test_bad_input(
    zabcheck: Callable[..., Any], tmp_path: Path, content: bytes | None, complaint: str
) -> None:
    path = tmp_path / "events.jsonl"
    if content is not None:
        path.write_bytes(content)
    outcome = zabcheck("validate", path)
    assert (outcome.status, outcome.out) == (2, "")
    assert complaint in outcome.err
    assert outcome.err.count("\n") == 1


def test_an_unknown_release(zabcheck: Callable[..., Any], conforming: Path) -> None:
    outcome = zabcheck("validate", conforming, "--release", "9.9")
    assert (outcome.status, outcome.err) == (
        2,
        "zabcheck: unknown release 9.9; zabcheck releases lists them\n",
    )


def test_several_recordings_in_one_folder(zabcheck: Callable[..., Any], tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "s1").mkdir(parents=True)
        (tmp_path / name / "s1" / "myid").write_text("1\n")
    outcome = zabcheck("validate", tmp_path)
    assert outcome.status == 2
    assert "more than one recording" in outcome.err
    assert "--each" in outcome.err


def test_a_log_of_nobody(zabcheck: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "log.100000001").write_bytes(b"ZKLG" + bytes(12))
    outcome = zabcheck("validate", tmp_path)
    assert outcome.status == 2
    assert "whose disk is this?" in outcome.err


def test_configurations_that_differ(zabcheck: Callable[..., Any], tmp_path: Path, violating: Path) -> None:
    (tmp_path / "s1").mkdir()
    (tmp_path / "s1" / "zoo.cfg").write_text(CFG)
    (tmp_path / "s2").mkdir()
    (tmp_path / "s2" / "zoo.cfg").write_text(CFG + "server.4=127.0.0.14:2888:3888\n")
    outcome = zabcheck("validate", tmp_path, "--json", "-")
    result = json.loads(outcome.out)
    assert result["properties"]["TotalOrder"] == "violated"
    assert violating.exists()
    (tmp_path / "hole.jsonl").unlink()
    story = legal()
    story.find("s3/log", e.Activated)["supporters"] = (3,)
    write(story, tmp_path / "alone.jsonl")
    outcome = zabcheck("validate", tmp_path, "--json", "-")
    result = json.loads(outcome.out)
    assert (outcome.status, result["verdict"]) == (3, "inconclusive")
    assert "name different ensembles" in result["reason"]


def test_time_is_over(zabcheck: Callable[..., Any], conforming: Path) -> None:
    outcome = zabcheck("validate", conforming, "--max-seconds", "0.000001")
    assert outcome.status == 3
    assert "seconds were over" in outcome.out


def test_memory_is_used_up(zabcheck: Callable[..., Any], conforming: Path) -> None:
    outcome = zabcheck("validate", conforming, "--max-memory", "1M")
    assert outcome.status == 3
    assert "the limit of 1,048,576 bytes of memory was reached" in outcome.out


@pytest.mark.parametrize("wait", [0.4, 1.0, 2.0])
def test_interrupted(tmp_path: Path, wait: float) -> None:
    pipe = tmp_path / "events.jsonl"
    line = jsonl.line(e.Looking(track="s1/log", seq=0, server=1)).decode()
    with pipe.open("w") as file:
        file.write(jsonl.line(HEADER).decode())
        file.writelines(line.replace('"seq":0', f'"seq":{n}') for n in range(1_500_000))
    command = [sys.executable, "-m", "zabcheck", "validate", str(pipe)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "80"},
    )
    time.sleep(wait)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 3, (out, err)
    assert "Traceback" not in err


def test_a_zxid_is_written_as_zookeeper_writes_it(zabcheck: Callable[..., Any], conforming: Path) -> None:
    assert hex(ONE + 1) in zabcheck("trace", conforming).out


def test_a_walk_of_the_model(zabcheck: Callable[..., Any], tmp_path: Path) -> None:
    walk = tmp_path / "walk.jsonl"
    written = zabcheck(
        "simulate", "zookeeper", "--walks", 1, "--length", 60, "--seed", 3, "--record", walk, "--quiet"
    )
    assert written.status == 3
    lines = walk.read_text().splitlines()
    assert json.loads(lines[0])["model"] == "zookeeper"
    outcome = zabcheck("validate", walk)
    assert outcome.status == 0
    assert "a run of the model explains it" in outcome.out

    del lines[9]
    walk.write_text("\n".join(lines) + "\n")
    assert zabcheck("validate", walk).status == 0

    step = json.loads(lines[15])
    step |= {"transition": "leader_process_ack", "arguments": {"leader": "1", "learner": "3"}}
    lines[15] = json.dumps(step)
    walk.write_text("\n".join(lines) + "\n")
    outcome = zabcheck("validate", walk)
    assert outcome.status == 1
    assert "Violation of Refinement" in outcome.out
    assert "is not enabled" in outcome.out


def test_the_configuration_in_an_archive_says_who_votes(tmp_path: Path) -> None:
    packed = Path(__file__).parents[1] / "data" / "recordings" / "observer-and-follower-killed.tar.gz"
    report = tmp_path / "report.json"
    assert main(["validate", str(packed), "--json", str(report), "--quiet"]) == 0
    assert json.loads(report.read_bytes())["verdict"] == "conforms"
