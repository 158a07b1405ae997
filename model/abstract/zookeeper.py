"""How model `zookeeper` is abstract Zab: what a step changed on disks, in roles and on the wire, as abstract steps.

The functions of a server do several things in one step, more of them at coarse grains. So a step is read off the
states before and after it, server by server, in the order in which the protocol has its parts.

A server has delivered what it has applied *and* has on disk: the commit thread may be ahead of the log thread.
"""

from __future__ import annotations

from itertools import chain, combinations
from typing import TYPE_CHECKING

from zabcheck.checker.proof.finite import play
from zabcheck.model.abstract.instance import ensemble
from zabcheck.model.abstract.mapping import (
    NOTHING,
    adopt,
    disagreements,
    held,
    last_of,
    quorum_among,
    unless_equal,
    zxids,
)
from zabcheck.model.zookeeper.messages import ENDED, Ack, Role, Trunc
from zabcheck.model.zookeeper.server import Phase
from zabcheck.model.zookeeper.switches import Sync

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zabcheck.checker.model import Instance
    from zabcheck.checker.proof.finite import Structure
    from zabcheck.checker.proof.theory import Theory
    from zabcheck.model.abstract.mapping import Step
    from zabcheck.model.transaction import Txn
    from zabcheck.model.zookeeper.ensemble import State
    from zabcheck.model.zookeeper.messages import End, Packet
    from zabcheck.model.zookeeper.scope import Scope
    from zabcheck.model.zookeeper.server import Server

STARTED = frozenset({Phase.SYNCHRONIZATION, Phase.BROADCAST})
"""the phases in which a leader has an epoch"""
ANSWERS = frozenset({"learner_process_newleader", "learner_continue_sync"})
"""the steps that answer NEWLEADER"""


def quorums(scope: Scope) -> list[tuple[int, ...]]:
    """The smallest quorums."""
    voters = scope.voters
    subsets = chain.from_iterable(combinations(voters, size) for size in range(1, len(voters) + 1))
    found: list[tuple[int, ...]] = []
    for subset in subsets:
        if scope.is_quorum(frozenset(subset)) and not any(set(one) <= set(subset) for one in found):
            found.append(subset)
    return found


class _Reading:
    """One step of the model, to be read."""

    def __init__(self, before: State, after: State, instance: Instance) -> None:
        self._before, self._after, self._name = before, after, instance.name
        self._first: object = instance.arguments[0]
        self._acting: object = instance.arguments[-1]
        """who acknowledged, if somebody did"""

    def steps(self) -> Iterator[Step]:
        """The abstract steps: first what servers promise, then what follows from it."""
        servers = [(sid, had, self._after.servers[sid]) for sid, had in self._before.servers.items()]
        for part in (
            self._disk,
            self._lead,
            self._forget,
            self._log,
            self._answer,
            self._commit,
            self._deliver,
        ):
            for sid, had, has in servers:
                yield from part(sid, had, has)

    def _disk(self, sid: int, had: Server, has: Server) -> Iterator[Step]:
        """A server crashes, starts, or promises an epoch."""
        if has.role is Role.DOWN and had.role is not Role.DOWN:
            yield "crash", sid
        if had.role is Role.DOWN and has.current_epoch > had.current_epoch:
            yield "recover", sid, has.current_epoch
        if has.accepted_epoch > had.accepted_epoch:
            yield "promise", sid, has.accepted_epoch, sid if has.leader is None else has.leader

    def _lead(self, sid: int, had: Server, has: Server) -> Iterator[Step]:
        """A leader starts its epoch with its own history, and is the first to adopt it; or it proposes."""
        if has.is_leading and has.phase in STARTED and had.phase not in STARTED:
            last = last_of(has.tree.log.txns)
            yield "newleader", sid, has.epoch, self._quorum(has.electing), sid, had.current_epoch, last
            yield from adopt(sid, has.epoch, last)
        if _serves(had) and _serves(has) and has.last_proposed != had.last_proposed:
            yield "propose", has.epoch, has.last_proposed

    def _forget(self, sid: int, _had: Server, has: Server) -> Iterator[Step]:
        """A leader tells a learner of its epoch to cut its log, and no longer counts what that acknowledged."""
        for learner in has.handlers:
            me = self._after.servers[learner]
            for packet in self._sent(sid, learner):
                if isinstance(packet, Trunc) and me.current_epoch == has.epoch:
                    for txn in me.disk.log.after(packet.zxid)[:1]:
                        yield "forget", learner, has.epoch, txn.zxid

    def _log(self, sid: int, had: Server, has: Server) -> Iterator[Step]:
        """What was done to the log of a server, and what it has acknowledged of it."""
        old, new, epoch = had.disk.log, has.disk.log, has.accepted_epoch
        added = new.txns[old.length :] if old.begins(new) else ()
        if old.begins(new):
            for txn in added:
                yield "append", sid, epoch, txn.zxid
        elif new.begins(old):
            yield "truncate", sid, epoch, old.txns[new.length].zxid
        else:
            yield "write_log", sid, epoch, last_of(new.txns)
        if _serves(had) and _serves(has):
            for txn in added:
                yield "acknowledge", sid, epoch, txn.zxid
        for packet in self._sent(sid, has.leader):
            if isinstance(packet, Ack) and packet.zxid.counter:
                yield "acknowledge", sid, epoch, packet.zxid

    def _answer(self, sid: int, had: Server, has: Server) -> Iterator[Step]:
        """A learner writes currentEpoch, and acknowledges NEWLEADER; its log is as it should be by then."""
        if self._name not in ANSWERS or sid != self._first or not has.is_learning:
            return
        todo = has.scope.switches.newleader if self._name == "learner_process_newleader" else had.steps
        for step in todo[: len(todo) - len(has.steps)]:
            if step is Sync.EPOCH:
                yield "write_log", sid, has.accepted_epoch, last_of(has.disk.log.txns)
                yield "enter_epoch", sid, has.accepted_epoch
            elif step is Sync.ACK_NEWLEADER:
                yield "acknowledge_newleader", sid, has.accepted_epoch

    def _commit(self, _sid: int, had: Server, has: Server) -> Iterator[Step]:
        """A leader establishes its epoch, and commits."""
        if not _serves(has):
            return
        if not _serves(had):
            quorum = self._quorum(had.supporting | has.supporting | {self._acting})
            yield "establish", has.epoch, quorum
            for txn in has.tree.log:
                yield "commit", has.epoch, txn.zxid, quorum
        waiting = {each.txn for each in has.outstanding}
        for each in had.outstanding:
            if each.txn not in waiting:
                yield "commit", has.epoch, each.txn.zxid, self._quorum(each.acks | {self._acting})

    def _deliver(self, sid: int, had: Server, has: Server) -> Iterator[Step]:
        """A server delivers what is committed."""
        now = delivered(has)
        if now and now != delivered(had):
            yield "deliver", sid, has.current_epoch, last_of(now)

    def _sent(self, sender: int, to: int | None) -> tuple[Packet | End, ...]:
        """What was put on a link in this step, and is still there."""
        if to is None:
            return ()
        old, new = self._before.links[to][sender].value, self._after.links[to][sender].value
        kept = () if old == ENDED else old  # a new connection begins with nothing
        return new[len(kept) :] if new[: len(kept)] == kept else ()

    def _quorum(self, members: frozenset[object]) -> str:
        return quorum_among(quorums(self._after.scope), members)


