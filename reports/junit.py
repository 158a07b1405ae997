"""Suites as JUnit XML, the dialect that CI services read. No times, so that runs compare equal."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from zabcheck.reports.legible import passage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zabcheck.reports.cases import Case, Suite

_ELEMENTS = {"failed": "failure", "undecided": "error", "skipped": "skipped"}


def junit(suites: Sequence[Suite]) -> bytes:
    """The document, as UTF-8. What is undecided is an error there, so that no consumer takes it for a pass."""
    root = ET.Element("testsuites", {"name": "zabcheck", **_counts([c for s in suites for c in s.cases])})
    for suite in suites:
        element = ET.SubElement(root, "testsuite", {"name": passage(suite.name), **_counts(suite.cases)})
        for case in suite.cases:
            child = ET.SubElement(element, "testcase", classname=passage(suite.name), name=passage(case.name))
            if case.status in _ELEMENTS:
                said = ET.SubElement(child, _ELEMENTS[case.status], message=passage(case.message))
                if case.status != "skipped":
                    said.set("type", case.status)
                    places = [f"{at.file}:{at.line}" for at in case.places]
                    said.text = passage("\n".join([*places, case.details]))
    ET.indent(root)
    made: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return made + b"\n"


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    def number(status: str) -> str:
        return str(sum(case.status == status for case in cases))

    return {
        "tests": str(len(cases)),
        "failures": number("failed"),
        "errors": number("undecided"),
        "skipped": number("skipped"),
    }
