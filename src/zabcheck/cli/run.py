"""``zabcheck run``: an ensemble on this machine."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from zabcheck.cli.arguments import Parser
from zabcheck.cli.behaviour import add_behaviour, behaviour
from zabcheck.cli.numbers import whole
from zabcheck.cli.status import Status, tell
from zabcheck.implementation.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table

    from zabcheck.implementation.ensemble import Ensemble, State

DESCRIPTION = """\
Run an ensemble of ZooKeeper servers on this machine, a process each, and show who is what until
Ctrl-C or SIGTERM. Everything that they write is in DIR, which `zabcheck validate DIR` can be given
at any time."""

EPILOG = """\
exit status: 0 the ensemble was stopped, 2 it could not start or not go on; one line says why"""

EVERY = 0.5
"""Seconds between two looks."""


def parser() -> Parser:
    """The options of the command."""
    made = Parser("run", DESCRIPTION, EPILOG)
    made.add_argument(
        "--data", metavar="DIR", required=True, help="the folder; one that has an ensemble goes on"
    )
    made.add_argument(
        "--servers", type=whole(2, 99), default=3, metavar="N", help="how many vote (default 3)"
    )
    made.add_argument(
        "--observers", type=whole(0, 99), default=0, metavar="N", help="how many do not (default 0)"
    )
    made.add_argument(
        "--client-port",
        type=whole(1, 65000),
        default=2181,
        metavar="PORT",
        help="of the first server, the others count on (default 2181)",
    )
    made.add_argument(
        "--tick",
        type=whole(10, 60_000),
        default=500,
        metavar="MS",
        help="tickTime in milliseconds (default 500)",
    )
    add_behaviour(made)
    made.add_argument("--quiet", action="store_true", help="say nothing but mistakes")
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    parsed = parser().read(arguments)
    from zabcheck.implementation.ensemble import Ensemble, Plan

    release, bugs = behaviour(parsed)
    ensemble = Ensemble(
        Plan(
            Path(parsed.data),
            parsed.servers,
            parsed.observers,
            parsed.client_port,
            parsed.tick,
            release=release,
            bugs=bugs,
        )
    )
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    ensemble.start()
    try:
        _watch(ensemble, over, quiet=parsed.quiet)
    finally:
        ensemble.stop()
    return Status.HOLDS


def _watch(ensemble: Ensemble, over: threading.Event, *, quiet: bool) -> None:
    """Show the states, in place on a terminal, else a line for each that has changed."""
    if not quiet:
        tell(f"zabcheck: clients connect to {ensemble.hosts}; Ctrl-C stops the ensemble")
    looks = _looks(ensemble, over)
    if not quiet and sys.stderr is not None and sys.stderr.isatty():
        from rich.console import Console
        from rich.live import Live

        with Live(_table(next(looks)), console=Console(stderr=True), transient=True) as live:
            for states in looks:
                live.update(_table(states))
        return
    shown: dict[int, tuple[str, str | None, int]] = {}
    for states in looks:
        for state in states:
            what = (state.process, state.role, state.epoch or 0)
            if not quiet and shown.get(state.sid) != what:
                shown[state.sid] = what
                tell(f"zabcheck: server {state.sid}: {_words(state)}")


def _looks(ensemble: Ensemble, over: threading.Event) -> Iterator[list[State]]:
    """The states again and again, until told to end, or until a server could not start or none is left."""
    yield ensemble.states()
    while not over.wait(EVERY):
        ended = ensemble.ended()
        for sid, lines in ended.items():
            why = lines[-1].removeprefix("zabcheck: ") if lines else "it said nothing"
            if len(lines) <= 1:
                raise ServerError(f"server {sid} could not start: {why}")
            if len(ended) == len(ensemble.plan.sids):
                raise ServerError(f"no server runs any more; server {sid} said: {why}")
        yield ensemble.states()


def _words(state: State) -> str:
    role = state.role or ("no leader yet" if state.process == "running" else state.process)
    return f"{role}, epoch {state.epoch or 0}" + (f", zxid {state.zxid}" if state.zxid else "")


def _table(states: list[State]) -> Table:
    from rich.table import Table

    table = Table("server", "process", "role", "epoch", "zxid", box=None, pad_edge=False)
    for state in states:
        table.add_row(
            str(state.sid), state.process, state.role or "-", str(state.epoch or 0), state.zxid or "-"
        )
    return table
