"""HTTP on loopback for one page: its files, and its questions as JSON.

Another page in the same browser must not be able to ask anything: a foreign name for this machine (DNS rebinding) and
a foreign origin are refused, and a question that is not JSON, which a form could send, is none.
"""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Protocol

from zabcheck.checker.errors import CheckerError
from zabcheck.reports.explorer import page_files

if TYPE_CHECKING:
    import threading

LOOPBACK = "127.0.0.1"
_LONGEST = 8 * 2**20
"""Bytes of a question."""
_SILENCE = 30.0
"""Seconds after which a connection that says nothing is closed."""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Answers(Protocol):
    """What a page asks: `Questions` about a model, or `RecordedQuestions`."""

    page: str
    """which page asks"""
    closing: threading.Event
    """set when the server ends, so that a long search does too"""

    def answer(self, question: str, given: dict[str, Any]) -> dict[str, Any] | None:
        """The answer to ``question``, or ``None`` if there is no such question.

        Raises:
            CheckerError: what was given makes no sense, or the model broke its contract.
        """


class Server(ThreadingHTTPServer):
    """The explorer's server; `address` is where its page is.

    Raises:
        OSError: the port cannot be used.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, questions: Answers, port: int) -> None:
        self.questions = questions
        self.files = page_files(questions.page)
        super().__init__((LOOPBACK, port), Handler)
        self.hosts = {f"{name}:{self.server_port}" for name in (LOOPBACK, "localhost")}

    @property
    def address(self) -> str:
        """The page's address."""
        return f"http://{LOOPBACK}:{self.server_port}/"

    def handle_error(self, *_: object) -> None:
        """Leave it: a browser that went away is no matter."""


class Handler(BaseHTTPRequestHandler):
    """One connection of a browser."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "zabcheck"
    sys_version = ""
    timeout = _SILENCE
    disable_nagle_algorithm = True  # else a browser waits 40 ms for what follows the headers

    def do_GET(self) -> None:
        """Send a file of the page."""
        if not self._is_ours():
            return
        media, content = self.server.files.get(self.path, ("text/plain", b"not found\n"))
        self._send(200 if self.path in self.server.files else 404, media, content)

    def do_POST(self) -> None:
        """Answer a question."""
        if not self._is_ours():
            return
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and int(length) <= _LONGEST):
            self._refuse(413, "a question has a length, of at most 8 MiB")
            return
        body = self.rfile.read(int(length))
        if self.headers.get_content_type() != "application/json":
            self._refuse(415, "a question is JSON")
            return
        try:
            given = json.loads(body)
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, dict):
            self._refuse(400, "a question is a JSON object")
            return
        try:
            answer = self.server.questions.answer(self.path.removeprefix("/api/"), given)
        except CheckerError as error:
            self._refuse(400, str(error))
            return
        except Exception as error:  # noqa: BLE001 - a defect of ours: the page says so, and goes on
            self._refuse(500, f"internal error: {type(error).__name__}: {error}")
            return
        if answer is None:
            self._refuse(404, "there is no such question")
        else:
            self._send_json(200, answer)

    def _is_ours(self) -> bool:
        """Whether the page itself asks; anything else is refused."""
        origin = self.headers.get("Origin")
        hosts = self.server.hosts
        if self.headers.get("Host") in hosts and (origin is None or origin.removeprefix("http://") in hosts):
            return True
        self._refuse(403, "this is for its own page only")
        return False

    def _refuse(self, status: int, why: str) -> None:
        self.close_connection = True  # what else was sent is not read
        self._send_json(status, {"error": why})

    def _send_json(self, status: int, document: object) -> None:
        text = json.dumps(document, ensure_ascii=True)
        self._send(status, "application/json", text.encode("ascii"))

    def _send(self, status: int, media: str, content: bytes) -> None:
        self.send_response(status)
        for name, value in (_HEADERS | {"Content-Type": media, "Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing: the terminal is for the address and for mistakes."""
