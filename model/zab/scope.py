"""The bounds of an exploration, the model that all is registered with, and what functions range over."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations, permutations

from zabcheck.checker import Id, Model, option
from zabcheck.model.zab.rules import Rules

PROTOCOL = Rules()


@dataclass(frozen=True)
class Scope:
    """How far to explore. Every bound is a guard on a step; no state is cut off or merged."""

    servers: int = option(3, "how many servers there are", minimum=1, maximum=9)
    timeouts: int = option(1, "how many connections may break; a restart counts as one too")
    transactions: int = option(1, "a request is taken only while the longest log is below this")
    epochs: int = option(2, "CEPOCH is processed only while the highest accepted epoch is below this")
    restarts: int = option(0, "how many times a server may crash and restart")
    ghosts: int = option(0, "1 records the history that P1s, P2 and some more properties speak of", maximum=1)
    rules: Rules = field(default=PROTOCOL, kw_only=True)


model = Model("zab", "ZooKeeper's atomic broadcast as published, with an election oracle (Zab.tla)", Scope)


@model.identities
def ids(scope: Scope) -> tuple[Id, ...]:
    """The servers. Their names have no order, so they may be permuted."""
    return tuple(Id(f"s{number}") for number in range(1, scope.servers + 1))


def server(scope: Scope) -> tuple[Id, ...]:
    """Each server."""
    return ids(scope)


def ordered_pair(scope: Scope) -> tuple[tuple[Id, Id], ...]:
    """Each server with each other server."""
    return tuple(permutations(ids(scope), 2))


def pair(scope: Scope) -> tuple[tuple[Id, Id], ...]:
    """Each two servers, in one order."""
    return tuple(combinations(ids(scope), 2))


def epoch(scope: Scope) -> tuple[int, ...]:
    """Each epoch there may be."""
    return tuple(range(1, scope.epochs + 1))


def epoch_pair(scope: Scope) -> tuple[tuple[int, int], ...]:
    """Each epoch with each later one."""
    return tuple(combinations(epoch(scope), 2))


def server_and_epoch(scope: Scope) -> tuple[tuple[Id, int], ...]:
    """Each server with each epoch."""
    return tuple((one, number) for one in ids(scope) for number in epoch(scope))
