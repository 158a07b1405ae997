"""Names and values that mean harm, in every format at once: nothing gets out, and nothing gets long."""

from __future__ import annotations

import dataclasses
import io
import json
import unicodedata
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import networkx as nx
import pytest

from tests.reports.conftest import TRACE, VIOLATED
from zabcheck.checker.result import Change, Coverage, Edge, Message, Node, PropertyResult, StateGraph
from zabcheck.reports import graph
from zabcheck.reports.cases import check_suite
from zabcheck.reports.console import PlainConsole
from zabcheck.reports.diagram import itf, mermaid, page, shiviz, svg
from zabcheck.reports.diagram.events import of_finding
from zabcheck.reports.diagram.lines import show_diagram
from zabcheck.reports.junit import junit
from zabcheck.reports.markdown import markdown
from zabcheck.reports.pages import diagram_of, page_of
from zabcheck.reports.sarif import sarif
from zabcheck.reports.statistics import statistics
from zabcheck.reports.terminal import show_result
from zabcheck.reports.timeline import show_timeline
from zabcheck.traces import itf as itf_reader
from zabcheck.traces.event import Alarm, Operation
from zabcheck.traces.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.checker.result import CheckResult
    from zabcheck.reports.diagram.data import Diagram

TEXTS = {
    "script": "</script></style></title><script>alert(1)</script><img src=x onerror=alert(2)>",
    "end of a section": "]]>",
    "end of a comment": "--><script>alert(1)</script><!--",
    "escape sequence": "\x1b[2J\x1b]0;taken\x07\x9b31m",
    "right to left": "abc\u202edcba\u2066\u200b",
    "nothing": "a\x00b\ud800\ufffe",
    "lines": "one\r\ntwo\n\nend\u2028::error::three",
    "quotes": "\"];'}`|\\ %%{init: {}}%% #quot; &lt;",
    "long": "x" * 10_000_000,
}


def result(text: str) -> CheckResult:
    """A violation in which everything that a model may name is called so."""
    change = Change(text, text, text)
    named: dict[str, Any] = {"transition": text, "sentence": text, "arguments": {text: text}}
    steps = tuple(
        dataclasses.replace(step, changes=(change,), lanes=(text,), **named) for step in TRACE.steps
    )
    trace = dataclasses.replace(
        TRACE,
        property=text,
        clause=text,
        arguments={text: text},
        evidence=((text, text),),
        initial=((text, text), ("other", text)),
        steps=steps,
        lanes=(text, "s2"),
        messages=(Message(text, "s2", text, text, 1, 2, received=True), Message("s2", text, text, text, 1)),
    )
    return dataclasses.replace(
        VIOLATED,
        model=text,
        reason=text,
        counterexample=trace,
        notes=(text,),
        properties={text: PropertyResult("violated", "invariant", text, 3, text, text)},
        transitions={text: Coverage(3, 1, text, text, text)},
    )


def run(text: str) -> Diagram:
    diagram = diagram_of(result(text))
    assert diagram
    return diagram


def states(text: str) -> StateGraph:
    nodes = (Node(1, ((text, text),), 1, (text,)), Node(2, (("a", text),), 1, ()))
    return StateGraph(text, nodes, (Edge(0, 1, text, fault=True), Edge(1, 0, text, fault=False)))


def recorded(text: str) -> Diagram:
    event = Alarm(track="s1/log", seq=1, server=1, at=text, what="failed check", text=text)
    return of_finding(Finding(text, 1, text, text, text, (event,), doubt=text))


def table(text: str) -> page.Table:
    return page.Table("Properties", ("verdict", "observed"), ((text, text),))


def on_terminal(show: Callable[[Any], None]) -> str:
    stream = io.StringIO()
    show(PlainConsole(stream, 80))
    return stream.getvalue()


def timeline(text: str) -> str:
    events = [
        Operation(track="c", seq=1, client=text, op=text, path=text, value=text),
        Alarm(track=text, seq=2, server=1, what="failed check", text=text),
    ]
    return on_terminal(lambda console: show_timeline(console, events))


MADE: dict[str, Callable[[str], str]] = {
    "html": lambda text: page.document(page_of(result(text))).decode(),
    "html of a recording": lambda text: page.document(
        page.Page("violates", text, recorded(text), tables=(table(text),))
    ).decode(),
    "svg": lambda text: svg.drawn(run(text)),
    "svg of a recording": lambda text: svg.drawn(recorded(text)),
    "heads": lambda text: svg.heads(run(text)),
    "svg of a graph": lambda text: graph.svg(states(text)),
    "charts": lambda text: statistics(result(text)),
    "graphml": lambda text: graph.graphml(states(text)),
    "graph as json": lambda text: graph.as_json(states(text)),
    "dot": lambda text: graph.dot(states(text)),
    "mermaid": lambda text: mermaid.document(run(text)),
    "shiviz": lambda text: shiviz.document(run(text)),
    "itf": lambda text: itf.document(run(text)),
    "junit": lambda text: junit([check_suite(result(text), text)]).decode(),
    "sarif": lambda text: sarif([check_suite(result(text), text)]).decode(),
    "markdown": lambda text: markdown([check_suite(result(text), text)]).decode(),
    "terminal": lambda text: on_terminal(lambda console: show_result(console, result(text))),
    "diagram": lambda text: on_terminal(lambda console: show_diagram(console, run(text))),
    "timeline": timeline,
}
XML = ("svg", "svg of a recording", "heads", "svg of a graph", "charts", "graphml", "junit")
LINES = ("dot", "mermaid", "shiviz", "diagram", "timeline", "graphml", "svg", "charts")
"""Formats in which a text must not begin a line of its own: they have as many lines whatever it is."""


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("made", MADE)
def test_nothing_gets_out(made: str, text: str) -> None:
    said = MADE[made](text)
    assert len(said) < 300_000
    control = {c for c in set(said) if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")} - {
        "\n"
    }
    assert control == set()
    if made in LINES:
        assert said.count("\n") == MADE[made]("harmless" * max(len(text) // 8, 1)).count("\n")
    if made in XML:
        tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(said).iter()}  # noqa: S314 - the question
        assert not tags & {"script", "img", "comment"}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_other_tools_read_is_whole(text: str) -> None:
    assert len(list(itf_reader.read(MADE["itf"](text).encode(), "x.itf.json"))) == len(TRACE.steps) + 1
    assert nx.parse_graphml(MADE["graphml"](text), force_multigraph=True).number_of_edges() == 2
    assert len(json.loads(MADE["graph as json"](text))["nodes"]) == 2
    assert json.loads(MADE["sarif"](text))["runs"]
    clocks = [line.rpartition(" {")[2] for line in MADE["shiviz"](text).splitlines()[2::2]]
    assert all(json.loads("{" + clock) for clock in clocks)
    assert "<script" not in MADE["mermaid"](text)
