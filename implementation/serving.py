"""Whether a server serves clients, and who is told when that changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.model.zookeeper.messages import Role
from zabcheck.model.zookeeper.server import Phase

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.implementation.peer_sessions import Front
    from zabcheck.model.zookeeper.server import Server


class Serving:
    """It owns what clients were told last, which may be behind the record: the record is what the protocol says."""

    def __init__(self, me: Server, front: Front, forget: Callable[[], None]) -> None:
        self._me = me
        self._front = front
        self._forget = forget
        self._was_serving = False

    def is_on(self) -> bool:
        """Whether clients may be served: the server takes part, and who decides on sessions has been told so."""
        return self._was_serving and self._takes_part()

    def _takes_part(self) -> bool:
        return self._me.phase is Phase.BROADCAST and self._me.role not in (Role.LOOKING, Role.DOWN)

    def look(self) -> None:
        """Let clients in when the server begins to serve, and out when it does no more.

        A leader does before it handles another packet, in which a learner may ask whether a session is alive.
        """
        if not self._takes_part():
            self.end()
        elif not self._was_serving:
            self._was_serving = True
            self._front.serves(leads=self._me.is_leading)

    def end(self) -> None:
        """Serve nobody any more, and answer nobody what was asked for in a role that is over.

        As in ``Leader.shutdown``, this is so before the tree takes what is only logged
        (``ZKDatabase.fastForwardDataBase``): nobody has committed that, and it may still be lost.
        """
        if self._was_serving:
            self._was_serving = False
            self._forget()
            self._front.serves_no_more()
