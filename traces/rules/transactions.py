"""Single transactions, where a log at a low level or an implementation shows them: proposed, counted, committed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zabcheck.traces.event import Applied, Committed, Counted, Loaded, Missing, Proposed, RoleTaken, Started
from zabcheck.traces.finding import Finding
from zabcheck.traces.ledger import Property, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zabcheck.traces.event import Base
    from zabcheck.traces.ledger import Ledger

PROPOSED = "ProposalOrder"
ORDER = "CommitOrder"
QUORUM = "CommitQuorum"
TREES = "TreeAgreement"
REMEMBERED = 100_000
"""Transactions whose acknowledgements, or trees, are remembered; those with the smallest zxids are dropped first."""


@dataclass
class Server:
    """What a server does with transactions in its present role."""

    proposed: Proposed | None = None
    committed: Committed | None = None
    applied: Applied | None = None
    acks: dict[int, list[Counted]] = field(default_factory=dict)
    counts: bool = False
    """whether acknowledgements are seen at all"""


class Transactions(Rule):
    """Proposals, acknowledgements, commits and trees."""

    properties = (
        Property(
            PROPOSED,
            "A leader gives its proposals successive zxids.",
            "logs of leaders at DEBUG, or a recording of an implementation",
            of_members=False,
        ),
        Property(
            ORDER,
            "A server commits and applies transactions in the order of their zxids, and commits all.",
            "logs at DEBUG, or a recording of an implementation",
            of_members=False,
        ),
        Property(
            QUORUM,
            "A leader commits a proposal only after a quorum has acknowledged it.",
            "logs of leaders at TRACE, or a recording of an implementation",
        ),
        Property(
            TREES,
            "Two servers that applied the same transaction have the same tree.",
            "logs of two servers at DEBUG, or recordings with digests",
            of_members=False,
        ),
    )

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._servers: dict[int, Server] = {}
        self._trees: dict[int, Applied] = {}
        self._read: dict[int, Loaded] = {}

    def handlers(self) -> Mapping[type[Base], Callable[[Any], None]]:
        """By what happens to a transaction."""
        return {
            Started: self._fresh,
            RoleTaken: self._fresh,
            Loaded: self._loaded,
            Missing: self._missing,
            Proposed: self._proposed,
            Counted: self._counted,
            Committed: self._committed,
            Applied: self._applied,
        }

    def _fresh(self, event: Base) -> None:
        self._servers[event.server or 0] = Server()

    def _loaded(self, event: Loaded) -> None:
        """The digest of a tree that was read from disk is in a log at any level, but does not decide.

        It also counts what a fuzzy snapshot leaves behind (``cversion``), so that equal data may differ in it.
        """
        self._fresh(event)
        other = self._read.setdefault(int(event.zxid), event)
        if other.digest != event.digest:
            text = (
                f"at {event.zxid} server {event.server} has a tree with digest {event.digest}, "
                f"server {other.server} one with {other.digest}"
            )
            self.ledger.remark("different tree", text, other, event)

    def _missing(self, event: Missing) -> None:
        if event.track.endswith("/log"):
            self._fresh(event)

    def _of(self, event: Base) -> Server:
        return self._servers.setdefault(event.server or 0, Server())

    def _proposed(self, event: Proposed) -> None:
        me = self._of(event)
        if me.proposed is not None:
            self._follows(PROPOSED, me.proposed, event, "proposes")
        me.proposed = event

    def _follows(self, name: str, last: Proposed | Committed, event: Proposed | Committed, verb: str) -> None:
        before, now = last.zxid, event.zxid
        successor = now == before + 1 or (now >> 32 > before >> 32)
        self.ledger.judge(
            name,
            successor,
            lambda: Finding(
                property=name,
                server=event.server,
                observed=f"server {event.server} {verb} {now} after {before}",
                allowed=f"{hex(before + 1)} next",
                guard=f"zxid must be the one before and 1: {now} == {hex(before + 1)}",
                events=(last, event),
            ),
        )

    def _counted(self, event: Counted) -> None:
        me = self._of(event)
        me.counts = True
        me.acks.setdefault(int(event.zxid), []).append(event)
        if len(me.acks) > REMEMBERED:
            del me.acks[min(me.acks)]

    def _committed(self, event: Committed) -> None:
        me = self._of(event)
        if me.committed is not None:
            self._follows(ORDER, me.committed, event, "commits")
        me.committed = event
        acks = me.acks.pop(int(event.zxid), [])
        if me.counts and me.proposed is not None and event.zxid <= me.proposed.zxid:
            self._enough(event, acks)

    def _enough(self, event: Committed, acks: list[Counted]) -> None:
        known = frozenset(a.sender for a in acks if a.sender is not None)
        unknown = sum(a.sender is None for a in acks)
        others = [sid for sid in self.members.voters if sid not in known]
        self.ledger.judge(
            QUORUM,
            self.members.is_quorum(known.union(others[:unknown])),
            lambda: Finding(
                property=QUORUM,
                server=event.server,
                observed=f"leader {event.server} commits {event.zxid} after {len(acks)} acknowledgements",
                allowed="a commit after acknowledgements of a quorum",
                guard=f"who acknowledged {event.zxid} must contain a quorum of {list(self.members.voters)}: "
                f"they are {sorted(known)}" + (f" and {unknown} more" if unknown else ""),
                events=(*acks, event),
                doubt=self.ledger.lacks("log", event.server),
            ),
        )

    def _applied(self, event: Applied) -> None:
        me = self._of(event)
        last, me.applied = me.applied, event
        if last is not None:
            self.ledger.judge(
                ORDER,
                event.zxid > last.zxid or (event.zxid == last.zxid and last.digest is None),
                lambda: Finding(
                    property=ORDER,
                    server=event.server,
                    observed=f"server {event.server} applies {event.zxid} after {last.zxid}",
                    allowed=f"a zxid later than {last.zxid}",
                    guard=f"zxid > the one before: {event.zxid} > {last.zxid}",
                    events=(last, event),
                ),
            )
        if event.digest is None:
            return
        other = self._trees.setdefault(int(event.zxid), event)
        if other is event:
            return
        self.ledger.judge(
            TREES,
            other.digest == event.digest,
            lambda: Finding(
                property=TREES,
                server=event.server,
                observed=f"after {event.zxid} server {event.server} has another tree than server {other.server}",
                allowed="the same tree after the same transactions",
                guard=f"digest after {event.zxid}: {event.digest} == {other.digest}",
                events=(other, event),
            ),
        )
        if len(self._trees) > REMEMBERED:
            for zxid in sorted(self._trees)[: REMEMBERED // 2]:
                del self._trees[zxid]
