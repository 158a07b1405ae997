"""``zabcheck quorum``: whether any two quorums of a configured ensemble intersect, and what stops it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from zabcheck.cli.arguments import Parser
from zabcheck.cli.limits import add_seconds
from zabcheck.cli.output import destination, printing, write_json
from zabcheck.cli.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION = """\
Read the servers, groups and weights of a zoo.cfg as ZooKeeper does. Have z3 prove that any two
quorums have a server in common, or show two that do not, and list the losses that leave none."""

EPILOG = """\
exit status: 0 any two quorums intersect, 1 two do not or there is none at all,
             2 wrong usage, or a configuration that ZooKeeper refuses, 3 z3 did not decide"""

_STATUS = {"holds": Status.HOLDS, "violated": Status.VIOLATED, "incomplete": Status.UNDECIDED}


def parser() -> Parser:
    """The options of the command."""
    made = Parser("quorum", DESCRIPTION, EPILOG)
    made.add_argument("file", metavar="FILE", help="a zoo.cfg, or the dynamic part of one")
    add_seconds(made.add_argument_group("limits"))
    made.add_argument(
        "--json", metavar="FILE", help="write the result as JSON; - for standard output and no text"
    )
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    parsed = parser().read(arguments)
    report = destination(parsed.json, "--json")
    from zabcheck.traces.zoo_cfg import read

    ensemble = read(Path(parsed.file))
    from zabcheck.checker.quorum_systems import analyse
    from zabcheck.reports.console import console_for
    from zabcheck.reports.quorums import show_quorums
    from zabcheck.reports.quorums_json import quorums_document

    analysis = analyse(ensemble.quorums.voters, ensemble.quorums.is_quorum, parsed.max_seconds)
    write_json(report, quorums_document(ensemble, analysis))
    if report is None or not report.is_standard_output:
        with printing() as stream:
            show_quorums(console_for(stream), ensemble, analysis)
    return _STATUS[analysis.verdict]
