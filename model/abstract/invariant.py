"""Why abstract Zab is safe: conjuncts that hold in the initial state and that no transition breaks.

Two carry the argument, as in Paxos: what a later epoch left out was acknowledged by no quorum (`discarded`), and an
epoch that a later one went back behind was acknowledged by no quorum (`void`); and it can never be, since in every
quorum there is a server that has left the epoch without. All else says which histories, logs and reports there can be.
"""

from __future__ import annotations

from zabcheck.checker.proof.formula import equal, exists, forall, iff
from zabcheck.checker.proof.theory import Named
from zabcheck.model.abstract.protocol import (
    Epoch,
    Quorum,
    Server,
    Txn,
    accepted,
    acked,
    adopted,
    committed,
    delivered,
    discarded,
    entered,
    ep,
    established,
    history,
    initial,
    leads,
    left,
    log,
    member,
    passed,
    promised,
    reported,
    reported_entered,
    reported_passed,
    started,
    superseded,
    void,
    written,
    zero,
)

n, m, s = Server.variables("n m s")
q, p = Quorum.variables("q p")
e, a, b = Epoch.variables("e a b")
t, u = Txn.variables("t u")

EPOCHS = (
    Named(
        "left-accepted",
        forall((n, a), left(n, a) >> accepted(n, a))
        & forall((n, a, b), (accepted(n, a) & (b < a)) >> left(n, b)),
        "`accepted` and `left` are about one acceptedEpoch.",
        "They are ≥ and > of a number that is never named, so that no function leads from servers to epochs.",
    ),
    Named(
        "passed-entered",
        forall((n, a), passed(n, a) >> entered(n, a))
        & forall((n, a, b), (entered(n, a) & (b < a)) >> passed(n, b)),
        "`entered` and `passed` are about one currentEpoch.",
        "As for acceptedEpoch.",
    ),
    Named(
        "reported-epoch",
        forall((n, e, a), reported_passed(n, e, a) >> reported_entered(n, e, a))
        & forall((n, e, a, b), (reported_entered(n, e, a) & (b < a)) >> reported_passed(n, e, b)),
        "A report is about one currentEpoch.",
        "As for acceptedEpoch.",
    ),
    Named(
        "entered-accepted",
        forall((n, e), entered(n, e) >> accepted(n, e)) & forall((n, e), passed(n, e) >> left(n, e)),
        "currentEpoch is at most acceptedEpoch.",
        "A server enters only an epoch that it is promised to, and so its promises bound what it did.",
    ),
    Named(
        "zero-everywhere",
        forall(n, accepted(n, zero) & entered(n, zero)),
        "Every server has accepted and entered epoch zero.",
        "It is what a new server has on disk.",
    ),
    Named(
        "entered-started",
        forall((n, e), entered(n, e) >> (equal(e, zero) | started(e) | superseded(e)))
        & forall((n, e), passed(n, e) >> superseded(e))
        & forall((n, e), (entered(n, e) & ~passed(n, e)) >> (equal(e, zero) | started(e))),
        "A currentEpoch was started, and an epoch up to it was started, or superseded by one that was.",
        "An epoch that starts late, when servers are past it, is dead from the start.",
    ),
    Named(
        "started-superseded",
        forall((a, b), (started(b) & (a < b)) >> superseded(a)),
        "An epoch before one that was started is superseded.",
        "What the ghost means.",
    ),
    Named(
        "superseded-left",
        forall((a, q), superseded(a) >> exists(n, member(n, q) & left(n, a))),
        "Of a superseded epoch, every quorum has a server that left.",
        "A quorum promised itself to the later epoch, and quorums intersect.",
    ),
)

LEADERS = (
    Named(
        "promise-accepted",
        forall((n, e, s), promised(n, e, s) >> (accepted(n, e) & ~equal(e, zero))),
        "Who promised itself to an epoch has accepted it.",
        "acceptedEpoch is on disk before ACKEPOCH is sent.",
    ),
    Named(
        "one-promise",
        forall((n, e, s, m), (promised(n, e, s) & promised(n, e, m)) >> equal(s, m)),
        "A server promises an epoch to one leader.",
        "The epoch asked for must be above the accepted one.",
    ),
    Named(
        "leader-quorum",
        forall(
            e,
            exists(
                q,
                forall(
                    (n, s),
                    (started(e) & member(n, q)) >> (accepted(n, e) & (leads(e, s) >> promised(n, e, s))),
                ),
            ),
        ),
        "A quorum promised itself to whoever leads an epoch.",
        "With one promise for each server and epoch, there is one leader.",
    ),
    Named(
        "leads-started",
        forall((e, s), leads(e, s) >> started(e)) & forall(e, started(e) >> exists(s, leads(e, s))),
        "An epoch is started when somebody leads it.",
        "What `started` means.",
    ),
    Named("not-zero", ~started(zero), "Nobody leads epoch zero.", "Nobody can promise it."),
)

