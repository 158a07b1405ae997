"""Numbers as people read them."""

from __future__ import annotations

import pytest

from zabcheck.reports.quantities import count, duration, probability_below, rate, rough, size


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (count(1234567), "1,234,567"),
        (count(1, "state"), "1 state"),
        (count(0, "state"), "0 states"),
        (count(2, "other property"), "2 other properties"),
        (rough(0), "0"),
        (rough(999), "999"),
        (rough(999.6), "1.00 k"),
        (rough(1234567), "1.23 M"),
        (rough(99_949), "99.9 k"),
        (rough(12_345_678_901), "12.3 G"),
        (size(512), "512 bytes"),
        (size(1536), "1.50 KiB"),
        (size(64 * 2**20), "64.0 MiB"),
        (size(1023.9 * 2**20), "1.00 GiB"),
        (size(5 * 2**50), "5120 TiB"),
        (duration(0.04), "0.0 s"),
        (duration(9.94), "9.9 s"),
        (duration(59.4), "59 s"),
        (duration(59.6), "1:00"),
        (duration(3600), "1:00:00"),
        (duration(185), "3:05"),
        (rate(10, 2, "states"), "5 states/s"),
        (rate(10, 0, "states"), ""),
        (probability_below(2.4e-27), "1e-26"),
        (probability_below(1e-20), "1e-20"),
    ],
)
def test_shown(shown: str, expected: str) -> None:
    assert shown == expected
