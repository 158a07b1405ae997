"""What a reader says of input that it cannot read."""

from __future__ import annotations

from zabcheck.checker import UsageError


class UnreadableError(UsageError):
    """A file is damaged, or is not what it seems; says where and why, in one line."""

    def __init__(self, file: str, where: int | str | None, why: str) -> None:
        place = f" at byte {where}" if isinstance(where, int) else f", {where}" if where else ""
        super().__init__(f"{file}{place}: {why}")
