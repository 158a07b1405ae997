"""Our server beside Apache ZooKeeper: writes, reads, latency, recovery, and what a long run costs.

    make bench                                                 # a server alone, and three
    .venv/bin/python benchmarks/server.py --servers 3          # three only
    .venv/bin/python benchmarks/server.py --long 1000000       # ours alone, looked at every 100,000 transactions

Rates are what the machine allows beside its other work; processor time for each request depends on that far less.
Both run on this machine one after the other, with the same configuration, flush every transaction to the disk before
they answer, and are asked by the same clients in one process. Each client sets a node of its own to 100 bytes, or gets
it; pipelined, it has so many requests under way. Without Debian's ``zookeeper`` and Java, only ours is measured.
"""

from __future__ import annotations

import argparse
import os
import selectors
import shutil
import socket
import statistics
import sys
import tempfile
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from struct import Struct
from typing import TYPE_CHECKING

from zabcheck.implementation import encoder as jute
from zabcheck.implementation.ensemble import Ensemble
from zabcheck.implementation.operations import Op
from zabcheck.implementation.plan import Plan, free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

JARS = [Path("/usr/share/java") / name for name in ("zookeeper.jar", "slf4j-log4j12.jar", "log4j-1.2.jar")]
SETTINGS = ("4lw.commands.whitelist=*", "admin.enableServer=false", "maxClientCnxns=0")
DATA = b"x" * 100
PIPELINED = 100
"""Requests that a client has under way, where it does not wait for each answer."""
ALL_MAY = jute.integer(1) + jute.integer(31) + jute.text("world") + jute.text("anyone")
HEAD = Struct(">iii")
"""Of a request: the length of the frame, xid, type."""
REPLY = Struct(">iiqi")
"""Of an answer: the length of the frame, xid, zxid, code."""
PIECE = 1 << 20
RECOVERY = 60.0
"""Seconds after which an ensemble is not waited for any more."""
UNRECORDED = """
from zabcheck.implementation.recording import Recorder
Recorder.event = lambda *_, **__: None
import sys
from zabcheck.cli.main import main
sys.exit(main())
"""
"""Our server, that records nothing: what recording costs is the difference."""


class Ours(Ensemble):
    """Our servers."""

    name = "zabcheck"


class Unrecorded(Ensemble):
    """Our servers, if they did not record."""

    name = "zabcheck, nothing recorded"

    def command(self, sid: int) -> list[str]:
        """As always, but through `UNRECORDED`."""
        return [sys.executable, "-c", UNRECORDED, *super().command(sid)[3:]]


class Apache(Ensemble):
    """Servers of Apache ZooKeeper."""

    name = "Apache ZooKeeper"

    def command(self, sid: int) -> list[str]:
        """A virtual machine, with the same configuration."""
        home = self.plan.home(sid)
        logging = ["-Dlog4j.defaultInitOverride=true", "-Djava.net.preferIPv4Stack=true"]
        main = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
        return ["java", "-Xmx1g", *logging, "-cp", ":".join(map(str, JARS)), main, str(home / "zoo.cfg")]


