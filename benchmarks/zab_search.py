"""How fast, and in how much memory, the engines explore ZAB; with a TLC jar, how fast TLC does the same.

    make bench                                             # every figure in docs/performance.md
    .venv/bin/python benchmarks/zab_search.py --tlc tla2tools.jar --spec Zab.tla

All runs are made one after another in the same minutes, so that the ratios hold on a noisy machine; the times
themselves do not carry over. `--spec` is `zookeeper-specifications/protocol-spec/Zab.tla` of Apache ZooKeeper.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

OPTIONS = ("servers", "timeouts", "transactions", "epochs", "restarts")
COMPARED = (3, 1, 1, 2, 0)
"""The scope that every engine, TLC included, explores in reasonable time."""

LARGE = ((3, 1, 2, 2, 1), (3, 2, 2, 2, 0), (3, 2, 2, 2, 1))
HUGE = (3, 3, 2, 2, 1)

LABELS = (
    *(
        "LOOKING",
        "FOLLOWING",
        "LEADING",
        "ELECTION",
        "DISCOVERY",
        "SYNCHRONIZATION",
        "BROADCAST",
        "CEPOCH",
        "NEWEPOCH",
    ),
    *("ACKEPOCH", "NEWLEADER", "ACKLD", "COMMITLD", "PROPOSE", "ACK", "COMMIT", "NullPoint"),
)
PROPERTIES = (
    "ShouldNotBeTriggered Leadership1 Leadership2 PrefixConsistency Integrity Agreement TotalOrder "
    "LocalPrimaryOrder GlobalPrimaryOrder PrimaryIntegrity"
)


def run(scope: tuple[int, ...], *more: str, cache: str) -> dict[str, object]:
    """One run of the command in a process of its own, as a user would start it."""
    numbers = [item for name, n in zip(OPTIONS, scope, strict=True) for item in (f"--{name}", str(n))]
    command = [sys.executable, "-m", "zabcheck", "check", "zab", *numbers, *more, "--quiet", "--json", "-"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "XDG_CACHE_HOME": cache}
    )
    result: dict[str, object] = json.loads(done.stdout)
    return result


def show(name: str, scope: tuple[int, ...], result: dict[str, object]) -> float:
    """Print a row; return the states per second."""
    states, seconds = int(str(result["distinct_states"])), float(str(result["seconds"]))
    rate = states / seconds
    memory = f"{float(str(result['bytes_per_state'])):6.1f} B/state" if result["bytes_per_state"] else ""
    print(
        f"{name:34} {scope!s:18} {states:12,} states {seconds:9.2f} s {rate:12,.0f} /s"
        f" {int(str(result['evaluations'])):8,} evaluations {memory}",
        flush=True,
    )
    return rate


def tlc(jar: Path, spec: Path, scope: tuple[int, ...]) -> float:
    """TLC on the published specification, the label of the last action left out; states per second."""
    servers, timeouts, transactions, epochs, restarts = scope
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "Zab.tla").write_bytes(spec.read_bytes())
        (place / "MC.tla").write_text(
            "---- MODULE MC ----\nEXTENDS Zab\n"
            f"MCParameters == [MaxTimeoutFailures |-> {timeouts}, MaxTransactionNum |-> {transactions}, "
            f"MaxEpoch |-> {epochs}, MaxRestarts |-> {restarts}]\n"
            "MCView == <<state, zabState, acceptedEpoch, currentEpoch, history, lastCommitted, learners, cepochRecv, "
            "ackeRecv, ackldRecv, sendCounter, connectInfo, leaderOracle, msgs, epochLeader, proposalMsgsLog, "
            "violatedInvariants, [recorder EXCEPT !.pc = <<>>]>>\n====\n",
            encoding="ascii",
        )
        constants = "\n".join(f"{label} = {label}" for label in LABELS)
        members = ", ".join(f"s{n}" for n in range(1, servers + 1))
        (place / "MC.cfg").write_text(
            f"SPECIFICATION Spec\nVIEW MCView\nCONSTANTS\n{constants}\nServer = {{{members}}}\n"
            f"Parameters <- MCParameters\nINVARIANTS {PROPERTIES}\n",
            encoding="ascii",
        )
        command = [
            "java",
            "-Xmx3g",
            "-XX:+UseParallelGC",
            "-cp",
            str(jar.resolve()),
            "tlc2.TLC",
            "-workers",
            "1",
        ]
        command += ["-deadlock", "-metadir", str(place / "meta"), "-config", "MC.cfg", "MC.tla"]
        before = os.times()
        output = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False).stdout
        after = os.times()
    found = re.findall(
        r"^(\d+) states generated, (\d+) distinct states found, 0 states left", output, re.MULTILINE
    )
    if not found:
        sys.exit(f"TLC did not finish:\n{output}")
    states, seconds = int(found[-1][1]), after.elapsed - before.elapsed
    print(
        f"{'TLC, 1 worker':34} {scope!s:18} {states:12,} states {seconds:9.2f} s {states / seconds:12,.0f} /s"
    )
    return states / seconds


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tlc", type=Path, metavar="JAR", help="path of tla2tools.jar")
    parser.add_argument("--spec", type=Path, metavar="FILE", help="path of Zab.tla")
    parser.add_argument("--huge", action="store_true", help=f"also explore {HUGE}: 272 million states")
    given = parser.parse_args()
    if bool(given.tlc) != bool(given.spec):
        parser.error("--tlc and --spec go together")
    with tempfile.TemporaryDirectory() as cache:
        plain = show("interpreted", COMPARED, run(COMPARED, "--engine", "interpreted", cache=cache))
        for scope in LARGE:
            show(
                "native, 1 worker, nothing learned",
                scope,
                run(scope, "--workers", "1", "--no-cache", cache=cache),
            )
            run(scope, "--workers", "2", cache=cache)
            one = show("native, 1 worker", scope, run(scope, "--workers", "1", cache=cache))
            two = show("native, 2 workers", scope, run(scope, "--workers", "2", cache=cache))
            show(
                "native, 1 worker, exact store",
                scope,
                run(scope, "--workers", "1", "--store", "exact", cache=cache),
            )
            print(
                f"{'':34} 2 workers : 1 worker = {two / one:.2f}; 1 worker : interpreted = {one / plain:.0f}"
            )
        if given.tlc:
            print(f"{'':34} 1 worker : TLC = {one / tlc(given.tlc, given.spec, COMPARED):.0f}")
        if given.huge:
            show("native, 2 workers", HUGE, run(HUGE, "--workers", "2", cache=cache))
            show("native, 2 workers, symmetry", HUGE, run(HUGE, "--workers", "2", "--symmetry", cache=cache))


if __name__ == "__main__":
    main()
