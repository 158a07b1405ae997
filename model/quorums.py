"""Stand-in until the quorum branch is merged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True)
class Majority:
    """More than half of the voters."""

    voters: frozenset[int]

    def contains_quorum(self, sids: Collection[int]) -> bool:
        """Whether ``sids`` contain a quorum."""
        return 2 * len(self.voters & frozenset(sids)) > len(self.voters)
