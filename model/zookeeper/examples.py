"""Worked examples of elections and recovery: the stories that explain the protocol, played step by step.

Three elections, then the two guarantees: what was committed survives; what only a crashed leader has is discarded,
unless that leader returns first. ``zabcheck demo`` shows them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.checker import Act, Claim, Do, Let, Script
from zabcheck.model.transaction import Txn, Zxid
from zabcheck.model.zookeeper.goals import serves
from zabcheck.model.zookeeper.messages import Role
from zabcheck.model.zookeeper.prepared import keep_down, serve, take_last
from zabcheck.model.zookeeper.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.model.zookeeper.ensemble import State

PROVOKED = frozenset(
    {
        "crash",
        "restart",
        "partition",
        "heal",
        "learner_time_out",
        "leader_time_out",
        "resend_notifications",
        "learner_find_no_leader",
        "leader_lose_quorum",
        "leader_process_request",
        "elect",
        "join",
    }
)
"""What does not happen by itself: faults, impatience, clients, and elections that the script has to decide"""


def _do(transition: str, *arguments: Any) -> Do:
    return Do(transition, arguments)


def _let(*servers: int) -> Let:
    return Let(frozenset(servers), PROVOKED)


# What claims speak of


def _follow(state: State, leader: int, *followers: int) -> bool:
    """Whether these servers follow the leader, and it knows that it leads."""
    return state.servers[leader].role is Role.LEADING and all(
        state.servers[sid].leader == leader for sid in followers
    )


def _proposal(number: int) -> Txn:
    """The proposal that a client's write ``number`` was made into, by the leader of epoch 1."""
    return Txn(Zxid(1, number), number)


def _has(state: State, sid: int, *numbers: int) -> bool:
    """Whether exactly these proposals are in a server's tree and on its disk."""
    wanted = tuple(map(_proposal, numbers))
    me = state.servers[sid]
    return me.tree.log.txns == wanted == me.disk.log.txns


def _serves_in(state: State, epoch: int, *sids: int) -> bool:
    """Whether these servers are in the broadcast phase of an epoch, the first of them as its leader."""
    leader, *followers = (state.servers[sid] for sid in sids)
    return (
        state.ghosts.established_epoch == leader.epoch == epoch
        and serves(leader, Role.LEADING)
        and all(serves(me, Role.FOLLOWING) and me.leader == leader.sid for me in followers)
    )


STARTUP = Script(
    "startup-election",
    "Servers 1 and 2 of 3 start with nothing: 2 leads, since its number is larger. 3 joins later, and does not lead "
    "although its number is larger still.",
    Scope(election="fine", history=0, reduced=False),
    lambda state: keep_down(state, 3),
    (
        Act("1 and 2 have started; each votes for itself: (1, 0) and (2, 0). 3 is not there."),
        Act(
            "2 gets (1, 0) and keeps its own vote: the zxids are equal, its number is larger.",
            (_do("process_notification", 2, 1),),
        ),
        Act("1 gets (2, 0), changes its vote to that, and says so.", (_do("process_notification", 1, 2),)),
        Act(
            "2 gets (2, 0) from 1. Two of three servers vote for 2: a quorum.",
            (_do("process_notification", 2, 1),),
        ),
        Act(
            "No better vote comes in a while: 2 leads, 1 follows.",
            (_do("finalize_election", 2), _do("finalize_election", 1)),
        ),
        Act("3 starts and votes for itself, (3, 0).", (_do("restart", 3),)),
        Act(
            "That would be a better vote, but 1 and 2 have a leader: they only say which.",
            (_do("process_notification", 1, 3), _do("process_notification", 2, 3)),
        ),
        Act(
            "3 learns it from a quorum, and from 2 itself that it leads: it follows.",
            (_do("process_notification", 3, 1), _do("process_notification", 3, 2)),
        ),
    ),
    (
        Claim("2 leads; 1 and 3 follow it.", lambda state: _follow(state, 2, 1, 3)),
        Claim(
            "Nobody needed a second round.",
            lambda state: all(me.round == 1 for me in state.servers.values()),
        ),
    ),
)


