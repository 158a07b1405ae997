"""``zabcheck models``: which models there are, and what one consists of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.cli.arguments import Parser
from zabcheck.cli.described import model_described
from zabcheck.cli.loading import load, shipped
from zabcheck.cli.output import destination, printing, write_json
from zabcheck.cli.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zabcheck.checker.model import Model


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser("models", "List the models that come with zabcheck, or describe one.")
    parser.add_argument("model", metavar="MODEL", nargs="?", help="a model's name, or the path of a .py file")
    parser.add_argument(
        "--json", metavar="FILE", help="write the list as JSON; - for standard output and no text"
    )
    parsed = parser.read(arguments)
    report = destination(parsed.json, "--json")
    found = [load(parsed.model)] if parsed.model else list(shipped().values())
    described = [model_described(model) for model in found]
    write_json(report, described[0] if parsed.model else described)
    if report and report.is_standard_output:
        return Status.HOLDS
    if parsed.model:
        _print_model(found[0])
    else:
        from zabcheck.cli.listing import print_listing

        print_listing(
            (
                model["name"],
                "",
                (model["sentence"], " ".join(f"{o['option']} {o['default']}" for o in model["scope"])),
            )
            for model in described
        )
    return Status.HOLDS


def _print_model(model: Model[Any]) -> None:
    from zabcheck.cli.listing import Listing
    from zabcheck.reports.console import console_for

    described = model_described(model)
    with printing() as stream:
        listing = Listing(console_for(stream))
        listing.entry(model.name, "", [model.sentence])
        listing.table(
            "Scope", ((o["option"], f"{o['help']} (default {o['default']})") for o in described["scope"])
        )
        listing.table("Transitions", ((t.name, t.sentence) for t in model.transitions.values()))
        listing.table("Properties", ((p.name, p.sentence) for p in model.properties.values()))
        listing.table("Variants", ((v.name, v.sentence) for v in model.variants.values()))