@dataclass
class Measured:
    """What clients were answered."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, hundredths: int) -> float:
        """Milliseconds in which so many of a hundred were answered."""
        return statistics.quantiles(self.latencies, n=100)[hundredths - 1] * 1000


class Client:
    """A session that asks the same again and again."""

    def __init__(self, port: int, node: str, timeout: float = 10.0) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._xid = 1
        self._sent: deque[float] = deque()
        self._unread = b""
        wanted = jute.integer(0) + jute.long(0) + jute.integer(30000) + jute.long(0) + jute.buffer(bytes(16))
        self._socket.sendall(jute.buffer(wanted + jute.boolean(False)))
        if not self._receive():
            raise ConnectionError("no session")
        self.ask_once(Op.CREATE, jute.text(node) + jute.buffer(b"") + ALL_MAY + jute.integer(0))
        self.set = jute.text(node) + jute.buffer(DATA) + jute.integer(-1)
        self.get = jute.text(node) + jute.boolean(False)

    def fileno(self) -> int:
        """For a selector."""
        return self._socket.fileno()

    def _receive(self) -> bytes:
        head = self._socket.recv(4, socket.MSG_WAITALL)
        return self._socket.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL) if head else b""

    def ask_once(self, kind: Op, body: bytes) -> int:
        """Ask, and wait for the answer; its code."""
        self._socket.sendall(HEAD.pack(8 + len(body), self._xid, kind) + body)
        self._xid += 1
        if not (answer := self._receive()):
            raise ConnectionError("no answer")
        return int.from_bytes(answer[12:16], "big", signed=True)

    def ask(self, kind: Op, body: bytes, count: int) -> None:
        """Ask so many times, and do not wait."""
        first, length, now = self._xid, 8 + len(body), time.perf_counter()
        self._xid += count
        self._sent.extend([now] * count)
        self._socket.sendall(
            b"".join([HEAD.pack(length, xid, kind) + body for xid in range(first, self._xid)])
        )

    def take(self, measured: Measured) -> int:
        """Take the answers that have come; how many."""
        data = self._unread + self._socket.recv(PIECE)
        now, at, count = time.perf_counter(), 0, 0
        while len(data) - at >= REPLY.size:
            length, _, _, code = REPLY.unpack_from(data, at)
            if len(data) - at < 4 + length:
                break
            if code:
                raise RuntimeError(f"the server answers with error {code}")
            at += 4 + length
            measured.latencies.append(now - self._sent.popleft())
            count += 1
        if not data:
            raise ConnectionError("the server has closed the connection")
        self._unread = data[at:]
        return count

    def close(self) -> None:
        """End it."""
        self._socket.close()


class Clients:
    """Several sessions, spread over the servers."""

    def __init__(self, ensemble: Ensemble, count: int) -> None:
        ports = [ensemble.plan.port(sid) for sid in ensemble.plan.sids]
        self._all = [Client(ports[n % len(ports)], f"/n{n}") for n in range(count)]
        self._selector = selectors.DefaultSelector()
        for client in self._all:
            self._selector.register(client, selectors.EVENT_READ, client)

    def close(self) -> None:
        """End all."""
        for client in self._all:
            client.close()
        self._selector.close()

    def load(self, kind: Op, window: int, *, seconds: float = 0, count: int = 0) -> Measured:
        """Ask for a time or so often, each with ``window`` requests under way, and wait for all answers."""
        measured = Measured()
        begun = time.perf_counter()
        end = begun + seconds if seconds else float("inf")
        asked = len(self._all) * window
        for client in self._all:
            client.ask(kind, client.set if kind == Op.SET_DATA else client.get, window)
        while len(measured.latencies) < asked:
            for key, _ in self._selector.select(10):
                client = key.data
                answered = client.take(measured)
                if answered and time.perf_counter() < end and not (count and asked >= count):
                    client.ask(kind, client.set if kind == Op.SET_DATA else client.get, answered)
                    asked += answered
        measured.seconds = time.perf_counter() - begun
        return measured


def recovery(ensemble: Ensemble, rounds: int) -> float:
    """Seconds from the end of the leader by SIGKILL to the first write that is acknowledged; the median."""
    found = []
    for _ in range(rounds):
        leader = ensemble.settle(RECOVERY)
        others = [ensemble.plan.port(sid) for sid in ensemble.plan.sids if sid != leader]
        ensemble.kill(leader)
        begun = time.perf_counter()
        while not any(_writes(port) for port in others):
            if time.perf_counter() - begun > RECOVERY:
                raise RuntimeError("the ensemble does not come back")
            time.sleep(0.005)
        found.append(time.perf_counter() - begun)
        ensemble.start(leader)
    return statistics.median(found)


def _writes(port: int) -> bool:
    with suppress(OSError):
        client = Client(port, "/recovered", timeout=5.0)
        code = client.ask_once(Op.SET_DATA, client.set)
        client.close()
        return code == 0
    return False


def measured(ensemble: Ensemble, clients: int, seconds: float, rounds: int) -> Iterator[tuple[str, float]]:
    """Everything about one ensemble."""
    load = Clients(ensemble, clients)
    load.load(
        Op.SET_DATA, PIPELINED, seconds=seconds
    )  # what the virtual machine has not compiled, it does now
    load.load(Op.GET_DATA, PIPELINED, seconds=seconds / 2)
    pids = ensemble.pids.values()
    for what, kind in (("writes", Op.SET_DATA), ("reads", Op.GET_DATA)):
        before = sum(map(processor_time, pids))
        pipelined = load.load(kind, PIPELINED, seconds=seconds)
        computed = sum(map(processor_time, pids)) - before
        yield f"{what}/s, pipelined", pipelined.rate
        yield f"  CPU us of all servers for each of the {what}", computed / len(pipelined.latencies) * 1e6
        one = load.load(kind, 1, seconds=seconds)
        yield f"{what}/s, one at a time", one.rate
        yield f"  milliseconds, median of {what}", one.percentile(50)
        yield f"  milliseconds, 99 of 100 {what}", one.percentile(99)
    load.close()
    if len(ensemble.plan.sids) > 1:
        yield "seconds to recover, median", recovery(ensemble, rounds)


def compare(kinds: Sequence[Callable[[Plan], Ensemble]], servers: int, arguments: argparse.Namespace) -> None:
    """Measure each, and print the rows side by side with the ratio of the first to each."""
    columns: list[dict[str, float]] = []
    for kind in kinds:
        with running(kind, servers) as ensemble:
            columns.append(dict(measured(ensemble, arguments.clients, arguments.seconds, arguments.rounds)))
    print(f"\n{servers} server{'s' if servers > 1 else ''}, {arguments.clients} clients")
    print(f"{'':46}" + "".join(f"{kind.name:>28}" for kind in kinds) + "   ratio to the first")  # type: ignore[attr-defined]
    for row in columns[0]:
        values = [column[row] for column in columns]
        shown = "".join(f"{value:>28,.2f}" for value in values)
        print(f"{row:46}{shown}   " + "  ".join(f"{value / values[0]:.2f}" for value in values[1:]))


class running:  # noqa: N801 - reads as what it does
    """An ensemble in a folder that is gone afterwards."""

    def __init__(self, kind: Callable[[Plan], Ensemble], servers: int) -> None:
        self._folder = tempfile.TemporaryDirectory()
        plan = Plan(
            Path(self._folder.name),
            servers,
            client_port=free_ports(servers)[0],
            settings=SETTINGS,
            direct=True,
        )
        self._ensemble = kind(plan)

    def __enter__(self) -> Ensemble:
        self._ensemble.start()
        end = time.monotonic() + RECOVERY
        while not all(state.role for state in self._ensemble.states()):
            if time.monotonic() > end:
                raise RuntimeError("the servers do not come up")
            time.sleep(0.05)
        return self._ensemble

    def __exit__(self, *_: object) -> None:
        self._ensemble.stop()
        self._folder.cleanup()


def long_run(servers: int, transactions: int, clients: int) -> None:
    """Whether the cost of a transaction stays what it is."""
    step = min(100_000, transactions)
    with running(Ours, servers) as ensemble:
        load = Clients(ensemble, clients)
        pids = ensemble.pids.values()
        print(
            f"{'transactions':>12} {'writes/s':>9} {'CPU us a write':>15} {'recorded, MiB':>14}   MiB of each server"
        )
        for done in range(step, transactions + 1, step):
            before = sum(map(processor_time, pids))
            found = load.load(Op.SET_DATA, PIPELINED, count=step)
            each = (sum(map(processor_time, pids)) - before) / len(found.latencies)
            recorded = sum(f.stat().st_size for f in ensemble.plan.folder.glob("s*/data/recording/*")) / 2**20
            memory = "  ".join(f"{resident(pid) / 2**20:.1f}" for pid in pids)
            print(
                f"{done:>12,} {found.rate:>9,.0f} {each * 1e6:>15,.0f} {recorded:>14,.1f}   {memory}",
                flush=True,
            )
        load.close()


def processor_time(pid: int) -> float:
    """Seconds that a process has computed, which other work on the machine hardly changes."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """Bytes of memory that a process has now."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)


def main() -> None:
    """Compare, or run for long."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--servers", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=5, help="leaders that are killed")
    parser.add_argument("--long", type=int, default=0, metavar="TRANSACTIONS", help="ours alone, for so long")
    arguments = parser.parse_args()
    for servers in arguments.servers:
        if arguments.long:
            long_run(servers, arguments.long, arguments.clients)
            continue
        kinds: list[Callable[[Plan], Ensemble]] = [Ours]
        if shutil.which("java") and all(jar.exists() for jar in JARS):
            kinds.append(Apache)
        if servers > 1:
            kinds.append(Unrecorded)
        compare(kinds, servers, arguments)


if __name__ == "__main__":
    main()