def _lag(state: State) -> None:
    """2 leads epoch 1; 3 lacks the last transaction that was proposed in it."""
    take_last(state, 3)
    serve(state, 2, 1, 3)
    state.ghosts.initial_history = state.servers[3].tree.log


def _know_less(state: State) -> None:
    """2 and 3 are in epoch 2, which began without the last transaction of 1; 1 is about to join."""
    take_last(state, 2, 3)
    serve(state, 2, 3, epoch=2)


def _runtime_election(
    name: str, sentence: str, prepare: Callable[[State], None], winner: int, before: str, reason: str
) -> Script:
    """Leader 2 dies; 1 has zxid 123, 3 has 122."""
    loser = 4 - winner
    return Script(
        name,
        sentence,
        Scope(election="fine", history=123, reduced=False),
        prepare,
        (
            Act(before),
            Act("2 dies.", (_do("crash", 2),)),
            Act(
                "1 and 3 notice, and vote for themselves: (1, 123) and (3, 122).",
                (_do("learner_notice_end", 1, 2), _do("learner_notice_end", 3, 2)),
            ),
            Act(
                f"{winner} gets the vote of {loser} and keeps its own: {reason}",
                (_do("process_notification", winner, loser),),
            ),
            Act(
                f"{loser} gets the vote of {winner}, changes its own to that, and says so.",
                (_do("process_notification", loser, winner),),
            ),
            Act(
                f"{winner} gets that: two of three servers, a quorum.",
                (_do("process_notification", winner, loser),),
            ),
            Act(
                f"No better vote comes in a while: {winner} leads, {loser} follows.",
                (_do("finalize_election", winner), _do("finalize_election", loser)),
            ),
        ),
        (
            Claim(f"{winner} leads, {loser} follows it.", lambda state: _follow(state, winner, loser)),
            Claim(
                "1 has zxid 1.123, 3 has 1.122.",
                lambda state: [state.servers[sid].tree.zxid.counter for sid in (1, 3)] == [123, 122],
            ),
        ),
    )


RUNTIME = _runtime_election(
    "runtime-election",
    "The leader, 2, dies. 1 has zxid 123, 3 has 122, both of the same epoch: 1 leads.",
    _lag,
    winner=1,
    before="2 leads epoch 1. 1 has all that was proposed, 3 lacks the last transaction.",
    reason="its zxid is larger. That comes before the number.",
)
RUNTIME_EPOCH = _runtime_election(
    "runtime-election-epoch",
    "The same, but 3 is in a later epoch than 1: the epoch comes before the zxid, and 3 leads.",
    _know_less,
    winner=3,
    before="2 leads epoch 2, and 3 is in it. 1 was away: it has a transaction of epoch 1 that nobody else has, and is "
    "not synchronized yet.",
    reason="its epoch is 2, that of 1 is 1. That comes before the zxid.",
)

_BROADCAST = Scope(history=0, transactions=3, grain="coarse", reduced=False)
_LEADER_IS_LOST = (
    _do("crash", 3),
    _do("learner_notice_end", 1, 3),
    _do("learner_notice_end", 2, 3),
)

