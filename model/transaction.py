"""Transactions and their identifiers, which both models speak of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, order=True)
class Zxid:
    """The identifier of a transaction: the epoch it was proposed in and its number in that epoch."""

    epoch: int
    counter: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.counter}"


NONE = Zxid(0, 0)
"""What stands for "no transaction" where a zxid is expected."""


@dataclass(frozen=True, order=True)
class Txn:
    """A transaction. Two are the same only if both the zxid and the value are.

    What the value is, no function of a server asks: the checker numbers the writes, a real server puts there what it
    writes to its log.
    """

    zxid: Zxid
    value: Any

    def __str__(self) -> str:
        return f"{self.zxid}={self.value}"
