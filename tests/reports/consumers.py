"""Reports for CI as others read them: what a consumer gets out of each, in a form that can be compared."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from junitparser import Error, Failure, JUnitXml, Skipped, TestSuite
from markdown_it import MarkdownIt
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif

Found = list[tuple[str, str]]
"""Names of cases, each with what became of it."""

IN_TABLE = 4
"""How deep a cell is nested: in a row of the body of a table."""
_JUNIT = {Failure: "failed", Error: "undecided", Skipped: "skipped"}
_LEVELS = {"error": "failed", "warning": "undecided"}
_MARKS = {"✓": "passed", "✗ failed": "failed", "? undecided": "undecided", "– skipped": "skipped"}


def of_junit(data: bytes) -> Found:
    """All cases, as `junitparser` reads them; the counts of a suite are those of its cases."""
    found = []
    for suite in JUnitXml.fromstring(data):
        assert isinstance(suite, TestSuite)
        cases = list(suite)
        status = [next((_JUNIT[type(result)] for result in case.result), "passed") for case in cases]
        counted = {"failed": suite.failures, "undecided": suite.errors, "skipped": suite.skipped}
        assert {name: status.count(name) for name in counted} == counted
        assert suite.tests == len(cases)
        assert {case.classname for case in cases} <= {suite.name}
        found += [(str(case.name), became) for case, became in zip(cases, status, strict=True)]
    return found


def of_sarif(data: bytes) -> Found:
    """The results, as the classes read them that are made of OASIS' schema: they know no key that it does not have."""
    log = Sarif.model_validate_json(data, strict=True)
    (run,) = log.runs
    rules = [rule.id for rule in run.tool.driver.rules or []]
    assert len(set(rules)) == len(rules)
    found = []
    for result in run.results or []:
        assert result.ruleId is not None
        assert result.ruleIndex is not None
        assert result.level is not None
        assert rules[result.ruleIndex] == result.ruleId
        assert result.message.text
        found.append((result.ruleId, _LEVELS[result.level.value]))
    for result in json.loads(data)["runs"][0]["results"]:  # what those classes do not see
        for places in (result["locations"], result["relatedLocations"]):
            assert len({json.dumps(place) for place in places}) == len(places)
    return found


def of_markdown(data: bytes) -> Found:
    """The rows of all tables; whatever is said in them is text."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(data.decode())
    blocks = {token.type for token in tokens} - {"inline", "code_block"}
    assert {re.sub("_(open|close)$", "", kind) for kind in blocks} <= {
        *("heading", "table", "thead", "tbody", "tr", "th", "td", "paragraph", "strong")
    }
    said = [(token.level, _text(token)) for token in tokens if token.type == "inline"]
    texts = [text for level, text in said if level == IN_TABLE]
    rows = [texts[n : n + 3] for n in range(0, len(texts), 3)]
    return [(name, _MARKS[mark]) for mark, name, _ in rows if mark]


def _text(token: Any) -> str:
    kinds = {child.type for child in token.children or []}
    assert kinds <= {"text", "text_special", "entity", "strong_open", "strong_close"}, kinds
    return "".join(child.content for child in token.children or [])


def of_annotations(text: str) -> Found:
    """GitHub's workflow commands, by their grammar: ``::level key=value,…::message``."""
    found = []
    for line in text.splitlines():
        command = re.fullmatch(
            r"::(error|warning) ((?:\w+=[^,:\r\n]*)(?:,\w+=[^,:\r\n]*)*)::([^\r\n]*)", line
        )
        assert command, line
        attributes = dict(pair.split("=", 1) for pair in command[2].split(","))
        assert attributes.keys() <= {"file", "line", "title"}
        name, _, status = unquote(attributes["title"]).rpartition(": ")
        assert status == _LEVELS[command[1]]
        found.append((name, status))
    return found
