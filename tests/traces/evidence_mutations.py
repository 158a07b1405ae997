"""Recordings of which only one kind of evidence was collected."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.traces.mutation import mutation

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

PARTS = {
    "log": ("s*/zookeeper*.log",),
    "disk": ("s*/version-2", "disk-images"),
    "client": ("client-ops.jsonl",),
    "wire": ("*.pcap",),
}
"""What each kind of evidence is in the folder of a recording. Configurations stay in any case."""


def keep(folder: Path, *kinds: str) -> None:
    """Remove all evidence that is not of these kinds."""
    for kind, patterns in PARTS.items():
        for path in [p for pattern in patterns for p in folder.glob(pattern)] if kind not in kinds else ():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


@mutation("log", "Only the logs were collected.", legal=True, loses=True)
def only_logs(folder: Path, random: Random) -> bool:
    keep(folder, "log")
    return True


@mutation("disk", "Only the disks were collected.", legal=True, loses=True)
def only_disks(folder: Path, random: Random) -> bool:
    keep(folder, "disk")
    return True


@mutation("client", "Only what the clients saw was collected.", legal=True, loses=True)
def only_the_client_history(folder: Path, random: Random) -> bool:
    keep(folder, "client")
    return True


@mutation("wire", "Only the packets were captured.", legal=True, loses=True)
def only_the_capture(folder: Path, random: Random) -> bool:
    keep(folder, "wire")
    return True


@mutation("wire", "Logs and packets, and nothing of disks and clients.", legal=True, loses=True)
def only_logs_and_capture(folder: Path, random: Random) -> bool:
    keep(folder, "log", "wire")
    return True
