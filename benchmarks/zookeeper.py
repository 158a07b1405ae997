"""How long it takes to find each known bug of ZooKeeper, and to explore releases that have none.

    make bench                                        # the bugs, and the smaller exhaustive runs
    .venv/bin/python benchmarks/zookeeper.py --large  # also the large ones: minutes, and gigabytes

Every bug is switched on over the mended release, which is then explored to the end in the same scope: so the
violation is due to the bug, and to nothing else. Nothing is learned beforehand.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys

BUGS = (
    ("ZOOKEEPER-3023", "StateConsistent", ""),
    ("ZOOKEEPER-4394", "CommitConsistent", ""),
    ("ZOOKEEPER-4643", "LeaderLogCompleteness", "--crashes 2"),
    ("ZOOKEEPER-4646", "LeaderLogCompleteness", ""),
    ("ZOOKEEPER-4685", "AckConsistent", ""),
    ("ZOOKEEPER-4712", "ProcessConsistency", ""),
    ("ZOOKEEPER-335", "Leadership1", ""),
    ("ZOOKEEPER-790", "P1s", "--timeouts 2 --grain coarse"),
    ("ZOOKEEPER-975", "NoFalseElection", "--election fine --rounds 1 --transactions 0 --grain coarse"),
    ("ZOOKEEPER-1154", "P2", "--transactions 2 --grain coarse"),
    ("ZOOKEEPER-1156", "ProcessConsistency", "--transactions 2"),
    ("ZOOKEEPER-1419", "VoteOrder", ""),
    ("ZOOKEEPER-2845", "LeaderLogCompleteness", ""),
    ("ZOOKEEPER-3911", "LeaderLogCompleteness", "--crashes 2"),
    ("ZOOKEEPER-5094", "MemDisk", "--crashes 2"),
)
"""The bugs of the first tier, those of the Remix paper first: the property that catches each, and the bounds."""

CLEAN = (
    "",
    "--crashes 2",
    "--partitions 1",
    "--transactions 2",
    "--crashes 2 --partitions 1 --discovery coarse --no-liveness",
    "--election fine --phases election --rounds 2",
    "--election fine --phases election --rounds 1 --crashes 0 --servers 5 --absent 2",
    "--election fine --rounds 2 --crashes 0 --no-liveness",
)
LARGE = (
    "--election fine --rounds 2 --crashes 1 --transactions 0 --no-liveness",
    "--crashes 2 --partitions 2 --discovery coarse --no-liveness",
    "--election fine --phases election --rounds 1 --crashes 0 --servers 5 --absent 1 --no-liveness",
)


def run(options: str) -> dict[str, object]:
    """One run of the command in a process of its own, as a user would start it."""
    command = [sys.executable, "-m", "zabcheck", "check", "zookeeper", *options.split()]
    done = subprocess.run(
        [*command, "--no-cache", "--quiet", "--json", "-"], capture_output=True, text=True, check=False
    )
    result: dict[str, object] = json.loads(done.stdout)
    return result


def show(name: str, result: dict[str, object]) -> None:
    """Print a row."""
    counterexample = result["counterexample"]
    steps = f"{len(counterexample['steps'])} steps" if isinstance(counterexample, dict) else ""
    print(
        f"{name:76} {result['verdict']!s:10} {int(str(result['distinct_states'])):12,} states "
        f"{float(str(result['seconds'])):8.1f} s {int(str(result['peak_memory_bytes'])) / 2**20:8,.0f} MiB {steps}",
        flush=True,
    )


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--large", action="store_true", help="also the runs of a hundred million states")
    given = parser.parse_args()
    for bug, prop, bounds in BUGS:
        options = f"--release mended --property {prop} {bounds}"
        show(f"{bug} {prop} {bounds}", run(f"{options} --bug {bug}"))
        show(f"  the same without the bug {bounds}", run(options))
    for bounds in CLEAN + (LARGE if given.large else ()):
        show(f"mended {bounds}", run(f"--release mended {bounds}"))


if __name__ == "__main__":
    main()
