"""``zabcheck variants``: how a model can be changed, and what catches each change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.cli.described import variants_described
from zabcheck.cli.entries import list_of_model

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    return list_of_model(
        arguments,
        "variants",
        "List the variants of a model: known ambiguities, bugs and mutants.",
        variants_described,
        _entry,
    )


def _entry(described: dict[str, Any]) -> tuple[str, str, list[str]]:
    caught = ", ".join(described["caught_by"])
    return (
        described["name"],
        "",
        [
            described["sentence"],
            f"source: {described['source']}" if described["source"] else "",
            f"caught by: {caught}" if caught else "",
        ],
    )
