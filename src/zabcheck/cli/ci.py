"""Reports for CI services, as `check`, `simulate` and `validate` write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zabcheck.cli.output import destination, write
from zabcheck.cli.status import tell

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from zabcheck.reports.cases import Suite
    from zabcheck.reports.destination import Destination


def add_ci(group: argparse._ActionsContainer) -> None:
    """Add the options."""
    group.add_argument("--junit", metavar="FILE", help="write the properties as JUnit XML")
    group.add_argument("--sarif", metavar="FILE", help="write what is violated or undecided as SARIF 2.1.0")
    group.add_argument("--markdown", metavar="FILE", help="write a summary as Markdown")
    group.add_argument(
        "--github", action="store_true", help="print annotations for GitHub Actions on standard error"
    )


@dataclass(frozen=True)
class CiReports:
    """What was asked for."""

    files: tuple[tuple[Destination, Callable[[Sequence[Suite]], bytes]], ...]
    github: bool

    def deliver(self, suites: Sequence[Suite]) -> None:
        """Write it."""
        if self.github:
            from zabcheck.reports.annotations import github_annotations

            if lines := github_annotations(suites):
                tell(lines.rstrip("\n"))
        for file, encoded in self.files:
            write(file, encoded(suites))


def ci_reports(parsed: argparse.Namespace) -> CiReports:
    """What the arguments ask for, after making sure that it can be written."""
    from zabcheck.reports.junit import junit
    from zabcheck.reports.markdown import markdown
    from zabcheck.reports.sarif import sarif

    asked = (
        (destination(parsed.junit, "--junit"), junit),
        (destination(parsed.sarif, "--sarif"), sarif),
        (destination(parsed.markdown, "--markdown"), markdown),
    )
    return CiReports(tuple((file, encoded) for file, encoded in asked if file), parsed.github)
