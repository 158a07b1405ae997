"""The whole: servers, what is between them, what was spent of the bounds, and what only properties look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zabcheck.checker import SetOf, UsageError
from zabcheck.model.transaction import Txn, Zxid
from zabcheck.model.zookeeper.checks import initial_history_integrity, leadership
from zabcheck.model.zookeeper.election import look, without_futile
from zabcheck.model.zookeeper.events import Committed, Established, Event, Leads, Proposed
from zabcheck.model.zookeeper.files import Files
from zabcheck.model.zookeeper.learner import continue_sync
from zabcheck.model.zookeeper.log import CommittedLog, History, Log, Stored, log_of
from zabcheck.model.zookeeper.messages import ENDED, Link, Mailbox, Notification, Packet, Role
from zabcheck.model.zookeeper.scope import Scope, model
from zabcheck.model.zookeeper.server import Handler, Phase, Server
from zabcheck.model.zookeeper.threads import apply_next, write_next

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Spent:
    """What was used of the bounds."""

    transactions: int = 0
    crashes: int = 0
    partitions: int = 0
    timeouts: int = 0
    resets: int = 0
    write_failures: int = 0


@dataclass
class Ghosts:
    """History that no server has, for the properties that speak of the past; the least that they need."""

    established_epoch: int
    """the latest epoch that a quorum supported"""
    initial_history: Log
    """what it began with"""
    committed: SetOf[Txn]
    """all that was ever committed"""
    proposed: SetOf[Txn]
    """all that was ever proposed"""
    led: SetOf[int]
    """the epochs that somebody began to lead"""
    late: dict[int, bool]
    """with a fine election: who has started while a quorum followed a leader, and not found it yet"""


@dataclass
class State:
    """All of it."""

    scope: Scope
    servers: dict[int, Server]
    links: dict[int, dict[int, Link]]
    """connections between leaders and learners, by receiver, then sender"""
    mail: dict[int, dict[int, Mailbox]]
    """notifications, by receiver, then sender"""
    last_votes: dict[int, dict[int, Notification | None]]
    """what was sent last by each sender, which it sends again over a new connection; kept where connections break"""
    apart: dict[tuple[int, int], bool]
    """which two servers cannot reach each other, the smaller number first"""
    spent: Spent
    ghosts: Ghosts

    def are_apart(self, one: int, other: int) -> bool:
        """Whether two servers cannot reach each other."""
        return self.apart[min(one, other), max(one, other)]

    def drop_futile(self, sid: int) -> None:
        """Let votes that a server would ignore arrive at once, rather than at any time."""
        me, switches = self.servers[sid], self.scope.switches
        if self.scope.reduced and switches.decides_by_quorum and me.proposal is not None:
            for box in self.mail[sid].values():
                box.apply(without_futile, me.round, me.proposal, self.scope)

    def serves(self, leader: int) -> bool:
        """Whether a server leads, and serves with a quorum of followers."""
        me = self.servers[leader]
        if not (me.is_leading and me.phase is Phase.BROADCAST):
            return False
        followers = (sid for sid in self.scope.voters if self.servers[sid].leader == leader)
        serving = (sid for sid in followers if self.servers[sid].phase is Phase.BROADCAST)
        return self.scope.is_quorum(frozenset({leader, *serving}))

    def act(self, sid: int, action: Callable[[Server, Wire], None]) -> None:
        """Let one server act; in the coarse grain its threads then run until they have nothing left to do."""
        me = self.servers[sid]
        self.let(me, action)
        if self.scope.election == "fine":
            self.let(me, look)
            self.drop_futile(sid)
            if me.is_learning:
                self.ghosts.late[sid] = False
        if not self.scope.is_fine:
            while (task := next_task(me)) is not None:
                self.let(me, task)

    def let(self, me: Server, action: Callable[[Server, Wire], None]) -> None:
        """Let a server do one thing."""
        action(me, Wire(self, me.sid))

    def requested(self, number: int) -> Any:
        """What the client's write of this number asks for; nothing that is decided depends on it."""
        return number


def next_task(me: Server) -> Callable[[Server, Wire], None] | None:
    """What the threads of a server do next, the packet thread first; nothing if they have come to rest."""
    if me.steps:
        return continue_sync
    if me.to_log:
        return write_next
    return apply_next if me.to_apply else None


