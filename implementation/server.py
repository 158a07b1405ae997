"""A server as a process: from its configuration to its end."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from zabcheck.implementation.peer import Peer

if TYPE_CHECKING:
    from zabcheck.implementation.configuration import Configuration
    from zabcheck.implementation.replication import StateMachine


async def serve(configuration: Configuration, machine: StateMachine) -> None:
    """Be a server of an ensemble, until it is told to end."""
    peer = Peer(configuration, machine)
    task = asyncio.ensure_future(peer.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return
