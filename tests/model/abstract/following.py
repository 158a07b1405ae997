"""What the tests of the refinements share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.checker.model import LIVENESS, Kind
from zabcheck.checker.proof.refinement import follow_run
from zabcheck.checker.run import search
from zabcheck.checker.search import Options, Problem
from zabcheck.checker.trace import Taken
from zabcheck.model.abstract import THEORY
from zabcheck.model.abstract.refinements import REFINEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zabcheck.checker.model import Model
    from zabcheck.checker.proof.result import RefinementResult

QUICK = Options(properties=("Leadership1",))
"""The properties of the model are not what is asked here."""


def problem(model: Model[Any], scope: Any, *variants: str) -> Problem:
    return Problem(model, model.varied(scope, variants), QUICK, variants)


def followed_counterexample(model: Model[Any], scope: Any, variant: str) -> RefinementResult:
    """A shortest run that shows a variant, followed."""
    past = (Kind.GOAL, *LIVENESS)
    caught_by = tuple(
        name for name in model.variants[variant].caught_by if model.properties[name].kind not in past
    )
    asked = Problem(model, model.varied(scope, (variant,)), Options(caught_by, liveness=False), (variant,))
    found = search(asked).found.values()
    root, path = min(found, key=lambda one: one.depth).path()
    return follow_run(asked, THEORY, REFINEMENTS[model.name], root, path)


def followed_script(asked: Problem, steps: Iterable[str]) -> RefinementResult:
    """A run by the names of its steps, followed."""
    instances = {str(instance): instance for instance in asked.selection.transitions}
    path = [Taken(instances[step]) for step in steps]
    return follow_run(asked, THEORY, REFINEMENTS[asked.model.name], asked.evaluator.initial[0], path)
