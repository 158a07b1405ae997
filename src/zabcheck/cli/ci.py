"""Reports for CI services, as `check`, `simulate` and `validate` write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zabcheck.cli.output import destination, write
from zabcheck.cli.status import tell

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from zabcheck.reports.cases import Suite
    from zabcheck.reports.destination import Destination


def add_ci(group: argparse._ActionsContainer) -> None:
    """Add the options."""
    group.add_argument("--junit", metavar="FILE", help="write the properties as JUnit XML")
    group.add_argument(
        "--github", action="store_true", help="print annotations for GitHub Actions on standard error"
    )


@dataclass(frozen=True)
class CiReports:
    """What was asked for."""

    junit: Destination | None
    github: bool

    def deliver(self, suites: Sequence[Suite]) -> None:
        """Write it."""
        if self.github:
            from zabcheck.reports.annotations import github_annotations

            if lines := github_annotations(suites):
                tell(lines.rstrip("\n"))
        if self.junit:
            from zabcheck.reports.junit import junit

            write(self.junit, junit(suites))


def ci_reports(parsed: argparse.Namespace) -> CiReports:
    """What the arguments ask for, after making sure that it can be written."""
    return CiReports(destination(parsed.junit, "--junit"), parsed.github)
