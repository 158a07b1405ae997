"""The plugin itself, which pytest loads wherever zabcheck is installed: it imports nothing else of it until used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from zabcheck.testing.checking import Check
    from zabcheck.testing.recordings import Recording

MARK = "recordings"


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line(
        "markers",
        f"{MARK}(*patterns, **options): run the test with each recording that matches, as the fixture 'recording'; "
        "patterns are relative to the file of the test, options are those of zabcheck validate",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each recording that a test asks for."""
    mark = metafunc.definition.get_closest_marker(MARK)
    if mark is not None and "recording" in metafunc.fixturenames:
        from zabcheck.testing.recordings import matching  # noqa: PLC0415 - only where it is used

        folder = metafunc.definition.path.parent
        found = matching(folder, mark.args)
        metafunc.parametrize("recording", found, indirect=True, ids=[path.name for path in found])


@pytest.fixture
def check(request: pytest.FixtureRequest) -> Check:
    """Ask a model something: ``check("zab", servers=3).holds()``."""
    from zabcheck.testing.checking import Check  # noqa: PLC0415 - only where it is used

    return Check(request.path.parent, request.node)


@pytest.fixture
def recording(request: pytest.FixtureRequest) -> Recording:
    """One of the recordings that ``@pytest.mark.recordings`` names: ``recording.conforms()``."""
    from zabcheck.testing.recordings import Recording  # noqa: PLC0415 - only where it is used

    mark = request.node.get_closest_marker(MARK)
    if mark is None:
        pytest.fail('the fixture recording needs @pytest.mark.recordings("folder/*")', pytrace=False)
    return Recording(request.param, mark.kwargs)
