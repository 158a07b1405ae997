"""``zabcheck run``: an ensemble on this machine."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from zabcheck.cli.arguments import Parser
from zabcheck.cli.behaviour import add_behaviour, behaviour
from zabcheck.cli.numbers import whole
from zabcheck.cli.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION = """\
Run an ensemble of ZooKeeper servers on this machine, a process each, and show who is what until
Ctrl-C, SIGTERM or `quit`. Everything that they write is in DIR, which `zabcheck validate DIR` can
be given at any time. On a terminal there is a prompt at which servers are killed, paused and
started, and links between them are cut and healed; `help` lists the orders. With --tell, an order
is given to the ensemble that runs in DIR, from another terminal or a script."""

EPILOG = """\
exit status: 0 the ensemble was stopped, or has done what it was told, 2 it could not start, or
             could not do that; one line says why"""


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
    made.add_argument(
        "--tell", metavar="ORDER", help="give an order, such as 'kill 2', to the ensemble that runs in DIR"
    )
    made.add_argument("--quiet", action="store_true", help="say nothing but mistakes")
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    parsed = parser().read(arguments)
    if parsed.tell is not None:
        return _tell(Path(parsed.data), parsed.tell)
    from zabcheck.cli.control import claimed
    from zabcheck.cli.desk import Desk
    from zabcheck.implementation.ensemble import Ensemble
    from zabcheck.implementation.plan import Plan

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
    with claimed(ensemble.plan.folder) as orders:
        asyncio.run(Desk(ensemble, quiet=parsed.quiet).attend(orders))
    return Status.HOLDS


def _tell(folder: Path, order: str) -> int:
    """Give an order to the ensemble that runs in a folder, and print what it says."""
    from zabcheck.cli.control import tell as give
    from zabcheck.cli.output import printing

    if said := give(folder, order):
        with printing() as stream:
            stream.write(f"{said}\n")
    return Status.HOLDS
