"""What the programs that reports are for get out of them is what was found, whatever names there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.reports.conftest import HOLDS, INCOMPLETE, VIOLATED
from tests.reports.consumers import of_annotations, of_junit, of_markdown, of_sarif
from zabcheck.reports.annotations import github_annotations
from zabcheck.reports.cases import Case, Place, Suite, check_suite
from zabcheck.reports.junit import junit
from zabcheck.reports.legible import legible
from zabcheck.reports.markdown import markdown
from zabcheck.reports.sarif import sarif

if TYPE_CHECKING:
    from typing import Any

    from tests.reports.consumers import Found

NAMES = (
    "P1s",
    "check a/b.py --variant x --property Y",
    "<script>alert(1)</script>",
    "<!-- --> <b>&amp; &lt;",
    "a|b||c \\| d",
    "`code` ``more`` *em* __strong__ ~~gone~~",
    "[a](javascript:1) ![b](c) https://example.org <https://example.org> www.example.org",
    "# heading\n- item\n\n    code\n| a | b |\n|---|---|",
    "::error file=x,line=1::y%0A%25,:",
    "]]> \"quoted\" 'too' &#x41; {{ x }} ${{ y }}",
    "\x00\x1b[31m\ud800\ufffe\u202e\u2028\t\r\n",
    "täst ✓ 🦒 𝔸",
    " x ",
)
STATUSES = ("passed", "failed", "undecided", "skipped")
PLACES = (Place("a,b:c%.py", 3), Place("a,b:c%.py", 3), Place("/elsewhere/log", 7), Place("a,b:c%.py", 3))
HOSTILE = [
    Suite(name, tuple(Case(name, status, name, name * 20, PLACES) for status in STATUSES))  # type: ignore[arg-type]
    for name in NAMES
]


@pytest.mark.parametrize(
    "suites",
    [
        *([check_suite(result, "zab")] for result in (HOLDS, VIOLATED, INCOMPLETE)),
        [check_suite(VIOLATED, "zab"), check_suite(HOLDS, "another")],
        [],
        *([suite] for suite in HOSTILE),
        HOSTILE,
    ],
)
def test_each_format_says_what_was_found(suites: list[Suite]) -> None:
    cases: Found = [(legible(case.name), case.status) for suite in suites for case in suite.cases]
    problems = [case for case in cases if case[1] in ("failed", "undecided")]
    assert [(legible(name), status) for name, status in of_junit(junit(suites))] == cases
    assert [(legible(name), status) for name, status in of_sarif(sarif(suites))] == problems
    assert [(name.strip(), status) for name, status in of_markdown(markdown(suites))] == [
        (name.strip(), status) for name, status in cases
    ]
    assert [(legible(name), s) for name, s in of_annotations(github_annotations(suites))] == problems


@pytest.mark.parametrize(
    ("read", "made"),
    [
        (of_junit, junit(HOSTILE[:1]).replace(b'failures="1"', b'failures="0"')),
        (of_junit, junit(HOSTILE[:1]).replace(b"</testsuites>", b"")),
        (of_sarif, sarif(HOSTILE[:1]).replace(b'"message"', b'"massage"')),
        (of_sarif, sarif(HOSTILE[:1]).replace(b'"startLine": 3', b'"startLine": 0')),
        (of_sarif, sarif(HOSTILE[:1]).replace(b'"level": "error"', b'"level": "bad"')),
        (of_sarif, sarif(HOSTILE[:1]).replace(b'"ruleIndex": 0', b'"ruleIndex": "0"')),
        (of_markdown, markdown(HOSTILE[:1]) + b"\n<b>x</b>\n"),
        (of_annotations, "::error title=a::b\n::error line=1::b,\nfree text\n"),
    ],
)
def test_the_consumers_would_complain(read: Any, made: Any) -> None:
    with pytest.raises((AssertionError, ValueError, SyntaxError)):
        read(made)
