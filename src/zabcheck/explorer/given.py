"""Parts of a question, as they must be."""

from __future__ import annotations

from typing import Any

from zabcheck.checker.errors import UsageError


def number(given: dict[str, Any], key: str, most: int) -> int:
    """The whole number from 0 to ``most`` that a question gives; a `UsageError` where it gives something else."""
    value = given.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise UsageError(f"{key} must be a whole number from 0 to {most}")
    return value
