"""What must remain possible, and what must come about, once faults stop (properties.md, sections 3 and 4).

Servers that crashed start again and links heal: these are no faults but what ends them. Bounds are part of the
scope and not of ZooKeeper, so a promise is demanded only from states in which epochs and rounds are left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.model.zookeeper.final import elected, recovered
from zabcheck.model.zookeeper.goals import ZAB
from zabcheck.model.zookeeper.messages import Role
from zabcheck.model.zookeeper.scope import model, server

if TYPE_CHECKING:
    from zabcheck.model.zookeeper.ensemble import State

SPARE = 2
"""epochs and rounds that are left: one for an election under way, one for the next"""


def has_time(state: State) -> bool:
    """Whether epochs and rounds are left for another election."""
    scope = state.scope
    return all(
        me.promised_epoch + SPARE <= scope.epochs and me.round + SPARE <= scope.rounds
        for me in state.servers.values()
    )


def _serves(state: State) -> bool:
    return any(state.serves(sid) for sid in state.scope.voters)


@model.recoverable(name="Recovery", when=has_time, needs=ZAB, source="Z-L1")
def recovery(state: State) -> bool:
    """Without further faults, a leader can come to serve with a quorum."""
    return _serves(state)


@model.recoverable(name="Progress", when=has_time, needs=ZAB, source="Z-L2")
def progress(state: State) -> bool:
    """Without further faults, everything that the serving leader has proposed can be committed."""
    return _serves(state) and all(not me.outstanding for me in state.servers.values())


@model.recoverable(name="CatchUp", when=has_time, needs=ZAB, source="Z-L3")
def catch_up(state: State) -> bool:
    """Without further faults, every server can come to serve with all that the leader has."""
    return recovered(state)


@model.recoverable(name="ElectionTerminates", when=has_time, source="FLE F-L1; ZOOKEEPER-1419")
def election_terminates(state: State) -> bool:
    """Without further faults, an election can end with a leader that all others follow."""
    return elected(state)


def _has_time_to_join(state: State, server: int) -> bool:  # noqa: ARG001 - the same for every server
    return has_time(state)


@model.recoverable(name="Join", over=server, when=_has_time_to_join, source="FLE F-L2; ZOOKEEPER-1732, 1818")
def join(state: State, server: int) -> bool:
    """Without further faults, every server can come to have a leader."""
    return state.servers[server].role not in (Role.LOOKING, Role.DOWN)


@model.eventually(name="RecoversEventually", when=has_time, needs=ZAB, source="Z-L1")
def recovers_eventually(state: State) -> bool:
    """When faults stop, a leader comes to serve with a quorum, however the steps fall, as long as each is taken."""
    return _serves(state)