HISTORIES = (
    Named(
        "history-started",
        forall((e, t), history(e, t) >> (started(e) & (ep(t) <= e))),
        "Only an epoch that was started has a history, and nothing in it is of a later epoch.",
        "It starts with what was reported before, and goes on with transactions of its own.",
    ),
    Named(
        "history-matching",
        forall((e, t, u), (history(e, t) & (u <= t)) >> iff(history(e, u), history(ep(t), u))),
        "Log matching: up to any of its transactions, a history is that of the epoch which proposed it.",
        "So two histories with a transaction in common are the same up to it.",
    ),
    Named(
        "log-matching",
        forall((n, t, u), (log(n, t) & (u <= t)) >> iff(log(n, u), history(ep(t), u))),
        "Log matching: up to any of its transactions, a log is the history of the epoch which proposed it.",
        "A log is always the beginning of some history.",
    ),
    Named(
        "report-matching",
        forall((n, e, t, u), (reported(n, e, t) & (u <= t)) >> iff(reported(n, e, u), history(ep(t), u))),
        "Log matching for what was reported.",
        "It is the log of that moment; histories only grow at their end.",
    ),
    Named(
        "log-accepted",
        forall((n, t), log(n, t) >> accepted(n, ep(t))),
        "A server has nothing in its log of epochs above the accepted one.",
        "It logs only what the epoch it is promised to has.",
    ),
    Named(
        "report-older",
        forall((n, e, t), reported(n, e, t) >> ((ep(t) < e) & accepted(n, e)))
        & forall((n, e, a), reported_entered(n, e, a) >> ((a < e) & accepted(n, e))),
        "What is reported for an epoch is older than it.",
        "The epoch asked for is above all that the server accepted.",
    ),
)

LOGS = (
    Named(
        "log-in-epoch",
        forall(
            (n, e, t),
            ((written(n, e) | entered(n, e)) & ~left(n, e))
            >> ((log(n, t) >> history(e, t)) & (initial(e, t) >> log(n, t))),
        ),
        "Who has written the history of its epoch has the initial history of it, and nothing but its history.",
        "Also after a crash, once currentEpoch is written: the log was written first.",
    ),
    Named(
        "written-promised",
        forall((n, e), written(n, e) >> (accepted(n, e) & started(e))),
        "Only the history of an accepted epoch that was started is written.",
        "It came with NEWLEADER.",
    ),
    Named(
        "log-back",
        forall(
            (n, a, t),
            (entered(n, a) & started(a) & log(n, t) & (ep(t) < a) & ~history(a, t)) >> void(a),
        ),
        "Who has something older than an epoch it entered, which that epoch had not, has a log that went back.",
        "The log may be of a later epoch than currentEpoch: that is the crash between the two writes.",
    ),
    Named(
        "log-lacks",
        forall((n, a, t), (passed(n, a) & history(a, t) & ~log(n, t)) >> discarded(a, t)),
        "What a server past an epoch lacks of the history of it, a later epoch left out.",
        "It has at least the initial history of the later epoch.",
    ),
    Named(
        "log-gap",
        forall(
            (n, a, t, u),
            (entered(n, a) & history(a, t) & ~log(n, t) & log(n, u) & (t < u)) >> discarded(a, t),
        ),
        "What is missing before something in the log, a later epoch left out.",
        "There is no gap in an epoch, so the log is of a later one.",
    ),
    Named(
        "acked-kept",
        forall((n, a, t), (acked(n, a, t) & ~log(n, t)) >> discarded(a, t)),
        "What a server has acknowledged and no longer has, a later epoch left out.",
        "So a lost acknowledgement is never needed. This is what acknowledging first breaks.",
    ),
)

REPORTS = (
    Named(
        "report-started",
        forall((n, e, a), reported_entered(n, e, a) >> (equal(a, zero) | started(a) | superseded(a)))
        & forall((n, e, a), reported_passed(n, e, a) >> superseded(a)),
        "As entered-started, for what was reported.",
        "It is the currentEpoch of that moment.",
    ),
    Named(
        "report-back",
        forall(
            (n, e, a, t),
            (reported_entered(n, e, a) & started(a) & reported(n, e, t) & (ep(t) < a) & ~history(a, t))
            >> void(a),
        ),
        "As log-back, for what was reported.",
        "It is the log of that moment.",
    ),
    Named(
        "report-lacks",
        forall(
            (n, e, a, t), (reported_passed(n, e, a) & history(a, t) & ~reported(n, e, t)) >> discarded(a, t)
        ),
        "As log-lacks, for what was reported.",
        "It is the log of that moment; what the epoch still proposes is dead, since it is superseded.",
    ),
    Named(
        "report-gap",
        forall(
            (n, e, a, t, u),
            (reported_entered(n, e, a) & history(a, t) & ~reported(n, e, t) & reported(n, e, u) & (t < u))
            >> discarded(a, t),
        ),
        "As log-gap, for what was reported.",
        "It is the log of that moment.",
    ),
    Named(
        "report-acked",
        forall(
            (n, e, s, a, t),
            (promised(n, e, s) & (a < e) & acked(n, a, t)) >> (reported(n, e, t) | discarded(a, t)),
        ),
        "A report has all that its sender ever acknowledged in earlier epochs, but what was left out since.",
        "The promise ended the acknowledging.",
    ),
    Named(
        "report-adopted",
        forall((n, e, s, a), (promised(n, e, s) & (a < e) & adopted(n, a)) >> reported_entered(n, e, a)),
        "A report names the latest epoch whose NEWLEADER its sender acknowledged, or a later one.",
        "currentEpoch is written before that is acknowledged.",
    ),
    Named(
        "report-acked-epoch",
        forall((n, e, s, a, t), (promised(n, e, s) & (a < e) & acked(n, a, t)) >> reported_entered(n, e, a)),
        "A report names the latest epoch in which its sender acknowledged anything, or a later one.",
        "Servers acknowledge in epochs that they have entered.",
    ),
)

