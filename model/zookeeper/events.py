"""What happens in a server that a recording, or a property of the whole ensemble, speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zabcheck.model.transaction import Txn
    from zabcheck.model.zookeeper.log import Log


@dataclass(frozen=True)
class Leads:
    """A quorum accepted the epoch of a leader, and it wrote its current epoch."""

    sid: int
    epoch: int


@dataclass(frozen=True)
class Established:
    """A quorum acknowledged NEWLEADER of ``epoch``, which begins with ``history``."""

    sid: int
    epoch: int
    history: Log


@dataclass(frozen=True)
class Proposed:
    """A leader proposed a transaction."""

    sid: int
    txn: Txn


@dataclass(frozen=True)
class Committed:
    """A leader of ``epoch`` committed a transaction."""

    sid: int
    epoch: int
    txn: Txn


Event = Leads | Established | Proposed | Committed
