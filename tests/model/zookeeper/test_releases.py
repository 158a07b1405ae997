"""Releases find their own bugs without being told which, and are clean of those they have mended."""

from __future__ import annotations

from typing import Any

import pytest

from zabcheck.checker import Limits, Options, check
from zabcheck.checker.model import Kind
from zabcheck.model.zookeeper import Scope, model
from zabcheck.model.zookeeper.releases import DEFAULT, RELEASES, described

REMIX = {
    "ZOOKEEPER-3023": ("StateConsistent", {}),
    "ZOOKEEPER-4394": ("CommitConsistent", {}),
    "ZOOKEEPER-4643": ("LeaderLogCompleteness", {"crashes": 2}),
    "ZOOKEEPER-4646": ("AckDurability", {}),
    "ZOOKEEPER-4685": ("AckConsistent", {}),
    "ZOOKEEPER-4712": ("ProcessConsistency", {}),
}
"""The six bugs of the Remix paper: the property that catches each, and the bounds beyond the default ones."""

SAFETY = tuple(
    p.name for p in model.properties.values() if p.kind in (Kind.INVARIANT, Kind.STEP, Kind.ASSERTION)
)


def run(release: str, properties: tuple[str, ...], **bounds: Any) -> Any:
    options = Options(properties=properties, workers=2, limits=Limits(seconds=300))
    return check(model, Scope(release=release, **bounds), options)


@pytest.mark.parametrize("name", REMIX)
def test_3_8_0_has_the_six(name: str) -> None:
    prop, bounds = REMIX[name]
    result = run("3.8.0", (prop,), **bounds)
    assert result.properties[prop].verdict == "violated"
    assert result.counterexample.property == prop


@pytest.mark.parametrize("release", ["3.9.4", "master", "mended"])
def test_later_releases_do_not(release: str) -> None:
    assert run(release, SAFETY).verdict == "holds"


@pytest.mark.slow
def test_nor_with_two_crashes_but_for_what_is_open() -> None:
    open_bug = model.variants["ZOOKEEPER-5094"].caught_by
    others = tuple(name for name in SAFETY if name not in open_bug)
    assert run("3.9.4", others, crashes=2).verdict == "holds"
    assert run("3.9.4", open_bug, crashes=2).verdict == "violated"
    assert run("mended", SAFETY, crashes=2).verdict == "holds"


@pytest.mark.parametrize(
    ("release", "prop"),
    [
        ("3.4.10", "LeaderLogCompleteness"),  # 2845
        ("3.5.3", "LeaderLogCompleteness"),
        ("3.4.12", "AckDurability"),  # 3911
        ("3.6.0", "AckDurability"),
        ("3.8.5", "CommitConsistent"),  # 4394
        ("3.9.2", "CommitConsistent"),
        ("3.4.0", "VoteOrder"),  # 1419
    ],
)
def test_earlier_bugs(release: str, prop: str) -> None:
    assert run(release, (prop,)).properties[prop].verdict == "violated"


@pytest.mark.parametrize(
    ("prop", "bounds", "had", "mended"),
    [
        (
            "EpochOrder",
            {"write_failures": 1},
            ("3.4.14", "3.5.5", "3.6.0"),
            ("3.5.8", "3.6.3", "3.7.0"),
        ),  # 2307
        (
            "LogEpoch",
            {"window": 1},
            ("3.4.4", "3.5.8", "3.6.0", "3.7.0"),
            ("3.4.6", "3.5.10", "3.7.1"),
        ),  # 1653
    ],
)
def test_a_bug_ends_with_the_release_that_mended_it(
    prop: str, bounds: dict[str, Any], had: tuple[str, ...], mended: tuple[str, ...]
) -> None:
    verdicts = {
        release: run(release, (prop,), **bounds).properties[prop].verdict for release in (*had, *mended)
    }
    assert verdicts == dict.fromkeys(had, "violated") | dict.fromkeys(mended, "holds")


@pytest.mark.parametrize(
    "bounds",
    [
        {"write_failures": 1},
        {"observers": 1, "grain": "coarse"},
        {"election": "fine", "phases": "election", "rounds": 2, "resets": 1, "crashes": 0},
        {"storage": "fine"},
        {"storage": "fine", "window": 1, "transactions": 2, "grain": "coarse"},
        pytest.param({"storage": "fine", "crashes": 2, "grain": "coarse"}, marks=pytest.mark.slow),
    ],
)
def test_the_mended_release_is_clean_with_other_faults(bounds: dict[str, Any]) -> None:
    assert run("mended", SAFETY, **bounds).verdict == "holds"


def test_the_list() -> None:
    listed = {release["name"]: release for release in described()}
    assert list(listed) == list(RELEASES)
    assert DEFAULT in listed
    assert listed["mended"]["differs"] == {}
    assert listed["master"]["same_as"] == "3.9.4"
    still_open = ("clears_partial_trunc", "sends_whole_log", "truncs_snapshots")
    assert listed["3.9.4"]["differs"] == dict.fromkeys(still_open, "no")
    assert listed["3.8.0"]["differs"]["newleader"] == "zookeeper-3911"
