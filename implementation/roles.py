"""The roles of a server: what one does differently as leader and as learner, in one place each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zabcheck.implementation.leading import Leading
    from zabcheck.implementation.learning import Learning
    from zabcheck.model.zookeeper.server import Server


class Roles:
    """Both, of which the record says which one counts."""

    def __init__(self, me: Server, leading: Leading, learning: Learning) -> None:
        self._me = me
        self.leading = leading
        self.learning = learning

    @property
    def current(self) -> Leading | Learning:
        """The role that the server has; one that looks for a leader has nothing to do but to end what it had."""
        return self.leading if self._me.is_leading else self.learning

    def forget(self) -> None:
        """A role is over: what clients asked for in it is not answered any more."""
        self.leading.forget()
        self.learning.forget()
