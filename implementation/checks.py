"""The model's checks in the middle of a step, in a running server.

The functions of the model go on after a check that failed just as the code of ZooKeeper does there: it warns, leaves
the leader, or ends the process. In a server that does as a release with bugs that is how the bugs show, so a failing
check is recorded and the server goes on. In one without any, somebody else broke the protocol.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from zabcheck.checker.vocabulary import set_run
from zabcheck.model.zookeeper.checks import state_consistent
from zabcheck.model.zookeeper.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class ViolationError(Exception):
    """A step breaks one of the model's assertions, and the server may not go on with it; the assertion's name."""


class Checks:
    """What assertions speak to in one server; ``told`` hears the names of those that fail and are let pass."""

    def __init__(self, switches: Switches, told: Callable[[str], None]) -> None:
        self._has_bugs = switches != Switches()
        self._told = told

    def choose(self, count: int) -> int:
        """A server has no choice."""
        raise NotImplementedError

    def fail(self, name: str) -> None:
        """Let pass what the server's bugs do; no release goes on with a packet that belongs to another phase."""
        if not self._has_bugs or name == state_consistent.name:
            raise ViolationError(name)
        self._told(name)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Let the assertions of what is done inside speak to this server."""
        before = set_run(self)
        try:
            yield
        finally:
            set_run(before)
