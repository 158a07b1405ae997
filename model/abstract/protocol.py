"""Abstract Zab: the protocol without bounds, as first-order transitions.

Servers, quorums, epochs and transactions are individuals of any number. A transaction is its zxid: zxids are totally
ordered, and `ep` gives the epoch of each. A log is a set of transactions, whose order is that of the zxids. Nothing is
ever taken out of a channel: a message that was sent may be received any number of times, in any order, or never.

Who is elected is left open: any server may ask for any epoch. Every election is therefore covered.

A follower adopts the leader's history in the order of ZooKeeper since ZOOKEEPER-4643: the log is written (cut by
`truncate` and completed by `append`, one transaction at a time, or replaced by `write_log`), then currentEpoch
(`enter_epoch`), then NEWLEADER is acknowledged (`acknowledge_newleader`). A server may crash between any two of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker.proof.formula import (
    FALSE,
    Function,
    Relation,
    Sort,
    Variable,
    equal,
    exists,
    forall,
)
from zabcheck.checker.proof.theory import Named, Theory, Update, transition

if TYPE_CHECKING:
    from zabcheck.checker.proof.formula import Formula, Term
    from zabcheck.checker.proof.theory import Step

Server, Quorum = Sort("server"), Sort("quorum")
Epoch, Txn = Sort("epoch", order=True), Sort("txn", order=True)

n, m, s, n0 = Server.variables("n m s n0")
q, p = Quorum.variables("q p")
e, a, b, c = Epoch.variables("e a b c")
t, u, z = Txn.variables("t u z")

zero = Function("zero", (), Epoch)()
"""before all epochs: what a new server has accepted"""
_ep = Function("ep", (Txn,), Epoch)


def ep(txn: Term) -> Term:
    """The epoch in which a transaction was proposed."""
    return _ep(txn)


member = Relation("member", (Server, Quorum), "a server is in a quorum", rigid=True)
observer = Relation("observer", (Server,), "a server has no vote", rigid=True)

# On the disk of a server. Epochs are numbers that are only compared: two relations each.
accepted = Relation("accepted", (Server, Epoch), "acceptedEpoch is this epoch or a later one")
left = Relation("left", (Server, Epoch), "acceptedEpoch is later: the epoch will hear no more of the server")
entered = Relation("entered", (Server, Epoch), "currentEpoch is this epoch or a later one")
passed = Relation("passed", (Server, Epoch), "currentEpoch is later than this epoch")
log = Relation("log", (Server, Txn), "a transaction is in the log")

# In the memory of a server.
written = Relation("written", (Server, Epoch), "the history of an epoch was written since the last start")
delivered = Relation("delivered", (Server, Epoch, Txn), "delivered since the last start, as told in an epoch")

# Messages, and what a leader knows.
promised = Relation("promised", (Server, Epoch, Server), "ACKEPOCH for an epoch went to a server who asked")
reported = Relation("reported", (Server, Epoch, Txn), "the log that ACKEPOCH for an epoch reported")
reported_entered = Relation(
    "reported_entered", (Server, Epoch, Epoch), "the currentEpoch it reported, as `entered`"
)
reported_passed = Relation(
    "reported_passed", (Server, Epoch, Epoch), "the currentEpoch it reported, as `passed`"
)
leads = Relation(
    "leads", (Epoch, Server), "a server chose the initial history of an epoch and sent NEWLEADER"
)
started = Relation("started", (Epoch,), "somebody leads the epoch")
history = Relation("history", (Epoch, Txn), "the history of an epoch: the initial one, and what was proposed")
adopted = Relation("adopted", (Server, Epoch), "NEWLEADER was acknowledged")
acked = Relation("acked", (Server, Epoch, Txn), "a transaction was acknowledged to the leader of an epoch")
established = Relation("established", (Epoch,), "a quorum acknowledged NEWLEADER")
committed = Relation("committed", (Epoch, Txn), "the leader of an epoch committed a transaction")

# What no server knows.
superseded = Relation("superseded", (Epoch,), "a later epoch was started", ghost=True)
discarded = Relation(
    "discarded", (Epoch, Txn), "of the history of an epoch, left out by a later one", ghost=True
)
void = Relation(
    "void", (Epoch,), "a later epoch goes back behind the initial history of this one", ghost=True
)


def initial(epoch: Term, txn: Term) -> Formula:
    """A transaction is in the initial history of an epoch: the part of its history that is older than it."""
    return history(epoch, txn) & (ep(txn) < epoch)


def promise(step: Step, n: Term, e: Term, s: Term) -> None:
    """A server accepts an epoch that a prospective leader asks for, and reports its currentEpoch and its log."""
    step.require("above all it accepted", ~accepted(n, e))
    step.assign(accepted, n, a, value=a <= e)
    step.assign(left, n, a, value=a < e)
    step.insert(promised, n, e, s)
    step.assign(reported, n, e, t, value=log(n, t))
    step.assign(reported_entered, n, e, a, value=entered(n, a))
    step.assign(reported_passed, n, e, a, value=passed(n, a))


def renew(step: Step, n: Term, e: Term, s: Term) -> None:
    """A server takes its promise back from who asked first, and gives it to another.

    For ``Zab.tla``, where both ends notice at once that they have parted, so that the first cannot count it any more. A
    server of ZooKeeper answers an epoch that it has accepted with currentEpoch -1, which nobody counts
    (``Learner.registerWithLeader``).
    """
    step.require("promised to this epoch", accepted(n, e) & ~left(n, e) & exists(m, promised(n, e, m)))
    step.require("nobody leads it", ~started(e))
    step.assign(promised, n, e, m, value=equal(m, s))


def newleader(step: Step, s: Term, e: Term, q: Term, n0: Term, c: Term, z: Term) -> None:
    """With the promises of a quorum, a leader starts its epoch with the most recent history: that of ``n0``.

    ``c`` is the currentEpoch that was reported with it, ``z`` its last zxid, and any if it has none.
    """
    step.require("asked once", ~leads(e, s))
    step.require("a quorum promised", forall(n, member(n, q) >> promised(n, e, s)))
    step.require(
        "history of one of them", member(n0, q) & reported_entered(n0, e, c) & ~reported_passed(n0, e, c)
    )
    step.require("none has a later currentEpoch", forall(n, member(n, q) >> ~reported_passed(n, e, c)))
    step.require(
        "none with this currentEpoch has a later zxid",
        forall(
            (n, t),
            (member(n, q) & reported_entered(n, e, c) & reported(n, e, t)) >> (reported(n0, e, z) & (t <= z)),
        ),
    )
    step.ensure(
        "EpochHasNoLeader",
        ~started(e) & forall(m, ~leads(e, m)),
        "An epoch is led by one server at most: nobody led it before.",
    )
    begin(step, s, e, n0)


def begin(step: Step, s: Term, e: Term, n0: Term) -> None:
    """Start an epoch with the history that a server reported."""
    step.insert(leads, e, s)
    step.insert(started, e)
    step.assign(history, e, t, value=reported(n0, e, t))
    step.assign(superseded, a, value=superseded(a) | (a < e))
    step.assign(
        discarded,
        a,
        t,
        value=discarded(a, t)
        | ((a < e) & history(a, t) & ~reported(n0, e, t))
        | (equal(a, e) & superseded(e) & reported(n0, e, t)),
    )
    goes_back = exists(t, reported(n0, e, t) & (ep(t) < a) & ~history(a, t))
    step.assign(void, a, value=void(a) | ((a < e) & started(a) & goes_back) | (equal(a, e) & superseded(e)))


def follows(step: Step, n: Term, e: Term) -> None:
    """A server hears the leader of an epoch while it is the one that it accepted last."""
    step.require("promised to this epoch", accepted(n, e) & ~left(n, e))


def write_log(step: Step, n: Term, e: Term, z: Term) -> None:
    """A follower replaces its log by the leader's history up to a zxid, the initial history at least.

    Where the log was completed piece by piece, nothing changes: the follower knows that it is complete.
    """
    follows(step, n, e)
    step.require("was sent NEWLEADER", started(e))
    step.require("all of the initial history", forall(t, initial(e, t) >> (t <= z)))
    step.require("nothing of its own epoch is lost", forall(t, (entered(n, e) & log(n, t)) >> (t <= z)))
    after = history(e, t) & (t <= z)
    step.ensure(
        "NoDeliveredIsTruncated",
        forall((a, t), (delivered(n, a, t) & log(n, t)) >> after),
        "Nothing that a server has delivered is taken off its log.",
    )
    step.assign(log, n, t, value=after)
    step.insert(written, n, e)


def enter_epoch(step: Step, n: Term, e: Term) -> None:
    """A follower that wrote the leader's history writes currentEpoch."""
    follows(step, n, e)
    step.require("was sent NEWLEADER", started(e))
    step.require("the log was written", written(n, e))
    step.assign(entered, n, a, value=a <= e)
    step.assign(passed, n, a, value=a < e)


