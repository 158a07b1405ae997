"""The model's functions run servers that know nothing of each other but what arrives, through crash and return.

The same run fails when one decision of the protocol is broken: it is these functions that make it succeed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.model.zookeeper.peers import Network, Peer, Timeout, Write
from zabcheck.model.quorums import Majority
from zabcheck.model.zookeeper import Scope, election, leader, threads
from zabcheck.model.zookeeper.events import Committed, Established, Leads, Proposed
from zabcheck.model.zookeeper.log import History
from zabcheck.model.zookeeper.messages import Diff, Snap, Trunc
from zabcheck.model.zookeeper.switches import Sync, VoteOrder
from zabcheck.model.zookeeper.synchronization import Plan

if TYPE_CHECKING:
    from zabcheck.model.transaction import Txn
    from zabcheck.model.zookeeper.server import Outbox, Server

SEEDS = range(24)
MANY = range(150)
"""enough seeds for what happens rarely, such as a TRUNC"""
MOST_STEPS = 2_000
"""twice what the longest run takes"""


class Ensemble:
    """A number of peers, and what a test does to them."""

    def __init__(self, scope: Scope, seed: int, impatience: float) -> None:
        self.random = Random(seed)
        self.impatience = impatience
        self.network = Network(self.random)
        self.peers = {sid: Peer(scope, sid, self.network) for sid in scope.sids}
        self.leader = 0
        self.written = 0

    async def settle(self) -> None:
        """Let time pass until one server leads, all that run follow it, and nothing is left to do."""
        while True:
            running = [peer.me for peer in self.peers.values() if peer.is_running]
            while not all(peer.is_idle for peer in self.peers.values()):
                await asyncio.sleep(0)
                assert self.network.steps < MOST_STEPS, "the servers get somewhere"
                if self.random.random() < self.impatience:
                    self.network.put(self.random.choice(running).sid, Timeout())
            leaders = [me.sid for me in running if me.is_leading]
            if len(leaders) == 1 and all(peer.is_settled for peer in self.peers.values() if peer.is_running):
                self.leader = leaders[0]
                return
            for me in running:
                self.network.put(me.sid, Timeout())

    def write(self, count: int) -> None:
        """Ask the leader for writes."""
        for _ in range(count):
            self.written += 1
            self.network.put(self.leader, Write(self.written))

    async def crash_leader_at_work(self) -> int:
        """Crash the leader a moment after it was asked for writes."""
        self.write(4)
        for _ in range(self.random.randrange(2, 50)):
            await asyncio.sleep(0)
        old = self.leader
        self.peers[old].crash()
        return old

    @property
    def events(self) -> list[Any]:
        """What all servers have observed."""
        return [event for peer in self.peers.values() for event in peer.events]

    def committed(self) -> set[Txn]:
        """What a client may have been told is done."""
        return {event.txn for event in self.events if isinstance(event, Committed)}


async def lose_leader_and_return(ensemble: Ensemble) -> None:
    """Elect, write, lose the leader at work, elect another, write, and take the old one back."""
    for peer in ensemble.peers.values():
        peer.start()
    await ensemble.settle()
    ensemble.write(3)
    await ensemble.settle()
    assert len(ensemble.committed()) == 3, "writes to a leader that serves are committed"
    old = await ensemble.crash_leader_at_work()
    await ensemble.settle()
    assert ensemble.leader != old
    ensemble.write(ensemble.random.choice((0, 2)))
    await ensemble.settle()
    ensemble.peers[old].restart()
    await ensemble.settle()
    ensemble.write(2)
    await ensemble.settle()


def drive(scope: Scope, seed: int, impatience: float = 0.0) -> Ensemble:
    """The run for one seed, checked at its end; ``impatience`` is how likely time-outs come too early."""
    ensemble = Ensemble(scope, seed, impatience)
    asyncio.run(lose_leader_and_return(ensemble))
    events, servers = ensemble.events, [peer.me for peer in ensemble.peers.values()]
    led = [event.epoch for event in events if isinstance(event, Leads)]
    assert len(led) == len(set(led)), "no epoch is begun twice"
    txns = {event.txn for event in events if isinstance(event, Proposed)}
    assert len({txn.zxid for txn in txns}) == len(txns), "a zxid stands for one transaction"
    logs = {log for me in servers for log in (me.tree.log, me.disk.log)}
    assert len(logs) == 1, "all servers have the same in their trees and on their disks"
    assert ensemble.committed() <= set(logs.pop()), "what was committed is there"
    return ensemble


def generous(servers: int, **changed: Any) -> Scope:
    """Bounds that no run reaches, and a window so small that some learner needs a SNAP."""
    return Scope(
        servers,
        epochs=10_000,
        rounds=10_000,
        election="fine",
        window=4,
        release="mended",
        changed=tuple(changed.items()),
    )


@pytest.mark.parametrize("impatience", [0.0, 0.03], ids=["patient", "impatient"])
@pytest.mark.parametrize("servers", [3, 5])
@pytest.mark.parametrize("seed", SEEDS)
def test_servers_agree_after_a_leader_is_lost_and_returns(seed: int, servers: int, impatience: float) -> None:
    ensemble = drive(generous(servers), seed, impatience)
    assert len(ensemble.committed()) >= 3 + 2
    assert len([event for event in ensemble.events if isinstance(event, Established)]) >= 2


def test_the_same_seed_is_the_same_run() -> None:
    assert drive(generous(5), 1).events == drive(generous(5), 1).events


def test_all_ways_of_synchronizing_occur() -> None:
    sent = {kind for seed in MANY for peer in drive(generous(3), seed).peers.values() for kind in peer.sent}
    assert sent >= {Diff, Trunc, Snap}


@dataclass(frozen=True)
class Mutant:
    """A decision of the protocol, broken: switches of the scope, or a function replaced."""

    name: str
    failure: str
    """how runs fail"""
    switches: dict[str, object] = field(default_factory=dict)
    replaced: tuple[Any, str, object] | None = None
    """whose function, its name, and what it is replaced by"""

    def __str__(self) -> str:
        return self.name


def _raise_no_epoch(me: Server, sid: int, accepted: int, out: Outbox) -> None:
    HEAR_EPOCH(me, sid, accepted - 1, out)


def _reuse_zxid(me: Server, value: int, out: Outbox) -> None:
    last = me.last_proposed
    PROPOSE(me, value, out)
    me.last_proposed = last


def _drop_next(me: Server, out: Outbox) -> None:
    me.to_apply = me.to_apply[1:]


BEATS, HEAR_EPOCH, PROPOSE = election.beats, leader.hear_epoch, leader.propose
LOST = "what was committed is there"
DIFFERENT = "all servers have the same"
STUCK = "the servers get somewhere"
MUTANTS = [
    Mutant(
        "the worst vote wins",
        STUCK,
        replaced=(election, "beats", lambda order, new, current: BEATS(order, current, new)),
    ),
    Mutant(
        "votes by number alone, and nobody who knows more is heard",
        LOST,
        {"vote_order": VoteOrder.SID, "checks_recency": False},
    ),
    Mutant("every server is a quorum", LOST, replaced=(Majority, "contains_quorum", lambda *_: True)),
    Mutant("no answer counts", STUCK, replaced=(leader, "counts", lambda *_: False)),
    Mutant("no new epoch", STUCK, replaced=(leader, "hear_epoch", _raise_no_epoch)),
    Mutant(
        "every learner is taken to have everything",
        DIFFERENT,
        replaced=(leader, "plan", lambda _, peer: Plan((Diff(peer),), peer)),
    ),
    Mutant("TRUNC does not cut", DIFFERENT, replaced=(History, "truncate", lambda *_, **__: None)),
    Mutant(
        "NEWLEADER is not acknowledged",
        STUCK,
        {"newleader": (Sync.SNAPSHOT, Sync.LOG_COMMITTED, Sync.EPOCH)},
    ),
    Mutant("a zxid is used twice", "ProposalConsistent", replaced=(leader, "propose", _reuse_zxid)),
    Mutant("the log thread does not write", DIFFERENT, {"logs_before_ack": False}),
    Mutant("the commit thread does not apply", DIFFERENT, replaced=(threads, "apply_next", _drop_next)),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_the_run_fails_when_a_decision_is_broken(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    if mutant.replaced:
        monkeypatch.setattr(*mutant.replaced)
    failures = (failure(generous(servers, **mutant.switches), seed) for seed in MANY for servers in (3, 5))
    assert any(mutant.failure in each for each in failures)


def failure(scope: Scope, seed: int) -> str:
    """How the run for a seed fails, or nothing."""
    try:
        drive(scope, seed)
    except AssertionError as error:
        return str(error)
    return ""
