"""A whole ensemble on this machine, a process for each server: for people who try it and for tests that break it.

All that a server has is in a folder of its own: configuration, data, recording, what it printed. So an ensemble can
be started again where it was left, and `zabcheck validate` takes the folder as it is.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zabcheck.implementation import epoch_files
from zabcheck.implementation.errors import ServerError
from zabcheck.implementation.links import Links
from zabcheck.implementation.plan import HOST

if TYPE_CHECKING:
    from zabcheck.implementation.plan import Plan

SERVER = (sys.executable, "-m", "zabcheck", "server")
ASKED = 2.0
"""Seconds that a server has to say what it is."""
ENDED = 10.0
"""Seconds that a server has to stop when it is told to."""


@dataclass(frozen=True)
class State:
    """What is known of a server from outside."""

    sid: int
    process: str
    """``running``, ``paused`` or ``down``"""
    role: str | None = None
    """``leader``, ``follower`` or ``observer``, if it serves"""
    epoch: int | None = None
    """the current epoch, as on its disk"""
    zxid: str | None = None


class Ensemble:
    """The processes."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._printed_before: dict[int, int] = {}
        """by server, the length of what earlier processes had printed"""
        self._paused: set[int] = set()
        plan.write()
        self._links = Links(plan.routes())

    @property
    def hosts(self) -> str:
        """Where clients connect."""
        return ",".join(f"{HOST}:{self.plan.port(sid)}" for sid in self.plan.sids)

    def start(self, *sids: int) -> None:
        """Start servers, all if none is named."""
        self._links.open()
        for sid in sids or self.plan.sids:
            if self._is_running(sid):
                continue
            home = self.plan.home(sid)
            with (home / "server.out").open("ab") as output:
                self._printed_before[sid] = output.tell()
                self._processes[sid] = subprocess.Popen(  # noqa: S603 - ourselves
                    self.command(sid),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env={**os.environ, "PYTHONHASHSEED": "0"},
                    start_new_session=True,
                )

    def command(self, sid: int) -> list[str]:
        """What runs a server. One of Apache ZooKeeper may take its place."""
        return [*SERVER, *self.plan.options, str(self.plan.home(sid) / "zoo.cfg")]

    @property
    def pids(self) -> dict[int, int]:
        """The processes of the servers that were started."""
        return {sid: process.pid for sid, process in sorted(self._processes.items())}

    def stop(self, *sids: int) -> None:
        """Tell servers to stop, all if none is named, and wait until they have."""
        chosen = [sid for sid in sids or tuple(self._processes) if sid in self._processes]
        for sid in chosen:
            self.resume(sid)
            self._processes[sid].terminate()
        for sid in chosen:
            with suppress(subprocess.TimeoutExpired):
                self._processes[sid].wait(ENDED)
            self.kill(sid)
        if not self._processes:
            self._links.close()

    def kill(self, sid: int) -> None:
        """End a server at once, with SIGKILL."""
        self._paused.discard(sid)
        if sid in self._processes:
            self._processes[sid].kill()
            self._processes.pop(sid).wait()

    def pause(self, sid: int) -> None:
        """Let a server stand still, with SIGSTOP."""
        if self._is_running(sid):
            self._processes[sid].send_signal(signal.SIGSTOP)
            self._paused.add(sid)

    def resume(self, sid: int) -> None:
        """Let it go on."""
        if sid in self._paused:
            self._paused.discard(sid)
            self._processes[sid].send_signal(signal.SIGCONT)

    @property
    def cuts(self) -> frozenset[tuple[int, int]]:
        """From which server to which nothing passes."""
        return self._links.cut

    def cut(self, one: int, other: int, *, one_way: bool = False) -> None:
        """Cut the link between two servers, or only let nothing pass from the one to the other.

        Connections stay open and are silent, new ones are not made: each server finds out by its own time-outs. What
        is sent waits, as TCP lets it wait, and arrives after `heal` if the connection still exists.
        """
        self._require(one, other)
        self._links.set_cut(self.cuts | {(one, other)} | (set() if one_way else {(other, one)}))

    def isolate(self, sid: int) -> None:
        """Cut all links of a server; its clients still reach it."""
        self._require(sid)
        ways = {(sid, other) for other in self.plan.sids if other != sid}
        self._links.set_cut(self.cuts | ways | {(other, one) for one, other in ways})

    def heal(self, *sids: int) -> None:
        """Let everything pass again: between two servers, between one and all others, or, if none is named, all."""
        self._require(*sids)
        self._links.set_cut(way for way in self.cuts if not set(sids) <= set(way))

    def reset(self, one: int, other: int) -> None:
        """Break all connections between two servers, which may connect again at once."""
        self._require(one, other)
        self._links.reset(one, other)

    def _require(self, *sids: int) -> None:
        """Refuse links that do not exist."""
        self.plan.require(*sids)
        if len(set(sids)) < len(sids):
            raise ServerError("a link is between two servers, not one")
        if not self._links.routes:
            raise ServerError(
                f"the servers in {self.plan.folder} have no relays between them; take an empty folder"
            )

    def restart(self, sid: int) -> None:
        """Kill a server and start it again."""
        self.kill(sid)
        self.start(sid)

    def ended(self) -> dict[int, list[str]]:
        """The servers that have ended by themselves, each with the lines that it printed since it was started."""
        return {
            sid: self._printed(sid) for sid, process in self._processes.items() if process.poll() is not None
        }

    def _printed(self, sid: int) -> list[str]:
        with (self.plan.home(sid) / "server.out").open("rb") as output:
            output.seek(self._printed_before[sid])
            return output.read().decode(errors="replace").splitlines()

    def _is_running(self, sid: int) -> bool:
        return sid in self._processes and self._processes[sid].poll() is None

    def state(self, sid: int) -> State:
        """What a server is; one that does not answer is not asked for long."""
        epoch = epoch_files.read(self.plan.home(sid) / "data" / "version-2" / epoch_files.CURRENT)
        if not self._is_running(sid):
            return State(sid, "down", epoch=epoch)
        if sid in self._paused:
            return State(sid, "paused", epoch=epoch)
        said = dict(
            line.split(": ", 1) for line in ask(self.plan.port(sid), "srvr").splitlines() if ": " in line
        )
        return State(sid, "running", said.get("Mode"), epoch, said.get("Zxid"))

    def states(self) -> list[State]:
        """All of them."""
        return [self.state(sid) for sid in self.plan.sids]

    def settle(self, seconds: float = 30.0) -> int:
        """Wait until all servers that run serve, and say who leads."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            states = [state for state in self.states() if state.process == "running"]
            leaders = [state.sid for state in states if state.role in ("leader", "standalone")]
            if len(leaders) == 1 and all(state.role for state in states):
                return leaders[0]
            time.sleep(0.05)
        raise ServerError(
            f"no leader after {seconds:g} seconds; {self.plan.folder}/s*/server.out may say why"
        )


def ask(port: int, word: str) -> str:
    """What a server answers to a command of four letters; nothing if it does not."""
    with suppress(OSError), socket.create_connection((HOST, port), timeout=ASKED) as connection:
        connection.sendall(word.encode())
        return b"".join(iter(lambda: connection.recv(4096), b"")).decode(errors="replace")
    return ""
