"""Which tests run processes, sockets and clocks, so that the load of the machine may decide; and which a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # the machine's load decides nothing
settings.load_profile("untimed")

pytest_plugins = ["tests.browser"]

LIVE = frozenset({"real", "implementation"})
"""folders of such tests; in them a server that is killed, or broken on purpose, may leave a connection open"""
PURE = frozenset(
    {
        "test_packets.py",
        "test_database.py",
        "test_disk.py",
        "test_patience.py",
        "test_peer_sessions.py",
        "test_plan.py",
        "test_replay.py",
        "test_request_processors.py",
    }
)
"""those among them that compute only"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    root = Path(__file__).parent
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
        inside = item.path.relative_to(root) if item.path.is_relative_to(root) else item.path
        if inside.parts[0] in LIVE and item.path.name not in PURE:
            item.add_marker(pytest.mark.live)
            item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))
