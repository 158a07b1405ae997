"""The model's functions on plain objects, one step at a time, as a person would play the protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from zabcheck.model.zab import Scope, State, initial, model

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.checker import Id
    from zabcheck.model.zab.state import Server

HANDLERS = {
    "Cepoch": "leader_process_cepoch",
    "Newepoch": "follower_process_newepoch",
    "Ackepoch": "leader_process_ackepoch",
    "Newleader": "follower_process_newleader",
    "Ackld": "leader_process_ackld",
    "Commitld": "follower_process_commitld",
    "Propose": "follower_process_propose",
    "Ack": "leader_process_ack",
    "Commit": "follower_process_commit",
}


@dataclass
class Ensemble:
    """A state of the model, and steps from it. Servers are called 1, 2, 3 …"""

    state: State

    def __getitem__(self, number: int) -> Server:
        return self.state.servers[self.id(number)]

    def id(self, number: int) -> Id:
        """The id of a server."""
        return list(self.state.servers)[number - 1]

    def do(self, transition: str, *servers: int) -> None:
        """Take a step; raises `NotEnabled` where that cannot be taken."""
        model.transitions[transition].function(self.state, *map(self.id, servers))

    def messages(self, receiver: int, sender: int) -> tuple[object, ...]:
        """What is in transit from ``sender`` to ``receiver``."""
        return self.state.channels[self.id(receiver)][self.id(sender)].value

    def deliver(self, receiver: int, sender: int, kind: str) -> None:
        """Let ``receiver`` process the next message from ``sender``, which is of class ``kind``."""
        assert type(self.messages(receiver, sender)[0]).__name__ == kind
        self.do(HANDLERS[kind], receiver, sender)

    def settle(self) -> None:
        """Deliver everything, until nothing is in transit."""
        servers = range(1, len(self.state.servers) + 1)
        moved = True
        while moved:
            moved = False
            for receiver in servers:
                for sender in servers:
                    while receiver != sender and self.messages(receiver, sender):
                        self.deliver(receiver, sender, type(self.messages(receiver, sender)[0]).__name__)
                        moved = True

    def lead(self, leader: int, *followers: int) -> None:
        """Make ``leader`` lead, and ``followers`` connect to it, one after the other."""
        self.do("follow_leader" if self.state.oracle == self.id(leader) else "update_leader", leader)
        for follower in followers:
            self.join(leader, follower)

    def join(self, leader: int, follower: int) -> None:
        """Make ``follower`` connect to ``leader``."""
        self.do("follow_leader", follower)
        self.do("connect_and_follower_send_cepoch", leader, follower)

    def establish(self, leader: int, *followers: int) -> None:
        """Make ``leader`` establish an epoch with ``followers``, and deliver everything."""
        self.lead(leader, *followers)
        self.settle()

    def log(self, number: int) -> list[str]:
        """The log of a server: its transactions."""
        return [str(txn) for txn in self[number].history.txns]

    def holds(self, name: str) -> bool:
        """Whether a property holds in this state, for all servers."""
        prop = model.properties[name]
        return all(i.function(self.state, *i.arguments) for i in prop.instances(self.state.scope))


@pytest.fixture
def ensemble() -> Callable[..., Ensemble]:
    """Make an ensemble that has just started; generous bounds, unless others are given."""

    def make(servers: int = 3, **bounds: int) -> Ensemble:
        generous: dict[str, Any] = {"timeouts": 9, "transactions": 9, "epochs": 9, "restarts": 9, "ghosts": 1}
        return Ensemble(initial(Scope(servers, **(generous | bounds))))

    return make
