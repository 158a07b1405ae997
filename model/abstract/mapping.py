"""What the refinements of executable models share: quorums by name, and what two states must agree in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.model.abstract.instance import latest

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from zabcheck.checker.proof.finite import Structure

Step = tuple[object, ...]
NOTHING = "0.1"
"""The zxid up to which an empty history goes."""


def last_of(txns: tuple[Any, ...]) -> str:
    """The last zxid of a history."""
    return str(txns[-1].zxid) if txns else NOTHING


def zxids(txns: Iterable[Any]) -> tuple[str, ...]:
    """The zxids of transactions."""
    return tuple(str(txn.zxid) for txn in txns)


def adopt(name: object, epoch: int, last: str) -> Iterator[Step]:
    """A server writes a history up to its last zxid, then currentEpoch, and acknowledges."""
    yield "write_log", name, epoch, last
    yield "enter_epoch", name, epoch
    yield "acknowledge_newleader", name, epoch


def quorum_among(quorums: Iterable[tuple[object, ...]], members: Container[object]) -> str:
    """A quorum of these servers; if they are too few, one that has most of them, so that a guard is false."""
    return "".join(map(str, min(quorums, key=lambda quorum: sum(one not in members for one in quorum))))


def disagreements(
    structure: Structure, number: int, name: object, disk: tuple[int, int, tuple[str, ...]]
) -> Iterator[str]:
    """In which of acceptedEpoch, currentEpoch and log a server is not as in the theory."""
    accepted, entered, log = disk
    yield from unless_equal(f"acceptedEpoch of {name}", accepted, latest(structure, "accepted", number))
    yield from unless_equal(f"currentEpoch of {name}", entered, latest(structure, "entered", number))
    yield from unless_equal(f"log of {name}", log, held(structure, "log", number))


def unless_equal(what: str, concrete: object, abstract: object) -> Iterator[str]:
    """A difference in words, if it is one."""
    if concrete != abstract:
        yield f"{what}: {shown(concrete)} in the model, {shown(abstract)} in abstract Zab"


def shown(value: object) -> str:
    """A number, or zxids."""
    return f"⟨{', '.join(value)}⟩" if isinstance(value, tuple) else str(value)


def held(structure: Structure, relation: str, individual: int) -> tuple[str, ...]:
    """The zxids that are in a relation whose first argument is this individual, in their order."""
    numbers = {row[-1] for row in structure.relations[relation] if row[0] == individual}
    return tuple(structure.domain.names["txn"][number] for number in sorted(numbers))
