"""A server in a process of its own, as a user runs it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kazoo.client import KazooClient

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCES = Path(__file__).parents[2] / "src"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def command(*arguments: str) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(SOURCES), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-m", "zabcheck", *arguments],
        env=os.environ | {"PYTHONPATH": path, "PYTHONHASHSEED": "0"},
        stderr=subprocess.PIPE,
        text=True,
    )


class ServerProcess:
    """A server alone; it may be killed and started again, on the same port and folder."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.port = free_port()
        self.data = folder / "data" / "version-2"
        self.lines: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        given = {"dataDir": folder / "data", "clientPort": self.port, "tickTime": 200, "preAllocSize": 64}
        text = "".join(f"{key}={value}\n" for key, value in (given | settings).items())
        (folder / "zoo.cfg").write_text(text, encoding="utf-8")

    @property
    def hosts(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> ServerProcess:
        """Start, and return when clients may come."""
        self._process = process = command("server", str(self.folder / "zoo.cfg"))
        assert process.stderr is not None
        first = process.stderr.readline()
        assert "serving clients" in first, first + process.stderr.read()
        self.lines = [first]
        self._reader = threading.Thread(target=lambda: self.lines.extend(process.stderr or ()))
        self._reader.start()
        return self

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal; the exit status."""
        if self._process is None:
            return 0
        self._process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait for the end; the exit status."""
        process, self._process = self._process, None
        assert process is not None
        status = process.wait(20)
        assert self._reader is not None
        self._reader.join()
        assert process.stderr is not None
        process.stderr.close()
        return status

    def kill(self) -> None:
        assert self.end(signal.SIGKILL) == -signal.SIGKILL

    @contextmanager
    def client(self, timeout: float = 4.0, **options: Any) -> Iterator[KazooClient]:
        """A connected client."""
        client = KazooClient(self.hosts, timeout=timeout, **options)
        client.start(timeout=10)
        try:
            yield client
        finally:
            client.stop()
            client.close()
