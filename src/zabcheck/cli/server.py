"""``zabcheck server``: run one server, as its ``zoo.cfg`` says."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from zabcheck.cli.arguments import Parser
from zabcheck.cli.behaviour import add_behaviour, behaviour
from zabcheck.cli.status import Status, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zabcheck.implementation.member import Member
    from zabcheck.implementation.standalone import Standalone

DESCRIPTION = """\
Run a ZooKeeper server that speaks ZooKeeper's client protocol and keeps its data in ZooKeeper's
own formats. SIGTERM or Ctrl-C stops it."""

EPILOG = """\
exit status: 0 the server was stopped, 2 it could not start or not go on; one line says why"""


def parser() -> Parser:
    """The options of the command."""
    made = Parser("server", DESCRIPTION, EPILOG)
    made.add_argument("file", metavar="FILE", help="the zoo.cfg")
    add_behaviour(made, "in an ensemble: ")
    made.add_argument("--quiet", action="store_true", help="say nothing but mistakes")
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    parsed = parser().read(arguments)
    from zabcheck.implementation.configuration import read_configuration
    from zabcheck.implementation.member import Member
    from zabcheck.implementation.standalone import Standalone

    configuration = read_configuration(Path(parsed.file))
    if configuration.ensemble is not None:
        member = Member(configuration, *behaviour(parsed))
        asyncio.run(_take_part(member, quiet=parsed.quiet))
    else:
        asyncio.run(_serve(Standalone(configuration), quiet=parsed.quiet))
    return Status.HOLDS


async def _take_part(member: Member, *, quiet: bool) -> None:
    """Be a server of an ensemble."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, member.stop)
    name = f"server {member.peer.server_id}"
    await member.run(lambda what: None if quiet else tell(f"zabcheck: {name}: {what}"))
    if not quiet:
        tell(f"zabcheck: {name}: stopped at zxid 0x{member.peer.zxid:x}")


async def _serve(server: Standalone, *, quiet: bool) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)

    def ready(port: int) -> None:
        if not quiet:
            clients, database = server.configuration.clients, server.database
            tell(
                f"zabcheck: serving clients on {clients.host}:{port}, {server.role}, "
                f"zxid 0x{database.last_zxid:x}, {server.replayed} transactions replayed"
            )

    await server.run(ready)
    if not quiet:
        tell(f"zabcheck: stopped at zxid 0x{server.database.last_zxid:x}")
