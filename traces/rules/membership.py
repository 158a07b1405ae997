"""Whether the ensemble changed while it was recorded.

What counts as a quorum then depends on when, and on what each server knew. So properties that speak of quorums or
votes are not decided against such a recording; the others are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from zabcheck.traces.event import Record, Sent
from zabcheck.traces.ledger import Rule
from zabcheck.traces.rules.talks import ACTIVATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from zabcheck.traces.event import Base
    from zabcheck.traces.finding import Finding
    from zabcheck.traces.ledger import Ledger

RECONFIG = 16
"""The type of a transaction that changes the ensemble (``ZooDefs.OpCode.reconfig``)."""


class Membership(Rule):
    """Looks for a reconfiguration."""

    def __init__(self, ledger: Ledger, rules: Iterable[Rule], *, changed: str | None = None) -> None:
        super().__init__(ledger)
        self._fixed = {p.name for rule in rules for p in rule.properties if not p.of_members}
        self.changed = changed
        """why it is known that the ensemble changed"""

    def handlers(self) -> Mapping[type[Base], Callable[[Any], None]]:
        """By transactions and packets that change it."""
        return {Record: self._record, Sent: self._sent}

    def _record(self, event: Record) -> None:
        if event.type == RECONFIG and self.changed is None:
            self.changed = f"the ensemble was reconfigured by {event.zxid} ({event.at})"

    def _sent(self, event: Sent) -> None:
        if event.type in ACTIVATIONS and self.changed is None:
            self.changed = f"the ensemble was reconfigured by {event.zxid} ({event.at})"

    def finish(self) -> None:
        """Take back what was found under the assumption that it had not changed."""
        if self.changed is None:
            return
        ledger = self.ledger
        for name in set(ledger.violated) - self._fixed:
            ledger.doubtful[name] += ledger.violated.pop(name)
        ledger.findings[:] = [self._doubted(f) for f in ledger.findings]

    def _doubted(self, finding: Finding) -> Finding:
        if finding.property in self._fixed:
            return finding
        return replace(finding, doubt=finding.doubt or self.changed)
