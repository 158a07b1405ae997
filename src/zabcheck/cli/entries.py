"""A command that lists one kind of thing that a model has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.cli.arguments import Parser
from zabcheck.cli.loading import load
from zabcheck.cli.output import destination, printing, write_json
from zabcheck.cli.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zabcheck.checker.model import Model

Entry = tuple[str, str, list[str]]
"""A name, a few words beside it, and sentences below."""


def list_of_model(
    arguments: Sequence[str],
    command: str,
    description: str,
    described: Callable[[Model[Any]], list[dict[str, Any]]],
    entry: Callable[[dict[str, Any]], Entry],
    default: str | None = None,
) -> int:
    """Print what ``described`` says of a model, as text or as JSON; of ``default`` where none is named."""
    parser = Parser(command, description)
    parser.add_argument(
        "model",
        metavar="MODEL",
        nargs="?" if default else None,
        default=default,
        help=f"a model's name, or the path of a .py file{f' (default {default})' if default else ''}",
    )
    parser.add_argument(
        "--json", metavar="FILE", help="write the list as JSON; - for standard output and no text"
    )
    parsed = parser.read(arguments)
    report = destination(parsed.json, "--json")
    model = load(parsed.model)
    items = described(model)
    write_json(report, items)
    if report and report.is_standard_output:
        return Status.HOLDS
    from zabcheck.cli.listing import print_listing

    if items:
        print_listing(map(entry, items))
    else:
        with printing() as stream:
            stream.write(f"model {model.name} has no {command}\n")
    return Status.HOLDS
