"""An explorer that is being served."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.models import two_phase_commit
from zabcheck.checker.explorer import Explorer
from zabcheck.explorer.questions import Questions
from zabcheck.explorer.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zabcheck.checker import Model

BAD = ("prepare(rm1)", "choose_to_abort(rm2)", "hear_prepared(rm1)", "decide_commit()", "hear_commit(rm1)")


@contextmanager
def serving(
    model: Model[Any], start: tuple[str, ...] = (), variants: tuple[str, ...] = ()
) -> Iterator[Server]:
    explorer = Explorer(model, model.scope(), variants=variants)
    with Server(Questions(explorer, model.name, start), 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    """Two-phase commit with a defect, and a run that shows it."""
    with serving(two_phase_commit.model, BAD, ("hasty",)) as server:
        yield server
