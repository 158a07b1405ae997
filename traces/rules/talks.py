"""Connections between a leader and learners: which direction is whose, and whether all of it can be read."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.traces.event import Sent

INFO = frozenset({"FOLLOWERINFO", "OBSERVERINFO"})
SYNCS = frozenset({"DIFF", "TRUNC", "SNAP"})
PROPOSALS = frozenset({"PROPOSAL", "INFORM", "INFORMANDACTIVATE"})
"""Packets that bring a transaction; INFORM commits it as well, for observers."""
INFORMS = frozenset({"INFORM", "INFORMANDACTIVATE"})
COMMITS = frozenset({"COMMIT", "COMMITANDACTIVATE"})
ACTIVATIONS = frozenset({"COMMITANDACTIVATE", "INFORMANDACTIVATE"})
"""Packets that commit another ensemble."""
OF_LEARNERS = INFO | {"ACKEPOCH", "ACK", "REQUEST"}
"""Packets that only a learner sends."""
MOST = 10_000
"""Connections that are remembered."""


@dataclass(eq=False)
class Talk:
    """A connection of a learner with its leader, as seen from outside."""

    connection: str
    learner: int | None = None
    leader: int | None = None
    observer: bool = False
    learner_track: str = ""
    leader_track: str = ""
    broken: bool = False
    """some of it cannot be read, or makes no sense any more"""
    closed: int = 0

    def is_leaders(self, event: Sent) -> bool:
        """Whether the leader sent it. The first packet of a direction tells whose it is."""
        if not self.learner_track:
            ends = event.track, _opposite(event.track)
            self.learner_track, self.leader_track = ends if event.type in OF_LEARNERS else ends[::-1]
        by_leader = event.track == self.leader_track
        leader, learner = (event.server, event.to) if by_leader else (event.to, event.server)
        self.leader = self.leader if leader is None else leader
        self.learner = self.learner if learner is None else learner
        self.observer |= event.type == "OBSERVERINFO"
        return by_leader

    def __str__(self) -> str:
        kind = "observer" if self.observer else "follower"
        return f"leader {_name(self.leader)} and {kind} {_name(self.learner)}"


def _opposite(track: str) -> str:
    """The track of the other direction: ``wire/3/b-a`` for ``wire/3/a-b``."""
    before, _, ends = track.rpartition("/")
    source, _, target = ends.partition("-")
    return f"{before}/{target}-{source}"


def _name(sid: int | None) -> str:
    return "(unknown)" if sid is None else str(sid)


T = TypeVar("T", bound=Talk)


class Talks(Generic[T]):
    """The connections of all captures, by their names."""

    def __init__(self, make: Callable[[str], T]) -> None:
        self._make = make
        self._talks: OrderedDict[str, T] = OrderedDict()

    def of(self, event: Sent) -> T:
        """The connection of a packet."""
        talk = self._talks.get(event.connection)
        if talk is None:
            talk = self._talks[event.connection] = self._make(event.connection)
            if len(self._talks) > MOST:
                self._talks.popitem(last=False)
        return talk

    def at(self, track: str) -> T | None:
        """The connection that a track is a direction of."""
        return self._talks.get(track.rpartition("/")[0])

    def close(self, track: str) -> None:
        """Forget a connection when both its directions are over."""
        talk = self.at(track)
        if talk is not None:
            talk.closed += 1
            if talk.closed > 1:
                del self._talks[talk.connection]

    def __len__(self) -> int:
        return len(self._talks)