AFTER_C2 = Script(
    "leader-dies-after-c2",
    "A leader sends P1 P2 C1 P3 C2 and dies at once. It has committed P1 and P2: they survive, though nobody has "
    "received C2. P3 may be lost, and is.",
    _BROADCAST,
    lambda state: serve(state, 3, 1, 2),
    (
        Act("3 leads. It proposes P1 and P2, and logs them.", (_do("leader_process_request", 3),) * 2),
        Act(
            "1 logs P1 and acknowledges it. With 3 itself that is a quorum: C1.",
            (_do("learner_process_proposal", 1, 3), _do("leader_process_ack", 3, 1)),
        ),
        Act("P3.", (_do("leader_process_request", 3),)),
        Act(
            "1 logs P2 and acknowledges it: C2.",
            (_do("learner_process_proposal", 1, 3), _do("leader_process_ack", 3, 1)),
        ),
        Act("3 dies. C1, P3 and C2, and all that was on its way to 2, never arrive.", _LEADER_IS_LOST),
        Act("1 has P1 and P2 on disk, 2 has nothing: 1 leads.", (_do("elect", 1, (1, 2)),)),
        Act("1 brings 2 up to date, and epoch 2 begins with what 1 has.", (_let(1, 2),)),
    ),
    (
        Claim(
            "P1 and P2 are in the trees and on the disks of 1 and 2, P3 is not.",
            lambda state: _has(state, 1, 1, 2) and _has(state, 2, 1, 2),
        ),
        Claim("1 and 2 serve in epoch 2.", lambda state: _serves_in(state, 2, 1, 2)),
        Claim(
            "P3 was proposed and never committed.",
            lambda state: (
                _proposal(3) in state.ghosts.proposed and _proposal(3) not in state.ghosts.committed
            ),
        ),
    ),
)

_ORPHAN = (
    Act("3 leads. P1 reaches everybody and is committed.", (_do("leader_process_request", 3), _let(1, 2, 3))),
    Act("3 proposes P2 and logs it.", (_do("leader_process_request", 3),)),
    Act("3 dies before P2 has reached anybody.", _LEADER_IS_LOST),
)

DISCARDED = Script(
    "orphan-discarded",
    "A proposal is only on the disk of the leader that crashed. The others begin another epoch without it: when the "
    "old leader returns, it must discard it.",
    _BROADCAST,
    lambda state: serve(state, 3, 1, 2),
    (
        *_ORPHAN,
        Act(
            "1 and 2 do not wait: 2 leads, and epoch 2 begins without P2.",
            (_do("elect", 2, (1, 2)), _let(1, 2)),
        ),
        Act("3 returns with P2 on its disk, and follows 2.", (_do("restart", 3), _do("join", 3, 2))),
        Act(
            "3 says what its last zxid is.",
            (
                _do("connect", 3, 2),
                _do("leader_process_followerinfo", 2, 3),
                _do("learner_process_leaderinfo", 3, 2),
                _do("leader_process_ackepoch", 2, 3),
            ),
        ),
        Act("2 does not have that: 3 must cut its log.", (_do("learner_process_trunc", 3, 2),)),
        Act("3 serves again.", (_let(2, 3),)),
    ),
    (
        Claim(
            "All have P1 and nothing else, 3 too.",
            lambda state: all(_has(state, sid, 1) for sid in (1, 2, 3)),
        ),
        Claim("All serve in epoch 2.", lambda state: _serves_in(state, 2, 2, 1, 3)),
        Claim("P2 was never committed.", lambda state: _proposal(2) not in state.ghosts.committed),
    ),
)

SURVIVES = Script(
    "orphan-survives",
    "The same proposal, but the old leader returns before the others have begun another epoch. It knows more than "
    "they do, leads again, and the proposal is rightly committed.",
    _BROADCAST,
    lambda state: serve(state, 3, 1, 2),
    (
        *_ORPHAN,
        Act("3 returns at once, with P2 on its disk.", (_do("restart", 3),)),
        Act("Its zxid is the largest: it leads again.", (_do("elect", 3, (1, 3)),)),
        Act("1 gets P2 with what it lacks, and epoch 2 begins with P2.", (_let(1, 3),)),
        Act("2 joins.", (_do("join", 2, 3), _let(1, 2, 3))),
    ),
    (
        Claim("All have P1 and P2.", lambda state: all(_has(state, sid, 1, 2) for sid in (1, 2, 3))),
        Claim("All serve in epoch 2.", lambda state: _serves_in(state, 2, 3, 1, 2)),
        Claim("P2 is committed.", lambda state: _proposal(2) in state.ghosts.committed),
    ),
)

EXAMPLES = {
    example.name: example for example in (STARTUP, RUNTIME, RUNTIME_EPOCH, AFTER_C2, DISCARDED, SURVIVES)
}
"""All of them, by name."""
