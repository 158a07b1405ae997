"""Rounds of faults on an ensemble that clients use all the time: what they were told must survive.

    python -m tests.implementation.campaign --rounds 200 --servers 3 --seed 1

Each round kills servers with SIGKILL, one, several or all, while links are cut, connections reset and servers paused,
and starts them again, now and then while the links are still cut. Then the ensemble must serve again, and every server
must have every node that a client was told of, and the same as the others. The rounds are run in chunks, each an
ensemble of its own in a folder that `zabcheck validate` must accept: the recordings of the servers, their disks, and
the histories of the clients. A folder that shows something wrong is kept.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from kazoo.client import KazooClient

from tests.implementation.test_ensemble import nodes_at
from tests.implementation.workload import REGISTERS, Client
from zabcheck.implementation.ensemble import Ensemble
from zabcheck.implementation.plan import Plan, free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CLIENTS = 4
CHUNK = 20
"""Rounds with one ensemble."""
SHOWN = 20
"""So many lines of what is wrong are printed."""
PATIENCE = 60.0
"""Seconds after which an ensemble without a fault must serve."""
RECOVERS = 0.7
"""How often a round waits until the ensemble serves; else the next one begins at once."""
WAITS = 1.0
"""Seconds between two faults, at most."""


@dataclass
class Report:
    """What came of some rounds."""

    faults: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    unknown: int = 0
    """writes of which the client does not know what became"""
    read: int = 0
    wrong: list[str] = field(default_factory=list)
    verdict: str = ""
    """of the validator"""
    properties: tuple[str, ...] = ()
    """those that the recording violates"""

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong and self.verdict == "conforms"

    def __str__(self) -> str:
        faults = ", ".join(f"{count} {name}" for name, count in sorted(self.faults.items()))
        text = f"{self.verdict}, {self.acknowledged} acknowledged, {self.unknown} unknown, {self.read} read; {faults}"
        more = [f"and {len(self.wrong) - SHOWN} more"] if len(self.wrong) > SHOWN else []
        return "\n  ".join([text, *self.properties, *self.wrong[:SHOWN], *more])


class Campaign:
    """One chunk of rounds."""

    def __init__(
        self, folder: Path, servers: int, seed: int, release: str = "mended", bugs: tuple[str, ...] = ()
    ) -> None:
        plan = Plan(
            folder,
            servers,
            client_port=free_ports(servers)[0],
            tick=200,
            sync_limit=5,
            release=release,
            bugs=bugs,
            settings=("preAllocSize=64",),
        )
        self.ensemble = Ensemble(plan)
        self.report = Report()
        self._random = Random(seed)
        self._folder = folder
        self._seed = seed
        self._lost: set[str] = set()

    def run(self, rounds: int) -> Report:
        """Run so many rounds, and judge."""
        ensemble, report = self.ensemble, self.report
        ensemble.start()
        clients: list[Client] = []
        try:
            ensemble.settle(PATIENCE)
            self._prepare()
            clients += [
                Client(name, ensemble.hosts, self._folder, self._seed * CLIENTS + number)
                for number, name in enumerate("abcdef"[:CLIENTS])
            ]
            for client in clients:
                client.connect(PATIENCE)
                client.start()
            for _ in range(rounds):
                self._round()
                if self._random.random() < RECOVERS:
                    self._check(clients)
            ensemble.settle(PATIENCE)
            for client in clients:
                client.end(PATIENCE)
            self._check(clients)
        finally:
            for sid in ensemble.plan.sids:
                ensemble.kill(sid)
            ensemble.stop()
        for client in clients:
            report.acknowledged += len(client.acknowledged)
            report.unknown += client.unknown
            report.read += client.read
            report.wrong += client.wrong
        self._validate()
        return report

    def _prepare(self) -> None:
        client = KazooClient(self.ensemble.hosts)
        client.start(PATIENCE)
        for path in ("/c", *(f"/r{number}" for number in range(REGISTERS))):
            client.ensure_path(path)
        client.stop()
        client.close()

    def _round(self) -> None:
        """Some faults in some order, a kill among them; then everything is mended."""
        ensemble, random = self.ensemble, self._random
        sids = list(ensemble.plan.sids)
        steps = [self._kill, *random.choices([self._cut, self._isolate, self._pause, self._reset], k=2)]
        random.shuffle(steps)
        for step in steps[random.randrange(2) if steps[0] != self._kill else 0 :]:
            step(sids)
            time.sleep(random.random() * WAITS)
        mending = [ensemble.heal, ensemble.start, self._resume]
        random.shuffle(mending)
        for mend in mending:
            mend()
            time.sleep(random.random() * WAITS / 2)

    def _kill(self, sids: list[int]) -> None:
        count = self._random.choice([1, 1, 1, 2, len(sids) // 2 + 1, len(sids)])
        for sid in self._random.sample(sids, count):
            self.ensemble.kill(sid)
            self.report.faults["kill -9"] += 1

    def _cut(self, sids: list[int]) -> None:
        one, other = self._random.sample(sids, 2)
        self.ensemble.cut(one, other, one_way=self._random.random() < 0.3)
        self.report.faults["cut"] += 1

    def _isolate(self, sids: list[int]) -> None:
        self.ensemble.isolate(self._random.choice(sids))
        self.report.faults["isolation"] += 1

    def _pause(self, sids: list[int]) -> None:
        self.ensemble.pause(self._random.choice(sids))
        self.report.faults["pause"] += 1

    def _resume(self) -> None:
        for sid in self.ensemble.plan.sids:
            self.ensemble.resume(sid)

    def _reset(self, sids: list[int]) -> None:
        self.ensemble.reset(*self._random.sample(sids, 2))
        self.report.faults["reset"] += 1

    def _check(self, clients: Sequence[Client]) -> None:
        """Every server serves again, and has what any client was told of before it was asked; all have the same."""
        self.ensemble.settle(PATIENCE)
        told = {path.removeprefix("/c/") for client in clients for path in list(client.acknowledged)}
        found = {sid: nodes_at(self.ensemble.plan.port(sid), "/c") for sid in self.ensemble.plan.sids}
        for sid, nodes in found.items():
            for name in sorted(told - nodes - self._lost):
                self.report.wrong.append(f"server {sid} has lost {name}")
        for nodes in found.values():
            self._lost |= told - nodes
        if (
            not any(client.is_alive() for client in clients)
            and len({frozenset(n) for n in found.values()}) > 1
        ):
            self.report.wrong.append("the servers do not have the same nodes")

    def _validate(self) -> None:
        """Hold everything that was left behind against the model, as a user does."""
        said = subprocess.run(
            [sys.executable, "-m", "zabcheck", "validate", str(self._folder), "--quiet", "--json", "-"],
            capture_output=True,
            text=True,
            check=False,
        )
        if not said.stdout:
            self.report.verdict = said.stderr.strip()
            return
        document = json.loads(said.stdout)
        self.report.verdict = document["verdict"]
        self.report.properties = tuple(
            name for name, judged in document["properties"].items() if judged == "violated"
        )


def reports(given: argparse.Namespace) -> Iterator[tuple[Path, int, Report]]:
    """The reports of all chunks; the folder of one that is good is removed."""
    for chunk, begin in enumerate(range(0, given.rounds, CHUNK)):
        seed = given.seed + chunk
        home = given.folder / f"{given.servers}-servers-seed-{seed}"
        shutil.rmtree(home, ignore_errors=True)
        count = min(CHUNK, given.rounds - begin)
        report = Campaign(home, given.servers, seed, given.release, tuple(given.bug)).run(count)
        yield home, count, report
        if report.is_good:
            shutil.rmtree(home)


def main() -> int:
    """Run the rounds that are asked for; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--servers", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1, help="of the first chunk; the others count on")
    parser.add_argument("--release", default="mended", help="as for zabcheck run")
    parser.add_argument("--bug", action="append", default=[], help="as for zabcheck run")
    parser.add_argument("--folder", type=Path, default=Path("campaign"), help="where what is wrong is kept")
    given = parser.parse_args()
    logging.getLogger("kazoo").setLevel(logging.CRITICAL)  # connections that break are meant to
    bad = total = acknowledged = 0
    for home, count, report in reports(given):
        total, acknowledged = total + count, acknowledged + report.acknowledged
        bad += not report.is_good
        print(f"{home.name}: {count} rounds: {report}", flush=True)  # noqa: T201 - a script
    print(f"{total} rounds, {acknowledged} acknowledged writes, {bad} chunks with something wrong")  # noqa: T201
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
