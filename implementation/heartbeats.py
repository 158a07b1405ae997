"""What time does to a server that has a role: heartbeats, and who is given up (``Leader.lead``, read time-outs)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.model.zookeeper.messages import Role

if TYPE_CHECKING:
    from zabcheck.implementation.diary import Diary
    from zabcheck.implementation.outbox import Outbox
    from zabcheck.implementation.patience import Patience
    from zabcheck.implementation.roles import Roles
    from zabcheck.model.zookeeper.server import Server


class Heartbeats:
    """It owns the count of half ticks: a leader looks for its quorum once in a whole one."""

    def __init__(self, me: Server, out: Outbox, diary: Diary, roles: Roles, patience: Patience) -> None:
        self._me = me
        self._out = out
        self._diary = diary
        self._roles = roles
        self._patience = patience
        self._halves = 0

    def tick(self, now: float) -> None:
        """Half a tick is over."""
        me, out = self._me, self._out
        self._halves += 1
        if me.role in (Role.LOOKING, Role.DOWN):
            return
        role = self._roles.current
        for sid, link in tuple(out.links.items()):
            if now - link.heard > self._patience.allowed_silence(serving=role.is_served(sid)):
                role.lose(sid, "nothing was heard of it for too long")
        if me.role in (Role.LOOKING, Role.DOWN):
            return
        role.tick()
        if self._patience.is_stuck(me, now) or (self._halves % 2 == 0 and role.has_lost_quorum()):
            role.give_up()
            self._diary.compare(me, "it took too long")
