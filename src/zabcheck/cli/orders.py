"""What a person can tell an ensemble that runs: a line is an order, at the prompt and from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zabcheck.checker.errors import UsageError
from zabcheck.cli.guess import closest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from zabcheck.implementation.ensemble import Ensemble, State


@dataclass(frozen=True)
class Order:
    """An order; its servers are numbers behind it."""

    usage: str
    sentence: str
    do: Callable[[Ensemble, Sequence[int]], object]
    counts: range
    """how many servers it may name"""


MANY = 1000


def _each(name: str) -> Callable[[Ensemble, Sequence[int]], object]:
    """Do something to each of the servers, to all if none is named."""
    return lambda ensemble, sids: [getattr(ensemble, name)(sid) for sid in sids or ensemble.plan.sids]


ORDERS = {
    "start": Order(
        "start [N...]", "start servers, or all that are down", lambda e, s: e.start(*s), range(MANY)
    ),
    "stop": Order("stop N...", "let servers stop", lambda e, s: e.stop(*s), range(1, MANY)),
    "kill": Order("kill N...", "end servers at once, with SIGKILL", _each("kill"), range(1, MANY)),
    "pause": Order("pause N...", "let servers stand still, with SIGSTOP", _each("pause"), range(1, MANY)),
    "resume": Order("resume [N...]", "let them go on", _each("resume"), range(MANY)),
    "cut": Order("cut N M", "let nothing pass between two servers", lambda e, s: e.cut(*s), range(2, 3)),
    "mute": Order(
        "mute N M",
        "let nothing pass from one server to another",
        lambda e, s: e.cut(*s, one_way=True),
        range(2, 3),
    ),
    "isolate": Order(
        "isolate N",
        "cut all links of a server; clients still reach it",
        lambda e, s: e.isolate(*s),
        range(1, 2),
    ),
    "reset": Order(
        "reset N M", "break the connections of two servers", lambda e, s: e.reset(*s), range(2, 3)
    ),
    "heal": Order(
        "heal [N [M]]",
        "let pass everything between all, with one, or between two",
        lambda e, s: e.heal(*s),
        range(3),
    ),
    "status": Order("status", "say what each server is", lambda _, __: None, range(1)),
    "help": Order("help", "say this", lambda _, __: None, range(1)),
    "quit": Order("quit", "stop the ensemble", lambda _, __: None, range(1)),
}


def obey(ensemble: Ensemble, line: str) -> str:
    """Do what a line says; what there is to say then. To ``quit`` is up to who calls.

    Raises:
        UsageError: It says nothing that can be done.
    """
    name, *words = line.split() or ["status"]
    if (order := ORDERS.get(name)) is None:
        raise UsageError(f"unknown order {name}{closest(name, ORDERS)}; help lists them")
    if len(words) not in order.counts or not all(word.isascii() and word.isdigit() for word in words):
        raise UsageError(f"expected {order.usage}, with numbers of servers, not {line.strip()}")
    sids = [int(word) for word in words]
    ensemble.plan.require(*sids)
    order.do(ensemble, sids)
    if name == "help":
        return "\n".join(f"{each.usage:<14}  {each.sentence}" for each in ORDERS.values())
    return "\n".join(table(ensemble.states(), ensemble.cuts)) if name == "status" else ""


def table(states: Iterable[State], cuts: Iterable[tuple[int, int]]) -> list[str]:
    """Who is what, and which links are cut."""
    lines = [f"{'server':<6}  {'process':<7}  {'role':<8}  {'epoch':>5}  zxid"]
    lines += [
        f"{state.sid:<6}  {state.process:<7}  {state.role or '-':<8}  {state.epoch or 0:>5}  {state.zxid or '-'}"
        for state in states
    ]
    gone = set(cuts)
    if both := sorted((a, b) for a, b in gone if a < b and (b, a) in gone):
        lines.append("cut: " + ", ".join(f"{a}-{b}" for a, b in both))
    if one_way := sorted((a, b) for a, b in gone if (b, a) not in gone):
        lines.append("nothing passes: " + ", ".join(f"{a} to {b}" for a, b in one_way))
    return lines
