"""A graph of states in the formats of other tools, and as a picture: a row for each level, initial states on top."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import networkx as nx

from zabcheck.reports.diagram.svg import STYLE
from zabcheck.reports.diagram.xml import element, inside, text
from zabcheck.reports.differences import shorten
from zabcheck.reports.legible import bounded
from zabcheck.reports.trace import Labels

if TYPE_CHECKING:
    from zabcheck.checker.result import Node, StateGraph

WIDE, HIGH, GAP = 26, 20, 14
"""Of a node in a picture, with the room around it."""
LEVEL = 64
CHARACTER = 6.2
MOST_FIELDS = 6
"""Fields that a node is labelled with."""


def labels(graph: StateGraph) -> list[list[str]]:
    """The lines that name each node: its fields, or its number where they are many."""
    short = Labels(name for node in graph.nodes[:1] for name, _ in node.fields)
    return [
        [bounded(f"{short[name]}={value}") for name, value in node.fields]
        if len(node.fields) <= MOST_FIELDS
        else [str(place)]
        for place, node in enumerate(graph.nodes)
    ]


def as_networkx(graph: StateGraph) -> nx.MultiDiGraph[int]:
    """The graph with its fields as attributes of nodes, and steps as labels of edges."""
    made: nx.MultiDiGraph[int] = nx.MultiDiGraph(name=bounded(graph.model))
    for place, node in enumerate(graph.nodes):
        fields = {bounded(name): bounded(value) for name, value in node.fields}
        made.add_node(
            place, level=node.level, states=node.states, false=bounded(", ".join(node.false)), **fields
        )
    for edge in graph.edges:
        made.add_edge(edge.source, edge.target, label=bounded(edge.step), fault=edge.fault)
    return made


def graphml(graph: StateGraph) -> str:
    """The graph as GraphML, for yEd, Gephi and others."""
    stream = io.BytesIO()
    nx.write_graphml_xml(as_networkx(graph), stream, encoding="utf-8", prettyprint=True)
    return stream.getvalue().decode() + "\n"


def as_json(graph: StateGraph) -> str:
    """The graph as JSON: ``nodes`` and ``edges`` (the node-link format of networkx)."""
    document: dict[str, Any] = nx.node_link_data(as_networkx(graph), edges="edges")
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def dot(graph: StateGraph) -> str:
    """The graph for Graphviz."""
    made = [
        f'digraph "{_escaped(bounded(graph.model))}" {{',
        "  node [shape=box fontname=monospace fontsize=10]",
    ]
    for place, (node, lines) in enumerate(zip(graph.nodes, labels(graph), strict=True)):
        colour = ' color="#b3261e"' if node.false else ""
        bold = " peripheries=2" if node.level == 1 else ""
        label = "".join(f"{_escaped(line)}\\l" for line in lines)
        made.append(f'  {place} [label="{label}"{colour}{bold}]')
    for edge in graph.edges:
        colour = ' color="#b3261e"' if edge.fault else ""
        made.append(f'  {edge.source} -> {edge.target} [label="{_escaped(bounded(edge.step))}"{colour}]')
    return "\n".join([*made, "}"]) + "\n"


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace('"', '\\"')


def svg(graph: StateGraph) -> str:
    """The graph as a picture; what a node or step is, is shown when the pointer rests on it."""
    drawing = _Drawing(graph)
    title = f"State graph of {graph.model}: {len(graph.nodes)} nodes, {len(graph.edges)} steps"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="diagram" role="img" width="{drawing.width:g}" '
        f'height="{drawing.height:g}" viewBox="0 0 {drawing.width:g} {drawing.height:g}">'
        f"<title>{inside(bounded(title))}</title><style>{STYLE}</style>{''.join(drawing.parts())}</svg>\n"
    )


class _Drawing:
    def __init__(self, graph: StateGraph) -> None:
        self._graph = graph
        self._labels = labels(graph)
        self._wide = max(
            (WIDE, *(min(len(line), 32) * CHARACTER + 12 for each in self._labels for line in each))
        )
        self._high = max((HIGH, *(13 * len(each) + 8 for each in self._labels)))
        levels: dict[int, list[int]] = {}
        for place, node in enumerate(graph.nodes):
            levels.setdefault(node.level, []).append(place)
        self._place(list(levels.values()))
        self.width = 2 * GAP + max(map(len, levels.values())) * (self._wide + GAP)
        self.height = GAP + len(levels) * (self._high + LEVEL)
        self._levels = list(levels.values())

    def _place(self, levels: list[list[int]]) -> None:
        """Put the nodes of a level in the order of those that lead to them, centred."""
        above: dict[int, list[int]] = {}
        for edge in self._graph.edges:
            above.setdefault(edge.target, []).append(edge.source)
        widest = max(map(len, levels))
        self._at: dict[int, tuple[float, float]] = {}
        for row, members in enumerate(levels):

            def pull(node: int) -> float:
                known = [self._at[source][0] for source in above.get(node, ()) if source in self._at]
                return sum(known) / len(known) if known else 0

            members.sort(key=pull)
            begin = GAP + (widest - len(members)) * (self._wide + GAP) / 2
            for column, node in enumerate(members):
                x = begin + column * (self._wide + GAP) + self._wide / 2
                self._at[node] = (x, GAP + row * (self._high + LEVEL))

    def parts(self) -> list[str]:
        """Steps below, nodes on top of them."""
        steps: dict[tuple[int, int], list[str]] = {}
        for edge in self._graph.edges:
            steps.setdefault((edge.source, edge.target), []).append(edge.step)
        faults = {(edge.source, edge.target) for edge in self._graph.edges if edge.fault}
        drawn = [
            self._step(*ends, names, is_fault=ends in faults)
            for ends, names in steps.items()
            if ends[0] != ends[1]
        ]
        return drawn + [self._node(place, node) for place, node in enumerate(self._graph.nodes)]

    def _step(self, source: int, target: int, names: list[str], *, is_fault: bool) -> str:
        (x, y), (to, end) = self._at[source], self._at[target]
        forward = end > y
        y, end = y + (self._high if forward else 0), end + (0 if forward else self._high)
        bend = (end - y) / 2 if forward else 30
        path = f"M{x:g},{y:g} C{x:g},{y + bend:g} {to:g},{end - bend:g} {to:g},{end:g}"
        hover = f"<title>{inside(bounded(', '.join(names)))}</title>"
        kind = "loop" if is_fault else "move" if forward else "move lost"
        head = element("circle", "head", cx=f"{to:g}", cy=f"{end:g}", r=2)
        return element("path", kind, hover, d=path) + head

    def _node(self, place: int, node: Node) -> str:
        x, y = self._at[place]
        facts = [f"{node.states:,} states"] if node.states > 1 else []
        facts += [f"{name} is false" for name in node.false]
        facts += [f"{name} = {value}" for name, value in node.fields]
        said = "\n".join(map(bounded, facts))
        hover = f"<title>{inside(said)}</title>"
        kind = "band fault box" if node.false else "disk box" if node.level == 1 else "band box"
        sides = {"width": f"{self._wide:g}", "height": f"{self._high:g}"}
        box = element("rect", kind, hover, x=f"{x - self._wide / 2:g}", y=f"{y:g}", rx=4, **sides)
        words = [
            text(x, y + 14 + 13 * i, shorten(line, 32), anchor="middle")
            for i, line in enumerate(self._labels[place])
        ]
        return box + "".join(words)
