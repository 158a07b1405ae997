"""A short campaign: nothing is lost, and what a release with a known bug loses is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("kazoo")
from tests.implementation.campaign import Campaign

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.kazoo


def test_a_short_campaign_loses_nothing(tmp_path: Path) -> None:
    report = Campaign(tmp_path, servers=3, seed=7).run(rounds=3)
    assert report.is_good, report
    assert report.acknowledged > 20, report


def test_what_an_old_release_loses_is_found(tmp_path: Path) -> None:
    """3.5.3 votes by what is applied and keeps what is only logged (ZOOKEEPER-2845), among other bugs."""
    report = Campaign(tmp_path, servers=3, seed=1, release="3.5.3").run(rounds=3)
    assert report.wrong or report.verdict == "violates", report
