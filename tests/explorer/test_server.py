"""What the explorer answers over HTTP, and to whom."""

from __future__ import annotations

import json
import socket
import struct

import pytest

from tests.explorer.conftest import BAD, JSON, ask, send
from zabcheck.explorer.server import Server


def test_it_listens_to_this_machine_alone(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"


def test_the_page(server: Server) -> None:
    for path, media in (
        ("/", "html"),
        ("/explorer.css", "css"),
        ("/diagram.css", "css"),
        ("/model.js", "javascript"),
    ):
        answer, body = send(server, "GET", path)
        assert answer.status == 200
        assert media in (answer.getheader("Content-Type") or "")
        assert "default-src 'none'" in (answer.getheader("Content-Security-Policy") or "")
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert body
        assert b"http://" not in body.replace(b"http://www.w3.org", b"")


@pytest.mark.parametrize(
    "path", ["/nothing", "/../pyproject.toml", "//etc/passwd", "/model.js?x", "/%2e%2e/"]
)
def test_nothing_else(server: Server, path: str) -> None:
    assert send(server, "GET", path)[0].status == 404


def test_questions(server: Server) -> None:
    status, about = ask(server, "about")
    assert status == 200
    assert about["start"]["path"] == list(BAD)
    status, place = ask(server, "place", root=0, path=list(BAD))
    assert status == 200
    assert [p["name"] for p in place["properties"] if p["violated"]] == ["consistent"]
    drawn = ask(server, "diagram", root=0, path=list(BAD))[1]
    assert drawn["picture"].startswith("<svg ")
    assert "style" not in drawn["picture"] + drawn["heads"]  # the page's policy forbids it
    assert ask(server, "diagram", root=0, path=["x"] * 1_001)[0] == 400
    assert ask(server, "wander", root=0, path=list(BAD[:2]), steps=3, seed=1)[1]["steps"]
    assert len(ask(server, "seek", root=0, path=[], property="consistent")[1]["steps"]) == 5


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "localhost:1", "", "127.0.0.1.evil.example:80"]
)
def test_another_name_of_this_machine_is_refused(server: Server, host: str) -> None:
    for method in ("GET", "POST"):
        answer, body = send(server, method, "/api/about", b"{}", {"Host": host, **JSON})
        assert answer.status == 403
        assert b"two-phase" not in body


def test_another_origin_is_refused(server: Server) -> None:
    for origin in ("http://evil.example", "null", f"https://127.0.0.1:{server.server_port}"):
        assert send(server, "POST", "/api/about", b"{}", {"Origin": origin, **JSON})[0].status == 403
    own = server.address.rstrip("/")
    assert send(server, "POST", "/api/about", b"{}", {"Origin": own, **JSON})[0].status == 200


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/api/about", b"{}", {"Content-Type": "text/plain"}, 415),
        ("/api/about", b"{", JSON, 400),
        ("/api/about", b"[" * 100_000, JSON, 400),
        ("/api/about", b"[]", JSON, 400),
        ("/api/about", b"\xff", JSON, 400),
        ("/api/about", b"{}", {**JSON, "Content-Length": "99999999999"}, 413),
        ("/api/about", b"{}", {**JSON, "Content-Length": "-1"}, 413),
        ("/api/nothing", b"{}", JSON, 404),
        ("/api/place", b"{}", JSON, 400),
        ("/api/place", b'{"root": 0, "path": [1]}', JSON, 400),
        ("/api/place", b'{"root": true, "path": []}', JSON, 400),
        ("/api/place", b'{"root": 7, "path": []}', JSON, 400),
        ("/api/wander", b'{"root": 0, "path": [], "steps": 1e9, "seed": 0}', JSON, 400),
        ("/api/seek", b'{"root": 0, "path": [], "property": []}', JSON, 400),
        ("/api/seek", b'{"root": 0, "path": [], "property": "nonsense"}', JSON, 400),
    ],
)
def test_what_is_no_question_is_refused(
    server: Server, path: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer, said = send(server, "POST", path, body, headers)
    assert answer.status == status
    assert json.loads(said)["error"]


def test_other_methods_are_refused(server: Server) -> None:
    for method in ("OPTIONS", "PUT", "DELETE", "HEAD"):
        answer, _ = send(server, method, "/api/about")
        assert answer.status == 501
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_port_that_is_taken(server: Server) -> None:
    with pytest.raises(OSError, match="in use"):
        Server(server.questions, server.server_port)


def test_a_defect_is_an_answer(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(server.questions, "answer", fail)
    assert ask(server, "about") == (500, {"error": "internal error: RuntimeError: broken"})


def test_a_browser_that_goes_away_is_no_matter(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    for request in (b"", b"GET / HT", b"POST /api/about HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01"):
        with socket.create_connection(("127.0.0.1", server.server_port)) as connection:
            connection.sendall(request)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert ask(server, "about")[0] == 200
    assert capfd.readouterr().err == ""