def _serves(me: Server) -> bool:
    """Whether a server leads an established epoch."""
    return me.is_leading and me.phase is Phase.BROADCAST


def delivered(me: Server) -> tuple[Txn, ...]:
    """What a server that serves has applied and has on disk."""
    return tuple(txn for txn in me.tree.log if txn in me.disk.log) if me.phase is Phase.BROADCAST else ()


class ZooKeeperRefinement:
    """Model `zookeeper` as abstract Zab."""

    def start(self, theory: Theory, scope: Scope) -> Structure:
        """Every server has just started, with the history of an epoch 1 that all took part in."""
        empty = ensemble(
            theory,
            tuple(map(str, scope.voters)),
            tuple(tuple(map(str, quorum)) for quorum in quorums(scope)),
            epochs=scope.epochs,
            counter=max(scope.history, scope.transactions),
            observers=tuple(str(sid) for sid in scope.sids if sid not in scope.voters),
        )
        run = play(theory, empty, _first_epoch(scope) if scope.history else ())
        return run[-1].structure if run else empty

    def steps(self, before: State, after: State, instance: Instance) -> Iterator[tuple[str, ...]]:
        """The abstract steps that a step of the model is."""
        for step in _Reading(before, after, instance).steps():
            yield tuple(map(str, step))

    def differences(self, state: State, structure: Structure) -> list[str]:
        """Servers whose disk, deliveries, history or acknowledgements are not the abstract ones."""
        everyone = structure.domain.names["server"]
        return [
            difference
            for sid, me in state.servers.items()
            for difference in _differences(me, everyone.index(str(sid)), structure)
        ]


def _first_epoch(scope: Scope) -> Iterator[tuple[str, ...]]:
    """The first server leads epoch 1, everybody logs its transactions, all is committed, and all stop."""
    sids, leader, quorum = (
        tuple(map(str, scope.sids)),
        str(scope.voters[0]),
        "".join(map(str, quorums(scope)[0])),
    )
    for sid in sids:
        yield "promise", sid, "1", leader
    yield "newleader", leader, "1", quorum, leader, "0", NOTHING
    for sid in sids:
        yield from (tuple(map(str, step)) for step in adopt(sid, 1, NOTHING))
    yield "establish", "1", quorum
    for number in range(1, scope.history + 1):
        zxid = f"1.{number}"
        yield "propose", "1", zxid
        for sid in sids:
            yield "append", sid, "1", zxid
            yield "acknowledge", sid, "1", zxid
        yield "commit", "1", zxid, quorum
    for sid in sids:
        yield "crash", sid


def _differences(me: Server, number: int, structure: Structure) -> Iterator[str]:
    sid = me.sid
    yield from disagreements(
        structure, number, sid, (me.accepted_epoch, me.current_epoch, zxids(me.disk.log))
    )
    if me.phase is Phase.BROADCAST:
        yield from unless_equal(
            f"deliveries of {sid}", zxids(delivered(me)), held(structure, "delivered", number)
        )
    if me.is_leading and me.phase in STARTED:
        txns = (*me.tree.log, *me.to_apply, *(each.txn for each in me.outstanding))
        yield from unless_equal(
            f"history of epoch {me.epoch}", zxids(txns), held(structure, "history", me.epoch)
        )
        yield from _miscounted(me, structure)


def _miscounted(me: Server, structure: Structure) -> Iterator[str]:
    """Acknowledgements that a leader counts and that there are not."""
    names = structure.domain.names
    for sid in me.supporting:
        if (names["server"].index(str(sid)), me.epoch) not in structure.relations["adopted"]:
            yield f"{me.sid} counts the acknowledgement of NEWLEADER by {sid}, which has none"
    for each in me.outstanding:
        zxid = names["txn"].index(str(each.txn.zxid))
        for sid in each.acks:
            if (names["server"].index(str(sid)), me.epoch, zxid) not in structure.relations["acked"]:
                yield f"{me.sid} counts the acknowledgement of {each.txn.zxid} by {sid}, which is void"
