"""What a mistyped name may have meant."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from zabcheck.checker.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable


def closest(name: str, known: Iterable[str]) -> str:
    """``, did you mean …?`` when something is near enough, else nothing."""
    folded = {word.casefold(): word for word in known}
    near = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return f", did you mean {folded[near[0]]}?" if near else ""


def require_known(name: str, known: Iterable[str], what: str, owner: str) -> None:
    """Refuse a ``name`` that ``owner`` does not have, with a guess or else with the whole list."""
    known = list(known)
    if name not in known:
        guess = closest(name, known)
        raise UsageError(
            f"{owner} has no {what} {name}{guess or '; it has: ' + (', '.join(known) or 'none')}"
        )
