"""Real ZooKeeper servers that lose their leader: what they leave behind conforms, and edited it does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from kazoo.client import KazooClient

from tests.real.ensemble import Ensemble, is_installed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.zookeeper,
    pytest.mark.filterwarnings("ignore"),
]


def validate(folder: Path) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "zabcheck", "validate", str(folder), "--json", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    if not is_installed():
        assert "ZABCHECK_ZOOKEEPER" not in os.environ, "ZooKeeper is required, and not installed"
        pytest.skip("ZooKeeper is not installed: apt-get install --no-install-recommends zookeeper")
    folder = tmp_path_factory.mktemp("ensemble")
    ensemble = Ensemble(folder)
    try:
        for sid in ensemble.clients:
            ensemble.start(sid)
        leader = ensemble.leader()
        client = KazooClient(",".join(f"127.0.0.1:{port}" for port in ensemble.clients.values()), timeout=30)
        client.start(timeout=60)
        for number in range(50):
            client.create(f"/before-{number}", b"x")
        ensemble.kill(leader)
        ensemble.leader()
        for number in range(50):
            client.retry(client.ensure_path, f"/after-{number}")
        ensemble.start(leader)
        ensemble.leader()
        client.retry(client.ensure_path, "/end")
        client.stop()
        client.close()
        yield folder
    finally:
        ensemble.stop()


def test_what_it_leaves_behind_conforms(recording: Path) -> None:
    status, result = validate(recording)
    assert status == 0, result["findings"]
    assert result["release"] == "3.8.0"
    decided = {name for name, verdict in result["properties"].items() if verdict == "holds"}
    assert decided >= {
        "VoteOrder",
        "DecisionSupport",
        "Leadership1",
        "ActivationQuorum",
        "SyncDecision",
        "SyncAgreement",
        "RecordAgreement",
        "LogContiguity",
        "EpochFiles",
    }
    assert {"learner_process_diff", "finalize_election"} <= set(result["coverage"]["transitions"]["seen"])


def test_an_epoch_file_that_was_set_back(recording: Path) -> None:
    file = next(recording.glob("s*/data/version-2/currentEpoch"))
    kept = file.read_text()
    file.write_text("0")
    try:
        status, result = validate(recording)
    finally:
        file.write_text(kept)
    assert status == 1
    assert result["properties"]["EpochFiles"] == "violated"
