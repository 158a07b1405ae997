"""The election step by step: notifications that arrive, waits that end (with ``--election fine``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker import require
from zabcheck.model.zookeeper import election
from zabcheck.model.zookeeper.checks import no_false_election
from zabcheck.model.zookeeper.messages import Role
from zabcheck.model.zookeeper.scope import model, ordered_pair, server

if TYPE_CHECKING:
    from zabcheck.model.zookeeper.ensemble import State


@model.transition(over=ordered_pair)
def process_notification(state: State, receiver: int, sender: int) -> None:
    """A notification arrives and is answered, counted, or ignored."""
    notification = state.mail[receiver][sender].take()
    me = state.servers[receiver]
    require(me.role is not Role.DOWN and not me.deaf)
    require(not state.are_apart(receiver, sender))
    state.act(receiver, lambda me, out: election.on_notification(me, sender, notification, out))


@model.transition(over=server)
def finalize_election(state: State, server: int) -> None:
    """No better vote has come for a while: a server takes the role that the votes of a quorum mean."""
    require(state.scope.election == "fine")
    me = state.servers[server]
    require(me.role is Role.LOOKING and me.finalizing)
    if state.ghosts.late[server] and election.candidate(me).leader == server:
        served = any(state.serves(sid) for sid in state.scope.voters)
        no_false_election.check(not served or election.has_quorum(me, me.recvset))
    state.act(server, election.finalize)


@model.transition(over=server)
def resend_notifications(state: State, server: int) -> None:
    """A server that has waited for votes sends its own again, once all that it can reach have taken the last one."""
    require(state.scope.election == "fine")
    me = state.servers[server]
    require(me.role is Role.LOOKING)
    require(not me.finalizing)
    others = (sid for sid in state.scope.voters if sid != server and not state.are_apart(sid, server))
    reached = (sid for sid in others if not (state.servers[sid].role is Role.DOWN or state.servers[sid].deaf))
    require(all(state.mail[sid][server].is_empty for sid in reached))
    state.act(server, election.tell_all)
