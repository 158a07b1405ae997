"""An ensemble of real ZooKeeper servers on loopback, as an operator would have it: a folder for each."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

JARS = [Path("/usr/share/java") / name for name in ("zookeeper.jar", "slf4j-log4j12.jar", "log4j-1.2.jar")]
LOGGING = """\
log4j.rootLogger=INFO, FILE
log4j.appender.FILE=org.apache.log4j.FileAppender
log4j.appender.FILE.File=zookeeper.log
log4j.appender.FILE.layout=org.apache.log4j.PatternLayout
log4j.appender.FILE.layout.ConversionPattern=%d{ISO8601} - %-5p [%t:%C{1}@%L] - %m%n
"""
PATIENCE = 90
"""Seconds for a server to come up, or an election to end, on a busy machine."""


def is_installed() -> bool:
    return shutil.which("java") is not None and all(jar.exists() for jar in JARS)


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def command(conf: str, cfg: str) -> list[str]:
    """What runs a server."""
    java = ["java", "-Xmx160m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    options = ["-Djava.net.preferIPv4Stack=true", "-Dzookeeper.preAllocSize=64"]
    path = ":".join([conf, *map(str, JARS)])
    return [*java, *options, "-cp", path, "org.apache.zookeeper.server.quorum.QuorumPeerMain", cfg]


class Ensemble:
    """Servers 1, 2, ...; each in ``folder/sN`` with its configuration, log and data."""

    def __init__(self, folder: Path, size: int = 3) -> None:
        self.folder = folder
        ports = free_ports(3 * size)
        self.clients = dict(enumerate(ports[:size], 1))
        peers = zip(ports[size : 2 * size], ports[2 * size :], strict=True)
        lines = [f"server.{n}=127.0.0.1:{q}:{e}" for n, (q, e) in enumerate(peers, 1)]
        self.processes: dict[int, subprocess.Popen[bytes]] = {}
        for sid, port in self.clients.items():
            home = folder / f"s{sid}"
            (home / "data").mkdir(parents=True)
            (home / "conf").mkdir()
            (home / "conf" / "log4j.properties").write_text(LOGGING)
            (home / "data" / "myid").write_text(f"{sid}\n")
            settings = [
                "tickTime=500",
                "initLimit=20",
                "syncLimit=10",
                "dataDir=./data",
                f"clientPort={port}",
            ]
            settings += [
                "clientPortAddress=127.0.0.1",
                "admin.enableServer=false",
                "4lw.commands.whitelist=*",
            ]
            (home / "zoo.cfg").write_text("\n".join([*settings, *lines]) + "\n")

    def start(self, sid: int) -> None:
        output = (self.folder / f"s{sid}.out").open("ab")
        self.processes[sid] = subprocess.Popen(
            command("./conf", "zoo.cfg"),
            cwd=self.folder / f"s{sid}",
            stdout=output,
            stderr=output,
        )
        output.close()

    def kill(self, sid: int) -> None:
        self.processes[sid].send_signal(signal.SIGKILL)
        self.processes.pop(sid).wait()

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()
        self.processes.clear()

    def mode(self, sid: int) -> str | None:
        try:
            with socket.create_connection(("127.0.0.1", self.clients[sid]), timeout=5) as connection:
                connection.sendall(b"srvr")
                answer = b"".join(iter(lambda: connection.recv(4096), b"")).decode()
        except OSError:
            return None
        return next((line.split()[1] for line in answer.splitlines() if line.startswith("Mode:")), None)

    def leader(self) -> int:
        """Wait until all running servers serve, and say who leads."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            modes = {sid: self.mode(sid) for sid in self.processes}
            if None not in modes.values() and "leader" in modes.values():
                return next(sid for sid, mode in modes.items() if mode == "leader")
            time.sleep(0.3)
        raise TimeoutError(f"no leader in {PATIENCE} seconds; see the logs in {self.folder}")
