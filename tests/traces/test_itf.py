"""Traces of Apalache and Quint as steps."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zabcheck.traces.errors import UnreadableError
from zabcheck.traces.itf import read


def steps(*states: Any) -> list[Any]:
    return list(
        read(json.dumps({"#meta": {"format": "ITF"}, "vars": ["x"], "states": states}).encode(), "t.itf.json")
    )


def test_quint() -> None:
    first, second = steps(
        {"#meta": {"index": 0}, "mbt::actionTaken": "init", "x": {"#bigint": "0"}},
        {
            "#meta": {"index": 1},
            "mbt::actionTaken": "crash",
            "mbt::nondetPicks": {
                "server": {"tag": "Some", "value": {"#bigint": "3"}},
                "zxid": {"tag": "None", "value": {"#tup": []}},
            },
            "x": {"#bigint": "12345678901234567890123"},
        },
    )
    assert (first.transition, first.seq, first.at, first.seen) == (
        "init",
        0,
        "t.itf.json, state 0",
        {"x": "0"},
    )
    assert (second.transition, second.choices) == ("crash", ("server=3",))
    assert second.seen == {"x": "12345678901234567890123"}


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ({"action_taken": "elect"}, ("elect", ())),
        ({"_action": {"tag": "Elect", "value": {"#bigint": "2"}}}, ("Elect", (2,))),
        ({"action": {"#tup": ["elect", 1, {"#tup": [2, "x"]}]}}, ("elect", (1, 2))),
        ({"action": ["elect", 5]}, ("elect", (5,))),
        ({"#meta": {"action": "elect"}}, ("elect", ())),
        ({}, ("", ())),
    ],
)
def test_names_of_transitions(taken: dict[str, Any], expected: tuple[str, tuple[int, ...]]) -> None:
    _, step = steps({"x": 1}, {"x": 2, **taken})
    assert (step.transition, step.arguments) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"#tup": [1, {"#bigint": "2"}]}, "(1, 2)"),
        ({"#set": [3, 1, 2]}, "{1, 2, 3}"),
        ({"#map": [[2, "b"], [1, {"#set": []}]]}, "{1: {}, 2: b}"),
        ({"b": True, "a": [1, "x"]}, "{a: [1, x], b: true}"),
        ({"#unserializable": "Int"}, "Int"),
        (-7, "-7"),
    ],
)
def test_values_as_text(value: Any, expected: str) -> None:
    (step,) = steps({"x": value})
    assert (step.transition, step.seen) == ("init", {"x": expected})


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b'{"states": 3}',
        b'{"states": [{"x": {"#bigint": "1e3"}}]}',
        b'{"states": [{"x": {"#tup": 1}}]}',
        b'{"states": [{"x": {"#map": [[1]]}}]}',
        b'{"states": [{"x": {"#map": [1]}}]}',
        b'{"states": [{"x": ' + b"[" * 500 + b"]" * 500 + b"}]}",
        b'{"states": [{"action": ["a", ' + b"[" * 500 + b"]" * 500 + b"]}]}",
        b"[" * 100_000,
    ],
)
def test_what_is_no_trace(raw: bytes) -> None:
    with pytest.raises(UnreadableError, match=r"^t: |^t, state 0: "):
        list(read(raw, "t"))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text("ab#", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["#bigint", "#tup", "#set", "#map", "tag", "value", "a"]), inner, max_size=3
        )
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["#meta", "action", "mbt::nondetPicks", "x"]), VALUES, max_size=4))
def test_any_state(state: dict[str, Any]) -> None:
    try:
        steps(state)
    except UnreadableError:
        return
