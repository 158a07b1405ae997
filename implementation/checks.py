"""The model's checks in the middle of a step, in a running server: what fails one was sent by somebody else's fault."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from zabcheck.checker.vocabulary import set_run

if TYPE_CHECKING:
    from collections.abc import Iterator


class ViolationError(Exception):
    """A packet breaks one of the model's assertions; its name."""


class _Checks:
    """What assertions speak to in a server."""

    def choose(self, count: int) -> int:
        """A server has no choice."""
        raise NotImplementedError

    def fail(self, name: str) -> NoReturn:
        """The step is not finished: whose packet it was is hung up on."""
        raise ViolationError(name)


_CHECKS = _Checks()


@contextmanager
def checks() -> Iterator[None]:
    """Let assertions that fail raise `ViolationError` inside."""
    before = set_run(_CHECKS)
    try:
        yield
    finally:
        set_run(before)
