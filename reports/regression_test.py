"""A violation as a test that a user keeps: Python for pytest, which takes the same steps again.

Whether the violation is a defect that was found, or one that was put in on purpose, decides what the test claims: that
the schedule keeps the property, which fails until the defect is mended, or that it violates it, which passes as long
as the known defect is still caught.
"""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zabcheck.checker.result import CheckResult

_WIDTH = 88
"""Columns of the file: those of formatters by default."""


def regression_test(result: CheckResult, model: str, initial: int = 0) -> str | None:
    """The source of a test, or ``None`` where nothing is violated.

    Args:
        result: what was found.
        model: the model's name, or the path of its file as seen from that of the test.
        initial: the number of the initial state in which the run begins.
    """
    name = _violated(result)
    if name is None:
        return None
    trace = result.counterexample
    follows = trace is not None and trace.since is None
    claim, words = _claim(result, name, follows=follows)
    lines = [
        '"""' + _summary(result, name),
        "",
        *_wrapped(words, result.properties[name].sentence),
        '"""',
        "",
    ]
    if follows and trace is not None:
        steps = [f"    {literal(step.name)}," for step in trace.steps]
        lines += ["STEPS = (", *steps, ")", ""] if steps else ["STEPS = ()", ""]
    begin = f", initial={initial}" if initial else ""
    along = f".along(*STEPS{begin})" if follows else ""
    lines += [
        "",
        f"def test_{_identifier(name)}(check):",
        "    question = check(",
        *(f"        {argument}," for argument in _arguments(result, model, name)),
        "    )",
        f"    question{along}.{claim}",
    ]
    return "\n".join(lines) + "\n"


def _violated(result: CheckResult) -> str | None:
    """The property that is violated; a goal that is reached nowhere only where nothing else is wrong."""
    if result.verdict != "violated":
        return None
    if result.counterexample:
        return result.counterexample.property
    return next(name for name, outcome in result.properties.items() if outcome.verdict == "unreached")


_WORDS = {
    "keeps": "The test takes the steps below as far as they are possible, and fails while {name} is false "
    "on the way: it passes once the defect is mended. To expect the defect instead, let it claim violates.",
    "violates": "The defect is there on purpose. The test takes the steps below and passes as long as {name} "
    "is false on the way: it fails when the model is no longer caught. For a defect to be mended, let it "
    "claim keeps.",
    "holds": "No single schedule shows this, so the test explores the whole scope. It fails until the defect "
    "is mended; to expect the defect instead, let it claim violated_by.",
    "reaches": "No single schedule shows this, so the test explores the scope. It fails until the goal is "
    "reached; to expect that it is not, let it claim violated_by.",
    "violated_by": "The defect is there on purpose. No single schedule shows it, so the test explores the "
    "whole scope, and fails when the model is no longer caught.",
}


def _claim(result: CheckResult, name: str, *, follows: bool) -> tuple[str, str]:
    """What the test claims, and that in words."""
    expected = bool(result.variants)
    if follows:
        verb = "violates" if expected else "keeps"
    elif expected:
        verb = "violated_by"
    else:
        verb = "holds" if result.counterexample else "reaches"
    return f"{verb}({'' if verb == 'holds' else literal(name)})", _WORDS[verb].format(name=name)


def _summary(result: CheckResult, name: str) -> str:
    changed = f" with {' and '.join(result.variants)}" if result.variants else ""
    whole = f"{name} is violated by {result.model}{changed}"
    return _escaped(textwrap.shorten(whole, _WIDTH - 5, placeholder=" …")) + "."


def _wrapped(words: str, sentence: str) -> Iterator[str]:
    for paragraph in filter(None, (sentence, words)):
        yield from map(_escaped, textwrap.wrap(paragraph, _WIDTH))
        yield ""
    yield "Written by zabcheck check --write-test."


def _arguments(result: CheckResult, model: str, name: str) -> Iterator[str]:
    """The arguments of ``check``: all bounds, for the schedule belongs to them whatever becomes of the defaults."""
    yield literal(model)
    for option, value in result.scope.items():
        yield f"{option}={literal(value) if isinstance(value, str) else value}"
    if len(result.variants) == 1:
        yield f"variant={literal(result.variants[0])}"
    elif result.variants:
        yield f"variant=[{', '.join(map(literal, result.variants))}]"
    if result.counterexample and result.counterexample.since is not None:
        yield f"property={literal(name)}"


def literal(text: str) -> str:
    """``text`` as a string of Python, in the quotes that formatters prefer; what cannot be seen is escaped."""
    shown = repr(text)
    return f'"{shown[1:-1]}"' if shown[0] == "'" and '"' not in shown else shown


def _escaped(text: str) -> str:
    """A line for a docstring: it can neither end it nor hide anything in it."""
    return literal(text)[1:-1].replace('"""', '\\"\\"\\"')


def _identifier(name: str) -> str:
    return (
        re.sub(r"\W+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name), flags=re.ASCII).strip("_").lower()
    )
