"""Where a run may end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.model.zookeeper.goals import serves
from zabcheck.model.zookeeper.messages import Role
from zabcheck.model.zookeeper.scope import model
from zabcheck.model.zookeeper.server import Phase

if TYPE_CHECKING:
    from zabcheck.model.zookeeper.ensemble import State


def recovered(state: State) -> bool:
    """Whether one leader serves, and all others that run serve with it and have what it has."""
    leaders = [me for me in state.servers.values() if serves(me, Role.LEADING)]
    if len(leaders) != 1:
        return False
    leader = leaders[0]
    return all(
        me is leader
        or (me.leader == leader.sid and me.phase is Phase.BROADCAST and me.tree.log == leader.tree.log)
        for me in state.servers.values()
        if me.role is not Role.DOWN
    )


def elected(state: State) -> bool:
    """Whether one server leads and all others follow it, as far as they know."""
    leaders = [sid for sid, me in state.servers.items() if me.role is Role.LEADING]
    return (
        len(leaders) == 1
        and all(me.leader in (None, leaders[0]) for me in state.servers.values())
        and all(me.role is not Role.LOOKING for me in state.servers.values())
    )


@model.final
def final(state: State) -> bool:
    """A leader serves and all others with it, or the last epoch or round that the scope allows is spent."""
    scope = state.scope
    if (elected if scope.phases == "election" else recovered)(state):
        return True
    return any(me.promised_epoch >= scope.epochs or me.round >= scope.rounds for me in state.servers.values())
