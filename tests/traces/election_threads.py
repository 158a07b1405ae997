"""FastLeaderElection as its threads run it, preempted anywhere: what servers log that elect leaders for a while.

A server has three threads: one looks for a leader, one receives and answers, one sends; each may stand still between
any two of its steps, for as long as it likes. So log lines come late, and votes in orders that are seldom seen.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from zabcheck.traces import event as e

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from tests.traces.story import Story

SIDS = (1, 2, 3)


class Vote(NamedTuple):
    """Ordered as votes are."""

    epoch: int
    zxid: int
    leader: int


NO_VOTE = Vote(-1, -1, -1)


class Message(NamedTuple):
    vote: Vote
    round: int
    state: str


@dataclass
class Peer:
    """One process."""

    sid: int
    world: World
    epoch: int
    zxid: int
    state: str = "looking"
    clock: int = 0
    proposal: Vote = NO_VOTE
    current: tuple[Vote, int] = (NO_VOTE, -1)
    in_role: bool = False
    arrived: deque[tuple[int, Message]] = field(default_factory=deque)
    queue: deque[tuple[int, Message]] = field(default_factory=deque)
    to_send: deque[tuple[int, Message]] = field(default_factory=deque)

    def log(self, kind: type[e.Base], **fields: object) -> None:
        self.world.story.add(f"s{self.sid}/log", kind, **fields)

    def own(self) -> Vote:
        return Vote(self.epoch, self.zxid, self.sid)

    def main(self) -> Iterator[None]:
        """``QuorumPeer.run``"""
        while True:
            self.log(e.Looking)
            yield
            self.clock += 1
            self.proposal = self.own()
            yield
            self.log(e.ElectionBegan, zxid=self.zxid)
            yield
            yield from self.look()
            self.log(e.RoleTaken, role=self.state)
            self.in_role = True
            while self.in_role:
                yield
            self.state = "looking"
            yield

    def tell(self) -> Iterator[None]:
        for sid in SIDS:
            self.to_send.append((sid, Message(self.proposal, self.clock, "looking")))
            yield

    def look(self) -> Iterator[None]:
        """``FastLeaderElection.lookForLeader``"""
        votes: dict[int, Message] = {}
        settled: dict[int, Message] = {}
        yield from self.tell()
        while True:
            if not self.queue:
                if self.world.random.random() < 0.02:
                    yield from self.tell()
                yield
                continue
            sender, n = self.queue.popleft()
            yield
            if n.state != "looking":
                if n.round == self.clock:
                    votes[sender] = n
                    if self.agrees(votes, n, by_epoch=False) and self.leads(votes, n):
                        yield from self.settle(n.vote, n.round)
                        return
                settled[sender] = n
                if self.agrees(settled, n, by_epoch=True) and self.leads(settled, n):
                    self.clock = n.round
                    yield from self.settle(n.vote, n.round)
                    return
                continue
            if n.round < self.clock:
                continue
            if n.round > self.clock:
                self.clock = n.round
                votes.clear()
                yield
                self.proposal = self.world.better(n.vote, self.own())
                yield
                yield from self.tell()
            elif self.world.better(n.vote, self.proposal) != self.proposal:
                self.proposal = n.vote
                yield
                yield from self.tell()
            votes[sender] = n
            mine = Message(self.proposal, self.clock, "looking")
            if sum(vote == mine for vote in votes.values()) * 2 > len(SIDS):
                yield from self.wait()
                if not self.queue:
                    yield from self.settle(self.proposal, self.clock)
                    return

    def wait(self) -> Iterator[None]:
        """Whether a better vote comes for a while: it is then in the queue, behind others (``finalizeWait``)."""
        while True:
            yield
            if self.queue:
                sender, n = self.queue.popleft()
                yield
                if self.world.better(n.vote, self.proposal) != self.proposal:
                    self.queue.append((sender, n))
                    return
            elif self.world.random.random() < 0.1:
                return

    def agrees(self, votes: dict[int, Message], n: Message, *, by_epoch: bool) -> bool:
        def same(other: Message) -> bool:
            if other.state == "looking":
                return (other.vote, other.round) == (n.vote, n.round)
            return other.vote.leader == n.vote.leader and (not by_epoch or other.vote.epoch == n.vote.epoch)

        return sum(map(same, votes.values())) * 2 > len(SIDS)

    def leads(self, votes: dict[int, Message], n: Message) -> bool:
        leader = n.vote.leader
        if leader == self.sid:
            return self.clock == n.round
        return leader in votes and votes[leader].state == "leading"

    def settle(self, vote: Vote, round_: int) -> Iterator[None]:
        self.state = "leading" if vote.leader == self.sid else "following"
        yield
        self.queue.clear()
        yield
        self.current = (vote, round_)
        yield

    def receive(self) -> Iterator[None]:
        """``WorkerReceiver.run``"""
        while True:
            yield
            if not self.arrived:
                continue
            sender, n = self.arrived.popleft()
            shown = self.state
            yield
            epoch, zxid, leader = n.vote
            self.log(
                e.Notified,
                sender=sender,
                state=n.state,
                leader=leader,
                zxid=zxid,
                epoch=epoch,
                round=n.round % 2**64,
                my_state=shown,
            )
            yield
            if self.state == "looking":
                yield
                self.queue.append((sender, n))
                yield
                if n.state == "looking" and n.round < self.clock:
                    vote = self.proposal
                    yield
                    round_ = self.clock
                    yield
                    self.to_send.append((sender, Message(vote, round_, self.state)))
            elif n.state == "looking":
                vote, round_ = self.current
                yield
                self.to_send.append((sender, Message(vote, round_, self.state)))

    def send(self) -> Iterator[None]:
        """``WorkerSender.run``: the last message for each waits until it is sent."""
        while True:
            yield
            if self.to_send:
                to, message = self.to_send.popleft()
                yield
                if to == self.sid:
                    self.arrived.append((to, message))
                else:
                    self.world.waiting[self.sid, to] = message


@dataclass
class World:
    """Servers that are killed, come back, and give up their roles."""

    random: Random
    story: Story
    better: Callable[[Vote, Vote], Vote] = max
    peers: dict[int, Peer] = field(default_factory=dict)
    threads: dict[tuple[int, str], Iterator[None]] = field(default_factory=dict)
    waiting: dict[tuple[int, int], Message] = field(default_factory=dict)
    latest: dict[tuple[int, int], Message] = field(default_factory=dict)

    def start(self, sid: int, epoch: int, zxid: int) -> None:
        peer = self.peers[sid] = Peer(sid, self, epoch, zxid)
        peer.current = (peer.own(), -1)
        peer.log(e.Started, release="3.8.0")
        peer.log(e.Loaded, zxid=zxid)
        for name in ("main", "receive", "send"):
            self.threads[sid, name] = getattr(peer, name)()
        for (source, to), message in self.latest.items():
            if to == sid:
                self.waiting.setdefault((source, to), message)

    def run(self, steps: int) -> None:
        for sid in SIDS:
            self.start(sid, 0, 0)
        speed: dict[tuple[int, str], float] = {}
        for step in range(steps):
            if step % 100 == 0:
                speed = {thread: self.random.choice((0.01, 1, 1, 1, 4)) for thread in self.threads}
            names = list(self.threads)
            (chosen,) = self.random.choices(names, [speed[name] for name in names])
            next(self.threads[chosen])
            chance = self.random.random()
            if self.waiting and chance < 0.1:
                self.deliver()
            elif chance > 0.999:
                self.lead()
            elif chance > 0.998:
                peer = self.peers[self.random.choice(SIDS)]
                peer.in_role = False
            elif chance > 0.9977:
                peer = self.peers[self.random.choice(SIDS)]
                self.start(peer.sid, peer.epoch, peer.zxid)

    def deliver(self) -> None:
        link = self.random.choice(list(self.waiting))
        self.latest[link] = message = self.waiting.pop(link)
        self.peers[link[1]].arrived.append((link[0], message))

    def lead(self) -> None:
        """A leader with a quorum of followers begins an epoch, and proposes a little."""
        for leader in self.peers.values():
            followers = [
                p
                for p in self.peers.values()
                if p.in_role and p.state == "following" and p.current[0].leader == leader.sid
            ]
            if leader.in_role and leader.state == "leading" and followers:
                epoch = max(p.epoch for p in self.peers.values()) + 1
                begins = max(leader.zxid, *(p.zxid for p in followers))
                zxid = self.random.choice((begins, (epoch << 32) + 1))
                for peer in (leader, *followers):
                    peer.log(e.EpochSet, epoch=epoch)
                    peer.epoch, peer.zxid = epoch, zxid
                    peer.current = (peer.current[0]._replace(epoch=epoch), peer.current[1])
