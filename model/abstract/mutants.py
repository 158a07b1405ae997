"""Abstract Zab with a mistake put in: each is refuted by a conjunct that z3 cannot prove, and by a run.

A conjunct that does not hold only shows that this invariant does not prove the mutant safe. The run shows that it is
not. Mutants without a run are harmless: the same invariant proves them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker.proof.formula import FALSE, forall
from zabcheck.checker.proof.theory import Mutant, Step, transition
from zabcheck.model.abstract import protocol as zab
from zabcheck.model.abstract.instance import ensemble
from zabcheck.model.abstract.protocol import PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.checker.proof.finite import Structure
    from zabcheck.checker.proof.formula import Term
    from zabcheck.checker.proof.theory import Theory, Transition

Run = list[tuple[str, ...]]
PROMISED = "promised to this epoch"


def changed(function: Callable[..., None]) -> Transition:
    """A transition that replaces the one of the same name."""
    return transition(function, PARAMETERS)


def lead(epoch: str, leader: str, quorum: str, source: str, entered: str = "0", last: str = "0.1") -> Run:
    """A leader gets the promises of a quorum and starts its epoch with the history of ``source``."""
    promises = [("promise", server, epoch, leader) for server in quorum]
    return [*promises, ("newleader", leader, epoch, quorum, source, entered, last)]


def adopt(epoch: str, servers: str, last: str = "0.1") -> Run:
    """Servers adopt the history of an epoch up to a zxid, in the right order."""
    return [
        step
        for server in servers
        for step in (
            ("write_log", server, epoch, last),
            ("enter_epoch", server, epoch),
            ("acknowledge_newleader", server, epoch),
        )
    ]


def accept(epoch: str, zxid: str, servers: str) -> Run:
    """Servers log a proposal and acknowledge it."""
    return [(name, server, epoch, zxid) for server in servers for name in ("append", "acknowledge")]


STARTED: Run = [*lead("1", "A", "AB", "A"), *adopt("1", "AB"), ("establish", "1", "AB")]
"""epoch 1 is established by A and B"""
PROPOSED: Run = [*STARTED, ("propose", "1", "1.1")]
ACCEPTED: Run = [*PROPOSED, *accept("1", "1.1", "AB")]
COMMITTED: Run = [*ACCEPTED, ("commit", "1", "1.1", "AB")]
ORPHAN: Run = [*PROPOSED, *accept("1", "1.1", "A")]
"""only A has logged 1.1"""
RESUMED: Run = [*ORPHAN, *lead("2", "A", "AC", "A", "1", "1.1")]
"""A leads epoch 2 with 1.1 in its initial history, C is its follower"""


def promise_again(step: Step, n: Term, e: Term, s: Term) -> None:
    """A server promises an epoch that it has accepted already, to whoever asks."""
    _promise(step, n, e, s, above=False)


def promise_unrecorded(step: Step, n: Term, e: Term, s: Term) -> None:
    """A server does not write acceptedEpoch."""
    zab.promise(step, n, e, s)
    del step.updates[zab.accepted], step.updates[zab.left]


def _promise(step: Step, n: Term, e: Term, s: Term, *, above: bool) -> None:
    zab.promise(step, n, e, s)
    if not above:
        step.guards[:] = []
        step.require("nothing later accepted", ~zab.left(n, e))


def newleader_by_zxid(step: Step, s: Term, e: Term, q: Term, n0: Term, c: Term, z: Term) -> None:
    """The highest zxid wins, whatever the currentEpoch."""
    zab.newleader(step, s, e, q, n0, c, z)
    step.guards[:] = [g for g in step.guards if not g.name.startswith("none ")]
    n, t = zab.n, zab.t
    highest = (zab.member(n, q) & zab.reported(n, e, t)) >> (zab.reported(n0, e, z) & (t <= z))
    step.require("none has a later zxid", forall((n, t), highest))


def acknowledge_first(step: Step, n: Term, e: Term) -> None:
    """NEWLEADER is acknowledged before anything is written."""
    zab.follows(step, n, e)
    step.require("was sent NEWLEADER", zab.started(e))
    step.insert(zab.adopted, n, e)
    step.assign(zab.acked, n, e, zab.t, value=zab.acked(n, e, zab.t) | zab.initial(e, zab.t))


def acknowledge_unlogged(step: Step, n: Term, e: Term, t: Term) -> None:
    """A proposal is acknowledged when it arrives, not when it is in the log."""
    zab.acknowledge(step, n, e, t)
    step.guards.pop()
    step.require("was proposed", zab.history(e, t))


def crash_loses_log(step: Step, n: Term) -> None:
    """The log was not on the disk."""
    zab.crash(step, n)
    step.assign(zab.log, n, zab.t, value=FALSE)


def start_of(theory: Theory, mutant: Mutant) -> Structure:
    """The initial state of the ensemble in which the run of a mutant is played."""
    if mutant.quorums:
        return ensemble(theory, tuple("".join(map("".join, mutant.quorums))), mutant.quorums)
    return ensemble(theory)


def renamed(function: Callable[..., None], name: str) -> Callable[..., None]:
    """A function under the name of the transition that it replaces."""
    function.__name__ = name
    return function


MUTANTS = {
    mutant.name: mutant
    for mutant in (
        Mutant(
            "quorums-apart",
            "Two quorums need have no server in common.",
            "LeaderUniqueness",
            without_axioms=("quorums intersect",),
            quorums=(("A",), ("B",)),
            script=(*lead("1", "A", "A", "A"), *lead("1", "B", "B", "B")),
        ),
        Mutant(
            "any-history",
            "A leader starts with the history of any server that promised.",
            "P1s",
            without_guards=(
                ("newleader", "none has a later currentEpoch"),
                ("newleader", "none with this currentEpoch has a later zxid"),
            ),
            script=(*COMMITTED, *lead("2", "C", "BC", "C")),
        ),
        Mutant(
            "epoch-only",
            "Of the servers with the latest currentEpoch, any will do.",
            "P1s",
            without_guards=(("newleader", "none with this currentEpoch has a later zxid"),),
            script=(
                *STARTED,
                ("promise", "C", "1", "A"),
                *adopt("1", "C"),
                *COMMITTED[len(STARTED) :],
                *lead("2", "C", "BC", "C", "1"),
            ),
        ),
        Mutant(
            "zxid-before-epoch",
            "The highest zxid wins, even of a server that missed a later epoch.",
            "P2",
            replaced=(changed(renamed(newleader_by_zxid, "newleader")),),
            script=(
                *ORPHAN,
                *lead("2", "B", "BC", "B", "1"),
                *adopt("2", "BC"),
                ("establish", "2", "BC"),
                *lead("3", "A", "AC", "A", "1", "1.1"),
            ),
        ),
        Mutant(
            "acknowledge-first",
            "A follower acknowledges NEWLEADER before it has written log and currentEpoch.",
            "Durability",
            source="ZOOKEEPER-3911, ZOOKEEPER-4646",
            replaced=(changed(renamed(acknowledge_first, "acknowledge_newleader")),),
            script=(
                *RESUMED,
                *adopt("2", "A", "1.1"),
                ("acknowledge_newleader", "C", "2"),
                ("establish", "2", "AC"),
                ("commit", "2", "1.1", "AC"),
            ),
        ),
        Mutant(
            "epoch-first",
            "A follower writes currentEpoch before the log, and crashes in between.",
            "P1s",
            source="ZOOKEEPER-4643",
            without_guards=(("enter_epoch", "the log was written"),),
            script=(
                *COMMITTED,
                *lead("2", "A", "AC", "A", "1", "1.1"),
                ("enter_epoch", "C", "2"),
                ("crash", "C"),
                *lead("3", "C", "BC", "C", "2"),
            ),
        ),
        Mutant(
            "partial-history",
            "A follower acknowledges NEWLEADER with less than the initial history.",
            "InitialHistoryIntegrity",
            without_guards=(("write_log", "all of the initial history"),),
            script=(
                *RESUMED,
                *adopt("2", "A", "1.1"),
                *adopt("2", "C"),
                ("establish", "2", "AC"),
                *lead("3", "C", "BC", "C", "2"),
            ),
        ),
        Mutant(
            "stale-history",
            "A follower that joins its own epoch again is given an older history than it has.",
            "Durability",
            without_guards=(("write_log", "nothing of its own epoch is lost"),),
            script=(*ACCEPTED, ("write_log", "B", "1", "0.1"), ("commit", "1", "1.1", "AB")),
        ),
        Mutant(
            "truncated-still-counts",
            "A leader truncates a follower that rejoins, and still counts what it had acknowledged.",
            "Durability",
            without_guards=(("truncate", "no longer counts"),),
            script=(*ACCEPTED, ("truncate", "B", "1", "1.1"), ("commit", "1", "1.1", "AB")),
        ),
        Mutant(
            "truncate-committed",
            "A leader truncates a follower that rejoins behind what is committed.",
            "Durability",
            without_guards=(("forget", "committed still counts"),),
            script=(*COMMITTED, ("forget", "B", "1", "1.1"), ("truncate", "B", "1", "1.1")),
        ),
        Mutant(
            "recovered-unread",
            "A server that starts takes the epoch that it accepted for its currentEpoch, whatever its log.",
            "P1s",
            without_guards=(
                ("recover", "all of the initial history"),
                ("recover", "nothing but the history"),
            ),
            script=(
                *COMMITTED,
                *lead("2", "A", "AC", "A", "1", "1.1"),
                ("recover", "C", "2"),
                *lead("3", "C", "BC", "C", "2"),
            ),
        ),
        Mutant(
            "append-with-gap",
            "A follower logs a proposal without the one before it.",
            "Agreement",
            without_guards=(("append", "without a gap"),),
            script=(
                *PROPOSED,
                ("promise", "C", "1", "A"),
                *adopt("1", "C"),
                ("propose", "1", "1.2"),
                *accept("1", "1.1", "AC"),
                *accept("1", "1.2", "AB"),
                ("commit", "1", "1.1", "AC"),
                ("commit", "1", "1.2", "AB"),
                ("deliver", "A", "1", "1.2"),
                ("deliver", "B", "1", "1.2"),
            ),
        ),
        Mutant(
            "promise-unrecorded",
            "A follower answers an epoch that it does not write down.",
            "LeaderUniqueness",
            replaced=(changed(renamed(promise_unrecorded, "promise")),),
            script=(*lead("1", "A", "AB", "A"), *lead("1", "C", "BC", "C")),
        ),
        Mutant(
            "promise-again",
            "A follower accepts its accepted epoch again, from another leader.",
            "LeaderUniqueness",
            replaced=(changed(renamed(promise_again, "promise")),),
            script=(*lead("1", "A", "AB", "A"), *lead("1", "C", "BC", "C")),
        ),
        Mutant(
            "deposed-leader-heard",
            "A follower logs and acknowledges proposals of a leader that it has left.",
            "P1s",
            without_guards=(("append", PROMISED), ("acknowledge", PROMISED)),
            script=(
                *PROPOSED,
                *lead("2", "C", "BC", "B", "1"),
                *accept("1", "1.1", "AB"),
                ("commit", "1", "1.1", "AB"),
            ),
        ),
        Mutant(
            "acknowledge-unlogged",
            "A follower acknowledges a proposal before it is in the log.",
            "Durability",
            replaced=(changed(renamed(acknowledge_unlogged, "acknowledge")),),
            script=(*ORPHAN, ("acknowledge", "B", "1", "1.1"), ("commit", "1", "1.1", "AB")),
        ),
        Mutant(
            "crash-loses-log",
            "What was acknowledged was not on the disk.",
            "Durability",
            replaced=(changed(renamed(crash_loses_log, "crash")),),
            script=(*COMMITTED, ("crash", "B")),
        ),
        Mutant(
            "early-proposals",
            "A leader proposes before its epoch is established.",
            "",
            without_guards=(("propose", "the epoch is established"),),
        ),
        Mutant(
            "early-commits",
            "A leader commits what a quorum acknowledged before its epoch is established.",
            "",
            without_guards=(("commit", "the epoch is established"),),
        ),
    )
}

EVERYTHING: Run = [
    ("promise", "A", "1", "B"),
    ("renew", "A", "1", "A"),
    *ACCEPTED[1:],
    ("commit", "1", "1.1", "AB"),
    ("deliver", "A", "1", "1.1"),
    ("deliver", "B", "1", "1.1"),
    ("promise", "O", "1", "A"),
    *adopt("1", "O"),
    ("inform", "O", "1", "1.1"),
    ("propose", "1", "1.2"),
    *accept("1", "1.2", "AB"),
    ("crash", "B"),
    ("forget", "B", "1", "1.2"),
    ("truncate", "B", "1", "1.2"),
    *adopt("1", "B", "1.1"),
    *accept("1", "1.2", "B"),
    ("commit", "1", "1.2", "AB"),
    ("crash", "A"),
    *lead("2", "B", "BC", "B", "1", "1.2"),
    ("write_log", "C", "2", "1.2"),
    ("crash", "C"),
    ("recover", "C", "2"),
    *adopt("2", "BC", "1.2"),
    ("establish", "2", "BC"),
    ("propose", "2", "2.1"),
    *accept("2", "2.1", "BC"),
    ("commit", "2", "1.1", "BC"),
    ("commit", "2", "1.2", "BC"),
    ("commit", "2", "2.1", "BC"),
    ("deliver", "C", "2", "2.1"),
]
"""a run of the protocol with every transition, in an ensemble with an observer O"""
