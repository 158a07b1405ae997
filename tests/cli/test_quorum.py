"""``zabcheck quorum`` as a user meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from zabcheck.model.quorums import Majority

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).parents[2]


def servers(number: int) -> str:
    return "".join(f"server.{n}=zk{n}:2888:3888\n" for n in range(1, number + 1))


@pytest.fixture
def cfg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("zoo.cfg")


def test_majority(zabcheck: Callable[..., Any], cfg: Path) -> None:
    cfg.write_text(servers(5) + "server.6=zk6:2888:3888:observer\n")
    outcome = zabcheck("quorum", cfg)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith("holds: zoo.cfg\n  any two quorums have a server in common\n")
    assert "\nObservers  in no quorum\n  6  zk6:2888:3888\n" in outcome.out
    assert outcome.out.endswith("  no server alone, nor any 2 together\n  any 3 of 1, 2, 3, 4, 5\n")


def test_groups(zabcheck: Callable[..., Any], cfg: Path) -> None:
    cfg.write_text(servers(9) + "group.1=1:2:3\ngroup.2=4:5:6\ngroup.3=7:8:9\nweight.9=0\n")
    outcome = zabcheck("quorum", cfg)
    assert outcome.status == 0
    assert "\nGroup 3  weight 2; more than half of it decides\n" in outcome.out
    assert "\n  9  weight 0  zk9:2888:3888\n" in outcome.out
    assert "{1, 2, 7} · {1, 2, 8}" in outcome.out
    assert outcome.out.endswith("  … and 9 more, which --json FILE lists\n")
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_negative_weights_split_the_ensemble(zabcheck: Callable[..., Any], cfg: Path) -> None:
    """ZooKeeper accepts this: 3 is more than half of 3 + 3 - 3, twice."""
    cfg.write_text(servers(3) + "group.1=1:2:3\nweight.1=3\nweight.2=3\nweight.3=-3\n")
    outcome = zabcheck("quorum", cfg)
    assert outcome.status == 1
    assert outcome.out.startswith("violated: zoo.cfg\n  two quorums have no server in common: {1} and {2}\n")


def test_no_quorum_at_all(zabcheck: Callable[..., Any], cfg: Path) -> None:
    cfg.write_text(servers(2) + "group.1=1:2\nweight.1=0\nweight.2=0\n")
    outcome = zabcheck("quorum", cfg)
    assert outcome.status == 1
    assert "there is no quorum" in outcome.out


def test_a_mutant_is_refuted(
    zabcheck: Callable[..., Any], cfg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaking the one place where a quorum is decided shows."""

    def at_least_half(self: Majority, inside: Mapping[int, Any]) -> Any:
        return sum(inside[sid] for sid in self.voters) >= len(self.voters) // 2

    monkeypatch.setattr(Majority, "is_quorum", at_least_half)
    cfg.write_text(servers(4))
    outcome = zabcheck("quorum", cfg, "--json", "-")
    assert outcome.status == 1
    one, other = json.loads(outcome.out)["disjoint_quorums"]
    assert sorted(one + other) == [1, 2, 3, 4]


def test_one_server_stops_it(zabcheck: Callable[..., Any], cfg: Path) -> None:
    cfg.write_text(servers(4) + "group.1=1:2:3:4\nweight.1=4\n")
    outcome = zabcheck("quorum", cfg, "--json", "result.json")
    assert "  server 1 alone\n" in outcome.out
    assert "  warning: Non-optimal configuration, consider an odd number of servers.\n" in outcome.out
    result = json.loads(Path("result.json").read_text())
    assert result["stopping_servers"] == [1]
    assert result["stopping_sets_complete"] is True
    assert [v["weight"] for v in result["voters"]] == [4, 1, 1, 1]


def test_many_servers(zabcheck: Callable[..., Any], cfg: Path) -> None:
    cfg.write_text(servers(13))
    outcome = zabcheck("quorum", cfg)
    assert outcome.status == 0
    assert "  no server alone, nor any 6 together\n" in outcome.out
    assert outcome.out.endswith("  … and more: the first 200 are in --json FILE\n")
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_out_of_time(zabcheck: Callable[..., Any], cfg: Path) -> None:
    cfg.write_text(servers(3))
    outcome = zabcheck("quorum", cfg, "--max-seconds", "0.000000001")
    assert outcome.status == 3
    assert outcome.out.startswith("incomplete: zoo.cfg\n  not decided: the time limit was reached\n")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "zoo.cfg: there is no line server.N=host:port:port, so this is no ensemble"),
        (bytes(range(256)), "zoo.cfg: there is no line server.N=host:port:port, so this is no ensemble"),
        (
            b"server.1=zk1:2888:3888:x\x1b[31m\n",
            "zoo.cfg:1: server.1: unknown peer type 'x\\x1b[31m'; it is participant or observer",
        ),
    ],
)
def test_bad_content(zabcheck: Callable[..., Any], cfg: Path, content: bytes, complaint: str) -> None:
    cfg.write_bytes(content)
    outcome = zabcheck("quorum", cfg)
    assert (outcome.status, outcome.out, outcome.err) == (2, "", f"zabcheck: {complaint}\n")


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        (".", "cannot read .: Is a directory"),
        ("nowhere", "cannot read nowhere: No such file or directory"),
        ("/dev/zero", "cannot read /dev/zero: it is larger than 1 MiB, so it is no configuration"),
    ],
)
def test_no_file(zabcheck: Callable[..., Any], name: str, complaint: str) -> None:
    outcome = zabcheck("quorum", name)
    assert (outcome.status, outcome.out, outcome.err) == (2, "", f"zabcheck: {complaint}\n")


def test_only_this_command_imports_z3(tmp_path: Path) -> None:
    model = ROOT / "tests/models/two_phase_commit.py"
    code = (
        "import sys, zabcheck.cli.main as cli\n"
        f"assert cli.main(['check', {str(model)!r}, '--no-cache', '--quiet']) == 0\n"
        "assert cli.main(['quorum', '--help']) == 0\n"
        "sys.exit('z3' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True, stdout=subprocess.DEVNULL
    )
