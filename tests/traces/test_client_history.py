"""Client histories: lines as events."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zabcheck.traces.client_history import read
from zabcheck.traces.errors import UnreadableError
from zabcheck.traces.event import Operation, SessionState

LINES = [
    b'{"client": "a", "server": 2, "op": "state", "state": "CONNECTED", "end": 1.5, "session": "0x2000"}',
    b"",
    (
        b'{"client": "a", "server": 2, "op": "create", "args": {"path": "/x", "value": "v", "ephemeral": false}, '
        b'"start": 2, "end": 3.5, "ok": true, "path": "/x0", "zxid": "0x100000003", "hdr_zxid": "0x100000004"}'
    ),
    b'{"client": "b", "op": "get", "args": {"path": "/x"}, "ok": null, "error": "Timeout", "flavour": "mild"}',
]


def test_operations_and_states() -> None:
    unknown: Counter[str] = Counter()
    state, create, get = read(LINES, "x.jsonl", unknown)
    assert isinstance(state, SessionState)
    assert (state.track, state.seq, state.server, state.state) == ("client/a", 0, 2, "CONNECTED")
    assert (state.session, state.wall) == (0x2000, 1.5)
    assert isinstance(create, Operation)
    assert (create.track, create.seq, create.at) == ("client/a", 1, "x.jsonl:3")
    assert (create.path, create.value, create.ok, create.start) == ("/x0", "v", True, 2)
    assert (create.zxid, create.seen) == (0x100000003, 0x100000004)
    assert isinstance(get, Operation)
    assert (get.track, get.seq, get.path, get.ok, get.error) == ("client/b", 0, "/x", None, "Timeout")
    assert unknown == {"flavour": 1}


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b"7",
        b'{"client": "a"}',
        b'{"client": 1, "op": "get"}',
        b'{"client": "a", "op": "state"}',
        b'{"client": "a", "op": "get", "zxid": "seven"}',
        b'{"client": "a", "op": "get", "zxid": "0x10000000000000000"}',
        b'{"client": "a", "op": "get", "ok": "yes"}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_a_bad_line_is_named(line: bytes) -> None:
    with pytest.raises(UnreadableError, match=r"^x.jsonl, line 2: "):
        list(read([LINES[0], line], "x.jsonl"))


@given(st.binary(max_size=80), st.integers(0, len(LINES[2])))
def test_any_bytes(noise: bytes, at: int) -> None:
    for line in (noise, LINES[2][:at] + noise + LINES[2][at + len(noise) :]):
        with suppress(UnreadableError):
            list(read([line], "x"))