ACKNOWLEDGEMENTS = (
    Named(
        "acked-entered",
        forall((n, e, t), acked(n, e, t) >> (entered(n, e) & history(e, t))),
        "What is acknowledged in an epoch is in its history, and who acknowledges has entered it.",
        "currentEpoch is written first, and the log has nothing else.",
    ),
    Named(
        "adopted-entered",
        forall((n, e), adopted(n, e) >> (entered(n, e) & started(e))),
        "Who acknowledged NEWLEADER has entered the epoch.",
        "currentEpoch is written before the acknowledgement.",
    ),
    Named(
        "adopted-acked",
        forall((n, e, t), (adopted(n, e) & initial(e, t)) >> acked(n, e, t)),
        "Who acknowledged NEWLEADER acknowledged the initial history.",
        "It was in the log.",
    ),
)

CHOICE = (
    Named(
        "left-out",
        forall((a, b, t), ((a < b) & started(b) & history(a, t) & ~history(b, t)) >> discarded(a, t)),
        "What a later epoch lacks of the history of an earlier one is discarded.",
        "What the ghost means.",
    ),
    Named(
        "gone-back",
        forall(
            (a, b, t),
            ((a < b) & started(a) & history(b, t) & (ep(t) < a) & ~history(a, t)) >> void(a),
        ),
        "An epoch is void when a later one has something older than it that it had not.",
        "What the ghost means.",
    ),
    Named(
        "discarded-unchosen",
        forall((a, t, q), discarded(a, t) >> exists(n, member(n, q) & left(n, a) & ~acked(n, a, t))),
        "Of every quorum, a server has left the epoch without acknowledging what was discarded.",
        "So it is not committed in that epoch, and never will be: the first guarantee.",
    ),
    Named(
        "void-unestablished",
        forall((a, q), void(a) >> exists(n, member(n, q) & left(n, a) & ~adopted(n, a))),
        "Of every quorum, a server has left a void epoch without acknowledging NEWLEADER.",
        "So it is not established, and never will be: the second guarantee.",
    ),
)

WITNESSES = (
    Named(
        "established-adopted",
        forall(e, established(e) >> exists(q, forall(n, member(n, q) >> adopted(n, e))))
        & forall(e, established(e) >> started(e)),
        "A quorum acknowledged NEWLEADER of an established epoch.",
        "What establishment means; nothing takes that back.",
    ),
    Named(
        "committed-acked",
        forall((e, t), committed(e, t) >> exists(q, forall(n, member(n, q) >> acked(n, e, t)))),
        "A quorum acknowledged what is committed.",
        "What a commit means; acknowledgements are forgotten only of what is not committed.",
    ),
    Named(
        "committed-in-order",
        forall((e, t), committed(e, t) >> history(e, t))
        & forall((e, t, u), (committed(e, t) & history(e, u) & (u < t)) >> committed(e, u)),
        "What is committed in an epoch is a beginning of its history.",
        "Leaders commit in order.",
    ),
    Named(
        "delivered-committed",
        forall((n, e, t), delivered(n, e, t) >> (committed(e, t) & log(n, t) & entered(n, e))),
        "What a server has delivered was committed in an epoch it has entered, and is in its log.",
        "A follower delivers what it is told to, and the log keeps that.",
    ),
    Named(
        "delivered-in-order",
        forall((n, e, t, u), (delivered(n, e, t) & log(n, u) & (u < t)) >> delivered(n, e, u)),
        "What a server has delivered is a beginning of its log.",
        "A follower delivers in order.",
    ),
)

INVARIANT = (
    *(EPOCHS + LEADERS + HISTORIES),
    *(LOGS + REPORTS + ACKNOWLEDGEMENTS),
    *(CHOICE + WITNESSES),
)
