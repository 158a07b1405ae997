"""``zabcheck explore`` as a command: what it takes, how it ends."""

from __future__ import annotations

import json
import re
import signal
import socket
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest

from tests.cli.conftest import ROOT, TWO_PHASE_COMMIT

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Outcome


def begun(process: subprocess.Popen[str]) -> str:
    """The address that the command says."""
    assert process.stderr
    match = re.search(r"on (http://127\.0\.0\.1:\d+/)", process.stderr.readline())
    assert match
    return match[1]


def about(address: str) -> Any:
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(f"{address}api/about", b"{}", headers)) as answer:  # noqa: S310 - loopback
        return json.loads(answer.read())


@pytest.fixture
def result(zabcheck: Callable[..., Outcome], tmp_path: Path) -> Path:
    """What check wrote about a model of a user's."""
    path = tmp_path / "result.json"
    assert zabcheck("check", TWO_PHASE_COMMIT, "--variant", "hasty", "--json", path, "--quiet").status == 1
    return path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_stop(start: Callable[..., subprocess.Popen[str]], number: int) -> None:
    with start("explore", TWO_PHASE_COMMIT, "--rms", "2", "--port", "0") as process:
        assert about(begun(process))["title"] == "two-phase-commit --rms 2"
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "zabcheck: ended\n")


def test_the_counterexample_of_a_result(start: Callable[..., subprocess.Popen[str]], result: Path) -> None:
    with start("explore", result, "--of", TWO_PHASE_COMMIT, "--port", "0") as process:
        asked = about(begun(process))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert asked["title"] == "two-phase-commit --rms 3 --variant hasty"
    steps = json.loads(result.read_bytes())["counterexample"]["steps"]
    assert [name.partition("(")[0] for name in asked["start"]["path"]] == [s["transition"] for s in steps]


def test_a_recording(start: Callable[..., subprocess.Popen[str]]) -> None:
    path = ROOT / "tests/data/recordings/zxid-rollover.tar.gz"
    with start("explore", path, "--port", "0") as process:
        asked = about(begun(process))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert asked["verdict"] == "conforms"
    assert asked["title"] == str(path)


def test_a_port_that_is_taken(zabcheck: Callable[..., Outcome]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        outcome = zabcheck("explore", "zab", "--port", port)
    assert outcome.status == 2
    said = f"zabcheck: --port: cannot listen on 127.0.0.1:{port}: Address already in use; --port 0 takes a free one\n"
    assert outcome.err == said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "no result of zabcheck check --json that shows a run"),
        ('{"counterexample": null, "witness": null}', "that shows a run"),
        (
            '{"counterexample": {"initial": 3}, "model": "zab", "scope": {}, "variants": []}',
            "that shows a run",
        ),
        (
            '{"counterexample": {"initial": {}, "steps": []}, "model": "zab", "scope": {}, "variants": []}',
            "no initial state as in this result",
        ),
        (
            '{"counterexample": {"initial": {}, "steps": []}, "model": "mine", "scope": {}, "variants": []}',
            "unknown model mine",
        ),
        (
            '{"counterexample": {"initial": {}, "steps": []}, "model": "zab", "scope": {"x": 1}, "variants": []}',
            "unknown option --x",
        ),
    ],
)
def test_what_is_no_result(zabcheck: Callable[..., Outcome], tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "result.json"
    path.write_text(content, encoding="utf-8")
    outcome = zabcheck("explore", path, "--port", "0")
    assert outcome.status == 2
    assert said in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing.json"], "cannot read nothing.json"),
        ([ROOT / "docs/proof-of-nothing"], "cannot read"),
        ([ROOT / "docs"], "nothing that can be validated"),
        ([ROOT / "docs", "--servers", "3"], "unknown option --servers"),
        (["zab", "--of", "x.py"], "--of goes with a result"),
        (["zab", "--port", "70000"], "--port"),
        (["zab", "--servers", "0"], "servers"),
        ([], "required: MODEL"),
    ],
)
def test_mistakes(zabcheck: Callable[..., Outcome], arguments: list[str], said: str) -> None:
    outcome = zabcheck("explore", *arguments)
    assert outcome.status == 2
    assert said in outcome.err
    assert outcome.err.count("\n") == 1
