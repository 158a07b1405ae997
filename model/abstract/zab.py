"""How model `zab` is abstract Zab: each of its steps as abstract steps, and in what the two states must agree.

Promises, histories of epochs and acknowledgements outlive, in the abstract protocol, the connections and roles of those
who took part. The model keeps less; what it does keep must be the same: acceptedEpoch, currentEpoch, log and deliveries
of every server.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from zabcheck.model.abstract.instance import ensemble
from zabcheck.model.abstract.mapping import (
    adopt,
    disagreements,
    held,
    last_of,
    quorum_among,
    unless_equal,
    zxids,
)
from zabcheck.model.zab.messages import Ack
from zabcheck.model.zab.order import delivered
from zabcheck.model.zab.scope import ids
from zabcheck.model.zab.state import Phase, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zabcheck.checker import Id
    from zabcheck.checker.model import Instance
    from zabcheck.checker.proof.finite import Structure
    from zabcheck.checker.proof.theory import Theory
    from zabcheck.model.abstract.mapping import Step
    from zabcheck.model.zab.scope import Scope
    from zabcheck.model.zab.state import Server, State


def _last(server: Server) -> str:
    return last_of(server.history.txns)


def _adopt(name: Id, server: Server) -> Iterator[Step]:
    return adopt(name, server.current_epoch, _last(server))


def _quorum(state: State, members: set[Id]) -> str:
    servers = ids(state.scope)
    return quorum_among(combinations(servers, len(servers) // 2 + 1), members)


def _promise(before: State, after: State, server: Id, leader: Id) -> Iterator[Step]:
    epoch = after.servers[server].accepted_epoch
    if epoch != before.servers[server].accepted_epoch:
        yield "promise", server, str(epoch), leader


def leader_process_cepoch(before: State, after: State, leader: Id, _follower: Id) -> Iterator[Step]:
    """A leader that has heard a quorum promises itself to its epoch."""
    yield from _promise(before, after, leader, leader)


def follower_process_newepoch(before: State, after: State, follower: Id, leader: Id) -> Iterator[Step]:
    """A follower promises itself; one that has done so before renews that, or repeats what it reported."""
    promise = tuple(_promise(before, after, follower, leader))
    yield from promise
    epoch = after.servers[follower].accepted_epoch
    leads = after.servers[leader].phase is not Phase.DISCOVERY
    if not promise and after.servers[follower].role is Role.FOLLOWING and not leads:
        yield "renew", follower, str(epoch), leader


def leader_process_ackepoch(before: State, after: State, leader: Id, _follower: Id) -> Iterator[Step]:
    """With a quorum of reports a leader starts its epoch, and is the first to adopt its history."""
    me = after.servers[leader]
    if me.phase is before.servers[leader].phase:
        return
    reports = {peer: known.acke for peer, known in me.peers.items() if known.acke.present}
    chosen = [peer for peer, report in reports.items() if report.txns == me.history.txns]
    source = max(chosen or reports, key=lambda peer: reports[peer].summary)
    entered = str(reports[source].summary[0])
    quorum = _quorum(after, {source, *reports})
    yield "newleader", leader, str(me.accepted_epoch), quorum, source, entered, _last(me)
    yield from _adopt(leader, me)


def follower_process_newleader(_before: State, after: State, follower: Id, _leader: Id) -> Iterator[Step]:
    """A follower that stays adopts history and epoch in one step."""
    me = after.servers[follower]
    if me.role is Role.FOLLOWING:
        yield from _adopt(follower, me)


def leader_process_ackld(before: State, after: State, leader: Id, _follower: Id) -> Iterator[Step]:
    """With a quorum of acknowledgements the epoch is established, its initial history committed and delivered."""
    me = after.servers[leader]
    if me.phase is before.servers[leader].phase:
        return
    epoch, quorum = (
        str(me.current_epoch),
        _quorum(after, {p for p, known in me.peers.items() if known.ackld.present}),
    )
    yield "establish", epoch, quorum
    for txn in me.history.txns:
        yield "commit", epoch, str(txn.zxid), quorum
    yield from _deliver(before, after, leader)


def _deliver(before: State, after: State, server: Id) -> Iterator[Step]:
    now = delivered(after.servers[server])
    if now and now != delivered(before.servers[server]):
        yield "deliver", server, str(after.servers[server].current_epoch), str(now[-1].zxid)


def follower_process_commitld(before: State, after: State, follower: Id, _leader: Id) -> Iterator[Step]:
    """A follower delivers what it is told to."""
    yield from _deliver(before, after, follower)


def follower_process_commit(before: State, after: State, follower: Id, _leader: Id) -> Iterator[Step]:
    """A follower delivers what it is told to."""
    yield from _deliver(before, after, follower)


def leader_process_request(_before: State, after: State, leader: Id) -> Iterator[Step]:
    """A leader proposes a transaction, and is the first to log and acknowledge it."""
    me = after.servers[leader]
    epoch, zxid = str(me.current_epoch), _last(me)
    yield "propose", epoch, zxid
    yield "append", leader, epoch, zxid
    yield "acknowledge", leader, epoch, zxid


def follower_process_propose(before: State, after: State, follower: Id, leader: Id) -> Iterator[Step]:
    """A follower logs a proposal, and acknowledges it; perhaps it does only one of both, or neither."""
    me, epoch = after.servers[follower], str(after.servers[follower].current_epoch)
    if me.history.length > before.servers[follower].history.length:
        yield "append", follower, epoch, _last(me)
    sent = after.channels[leader][follower].value
    if len(sent) > len(before.channels[leader][follower].value) and isinstance(sent[-1], Ack):
        yield "acknowledge", follower, epoch, str(sent[-1].zxid)


def leader_process_ack(before: State, after: State, leader: Id, _follower: Id) -> Iterator[Step]:
    """A leader commits what a quorum has, and delivers it."""
    me = after.servers[leader]
    if me.last_committed != before.servers[leader].last_committed:
        quorum = _quorum(after, set(me.history.acks_at(me.last_committed.index)))
        yield "commit", str(me.current_epoch), str(me.last_committed.zxid), quorum
        yield from _deliver(before, after, leader)


def restart(_before: State, _after: State, server: Id) -> Iterator[Step]:
    """A crash."""
    yield "crash", server


MAPPED: dict[str, Callable[..., Iterator[Step]]] = {
    f.__name__: f
    for f in (
        leader_process_cepoch,
        follower_process_newepoch,
        leader_process_ackepoch,
        follower_process_newleader,
        leader_process_ackld,
        follower_process_commitld,
        leader_process_request,
        follower_process_propose,
        leader_process_ack,
        follower_process_commit,
        restart,
    )
}
"""Every other step changes nothing abstract: roles, connections, messages on their way."""


class ZabRefinement:
    """Model `zab` as abstract Zab."""

    def start(self, theory: Theory, scope: Scope) -> Structure:
        """No server has done anything."""
        return ensemble(theory, tuple(map(str, ids(scope))), epochs=scope.epochs, counter=scope.transactions)

    def steps(self, before: State, after: State, instance: Instance) -> Iterator[tuple[str, ...]]:
        """The abstract steps that a step of the model is."""
        mapped = MAPPED.get(instance.name)
        for step in mapped(before, after, *instance.arguments) if mapped else ():
            yield tuple(map(str, step))

    def differences(self, state: State, structure: Structure) -> list[str]:
        """Servers whose epochs, log or deliveries are not the abstract ones."""
        return [
            difference
            for number, (name, server) in enumerate(state.servers.items())
            for difference in (
                *disagreements(structure, number, name, _disk(server)),
                *unless_equal(
                    f"deliveries of {name}",
                    zxids(delivered(server)),
                    held(structure, "delivered", number),
                ),
            )
        ]


def _disk(server: Server) -> tuple[int, int, tuple[str, ...]]:
    return server.accepted_epoch, server.current_epoch, zxids(server.history.txns)
