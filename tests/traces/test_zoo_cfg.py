"""Configurations that ZooKeeper takes, and those that it refuses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from zabcheck.checker import UsageError
from zabcheck.model.quorums import Group, Hierarchical, Majority
from zabcheck.traces.ensemble import Address
from zabcheck.traces.zoo_cfg import read

if TYPE_CHECKING:
    from pathlib import Path

    from zabcheck.traces.ensemble import Ensemble

THREE = "server.1=a:2888:3888\nserver.2=b:2888:3888\nserver.3=c:2888:3888\n"


@pytest.fixture
def cfg(tmp_path: Path) -> Path:
    return tmp_path / "zoo.cfg"


def reading(cfg: Path, text: str) -> Ensemble:
    cfg.write_text(text, encoding="latin-1")
    return read(cfg)


def test_majority(cfg: Path) -> None:
    ensemble = reading(cfg, "tickTime=2000\nanything=goes\n" + THREE + "server.4=d:2888:3888:Observer;2181\n")
    assert ensemble.quorums == Majority(frozenset({1, 2, 3}))
    assert [s.sid for s in ensemble.observers] == [4]
    assert ensemble.voters[0].addresses == (Address("a", 2888, 3888),)
    assert ensemble.warnings == ()


def test_groups_and_weights(cfg: Path) -> None:
    ensemble = reading(cfg, THREE + "group.2=3\ngroup.1=1:2:\nweight.2=0\n")
    assert ensemble.quorums == Hierarchical(
        frozenset({1, 2, 3}),
        (Group(1, frozenset({1, 2})), Group(2, frozenset({3}))),
        frozenset({(2, 0)}),
    )


@pytest.mark.parametrize(
    "value",
    [
        "a:1:2;2181",
        "a:1:2;host:2181",
        "a:1:2;;2182",
        "a:1:2:participant;a:2181;a:2182",
        "a:1:2;2181;x;y",
        "[::1]:1:2:participant",
        "a:1:2: PARTICIPANT ",
        "a:1:2:",
        ":1:2",
    ],
)
def test_server_lines(cfg: Path, value: str) -> None:
    assert [s.sid for s in reading(cfg, f"server.5={value}\n").voters] == [5]


def test_several_addresses(cfg: Path) -> None:
    ensemble = reading(cfg, THREE + "server.1=[fe80::1]:1:2|b:1:2\n")
    assert list(map(str, ensemble.voters[0].addresses)) == ["[fe80::1]:1:2", "b:1:2"]
    assert "multiAddress" in ensemble.warnings[0]


@pytest.mark.parametrize(
    ("servers", "settings", "warning"),
    [
        (1, "", "Invalid configuration, only one server specified (ignoring)"),
        (1, "standaloneEnabled=false\n", "No server failure will be tolerated. You need at least 3 servers."),
        (2, "", "No server failure will be tolerated. You need at least 3 servers."),
        (3, "", None),
        (4, "", "Non-optimal configuration, consider an odd number of servers."),
    ],
)
def test_what_zookeeper_warns_of(cfg: Path, servers: int, settings: str, warning: str | None) -> None:
    lines = "".join(f"server.{n}=h{n}:1:2\n" for n in range(servers))
    assert reading(cfg, settings + lines).warnings == ((warning,) if warning else ())


def test_what_is_not_as_it_seems(cfg: Path) -> None:
    ensemble = reading(cfg, THREE + "group.1=1:2:3:9\nweight.9=4\nweight.7=1\n")
    assert ensemble.warnings == (
        "weight.7 has no effect: server 7 is in no group",
        "server 9 in group.1 does not vote, but its weight of 4 counts in the whole",
    )
    assert not ensemble.quorums.contains_quorum({1, 2, 3})


def test_an_oracle_beside_groups(cfg: Path) -> None:
    ensemble = reading(cfg, THREE + "group.1=1\noraclePath=/o\n")
    assert ensemble.quorums == Majority(frozenset({1, 2, 3}))
    assert ensemble.warnings == ("groups and weights have no effect beside oraclePath",)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", ": there is no line server.N"),
        ("server.1=a:1:2:observer", ": there are observers but no participants"),
        ("server.1=a:1:2\nserver.2=a:1:2:observer", ": one participant with observers is no ensemble"),
        ("server.1=a:1:2:leader", ":1: server.1: unknown peer type 'leader'"),
        ("server.1=a:1:2:observer|b:1:2:participant", ":1: server.1: its addresses have different roles"),
        ("server.1=a:1", ":1: server.1: 'a:1' has not the form"),
        ("server.1=", ":1: server.1: '' has not the form"),
        ("server.1=;", ":1: server.1: ';' has not the form"),
        ("server.1=|", ":1: server.1: '|' has not the form"),
        ("server.1=a:1:2:participant:x", ":1: server.1: 'a:1:2:participant:x' has not the form"),
        ("server.1=a:1:1", ":1: server.1: the two ports must differ"),
        ("server.1=a:1:x", ":1: server.1: expected a whole number of 32 bits, not 'x'"),
        ("server.1=a:1:2 ", ":1: server.1: expected a whole number of 32 bits, not '2 '; remove the white"),
        ("server.1=a:1:70000", ":1: server.1: there is no port 70000"),
        ("server.1=a:1:2;b:3:4", ":1: server.1: 'b:3:4' is no address for clients"),
        ("server.1=a:1:2;b:x", ":1: server.1: expected a whole number of 32 bits, not 'x'"),
        ("server.1=[::1:1:2", ":1: server.1: '[::1:1:2' begins with '['"),
        ("server.x=a:1:2", ":1: server.x: expected a whole number of 64 bits, not 'x'"),
        ("server.1=a:1:2\nserver.01=b:1:2", ":2: server.01: the same as server.1 at "),
        (THREE + "peerType=leader", ":4: peerType: unknown peer type 'leader'"),
        (THREE + "tickTime=x", ":4: tickTime: expected a whole number"),
        (THREE + "tickTime=0", ":4: tickTime: it must not be 0"),
        (THREE + "electionAlg=0", ":4: electionAlg: only 3 is supported"),
        (THREE + "syncEnabled=yes", ":4: syncEnabled: expected true or false, not 'yes'"),
        (THREE + "version=xyz", ":4: version: expected a hexadecimal number"),
        (THREE + "group.1=1:2:3\ngroup.2=3", ":5: group.2: server 3 is already in group.1"),
        (THREE + "group.1=1:2:2:3", ":4: group.1: server 2 is already in group.1"),
        (THREE + "group.1=1:2", ":3: server.3: it is in no group"),
        (THREE + "weight.1=2", ":1: server.1: it is in no group"),
        (THREE + "group.1=1:2:3:4", ":4: group.1: server 4 does not vote and has no weight"),
        (THREE + "group.1=1:2:3\ngroup.2=:", ":5: group.2: there are no servers in it"),
        (THREE + "group.1=1:two:3", ":4: group.1: expected a whole number of 64 bits, not 'two'"),
        (THREE + "groups=1:2:3", ":4: groups: expected a whole number of 64 bits, not 'groups'"),
        (
            THREE + "group.1=1:2:3\nweight.1=1.5",
            ":5: weight.1: expected a whole number of 64 bits, not '1.5'",
        ),
        (THREE + f"group.1=1:2:3\nweight.1={2**62}\nweight.2={2**62}", ":5: weight.1: the weights add up"),
        (
            THREE + "dynamicConfigFile=zoo.cfg.dynamic",
            ":1: server.1: with dynamicConfigFile, this must be in",
        ),
        ("dynamicConfigFile=nowhere", ":1: dynamicConfigFile: there is no file 'nowhere'"),
        ("server.1=a:1:2\nserver.2=b:1:2\noraclePath=/o", ":3: oraclePath: an oracle outside this file"),
    ],
)
def test_refused(cfg: Path, text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=f"^{re.escape(f'{cfg}{complaint}')}"):
        reading(cfg, text)


def test_dynamic_part(cfg: Path) -> None:
    dynamic = cfg.with_name("zoo.cfg.dynamic.100")
    dynamic.write_text(THREE + "group.1=1:2:3\n")
    for name in (dynamic, dynamic.name):
        ensemble = reading(cfg, f"peerType=observer\ndynamicConfigFile={name}\n")
        assert ensemble.files == (str(cfg), str(dynamic))
        assert ensemble.quorums.voters == {1, 2, 3}


def test_dynamic_part_from_the_working_directory(
    cfg: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ZooKeeper looks there, so that it comes before the directory of the static part."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    (here / "dynamic").write_text("server.7=a:1:2\n")
    cfg.with_name("dynamic").write_text(THREE)
    assert reading(cfg, "dynamicConfigFile=dynamic\n").quorums.voters == {7}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("version=1", ":4: version: a dynamic configuration has its version in its name"),
        ("tickTime=2000", ":4: tickTime: unknown in a dynamic configuration"),
    ],
)
def test_refused_in_the_dynamic_part(cfg: Path, line: str, complaint: str) -> None:
    dynamic = cfg.with_name("dynamic")
    dynamic.write_text(THREE + line)
    with pytest.raises(UsageError, match=f"^{re.escape(f'{dynamic}{complaint}')}"):
        reading(cfg, "dynamicConfigFile=dynamic\n")


def test_a_device_without_an_end(tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"\n" * (2**20 + 1))
    with pytest.raises(UsageError, match="larger than 1 MiB"):
        read(large)
