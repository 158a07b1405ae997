"""Small ensembles in which abstract Zab can be run step by step."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from string import ascii_uppercase
from typing import TYPE_CHECKING

from zabcheck.checker.proof.finite import Domain, Structure, initial

if TYPE_CHECKING:
    from zabcheck.checker.proof.theory import Theory


def ensemble(
    theory: Theory,
    servers: tuple[str, ...] = ("A", "B", "C"),
    quorums: tuple[tuple[str, ...], ...] = (),
    epochs: int = 3,
    counter: int = 2,
    observers: tuple[str, ...] = (),
) -> Structure:
    """The initial state of an ensemble.

    Quorums are the smallest majorities of the servers unless they are given, named by their members. Epochs are named
    ``0``, ``1`` and so on, zxids ``1.1``, ``1.2``, ``2.1``; ``0.1`` is one that nobody proposes.
    """
    quorums = quorums or tuple(combinations(servers, len(servers) // 2 + 1))
    everyone = (*servers, *observers)
    zxids = ("0.1", *(f"{e}.{c}" for e in range(1, epochs + 1) for c in range(1, counter + 1)))
    domain = Domain(
        names={
            "server": everyone,
            "quorum": tuple("".join(members) for members in quorums),
            "epoch": tuple(map(str, range(epochs + 1))),
            "txn": zxids,
        },
        functions={
            "zero": {(): 0},
            "ep": {(i,): int(zxid.split(".")[0]) for i, zxid in enumerate(zxids)},
        },
    )
    rigid = {
        "member": frozenset((everyone.index(s), i) for i, members in enumerate(quorums) for s in members),
        "observer": frozenset((everyone.index(s),) for s in observers),
    }
    return initial(theory, domain, rigid)


def individuals(structure: Structure) -> Domain:
    """Names for what z3 found: servers by letters, quorums by their members, epochs by number, zxids as usual."""
    domain = structure.domain
    servers = tuple(ascii_uppercase[: len(domain.names["server"])])
    quorums = tuple(
        "".join(server for i, server in enumerate(servers) if (i, q) in structure.relations["member"])
        for q in range(len(domain.names["quorum"]))
    )
    counters: dict[int, int] = {}
    zxids = []
    for number in range(len(domain.names["txn"])):
        epoch = domain.functions["ep"][(number,)]
        counters[epoch] = counters.get(epoch, 0) + 1
        zxids.append(f"{epoch}.{counters[epoch]}")
    epochs = tuple(map(str, range(len(domain.names["epoch"]))))
    names = {"server": servers, "quorum": quorums, "epoch": epochs, "txn": tuple(zxids)}
    return replace(domain, names=names)


def latest(structure: Structure, relation: str, server: int) -> int:
    """The epoch that ``accepted`` or ``entered`` says of a server."""
    return max(epoch for one, epoch in structure.relations[relation] if one == server)