def acknowledge_newleader(step: Step, n: Term, e: Term) -> None:
    """A follower that has written both acknowledges NEWLEADER, and with it all that is in its log."""
    follows(step, n, e)
    step.require("the log was written", written(n, e))
    step.require("currentEpoch was written", entered(n, e))
    step.insert(adopted, n, e)
    step.assign(acked, n, e, t, value=acked(n, e, t) | log(n, t))


def establish(step: Step, e: Term, q: Term) -> None:
    """A quorum acknowledged NEWLEADER."""
    step.require("a quorum adopted the history", forall(n, member(n, q) >> adopted(n, e)))
    step.insert(established, e)


def propose(step: Step, e: Term, t: Term) -> None:
    """The leader of an epoch proposes a transaction, with a zxid above all of its history."""
    step.require("the epoch is established", established(e))
    extend(step, e, t)


def extend(step: Step, e: Term, t: Term) -> None:
    """Put a transaction of its epoch at the end of a history."""
    step.require("somebody leads", started(e))
    step.require("a zxid of the epoch", equal(ep(t), e))
    step.require("above all of the history", forall(u, history(e, u) >> (u < t)))
    unused = forall(n, ~log(n, t)) & forall(a, ~history(a, t)) & forall((n, a), ~acked(n, a, t))
    step.ensure(
        "ZxidIsNew", unused, "A zxid is used once: it is in no log, no history and no acknowledgement."
    )
    step.insert(history, e, t)
    step.assign(discarded, e, t, value=discarded(e, t) | superseded(e))


