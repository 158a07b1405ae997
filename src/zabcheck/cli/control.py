"""Orders to an ensemble that runs, from other terminals and from scripts: a socket in its folder.

An order is a line of JSON text, and so is its answer, which may have several lines and tells a mistake apart.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from typing import TYPE_CHECKING

from zabcheck.checker.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from pathlib import Path

NAME = "control.socket"
SAID, MISTAKE = "said", "mistake"


def tell(folder: Path, order: str) -> str:
    """Give an order to the ensemble that runs in a folder; what it says.

    Raises:
        UsageError: None runs there, or it cannot do that.
    """
    try:
        with _connected(folder) as connection, connection.makefile("rwb") as stream:
            stream.write(json.dumps(order).encode() + b"\n")
            stream.flush()
            answer = json.loads(stream.readline() or "{}")
    except OSError as error:
        raise UsageError(
            f"no ensemble runs in {folder} ({error.strerror}); zabcheck run --data {folder} starts one"
        ) from error
    if SAID not in answer:
        raise UsageError(answer.get(MISTAKE, f"the ensemble in {folder} ended before it answered"))
    return str(answer[SAID])


def _connected(folder: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        with contextlib.chdir(folder):  # the path of a socket must be short
            connection.connect(NAME)
    except OSError:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[socket.socket]:
    """Where orders for the ensemble in a folder come in; only who has it may run the ensemble.

    Raises:
        UsageError: It runs already.
    """
    with contextlib.suppress(OSError):
        _connected(folder).close()
        raise UsageError(
            f"an ensemble runs in {folder}; zabcheck run --data {folder} --tell status says more of it"
        )
    (folder / NAME).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as orders:
        with contextlib.chdir(folder):
            orders.bind(NAME)
        orders.listen()
        try:
            yield orders
        finally:
            (folder / NAME).unlink(missing_ok=True)


@contextlib.asynccontextmanager
async def listening(orders: socket.socket, obey: Callable[[str], Awaitable[str]]) -> AsyncIterator[None]:
    """While entered, orders are taken."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError, ValueError):
            order = json.loads(await reader.readline())
            try:
                answer = {SAID: await obey(str(order))}
            except UsageError as error:
                answer = {MISTAKE: str(error)}
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()

    server = await asyncio.start_unix_server(serve, sock=orders)
    try:
        yield
    finally:
        server.close()
