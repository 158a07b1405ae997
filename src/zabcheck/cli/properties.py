"""``zabcheck properties``: what a model is checked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.cli.described import properties_described
from zabcheck.cli.entries import list_of_model

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    return list_of_model(
        arguments, "properties", "List the properties of a model.", properties_described, _entry
    )


def _entry(described: dict[str, Any]) -> tuple[str, str, list[str]]:
    needs = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in described["needs"].items())
    catches = ", ".join(described["catches"])
    return (
        described["name"],
        described["kind"] + (f", needs {needs}" if needs else ""),
        [
            described["sentence"],
            f"source: {described['source']}" if described["source"] else "",
            f"catches: {catches}" if catches else "",
        ],
    )
