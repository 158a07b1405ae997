"""What is left of a search, against searches whose end is known."""

from __future__ import annotations

import pytest

from zabcheck.reports.estimate import states_left

ZAB = (
    "1 3 8 12 8 18 38 66 90 120 164 220 308 408 532 662 848 1080 1318 1624 2016 2454 2922 3228 3270 3008 "
    "2550 2002 1358 782 376 156 38"
)
TWO_PHASE_COMMIT = "1 11 55 170 375 652 962 1250 1425 1390 1131 753 405 175 60 15 2"


@pytest.mark.parametrize("levels", [ZAB, TWO_PHASE_COMMIT], ids=["zab", "two-phase commit"])
def test_within_a_factor_once_the_levels_shrink(levels: str) -> None:
    sizes = list(map(int, levels.split()))
    peak = sizes.index(max(sizes))
    for known in range(1, len(sizes)):
        estimate, truth = states_left(sizes[:known]), sum(sizes[known:])
        if known <= peak + 1:
            assert estimate is None
        elif known > peak + 2 and truth > 50:
            assert estimate is not None
            assert 0.5 < estimate / truth < 2


@pytest.mark.parametrize("levels", [[], [1], [5] * 20, [1, 2, 4, 8, 16, 32, 64, 128], [9, 8, 7, 0, 5, 4, 3]])
def test_unknown(levels: list[int]) -> None:
    assert states_left(levels) is None


def test_slow_decay_ends() -> None:
    levels = [int(1e9 * 0.999**i) for i in range(20)]
    estimate = states_left(levels)
    assert estimate is None or estimate > 1e9
