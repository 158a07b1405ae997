"""JUnit XML: what a parser gets out of it, whatever a model or recording says."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from zabcheck.reports.cases import Case, Place, Suite, check_suite, place
from zabcheck.reports.junit import junit

if TYPE_CHECKING:
    from tests.reports.conftest import Samples

HOSTILE = "<script>]]>&\"'\x00\x1b[31m\ud800\ufffe\u202e\n::error::x"


def test_a_check(samples: Samples) -> None:
    root = ET.fromstring(junit([check_suite(samples.violated, "zab")]))  # noqa: S314 - our own
    assert {k: root.get(k) for k in ("tests", "failures", "errors", "skipped")} == {
        "tests": "5",
        "failures": "1",
        "errors": "2",
        "skipped": "1",
    }
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.get("message") == samples.trace.clause
    assert "1. elect(s1)" in (failure.text or "")


def test_nothing_open_passes(samples: Samples) -> None:
    cases = {case.name: case.status for case in check_suite(samples.incomplete, "zab").cases}
    assert cases["Agreement"] == cases["Monotone"] == "undecided"


@pytest.mark.parametrize("status", ["failed", "undecided", "skipped"])
def test_nothing_can_be_injected(status: str) -> None:
    case = Case(HOSTILE, status, HOSTILE, HOSTILE * 1_000_000, (Place(HOSTILE, 1),))  # type: ignore[arg-type]
    made = junit([Suite(HOSTILE, (case,))])
    assert len(made) < 100_000
    root = ET.fromstring(made)  # noqa: S314 - our own
    assert [e.tag for e in root.iter()][:3] == ["testsuites", "testsuite", "testcase"]
    assert len(list(root.iter())) == 4
    assert not set(made.decode()) & set("\x00\x1b\ufffe\u202e")


def test_places() -> None:
    assert place("s1/zookeeper.log:12") == (Place("s1/zookeeper.log", 12),)
    assert place("log.100000001 at byte 12") == place("") == place("a:b") == ()
