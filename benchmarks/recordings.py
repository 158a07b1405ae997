"""How fast recordings are validated, and that neither speed nor memory depends on how long they are.

    make bench                                   # a million events, in two lengths
    .venv/bin/python benchmarks/recordings.py    # the same

Events are written to a temporary folder in the schema of docs/recordings.md: three servers in one epoch, every
transaction proposed, logged, acknowledged, committed and applied everywhere, with all that the rules compare.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVERS = (1, 2, 3)
LEADER = 3
EPOCH = 1 << 32
PER_TRANSACTION = 13


def events(transactions: int) -> Iterator[dict[str, object]]:
    """A recording of a leader and two followers that do nothing but broadcast."""
    yield {"kind": "recording", "track": "recording", "seq": 0, "release": "3.8.0", "voters": SERVERS}
    seqs = dict.fromkeys(SERVERS, 0)

    def made(server: int, kind: str, **fields: object) -> dict[str, object]:
        seqs[server] += 1
        return {"kind": kind, "track": f"s{server}/log", "seq": seqs[server] - 1, "server": server, **fields}

    for server in SERVERS:
        yield made(server, "started", release="3.8.0")
        yield made(server, "role_taken", role="leading" if server == LEADER else "following")
    for number in range(1, transactions + 1):
        zxid, body = hex(EPOCH + number), hex(number * 2654435761 % (1 << 60))
        yield made(LEADER, "proposed", zxid=zxid, body=body)
        for server in SERVERS:
            yield made(server, "logged", zxid=zxid, body=body)
            yield made(LEADER, "counted", zxid=zxid, sender=server)
        for server in SERVERS:
            yield made(server, "committed", zxid=zxid)
            yield made(server, "applied", zxid=zxid, digest=number)


def validate(transactions: int) -> None:
    """Write a recording, validate it in a process of its own, and print what that took."""
    with tempfile.TemporaryDirectory() as folder:
        recording, report = Path(folder, "events.jsonl"), Path(folder, "report.json")
        with recording.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(event) + "\n" for event in events(transactions))
        command = [sys.executable, "-m", "zabcheck", "validate", str(recording)]
        begun = time.perf_counter()
        subprocess.run(
            ["/usr/bin/env", "python3", "-c", MEASURED, *command, "--quiet", "--json", str(report)],
            check=True,
        )
        seconds = time.perf_counter() - begun
        found = json.loads(report.read_text())
        peak = int(Path(f"{report}.peak").read_text())
    print(
        f"{found['events']:>10,} events  {found['verdict']:<9} {seconds:6.1f} s  "
        f"{found['events'] / seconds:>9,.0f} events/s  {peak / 1024:6.0f} MiB"
    )


MEASURED = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:])
open(sys.argv[-1] + ".peak", "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(done.returncode)
"""
"""Runs a command and notes the largest memory that it had, in KiB."""


def main() -> None:
    """A short recording and a long one."""
    for length in (125_000, 1_000_000, 2_000_000):
        validate(length // PER_TRANSACTION + 1)


if __name__ == "__main__":
    main()
