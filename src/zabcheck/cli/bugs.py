"""``zabcheck bugs``: known bugs of ZooKeeper that the model can have, and what catches each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.cli.described import bugs_described
from zabcheck.cli.entries import list_of_model

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    return list_of_model(
        arguments,
        "bugs",
        "List the known bugs that a model can have: cause, affected releases, and the properties that catch each.",
        bugs_described,
        _entry,
        default="zookeeper",
    )


def _entry(described: dict[str, Any]) -> tuple[str, str, list[str]]:
    return (
        described["name"],
        f"affects {described['affects']}",
        [
            described["sentence"],
            f"caught by: {', '.join(described['caught_by'])}",
            described["source"],
            f"zabcheck check zookeeper --bug {described['name']}",
        ],
    )
