"""Breaking one function of the model breaks a running ensemble, and the validator finds it in what was recorded."""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.implementation.group import Group, ensemble
from tests.implementation.test_peers import validated
from zabcheck.model.zookeeper import commitment, election, leader, learner, threads
from zabcheck.model.zookeeper.messages import Ack, Diff, Proposal
from zabcheck.model.zookeeper.server import Phase
from zabcheck.model.zookeeper.steps import HANDLERS
from zabcheck.model.zookeeper.synchronization import Plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zabcheck.model.zookeeper.server import Outbox, Server

ORIGINAL_BEATS, ORIGINAL_PROPOSE = election.beats, leader.propose
ORIGINAL_ESTABLISH = leader.establish


@dataclass(frozen=True)
class Mutant:
    """A function of the model, broken."""

    name: str
    properties: frozenset[str]
    """one of these is violated"""
    replaced: tuple[Any, str, object]
    voters: int = 3
    started: tuple[int, ...] = ()
    """only these run"""

    def __str__(self) -> str:
        return self.name


def _skip_zxid(me: Server, value: Any, out: Outbox) -> None:
    """Leave a number out."""
    if me.last_proposed.counter == 3:
        me.last_proposed = type(me.last_proposed)(me.last_proposed.epoch, 4)
    ORIGINAL_PROPOSE(me, value, out)


def _commit_at_once(me: Server, sid: int, zxid: Any, out: Outbox) -> None:
    """Commit what nobody but oneself has."""
    for each in me.outstanding:
        if each.txn.zxid == zxid:
            me.outstanding = tuple(other for other in me.outstanding if other is not each)
            commitment.commit(me, each.txn, out)


def _establish_alone(me: Server, out: Outbox) -> None:
    me.supporting = frozenset({me.sid})
    ORIGINAL_ESTABLISH(me, out)


def _acknowledge_only(me: Server, leader_: int, packet: Proposal, out: Outbox) -> None:
    """Acknowledge a proposal and do not log it."""
    if me.phase is Phase.BROADCAST:
        me.pending = (*me.pending, packet.txn)
        out.send(leader_, Ack(packet.txn.zxid))
    else:
        me.not_logged = (*me.not_logged, packet.txn)


@pytest.fixture(autouse=True)
def _nothing_is_left_for_later_tests() -> Iterator[None]:
    yield
    gc.collect()


MUTANTS = [
    Mutant(
        "the worst vote wins",
        frozenset({"VoteOrder"}),
        (election, "beats", lambda scope, new, current: ORIGINAL_BEATS(scope, current, new)),
    ),
    Mutant(
        "one vote is a quorum of votes",
        frozenset({"DecisionSupport", "VoteOrder"}),
        (election, "has_quorum", lambda me, votes: True),
        voters=5,
        started=(1, 2),
    ),
    Mutant(
        "every learner is taken to have everything",
        frozenset({"SyncDecision"}),
        (leader, "plan", lambda me, peer: Plan((Diff(peer),), peer)),
    ),
    Mutant("a proposal leaves a number out", frozenset({"ProposalOrder"}), (leader, "propose", _skip_zxid)),
    Mutant(
        "a leader commits what only it has",
        frozenset({"CommitQuorum"}),
        (threads, "process_ack", _commit_at_once),
    ),
    Mutant(
        "an epoch that only its leader supports",
        frozenset({"ActivationQuorum"}),
        (leader, "establish", _establish_alone),
    ),
    Mutant(
        "a proposal is acknowledged and not logged",
        frozenset({"RecordAgreement", "LogContiguity", "VoteTruth", "AckDurability", "TotalOrder", "P1s"}),
        (learner, "on_proposal", _acknowledge_only),
    ),
    Mutant(
        "the current epoch is not written",
        frozenset({"EpochFiles", "EpochOrder"}),
        (learner, "_epoch", lambda me, out: None),
    ),
    Mutant(
        "the wrong transaction is logged",
        frozenset({"RecordAgreement"}),
        (learner, "enqueue", lambda me, txn: threads.enqueue(me, _other(txn))),
    ),
]


def _other(txn: Any) -> Any:
    """A transaction with the same zxid and another time."""
    entry = txn.value
    return type(txn)(txn.zxid, type(entry)(entry.session, entry.cxid, entry.time + 1, entry.type, entry.body))


async def scenario(folder: Path, voters: int, started: tuple[int, ...] = ()) -> None:
    """Elect, write, lose the leader, write, take it back."""
    group = Group(folder, ensemble(voters))
    group.start(*started)
    try:
        with suppress(TimeoutError):
            old = await group.settle(2 if started else 6)
            for sid in group.tasks:
                group.write(sid, 10)
            await group.until(lambda: any(len(group.machine(s).nodes) >= 10 * voters for s in group.tasks), 3)
            await group.stop(old)
            new = await group.settle(6)
            group.write(new, 5)
            await asyncio.sleep(0.2)
            group.start(old)
            await group.settle(4)
            group.write(new, 5)
            await asyncio.sleep(0.3)
    finally:
        await group.stop()


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_validation_fails_when_a_function_is_broken(mutant: Mutant, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        module, name, broken = mutant.replaced
        original = getattr(module, name)
        tables: tuple[dict[Any, Any], ...] = (learner.STEPS, HANDLERS)
        for table in tables:
            for key, function in tuple(table.items()):
                if function is original:
                    patch.setitem(table, key, broken)
        patch.setattr(module, name, broken)
        asyncio.run(scenario(tmp_path, mutant.voters, mutant.started))
    outcome = validated(tmp_path)
    violated = {judged.property.name for judged in outcome.properties if judged.verdict == "violated"}
    assert violated & mutant.properties, (outcome.verdict, outcome.reason, violated)


def test_the_same_run_conforms_when_nothing_is_broken(tmp_path: Path) -> None:
    asyncio.run(scenario(tmp_path, 3))
    outcome = validated(tmp_path)
    assert outcome.verdict == "conforms", [outcome.reason, *map(str, outcome.findings)]
