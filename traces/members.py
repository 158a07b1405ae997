"""Who is in the recorded ensemble, and what its servers do by the release they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from zabcheck.model.quorums import Majority
from zabcheck.model.transaction import Zxid
from zabcheck.model.zookeeper.releases import DEFAULT
from zabcheck.model.zookeeper.scope import Scope

if TYPE_CHECKING:
    from zabcheck.model.quorums import QuorumVerifier

UNSET = 1 << 63
"""No zxid, epoch or sid is this large; what is, stands for a negative number: of a server that may not vote, or of an
empty database that was not expected."""
LARGE = 2**62
"""A bound that no recording reaches."""


@dataclass(frozen=True)
class Members(Scope):
    """A scope whose servers have the numbers that the recorded ones have; the model's functions run in it unbounded."""

    recorded_voters: tuple[int, ...] = field(default=(), kw_only=True)
    recorded_observers: tuple[int, ...] = field(default=(), kw_only=True)

    @cached_property
    def voters(self) -> tuple[int, ...]:
        """The servers that vote."""
        return self.recorded_voters

    @cached_property
    def sids(self) -> tuple[int, ...]:
        """All servers."""
        return self.recorded_voters + self.recorded_observers


def members(
    voters: frozenset[int],
    observers: frozenset[int] = frozenset(),
    quorums: QuorumVerifier | None = None,
    release: str | None = None,
) -> Members:
    """The scope of a recorded ensemble."""
    return Members(
        servers=len(voters),
        observers=len(observers),
        rounds=LARGE,
        epochs=LARGE,
        election="fine",
        reduced=False,
        quorum_system=quorums or Majority(voters),
        recorded_voters=tuple(sorted(voters)),
        recorded_observers=tuple(sorted(observers)),
        release=release or DEFAULT,
    )


def zxid(number: int) -> Zxid:
    """A zxid of a recording as the model has it."""
    return Zxid(number >> 32, number & 0xFFFFFFFF)


def is_unset(number: int) -> bool:
    """Whether a recorded number stands for none, see `UNSET`."""
    return number < 0 or number >= UNSET


def number(zxid: Zxid) -> int:
    """A zxid of the model as a recording has it."""
    return zxid.epoch << 32 | zxid.counter