def log_next(step: Step, n: Term, e: Term, t: Term) -> None:
    """Put the next transaction of a history at the end of a log."""
    step.require("without a gap", forall(u, (history(e, u) & (u < t)) >> log(n, u)))
    step.ensure(
        "AppendsAtTheEnd",
        log(n, t) | forall(u, log(n, u) >> (u < t)),
        "A transaction goes to the end of the log.",
    )
    step.insert(log, n, t)


def append(step: Step, n: Term, e: Term, t: Term) -> None:
    """A follower logs the next transaction of the history, of the initial one too: a DIFF is written piece by piece."""
    follows(step, n, e)
    step.require("was proposed", history(e, t))
    step.require("nothing but the history", forall(u, log(n, u) >> history(e, u)))
    log_next(step, n, e, t)


def acknowledge(step: Step, n: Term, e: Term, t: Term) -> None:
    """A follower acknowledges a proposal that is in its log."""
    follows(step, n, e)
    step.require("in the epoch", entered(n, e) & written(n, e))
    step.require("is logged", log(n, t))
    step.insert(acked, n, e, t)


def commit(step: Step, e: Term, t: Term, q: Term) -> None:
    """The leader commits what a quorum acknowledged, in order."""
    step.require("the epoch is established", established(e))
    step.require("of its history", history(e, t))
    step.require("a quorum acknowledged", forall(n, member(n, q) >> acked(n, e, t)))
    step.require("in order", forall(u, (history(e, u) & (u < t)) >> committed(e, u)))
    step.insert(committed, e, t)


def deliver(step: Step, n: Term, e: Term, t: Term) -> None:
    """A follower delivers its log up to a transaction that the leader says is committed."""
    follows(step, n, e)
    step.require("in the epoch", entered(n, e) & written(n, e))
    step.require("committed and logged", committed(e, t) & log(n, t))
    earlier = forall((a, u), (delivered(n, a, u) & (z < u) & log(n, z) & (z <= t)) >> delivered(n, a, z))
    step.ensure(
        "DeliversInOrder", forall(z, earlier), "What is delivered now comes after all that was delivered."
    )
    step.assign(delivered, n, e, u, value=delivered(n, e, u) | (log(n, u) & (u <= t)))


