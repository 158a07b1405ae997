"""``zabcheck graph``: all states of a small scope and the steps between them, as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker.errors import UsageError
from zabcheck.cli.arguments import Parser
from zabcheck.cli.output import destination, write
from zabcheck.cli.question import add_question, question
from zabcheck.cli.status import Status, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zabcheck.checker.result import StateGraph

DESCRIPTION = """\
Write the graph of all reachable states of a model in a small scope: a node for each state, an
edge for each step. With --collapse, states that agree in the named fields are one node."""

EPILOG = """\
the name of FILE says the format: .dot (Graphviz), .graphml (yEd, Gephi), .json (networkx), .svg
exit status: 0 written, 2 wrong usage, or a graph that is too large to be looked at"""

FORMATS = (".dot", ".graphml", ".json", ".svg")


def parser() -> Parser:
    """The options of the command, without those of any scope."""
    made = Parser("graph", DESCRIPTION, EPILOG)
    add_question(made)
    made.add_argument("-o", "--output", metavar="FILE", required=True, help="where to write the graph")
    made.add_argument(
        "--collapse",
        metavar="FIELD",
        action="append",
        default=[],
        help="tell states apart by this field alone, such as 'servers[*].role' (repeatable)",
    )
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    model, parsed = parser().for_model(arguments)
    asked = question(model, parsed)
    ending = next((ending for ending in FORMATS if parsed.output.endswith(ending)), None)
    if ending is None:
        raise UsageError(f"--output: the name {parsed.output} says no format; known are {', '.join(FORMATS)}")
    where = destination(parsed.output, "--output")
    from zabcheck.checker.state_graph import state_graph

    scope = asked.scope
    for name in asked.variants:
        scope = model.variants[name].apply(scope)
    graph = state_graph(model, scope, parsed.collapse)
    if where is not None:
        write(where, _written(graph, ending).encode("utf-8", "replace"))
        tell(f"zabcheck: {len(graph.nodes):,} nodes and {len(graph.edges):,} steps in {where.name}")
    return Status.HOLDS


def _written(graph: StateGraph, ending: str) -> str:
    from zabcheck.reports import graph as formats

    makers: dict[str, Callable[[StateGraph], str]] = {
        ".dot": formats.dot,
        ".graphml": formats.graphml,
        ".json": formats.as_json,
        ".svg": formats.svg,
    }
    return makers[ending](graph)
