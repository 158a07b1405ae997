"""Where the published form of a property is weaker than the full one, it misses what that catches."""

from __future__ import annotations

import pytest

from zabcheck.checker import CheckResult, Options, check, native_available
from zabcheck.model.zab import Scope, model


def verdicts(variant: str, bounds: tuple[int, ...], *properties: str) -> CheckResult:
    return check(model, Scope(*bounds), Options(properties=properties, cache=False), variant=variant)


@pytest.mark.parametrize(
    ("published", "full", "variant", "bounds"),
    [
        pytest.param(
            "PublishedLocalPrimaryOrder",
            "LocalPrimaryOrder",
            "sync-skips-committed",
            (2, 1, 2, 2, 0),
            id="vacuous",
        ),
        pytest.param(
            "PublishedAgreement",
            "Agreement",
            "sync-skips-committed",
            (2, 1, 2, 2, 0),
            id="followers only",
        ),
        pytest.param(
            "PublishedPrimaryIntegrity",
            "PrimaryIntegrity",
            "leader-keeps-its-history",
            (3, 1, 2, 2, 0),
            id="connected only",
            marks=pytest.mark.skipif(not native_available(), reason="the core was not built"),
        ),
    ],
)
def test_the_full_form_fails_where_the_published_one_holds(
    published: str, full: str, variant: str, bounds: tuple[int, ...]
) -> None:
    assert verdicts(variant, bounds, published).verdict == "holds"
    assert verdicts(variant, bounds, full).verdict == "violated"


def test_the_published_total_order_waits_for_a_second_delivery() -> None:
    result = verdicts("sync-skips-committed", (2, 1, 2, 2, 0), "TotalOrder", "PublishedTotalOrder")
    assert result.properties["TotalOrder"].verdict == "violated"
    assert result.properties["PublishedTotalOrder"].verdict == "incomplete"