def inform(step: Step, n: Term, e: Term, t: Term) -> None:
    """An observer hears of a transaction when it is committed: it logs and delivers it, and acknowledges nothing."""
    step.require("observes", observer(n))
    follows(step, n, e)
    step.require("in the epoch", entered(n, e) & written(n, e))
    step.require("committed", committed(e, t))
    log_next(step, n, e, t)
    step.assign(delivered, n, e, u, value=delivered(n, e, u) | equal(u, t) | (log(n, u) & (u < t)))


def forget(step: Step, n: Term, e: Term, t: Term) -> None:
    """A leader stops counting what a follower that rejoins acknowledged from ``t`` on, to have it truncated."""
    step.require("initial history still counts", forall(u, initial(e, u) >> (u < t)))
    step.require("committed still counts", forall(u, committed(e, u) >> (u < t)))
    step.assign(acked, n, e, u, value=acked(n, e, u) & (u < t))


def truncate(step: Step, n: Term, e: Term, t: Term) -> None:
    """A follower gives up its log from ``t`` on: what the epoch has not, or what it is sent again.

    Others may have it committed since the leader said so; the follower has not heard of that.
    """
    follows(step, n, e)
    step.require("was sent NEWLEADER", started(e))
    step.require("nothing initial is lost", forall(u, (log(n, u) & (t <= u)) >> ~initial(e, u)))
    step.require("no longer counts", forall(u, acked(n, e, u) >> (u < t)))
    step.require("nothing delivered is lost", forall(u, delivered(n, e, u) >> (u < t)))
    step.ensure(
        "NoDeliveredIsTruncated",
        forall((a, u), (delivered(n, a, u) & log(n, u)) >> (u < t)),
        "Nothing that a server has delivered is taken off its log.",
    )
    step.assign(log, n, u, value=log(n, u) & (u < t))


def recover(step: Step, n: Term, e: Term) -> None:
    """A server that starts finds the history of an epoch in its log, and writes currentEpoch if that is earlier.

    It crashed between the two writes (``QuorumPeer.loadDataBase``, ZOOKEEPER-1653), and may have left the epoch since.
    """
    step.require("accepted", accepted(n, e))
    step.require("not entered", ~entered(n, e))
    step.require("was sent NEWLEADER", started(e))
    step.require("all of the initial history", forall(t, initial(e, t) >> log(n, t)))
    step.require("nothing but the history", forall(t, log(n, t) >> history(e, t)))
    step.assign(entered, n, a, value=a <= e)
    step.assign(passed, n, a, value=a < e)


def crash(step: Step, n: Term) -> None:
    """A server crashes and starts again: the disk is what it was, the memory is empty."""
    step.assign(written, n, a, value=FALSE)
    step.assign(delivered, n, a, t, value=FALSE)


PARAMETERS: dict[str, Variable] = {v.name: v for v in (n, m, s, n0, q, p, e, a, b, c, t, u, z)}
TRANSITIONS = (
    promise,
    renew,
    newleader,
    write_log,
    enter_epoch,
    acknowledge_newleader,
    establish,
    propose,
    append,
    acknowledge,
    commit,
    deliver,
    inform,
    forget,
    truncate,
    recover,
    crash,
)

AXIOMS = (
    Named("zero comes first", forall(e, zero <= e)),
    Named("zxids go with epochs", forall((t, u), (t <= u) >> (ep(t) <= ep(u)))),
    Named("quorums intersect", forall((p, q), exists(n, member(n, p) & member(n, q)))),
    Named("observers have no vote", forall((n, q), observer(n) >> ~member(n, q))),
)

PROTOCOL = Theory(
    name="zab",
    sentence="Zab for any number of servers, epochs and transactions",
    sorts=(Server, Quorum, Epoch, Txn),
    functions=(_ep, zero.function),
    relations=(
        *(member, observer, accepted, left, entered, passed, log, written, delivered),
        *(promised, reported, reported_entered, reported_passed, leads, started, history),
        *(adopted, acked, established, committed, superseded, discarded, void),
    ),
    axioms=AXIOMS,
    initially=(
        Update(accepted, (n, e), equal(e, zero), (n, e)),
        Update(entered, (n, e), equal(e, zero), (n, e)),
    ),
    transitions={f.__name__: transition(f, PARAMETERS) for f in TRANSITIONS},
)