class Wire:
    """The outbox of one server of the ensemble: packets go to the links, votes to the mailboxes."""

    def __init__(self, state: State, sid: int) -> None:
        self._state = state
        self._sid = sid

    def send(self, to: int, packet: Packet) -> None:
        """Put a packet on the connection with a leader or learner; lost if that has ended."""
        self._state.links[to][self._sid].send(packet)

    def open(self, leader: int) -> None:
        """Connect to a leader."""
        self._state.links[leader][self._sid].open()
        self._state.links[self._sid][leader].open()

    def close(self, peer: int) -> None:
        """End the connection with a leader or learner, and lose what is in transit."""
        self._state.links[peer][self._sid].cut()
        self._state.links[self._sid][peer].cut()

    def notify(self, to: int, notification: Notification) -> None:
        """Send a vote, in place of one that has not arrived."""
        self._state.mail[to][self._sid].put(notification)
        if self._state.scope.resets:
            self._state.last_votes[to][self._sid] = notification

    def observe(self, event: Event) -> None:
        """Record what properties of the whole speak of."""
        ghosts = self._state.ghosts
        match event:
            case Leads(_, epoch):
                leadership.check(epoch not in ghosts.led)
                ghosts.led.add(epoch)
            case Established(_, epoch, history):
                for txn in history:
                    ghosts.committed.add(txn)
                latest = epoch > ghosts.established_epoch
                shorter, longer = ghosts.initial_history, history
                initial_history_integrity.check(shorter.begins(longer) if latest else longer.begins(shorter))
                if latest:
                    ghosts.established_epoch = epoch
                    ghosts.initial_history = history
            case Committed(_, _, txn):
                ghosts.committed.add(txn)
            case Proposed(_, txn):
                ghosts.proposed.add(txn)


def first_history(scope: Scope) -> Log:
    """What every server has on disk in the beginning: an epoch 1 that everybody took part in."""
    return log_of(*(Txn(Zxid(1, number), -number) for number in range(1, scope.history + 1)))


def new_server(scope: Scope, sid: int) -> Server:
    """A server that has just started, with the first history."""
    peers = [other for other in scope.sids if other != sid]
    log = first_history(scope)
    epoch = 1 if scope.history else 0
    return Server(
        scope=scope,
        handlers={peer: Handler() for peer in peers},
        recvset=dict.fromkeys(scope.voters),
        outofelection=dict.fromkeys(scope.voters),
        sid=sid,
        accepted_epoch=epoch,
        current_epoch=epoch,
        disk=History(Files(log).restore() if scope.tells_files_apart else Stored(log, log.zxid)),
        tree=History(Stored(log, log.zxid)),
        committed_log=CommittedLog(log.txns[-scope.window :]),
        role=Role.DOWN if sid in scope.missing else Role.LOOKING,
    )


@model.initial
def initial(scope: Scope) -> State:
    """All servers have just started, with the same log."""
    if not scope.is_quorum(frozenset(scope.voters) - frozenset(scope.missing)):
        voters = f"{scope.servers} servers"
        raise UsageError(
            f"--absent {scope.absent} leaves no quorum of {voters}"
            if scope.absent
            else f"{voters} have no quorum"
        )
    log = first_history(scope)
    sids = scope.sids
    state = State(
        scope=scope,
        servers={sid: new_server(scope, sid) for sid in sids},
        links={to: {sender: Link(ENDED) for sender in sids if sender != to} for to in sids},
        mail={to: {sender: Mailbox() for sender in sids if sender != to} for to in sids},
        last_votes={to: dict.fromkeys(sid for sid in sids if sid != to) for to in sids},
        apart={(one, other): False for one in sids for other in sids if one < other},
        spent=Spent(),
        ghosts=Ghosts(
            established_epoch=1 if scope.history else 0,
            initial_history=log,
            committed=SetOf(frozenset(log)),
            proposed=SetOf(frozenset(log)),
            led=SetOf(frozenset({1} if scope.history else ())),
            late=dict.fromkeys(sids, False),
        ),
    )
    if scope.election == "fine":
        for sid in sids:
            state.act(sid, lambda _me, _out: None)
    return state
