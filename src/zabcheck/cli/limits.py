"""Options that commands share besides the question itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.cli.numbers import memory, seconds

if TYPE_CHECKING:
    import argparse


def add_engine(group: argparse._ArgumentGroup) -> None:
    """Add the choice of an engine."""
    group.add_argument(
        "--engine", choices=("native", "interpreted"), help="default: native, where it was built"
    )


def add_memory(group: argparse._ArgumentGroup) -> None:
    """Add the limit on memory."""
    group.add_argument(
        "--max-memory", type=memory, metavar="SIZE", help="memory of the process, such as 4G or 512M"
    )


def add_seconds(group: argparse._ArgumentGroup) -> None:
    """Add the limit on time."""
    group.add_argument("--max-seconds", type=seconds, metavar="S", help="seconds from the start")
