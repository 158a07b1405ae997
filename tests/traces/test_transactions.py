"""Bodies of transactions of every type."""

from __future__ import annotations

from contextlib import suppress
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.traces.zookeeper_files import ACL, DIGEST, memory_of, payload, text, vector
from zabcheck.traces.errors import UnreadableError
from zabcheck.traces.transactions import (
    Acl,
    Body,
    Check,
    CloseSession,
    Create,
    CreateSession,
    Delete,
    Failed,
    Multi,
    SetAcl,
    SetData,
    body_of,
    decode,
    identity,
    name,
)

WORLD = (Acl(31, "world", "anyone"),)
CREATED = text("/a") + text(b"x") + vector(ACL)
BODIES: list[tuple[int, bytes, Body]] = [
    (1, CREATED + b"\1" + pack(">i", 4), Create("/a", b"x", WORLD, ephemeral=True, parent_cversion=4)),
    (15, CREATED + b"\0" + pack(">i", 4), Create("/a", b"x", WORLD, parent_cversion=4)),
    (19, CREATED + pack(">i", 4), Create("/a", b"x", WORLD, parent_cversion=4)),
    (21, CREATED + pack(">iq", 4, 900), Create("/a", b"x", WORLD, parent_cversion=4, time_to_live=900)),
    (2, text("/a"), Delete("/a")),
    (20, text("/a"), Delete("/a")),
    (5, text("/a") + text(None) + pack(">i", 3), SetData("/a", None, 3)),
    (16, text("/zookeeper/config") + text("c") + pack(">i", 3), SetData("/zookeeper/config", b"c", 3)),
    (7, text("/a") + vector(ACL) + pack(">i", 3), SetAcl("/a", WORLD, 3)),
    (13, text("/a") + pack(">i", 3), Check("/a", 3)),
    (-10, pack(">i", 4000), CreateSession(4000)),
    (-11, vector(), CloseSession(())),
    (-11, vector(text("/a"), text("/b")), CloseSession(("/a", "/b"))),
    (-11, b"", CloseSession(None)),
    (-1, pack(">i", -110), Failed(-110)),
    (
        14,
        vector(pack(">i", 2) + text(text("/a")), pack(">i", -1) + text(pack(">i", -2))),
        Multi(((2, Delete("/a")), (-1, Failed(-2)))),
    ),
    (14, pack(">i", -1), Multi(())),
]


@pytest.mark.parametrize("digest", [DIGEST, b""])
@pytest.mark.parametrize(("kind", "body", "meant"), BODIES)
def test_every_type(kind: int, body: bytes, meant: Body, digest: bytes) -> None:
    found = decode(payload(9, kind, body, digest), "f")
    assert found.body == meant
    assert found.digest == (-77 if digest else None)
    assert (found.zxid, found.type, found.rest) == (9, kind, 0)


def test_a_create_of_old_servers_has_no_version_of_the_parent() -> None:
    assert decode(payload(9, 1, CREATED + b"\1", b""), "f").body == Create("/a", b"x", WORLD, ephemeral=True)


def test_path_and_value() -> None:
    found = decode(payload(9, 1, CREATED + b"\0" + pack(">i", 4)), "f")
    assert (found.path, found.value) == ("/a", body_of(b"x"))
    found = decode(payload(9, -10, pack(">i", 4)), "f")
    assert (found.path, found.value) == (None, None)


def test_what_stands_for_a_transaction() -> None:
    """Its bytes; but those of a refused multi differ from log to log, so only its header."""

    def multi(*parts: bytes) -> bytes:
        return payload(9, 14, vector(*parts))

    done, refused, marked = (
        pack(">i", kind) + text(body) for kind, body in ((2, text("/a")), (-1, b"abcd"), (-1, b"efgh"))
    )
    assert identity(payload(9)) == body_of(payload(9))
    assert identity(multi(done)) == body_of(multi(done))
    assert identity(multi(done, refused)) == identity(multi(marked, refused)) != identity(multi(done))
    assert identity(payload(9, 14, b"damaged")) == body_of(payload(9, 14, b"damaged"))


def test_a_type_of_the_future_is_no_damage() -> None:
    found = decode(payload(9, 99, b"whatever", b""), "f")
    assert (found.body, found.digest, found.rest) == (None, None, 8)
    assert (name(99), name(-11), name(15)) == ("99", "closeSession", "create2")


@pytest.mark.parametrize(
    ("kind", "body", "why"),
    [
        (2, pack(">i", -5), "byte 132: a length of -5"),
        (2, pack(">i", 2**31 - 1), "byte 132: a length of 2147483647"),
        (2, pack(">i", 1000), "byte 136: 1000 bytes expected, but it ends after 0"),
        (-11, pack(">ii", -7, 0), "byte 132: a vector of -7 items"),
        (-11, pack(">ii", 2**31 - 1, 0), "byte 140: 4 bytes expected"),
        (14, vector(pack(">i", 14) + text(vector())), "a multi inside of a multi"),
        (14, vector(pack(">i", 99) + text(b"")), "byte 136: there is no transaction of type 99"),
        (14, vector(pack(">i", 2) + text(pack(">i", 9))), "byte 148: 9 bytes expected"),
    ],
)
def test_damage_says_where(kind: int, body: bytes, why: str) -> None:
    with pytest.raises(UnreadableError, match=f"^f at .*{why}" if why.startswith("a ") else f"^f at {why}"):
        decode(payload(9, kind, body, b""), "f", 100)


@given(st.sampled_from([kind for kind, _, _ in BODIES]), st.binary(max_size=100))
def test_any_body_is_decoded_or_refused(kind: int, body: bytes) -> None:
    def run() -> None:
        with suppress(UnreadableError):
            assert decode(payload(9, kind, body, b""), "f").rest >= 0

    assert memory_of(run) < 2**16
