"""``zabcheck refine``: whether a model does only what abstract ZAB allows, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker.model import Kind
from zabcheck.checker.run import search
from zabcheck.checker.search import Options, Problem
from zabcheck.cli.arguments import Parser
from zabcheck.cli.guess import require_known
from zabcheck.cli.limits import add_seconds
from zabcheck.cli.numbers import whole
from zabcheck.cli.output import destination, printing, write_json
from zabcheck.cli.pictures import Pictures, add_pictures
from zabcheck.cli.question import add_question, question
from zabcheck.cli.session import progress_shown
from zabcheck.cli.status import Status, tell

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from zabcheck.checker.proof.result import RefinementResult
    from zabcheck.checker.result import Progress
    from zabcheck.cli.question import Question

DESCRIPTION = """\
Follow a model step by step with the abstract protocol that `zabcheck prove` proves safe: each step
must be one that the protocol allows, or several, and both must agree afterwards. The invariant and
the guarantees are evaluated in every state of the protocol that is met."""

EPILOG = """\
exit status: 0 every step within the bounds is allowed, 1 a step is not, 2 wrong usage,
             3 not decided: a limit was reached, a single run was followed, or it was interrupted"""

_STATUS = {"holds": Status.HOLDS, "violated": Status.VIOLATED, "incomplete": Status.UNDECIDED}


def parser() -> Parser:
    """The options of the command, without those of any scope."""
    made = Parser("refine", DESCRIPTION, EPILOG)
    add_question(made)
    made.add_argument(
        "--counterexample",
        action="store_true",
        help="follow a shortest run that violates a property, rather than every run",
    )
    limits = made.add_argument_group("limits (reaching one makes the verdict incomplete)")
    limits.add_argument("--max-steps", type=whole(1), metavar="N", help="steps of the model")
    add_seconds(limits)
    output = made.add_argument_group("output")
    output.add_argument(
        "--json", metavar="FILE", help="write the result as JSON; - for standard output and no text"
    )
    add_pictures(output, "the run that leads to the wrong step")
    output.add_argument("--quiet", action="store_true", help="nothing on standard error but mistakes")
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    model, parsed = parser().for_model(arguments)
    from zabcheck.model.abstract.refinements import REFINEMENTS

    require_known(model.name, REFINEMENTS, "model", "the proof")
    asked = question(model, parsed)
    report, pictures = destination(parsed.json, "--json"), Pictures(parsed)
    with progress_shown(asked, quiet=parsed.quiet) as listener:
        result = _refine(asked, parsed, listener)
    if result is None:
        tell("zabcheck: no property was seen violated, so there is no run to follow")
        return Status.UNDECIDED
    from zabcheck.reports.console import console_for
    from zabcheck.reports.pages import diagram_of_refinement, page_of_refinement
    from zabcheck.reports.proof_json import refinement_document
    from zabcheck.reports.refinement import show_refinement

    write_json(report, refinement_document(result))
    if pictures.any:
        pictures.write(page_of_refinement(result))
    if report is None or not report.is_standard_output:
        with printing() as stream:
            show_refinement(console_for(stream), result)
            pictures.show(console_for(stream), diagram_of_refinement(result))
    return _STATUS[result.verdict]


def _refine(
    asked: Question, parsed: argparse.Namespace, listener: Callable[[Progress], None]
) -> RefinementResult | None:
    """Follow every run, or one that violates a property, if there is one."""
    from zabcheck.checker.proof.refinement import Bounds, check_refinement, follow_run
    from zabcheck.model.abstract import THEORY
    from zabcheck.model.abstract.refinements import REFINEMENTS

    scope, refinement = asked.model.varied(asked.scope, asked.variants), REFINEMENTS[asked.model.name]
    if not parsed.counterexample:
        problem = Problem(asked.model, scope, Options((_any_invariant(asked),)), asked.variants)
        bounds = Bounds(parsed.max_steps, parsed.max_seconds)
        return check_refinement(problem, THEORY, refinement, bounds, listener)
    options = Options(asked.properties, liveness=False, on_progress=listener)
    problem = Problem(asked.model, scope, options, asked.variants)
    found = search(problem).found
    violated = [
        found[p.name] for p in problem.selection.checked if p.kind is not Kind.GOAL and p.name in found
    ]
    if not violated:
        return None
    root, path = min(violated, key=lambda one: one.depth).path()
    return follow_run(problem, THEORY, refinement, root, path)


def _any_invariant(asked: Question) -> str:
    """One property, since none means all: they are not what is asked for."""
    properties = asked.model.properties.values()
    return next(p.name for p in properties if p.kind is Kind.INVARIANT and p.applies(asked.scope))
