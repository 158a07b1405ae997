"""Messages on the election port as bytes: who connects, and votes.

As ``QuorumCnxManager.initiateConnection`` and ``FastLeaderElection.buildMsg`` write them; `election_packets` of the
traces reads them.
"""

from __future__ import annotations

import struct

from zabcheck.model.zookeeper.election import NOBODY
from zabcheck.model.zookeeper.messages import Notification, Role
from zabcheck.model.zookeeper.messages import Vote as ModelVote
from zabcheck.traces.election_packets import STATES, VERSIONS, Vote
from zabcheck.traces.members import number, zxid

VERSION = 2
"""Of a notification: with the peer's epoch and a configuration."""
HELLO = struct.Struct(">qqi")
"""What a greeting begins with: version, sid, and the length of the address that follows."""
UNSET = -(2**63)
"""What an observer, which may not vote, puts where a vote has its numbers."""
NO_DATABASE = 2**64 - 1
"""The zxid -1: of a server whose empty database was not expected; such a vote is ignored."""

_VOTE = struct.Struct(">iQQQQii")
_UNSIGNED = 2**64


def hello(sid: int, host: str, port: int) -> bytes:
    """What the side says that connects."""
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return HELLO.pack(VERSIONS[0], sid, len(address)) + address.encode()


def encoded(notification: Notification, config: str) -> bytes:
    """A notification with its length in front."""
    vote, text = notification.vote, config.encode()
    leader, last, epoch = vote.leader, number(vote.zxid), vote.epoch
    if vote == NOBODY:
        leader, last, epoch = UNSET, UNSET, UNSET
    state = STATES.index(notification.role.value)
    numbers = (n % _UNSIGNED for n in (leader, last, notification.round, epoch))
    body = _VOTE.pack(state, *numbers, VERSION, len(text)) + text
    return struct.pack(">i", len(body)) + body


def decoded(vote: Vote) -> Notification | None:
    """What a notification means, or ``None`` if it is none that can be counted or answered."""
    if vote.zxid == NO_DATABASE:
        return None
    role = Role(vote.state)
    if vote.leader < 0:
        return Notification(NOBODY, int(vote.round), role)
    return Notification(ModelVote(vote.leader, zxid(vote.zxid), int(vote.epoch)), int(vote.round), role)
