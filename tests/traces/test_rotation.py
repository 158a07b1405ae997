"""The order of the files of one log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zabcheck.traces.rotation import order_rotated


@pytest.mark.parametrize(
    "in_order",
    [
        ["zookeeper.log.10.gz", "zookeeper.log.9.gz", "zookeeper.log.2", "zookeeper.log.1.gz", "zookeeper.log"],
        ["zookeeper.log.2026-11-21", "zookeeper.log.2026-11-22", "zookeeper.log"],
        ["zookeeper-2026-11-21-10.log.gz", "zookeeper-2026-11-22-1.log.gz", "zookeeper-2026-11-22-2.log.gz",
         "zookeeper-2026-11-22-10.log", "zookeeper.log"],
        ["zookeeper.log-20261121.gz", "zookeeper.log-20261122", "zookeeper.log"],
        ["zookeeper.2.log.xz", "zookeeper.1.log", "zookeeper.log"],
        ["s1/2026-11-22/zookeeper.log.2", "s1/2026-11-22/zookeeper.log.1", "s1/2026-11-22/zookeeper.log"],
    ],
)  # fmt: skip
def test_the_oldest_part_comes_first(in_order: list[str]) -> None:
    assert order_rotated(reversed(in_order)) == in_order
    assert order_rotated(sorted(in_order)) == in_order


@given(st.lists(st.text()))
def test_any_names_have_an_order(names: list[str]) -> None:
    assert sorted(order_rotated(names)) == sorted(names)
    assert order_rotated(order_rotated(names)) == order_rotated(names)
