"""Messages of a run: found in any model's cells, whichever way its paths name sender and receiver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from zabcheck.checker import Channel, Model, Options, check, durable, require
from zabcheck.checker.result import Message


@dataclass(frozen=True)
class Nothing:
    """No bounds."""


@durable("disk")
@dataclass
class Node:
    disk: int = 0
    up: bool = True


@dataclass
class State:
    nodes: dict[str, Node]
    wires: dict[str, dict[str, Channel[str]]]
    time: int = 0


def postal(*, sender_first: bool) -> Model[Nothing]:
    """``a`` sends two letters; ``b`` reads one, writes it down, and loses the other in a crash."""
    model: Model[Nothing] = Model("postal", "Two letters.", Nothing)

    @model.initial
    def initial(_scope: Nothing) -> State:
        keys = ("a", "b") if sender_first else ("b", "a")
        return State({"a": Node(), "b": Node()}, {keys[0]: {keys[1]: Channel(("early",))}})

    def wire(state: Any) -> Any:
        return state.wires["a"]["b"] if sender_first else state.wires["b"]["a"]

    def tick(state: Any, when: int) -> None:
        require(state.time == when)
        state.time += 1

    @model.runs
    def runs(state: Any, node: str) -> bool:
        return bool(state.nodes[node].up)

    @model.transition(over=lambda _: ["a"])
    def write(state: Any, node: str) -> None:
        tick(state, 0)
        wire(state).send("one")
        wire(state).send("two")

    @model.transition(over=lambda _: ["b"])
    def read(state: Any, node: str) -> None:
        tick(state, 1)
        wire(state).receive()
        state.nodes[node].disk = 1

    @model.transition(over=lambda _: [("a", "b")], environment=True)
    def storm(state: Any, one: str, other: str) -> None:
        tick(state, 2)

    @model.transition(over=lambda _: ["b"], fault=True)
    def crash(state: Any, node: str) -> None:
        tick(state, 3)
        wire(state).clear()
        state.nodes[node].up = False

    @model.transition(over=lambda _: ["a"])
    def write_again(state: Any, node: str) -> None:
        tick(state, 4)
        wire(state).send("late")

    @model.invariant()
    def short(state: Any) -> bool:
        return bool(state.time < 5)

    return model


@pytest.mark.parametrize("engine", ["interpreted", "native"])
@pytest.mark.parametrize("sender_first", [True, False])
def test_messages_have_a_beginning_and_an_end(sender_first: bool, engine: str) -> None:  # noqa: FBT001
    result = check(postal(sender_first=sender_first), Nothing(), Options(), engine=engine)
    trace = result.counterexample
    assert trace is not None
    channel = "wires.a.b" if sender_first else "wires.b.a"
    assert trace.lanes == ("a", "b")
    assert trace.messages == (
        Message("a", "b", "early", channel, sent=0, ended=2, received=True),
        Message("a", "b", "one", channel, sent=1, ended=4),
        Message("a", "b", "two", channel, sent=1, ended=4),
        Message("a", "b", "late", channel, sent=5),
    )
    marks = [(s.lanes, s.environment, s.fault, s.durable, s.down) for s in trace.steps]
    assert marks == [
        (("a",), False, False, (), ()),
        (("b",), False, False, ("nodes.b.disk",), ()),
        (("a", "b"), True, False, (), ()),
        (("b",), False, True, (), ("b",)),
        (("a",), False, False, (), ("b",)),
    ]


def test_a_durable_field_must_be_one() -> None:
    with pytest.raises(TypeError, match="no field disc"):
        durable("disc")(Node)
