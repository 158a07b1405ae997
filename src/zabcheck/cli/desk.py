"""Whoever sits in front of an ensemble that runs: sees what changes, and gives orders at a prompt."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from zabcheck.checker.errors import UsageError
from zabcheck.cli.control import listening
from zabcheck.cli.orders import obey, table
from zabcheck.cli.status import complain, tell
from zabcheck.implementation.errors import ServerError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from zabcheck.implementation.ensemble import Ensemble, State

P = ParamSpec("P")
T = TypeVar("T")
EVERY = 0.5
"""Seconds between two looks."""


class Desk:
    """One thing at a time is done with the ensemble, so that looks and orders do not meet."""

    def __init__(self, ensemble: Ensemble, *, quiet: bool) -> None:
        self._ensemble = ensemble
        self._quiet = quiet
        self._busy = asyncio.Lock()
        self._over = asyncio.Event()
        self._states: list[State] = []

    async def attend(self, orders: socket.socket) -> None:
        """Run the ensemble until ``quit``, Ctrl-C or SIGTERM."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._over.set)
        try:
            await self._alone(self._ensemble.start)
            if not self._quiet:
                tell(f"zabcheck: clients connect to {self._ensemble.hosts}; Ctrl-C stops the ensemble")
            async with listening(orders, self._obey):
                await self._sit()
        finally:
            await self._alone(self._ensemble.stop)

    async def _sit(self) -> None:
        tasks = [asyncio.create_task(self._watch())]
        if not self._quiet and all(
            stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)
        ):
            tasks.append(asyncio.create_task(self._prompt()))
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        self._over.set()
        for task in tasks[1:]:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    async def _obey(self, line: str) -> str:
        """Carry out an order, to its end even if nobody waits for it any more."""
        if line.split() == ["quit"]:
            self._over.set()
            return ""
        return await asyncio.shield(self._alone(obey, self._ensemble, line))

    async def _alone(self, do: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
        """Do something with the ensemble, and nothing else meanwhile."""
        async with self._busy:
            return await asyncio.to_thread(do, *args, **options)

    async def _watch(self) -> None:
        """Look again and again, and say what has changed."""
        shown: dict[int, tuple[str, str | None, int]] = {}
        while not self._over.is_set():
            self._require_servers()
            self._states = await self._alone(self._ensemble.states)
            for state in self._states:
                what = (state.process, state.role, state.epoch or 0)
                if not self._quiet and shown.get(state.sid) != what:
                    shown[state.sid] = what
                    tell(f"zabcheck: server {state.sid}: {_words(state)}")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), EVERY)

    def _require_servers(self) -> None:
        """Give up if a server could not start, or all have ended by themselves."""
        ended = self._ensemble.ended()
        for sid, lines in ended.items():
            why = lines[-1].removeprefix("zabcheck: ") if lines else "it said nothing"
            if len(lines) <= 1:
                raise ServerError(f"server {sid} could not start: {why}")
            if len(ended) == len(self._ensemble.plan.sids):
                raise ServerError(f"no server runs any more; server {sid} said: {why}")

    async def _prompt(self) -> None:
        """Take orders from the terminal, with what each server is below."""
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import WordCompleter
        from prompt_toolkit.output import create_output
        from prompt_toolkit.patch_stdout import patch_stdout

        from zabcheck.cli.orders import ORDERS

        session: PromptSession[str] = PromptSession(
            "zabcheck> ",
            output=create_output(sys.stderr),
            completer=WordCompleter(list(ORDERS)),
            bottom_toolbar=lambda: "\n".join(table(self._states, self._ensemble.cuts)),
            refresh_interval=EVERY,
        )
        with patch_stdout():
            while not self._over.is_set():
                try:
                    line = await session.prompt_async(handle_sigint=False)
                except (EOFError, KeyboardInterrupt):
                    return
                try:
                    if said := line.strip() and await self._obey(line):
                        tell(said)
                except UsageError as error:
                    complain(str(error))


def _words(state: State) -> str:
    role = state.role or ("no leader yet" if state.process == "running" else state.process)
    return f"{role}, epoch {state.epoch or 0}" + (f", zxid {state.zxid}" if state.zxid else "")
