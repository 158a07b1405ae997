"""``zabcheck releases``: which release of ZooKeeper behaves how, as far as the model tells them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.cli.arguments import Parser
from zabcheck.cli.output import destination, write_json
from zabcheck.cli.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    from zabcheck.model.zookeeper.releases import described

    parser = Parser(
        "releases", "List the releases of ZooKeeper that the model knows, by what they do differently."
    )
    parser.add_argument(
        "--json", metavar="FILE", help="write the list as JSON; - for standard output and no text"
    )
    parsed = parser.read(arguments)
    report = destination(parsed.json, "--json")
    releases = described()
    write_json(report, releases)
    if not (report and report.is_standard_output):
        from zabcheck.cli.listing import print_listing

        print_listing(map(_entry, releases))
    return Status.HOLDS


def _entry(release: dict[str, Any]) -> tuple[str, str, list[str]]:
    if release["same_as"]:
        return release["name"], f"as {release['same_as']}", []
    differences = [f"{name} = {value}" for name, value in release["differs"].items()]
    return release["name"], "" if differences else "every known bug is mended", differences
