"""``zabcheck simulate``: random walks, reproducible by their seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker import run as checker
from zabcheck.checker.search import Limits, Options
from zabcheck.checker.simulate import Simulation
from zabcheck.cli.arguments import Parser
from zabcheck.cli.limits import add_engine, add_seconds
from zabcheck.cli.numbers import LARGEST, whole
from zabcheck.cli.output import destination, streaming
from zabcheck.cli.question import add_question, question
from zabcheck.cli.session import add_output, conduct

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from zabcheck.checker.result import CheckResult, Progress
    from zabcheck.cli.question import Question

DESCRIPTION = """\
Take random walks from the initial states of a model and check its properties on the way.
Finds violations in scopes that are too large to explore; finding none proves nothing."""

EPILOG = """\
exit status: 1 a property is violated, 3 no violation was found (never 0: this is no proof),
             2 wrong usage or bad input"""


def parser() -> Parser:
    """The options of the command, without those of any scope."""
    made = Parser("simulate", DESCRIPTION, EPILOG)
    add_question(made)
    how = made.add_argument_group("the walks")
    for name, least, most, what in (
        ("walks", 1, LARGEST, "how many"),
        ("length", 1, 2**31 - 1, "most states of each"),
        ("seed", 0, 2**63 - 1, "the same seed, the same walks"),
    ):
        default = getattr(Simulation, name)
        text = f"{what} (default {default})"
        how.add_argument(f"--{name}", type=whole(least, most), default=default, metavar="N", help=text)
    how.add_argument(
        "--record", metavar="FILE", help="also write one walk as events, which zabcheck validate takes"
    )
    add_engine(how)
    add_seconds(made.add_argument_group("limits"))
    add_output(made)
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    model, parsed = parser().for_model(arguments)
    asked = question(model, parsed)
    _record(parsed, asked)
    simulation = Simulation(seed=parsed.seed, walks=parsed.walks, length=parsed.length)

    def search(listener: Callable[[Progress], None]) -> CheckResult:
        limits = Limits(seconds=parsed.max_seconds)
        options = Options(properties=asked.properties, limits=limits, on_progress=listener)
        return checker.simulate(
            model, asked.scope, simulation, options, engine=parsed.engine, variant=asked.variants
        )

    return conduct(parsed, asked, search, simulation)


def _record(parsed: argparse.Namespace, asked: Question) -> None:
    """Write a walk as a recording, if that was asked for."""
    where = destination(parsed.record, "--record")
    if where is None:
        return
    from zabcheck.traces import jsonl
    from zabcheck.traces.steps import StepWriter, record_walk

    scope = asked.model.varied(asked.scope, asked.variants)
    header = StepWriter(asked.model).recording(asked.scope, made_by="zabcheck simulate")
    with streaming(where) as stream:
        jsonl.write([header, *record_walk(asked.model, scope, parsed.seed, parsed.length)], stream)
