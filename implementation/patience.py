"""How long a server waits for what: the intervals of an election, and the limits in ticks of everything after it.

Only times are decided here. What a server does when one is over is a function of the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zabcheck.model.zookeeper.messages import Role
from zabcheck.model.zookeeper.server import Phase

if TYPE_CHECKING:
    from zabcheck.model.zookeeper.server import Server

FIRST = 0.2
"""Seconds until a vote is sent again for the first time (``minNotificationInterval``)."""
LONGEST = 60.0
"""(``maxNotificationInterval``)"""
FINALIZE = 0.2
"""Seconds without a better vote after which an election is over (``finalizeWait``)."""


@dataclass
class Patience:
    """What one server waits for."""

    tick: float
    init_limit: int
    sync_limit: int
    interval: float = FIRST
    """until a vote is sent again"""
    since: float = 0.0
    """when it heard the last vote, or sent its own"""
    entered: float = 0.0
    """when it entered its phase"""
    standing: tuple[Role, Phase, int] | None = None
    """the role, phase and round that the times are of"""

    def looked_at(self, me: Server, now: float) -> None:
        """Note when a server enters another phase, or round."""
        looking = me.role is Role.LOOKING
        standing = (me.role, me.phase, me.round if looking else 0)
        if standing == self.standing:
            return
        if self.standing is None or self.standing[0] is not me.role:
            self.interval = FIRST
            self.since = now
        self.standing = standing
        self.entered = now

    def heard_vote(self, now: float) -> None:
        """A vote came: wait anew."""
        self.since = now

    def election_over(self, me: Server) -> float:
        """When a server that looks for a leader has waited long enough, for a better vote or for any."""
        return self.since + (FINALIZE if me.finalizing else self.interval)

    def back_off(self, now: float) -> None:
        """Nobody answered: wait twice as long the next time."""
        self.interval = min(2 * self.interval, LONGEST)
        self.since = now

    @property
    def initial(self) -> float:
        """Seconds that discovery and synchronization may take, each."""
        return self.init_limit * self.tick

    @property
    def steady(self) -> float:
        """Seconds that a leader and a learner may not hear of each other."""
        return self.sync_limit * self.tick

    def is_stuck(self, me: Server, now: float) -> bool:
        """Whether a server has been in a phase before broadcast for too long."""
        return me.phase is not Phase.BROADCAST and now - self.entered > self.initial

    def allowed_silence(self, *, serving: bool) -> float:
        """Seconds after which the other end of a connection is given up."""
        return self.steady if serving else self.initial
