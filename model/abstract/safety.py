"""What the invariant implies: the guarantees of the protocol, in states of any size.

Properties of single steps are stated where the step is (`ensure` in `protocol`): a started epoch has no leader yet, a
zxid was never used before, an append goes to the end, deliveries come in order, nothing delivered is truncated.
"""

from __future__ import annotations

from zabcheck.checker.proof.formula import equal, exists, forall
from zabcheck.checker.proof.theory import Named
from zabcheck.model.abstract.protocol import (
    Epoch,
    Quorum,
    Server,
    Txn,
    committed,
    delivered,
    entered,
    ep,
    established,
    history,
    initial,
    leads,
    log,
    member,
    started,
)

n, m, s = Server.variables("n m s")
(q,) = Quorum.variables("q")
a, b, d, e = Epoch.variables("a b d e")
t, u = Txn.variables("t u")

SAFETY = (
    Named(
        "LeaderUniqueness",
        forall((e, s, m), (leads(e, s) & leads(e, m)) >> equal(s, m)),
        "No two servers ever lead the same epoch.",
    ),
    Named(
        "P1s",
        forall((a, b, t), (committed(a, t) & (a < b) & started(b)) >> initial(b, t)),
        "What was ever committed is in the initial history of every later epoch.",
    ),
    Named(
        "Durability",
        forall((a, t, q), committed(a, t) >> exists(n, member(n, q) & log(n, t))),
        "Every quorum has a server with what was committed in its log.",
    ),
    Named(
        "P2",
        forall(
            (b, t),
            (established(b) & (ep(t) < b) & ~history(b, t))
            >> (
                forall(d, (b < d) >> ~history(d, t))
                & forall(n, entered(n, b) >> ~log(n, t))
                & forall(d, (b <= d) >> ~committed(d, t))
            ),
        ),
        "What an established epoch started without is in no later history and no log of who entered it.",
    ),
    Named(
        "InitialHistoryIntegrity",
        forall((a, b, t), (established(a) & (a < b) & started(b) & initial(a, t)) >> initial(b, t))
        & forall(
            (a, b, t, u),
            (established(a) & (a < b) & initial(a, t) & initial(b, u) & (u < t)) >> initial(a, u),
        ),
        "Every later initial history begins with that of each established epoch.",
    ),
    Named(
        "Agreement",
        forall(
            (n, m, a, b, t, u), (delivered(n, a, t) & delivered(m, b, u) & (t <= u)) >> delivered(m, b, t)
        ),
        "Of what two servers have delivered, one is a beginning of the other.",
    ),
    Named(
        "LocalPrimaryOrder",
        forall(
            (n, a, e, t, u),
            (history(e, t) & history(e, u) & equal(ep(t), e) & equal(ep(u), e) & (t < u) & delivered(n, a, u))
            >> delivered(n, a, t),
        ),
        "Who delivers a transaction delivers all that its primary broadcast before it.",
    ),
    Named(
        "GlobalPrimaryOrder",
        forall(
            (n, m, a, b, t, u),
            (delivered(n, a, t) & delivered(m, b, u) & (ep(t) < ep(u))) >> ((t < u) & delivered(m, b, t)),
        ),
        "Transactions of an earlier epoch are delivered before those of a later one.",
    ),
    Named(
        "PrimaryIntegrity",
        forall((n, a, e, t), (delivered(n, a, t) & (ep(t) < e) & established(e)) >> history(e, t)),
        "What anyone delivers of earlier epochs, the primary of an established epoch started with.",
    ),
    Named(
        "Integrity",
        forall((n, a, t), delivered(n, a, t) >> history(ep(t), t)),
        "What is delivered was broadcast by the primary of its epoch.",
    ),
    Named(
        "ProcessConsistency",
        forall((n, a, t, u), (delivered(n, a, t) & log(n, u) & (u <= t)) >> delivered(n, a, u)),
        "A server has delivered a beginning of its log.",
    ),
)
