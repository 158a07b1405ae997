"""Phase 0: who leads. An oracle says so, and may change its mind whenever a server is looking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker import require
from zabcheck.model.zab.scope import model, server
from zabcheck.model.zab.state import Phase, Reported, Role

if TYPE_CHECKING:
    from zabcheck.checker import Id
    from zabcheck.model.zab.state import Server, State


@model.transition(over=server)
def update_leader(state: State, server: Id) -> None:
    """The oracle turns to a looking server, which starts to lead (UpdateLeader)."""
    me = state.servers[server]
    require(me.role is Role.LOOKING)
    require(state.oracle != server)
    state.oracle = server
    start_leading(me, server)


@model.transition(over=server)
def follow_leader(state: State, server: Id) -> None:
    """A looking server takes the role that the oracle gives it (FollowLeader)."""
    me = state.servers[server]
    require(me.role is Role.LOOKING)
    require(state.oracle is not None)
    if state.oracle == server:
        start_leading(me, server)
    else:
        me.role = Role.FOLLOWING
        me.phase = Phase.DISCOVERY


def start_leading(leader: Server, name: Id) -> None:
    """Become a prospective leader, who is its own first follower and has answered itself (SwitchToLeader)."""
    leader.role = Role.LEADING
    leader.phase = Phase.DISCOVERY
    leader.send_counter = 0
    for peer, known in leader.peers.items():
        if peer == name:
            known.learner = True
            known.cepoch.record(leader.accepted_epoch)
            known.acke.record(Reported(leader.current_epoch, leader.history.value))
            known.ackld.record(None)
        else:
            known.learner = False
            known.cepoch.value = known.acke.value = known.ackld.value = None
