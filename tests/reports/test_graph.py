"""Graphs of states in each format."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import networkx as nx
import pytest

from zabcheck.checker import UsageError
from zabcheck.checker.result import Edge, Node, StateGraph
from zabcheck.checker.state_graph import state_graph
from zabcheck.model import models
from zabcheck.reports import graph as formats

HOSTILE = '"];\n</node><script>\x1b\\'
ZAB = models()["zab"]
SMALL = ZAB.scope(servers=2, timeouts=1, transactions=1, epochs=1, restarts=0)


@pytest.fixture(scope="module")
def graph() -> StateGraph:
    return state_graph(ZAB, SMALL)


def test_it_has_every_state(graph: StateGraph) -> None:
    assert len(graph.nodes) == 293  # what TLC counts
    assert {node.level for node in graph.nodes[:1]} == {1}
    assert sum(node.states for node in graph.nodes) == 293


def test_states_that_agree_are_one(graph: StateGraph) -> None:
    collapsed = state_graph(ZAB, SMALL, ["servers[*].role"])
    assert sum(node.states for node in collapsed.nodes) == 293
    roles = {tuple(dict(node.fields)[f"servers[{s}].role"] for s in ("s1", "s2")) for node in graph.nodes}
    assert {tuple(value for _, value in node.fields) for node in collapsed.nodes} == roles


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(UsageError, match="more than 2,000 nodes"):
        state_graph(ZAB, ZAB.scope())
    with pytest.raises(UsageError, match="no field matches nothing"):
        state_graph(ZAB, SMALL, ["nothing"])


def test_graphml_and_json_are_read_back(graph: StateGraph) -> None:
    read = nx.parse_graphml(formats.graphml(graph), force_multigraph=True)
    assert (len(read), read.number_of_edges()) == (293, len(graph.edges))
    document = json.loads(formats.as_json(graph))
    assert (len(document["nodes"]), len(document["edges"])) == (293, len(graph.edges))


def test_hostile_text_stays_text() -> None:
    bad = StateGraph(
        HOSTILE,
        (Node(1, ((HOSTILE, HOSTILE),), 1, (HOSTILE,)), Node(2, (("a", "b"),), 1, ())),
        (Edge(0, 1, HOSTILE, fault=True), Edge(1, 0, "back", fault=False)),
    )
    tags = {element.tag for element in ET.fromstring(formats.svg(bad)).iter()}  # noqa: S314 - the question
    assert not any(tag.endswith("script") for tag in tags)
    assert nx.parse_graphml(formats.graphml(bad), force_multigraph=True).number_of_edges() == 2
    quotes = [re.sub(r"\\.", "", line).count('"') for line in formats.dot(bad).splitlines()]
    assert set(quotes) <= {0, 2, 4}
    assert "\x1b" not in formats.dot(bad)
