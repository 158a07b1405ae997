"""An explorer that is being served."""

from __future__ import annotations

import http.client
import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.models import two_phase_commit
from zabcheck.checker.explorer import Explorer
from zabcheck.explorer.questions import Questions
from zabcheck.explorer.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from playwright.sync_api import Page as Tab

    from zabcheck.checker import Model
    from zabcheck.explorer.server import Answers

BAD = ("prepare(rm1)", "choose_to_abort(rm2)", "hear_prepared(rm1)", "decide_commit()", "hear_commit(rm1)")


def serving(
    model: Model[Any], start: tuple[str, ...] = (), variants: tuple[str, ...] = ()
) -> AbstractContextManager[Server]:
    """A server for a model."""
    return served(Questions(Explorer(model, model.scope(), variants=variants), model.name, start))


@contextmanager
def served(answers: Answers) -> Iterator[Server]:
    """A server that runs in a thread."""
    with Server(answers, 0) as server:
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


JSON = {"Content-Type": "application/json"}


def send(
    server: Server,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[http.client.HTTPResponse, bytes]:
    """Put a request, and read the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    try:
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def ask(server: Server, question: str, **given: Any) -> tuple[int, Any]:
    """Ask what the page would ask."""
    answer, body = send(server, "POST", f"/api/{question}", json.dumps(given).encode(), JSON)
    return answer.status, json.loads(body)


def position(tab: Tab, text: str) -> None:
    """Wait until the page says that it is there."""
    tab.wait_for_function("text => document.getElementById('position').textContent === text", arg=text)
