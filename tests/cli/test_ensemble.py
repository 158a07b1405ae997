"""``--quorum zoo.cfg`` of `check` and `simulate`: the servers, weights and groups of a user's ensemble."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

SERVERS = "".join(f"server.{n}=zk{n}:2888:3888\n" for n in (1, 2, 5))
GROUPS = SERVERS + "group.1=1:2:5\nweight.1=3\n"
SMALL = ("check", "zookeeper", "--quorum", "zoo.cfg", "--phases", "election", "--quiet")


@pytest.fixture
def cfg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("zoo.cfg")


def test_servers_have_their_own_numbers(zabcheck: Callable[..., Any], cfg: Path) -> None:
    cfg.write_text(SERVERS + "server.4=zk4:2888:3888:observer\n")
    outcome = zabcheck(*SMALL, "--witness", "LeaderElected", "--json", "-")
    assert (outcome.status, outcome.err) == (0, "")
    result = json.loads(outcome.out)
    assert {"servers": 3, "observers": 1, "quorum": "zoo.cfg"}.items() <= result["scope"].items()
    assert {f["field"].split(".")[1] for f in _fields(result)} == {"1", "2", "4", "5"}


def _fields(result: dict[str, Any]) -> list[dict[str, str]]:
    initial = result["witness"]["initial"]
    return [{"field": name.replace("[", ".").replace("]", "")} for name in initial if "servers" in name]


def test_weights_decide(zabcheck: Callable[..., Any], cfg: Path) -> None:
    """With more than half of the weight, server 1 is a quorum; the others together are none."""
    cfg.write_text(GROUPS)
    outcome = zabcheck(*SMALL[:-1], "--witness", "LeaderElected")
    assert outcome.err.startswith("zabcheck: zoo.cfg: a quorum is more than half of the weight of group 1\n")
    assert "--quorum zoo.cfg" in " ".join(outcome.out.split())
    assert zabcheck(*SMALL, "--absent", 1).err == "zabcheck: --absent 1 leaves no quorum of 3 servers\n"


def test_what_is_typed_may_say_the_same(zabcheck: Callable[..., Any], cfg: Path) -> None:
    cfg.write_text(SERVERS)
    assert zabcheck(*SMALL, "--servers", 3, "--observers", 0).status == 0


def test_walks(zabcheck: Callable[..., Any], cfg: Path) -> None:
    cfg.write_text(GROUPS)
    outcome = zabcheck("simulate", *SMALL[1:], "--walks", 2, "--json", "-")
    assert (outcome.status, outcome.err) == (3, "")
    assert json.loads(outcome.out)["scope"]["quorum"] == "zoo.cfg"


@pytest.mark.parametrize(
    ("text", "options", "complaint"),
    [
        (SERVERS, ("--servers", 4), "--servers 4 contradicts --quorum zoo.cfg, which has 3 voters"),
        (SERVERS, ("--observers", 1), "--observers 1 contradicts --quorum zoo.cfg, which has 0 observers"),
        (SERVERS, ("--absent", 2), "--absent 2 leaves no quorum of 3 servers"),
        (
            GROUPS,
            ("--variant", "half-is-a-quorum"),
            "half-is-a-quorum and observers-count are about majorities",
        ),
        (SERVERS + "weight.1=-1\ngroup.1=1:2:5\nweight.2=0\nweight.5=0\n", (), "3 servers have no quorum"),
        ("server.1=zk1\n", (), "zoo.cfg:1: "),
    ],
)
def test_refusals(
    zabcheck: Callable[..., Any], cfg: Path, text: str, options: tuple[object, ...], complaint: str
) -> None:
    cfg.write_text(text)
    outcome = zabcheck(*SMALL, *options)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith(f"zabcheck: {complaint}")
    assert outcome.err.count("\n") == 1


def test_a_model_without_such_a_scope(zabcheck: Callable[..., Any], cfg: Path) -> None:
    cfg.write_text(SERVERS)
    outcome = zabcheck("check", "zab", "--quorum", "zoo.cfg")
    assert outcome.status == 2
    assert outcome.err.startswith("zabcheck: unknown option --quorum")


def test_no_such_file(zabcheck: Callable[..., Any], cfg: Path) -> None:
    outcome = zabcheck(*SMALL)
    assert (outcome.status, outcome.err.count("\n")) == (2, 1)
