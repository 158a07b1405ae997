"""What CI formats show of a result, whichever command it comes from: suites of cases, one for each property."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from zabcheck.traces.finding import cut

if TYPE_CHECKING:
    from zabcheck.checker.result import CheckResult, PropertyResult, Trace
    from zabcheck.traces.finding import Finding
    from zabcheck.traces.outcome import Outcome

Status = Literal["passed", "failed", "undecided", "skipped"]
"""``skipped`` was not asked or cannot be decided from what there is; ``undecided`` was asked and is never a pass."""


@dataclass(frozen=True)
class Place:
    """A line of a file."""

    file: str
    line: int


@dataclass(frozen=True)
class Case:
    """A property, what was found out about it, and where that points to."""

    name: str
    status: Status
    message: str = ""
    details: str = ""
    places: tuple[Place, ...] = ()
    """the best first"""


@dataclass(frozen=True)
class Suite:
    """The cases of one question or recording."""

    name: str
    cases: tuple[Case, ...]


def place(where: str) -> tuple[Place, ...]:
    """The place that ``file:line`` names; none where it names something else, such as a byte of a file."""
    file, _, line = where.rpartition(":")
    return (Place(file, int(line)),) if file and line.isascii() and line.isdigit() and int(line) else ()


_OF_PROPERTY: dict[str, Status] = {
    "holds": "passed",
    "reached": "passed",
    "violated": "failed",
    "incomplete": "undecided",
    "not checked": "skipped",
}


def check_suite(result: CheckResult, title: str) -> Suite:
    """The properties of a check. A goal that is not reached fails only where it was the reason of the verdict."""
    return Suite(title, tuple(_of_check(result, *item) for item in result.properties.items()))


def _of_check(result: CheckResult, name: str, outcome: PropertyResult) -> Case:
    trace = result.counterexample
    unreached: Status = "failed" if result.verdict == "violated" and not trace else "skipped"
    status = _OF_PROPERTY.get(outcome.verdict, unreached)
    message, details, places = outcome.note or outcome.sentence, "", place(outcome.where)
    if outcome.verdict == "incomplete" and not outcome.note:
        message = result.reason or "the search ended with a violation"
    elif outcome.verdict == "unreached":
        message = f"reached in no state: {outcome.sentence}"
    if trace and trace.property == name:
        message = trace.clause or message
        details = _steps(trace)
        last = result.transitions.get(trace.steps[-1].transition) if trace.steps else None
        places += place(last.where) if last else ()
    return Case(name, status, message, details, places)


def _steps(trace: Trace) -> str:
    lines = [
        f"{number}. {step.transition}({', '.join(step.arguments.values())})"
        for number, step in enumerate(trace.steps, 1)
    ]
    return "\n".join([*lines, *(f"{field} = {value}" for field, value in trace.evidence)])


_OF_RECORDING: dict[str, Status] = {
    "holds": "passed",
    "violated": "failed",
    "inconclusive": "undecided",
    "not decidable": "skipped",
}


def validation_suite(outcome: Outcome, title: str) -> Suite:
    """The properties of a recording, and a case of its own where the whole is inconclusive."""
    cases = []
    for judged in outcome.properties:
        name, needs = judged.property.name, f"needs {judged.property.needs}"
        found = next((f for f in outcome.findings if f.property == name), None)
        status = _OF_RECORDING[judged.verdict]
        if found is None:
            cases.append(Case(name, status, needs if status == "skipped" else judged.property.sentence))
            continue
        places = tuple(at for event in reversed(found.events) for at in place(event.at))
        cases.append(Case(name, status, found.observed, _finding(found), places))
    if outcome.verdict == "inconclusive":
        cases.append(Case("recording", "undecided", outcome.reason))
    return Suite(title, tuple(cases))


def _finding(found: Finding) -> str:
    lines = [f"observed: {found.observed}", f"allowed: {found.allowed}", f"because: {found.guard}"]
    lines += [f"unless: {found.doubt}"] if found.doubt else []
    lines += [f"looks like: {found.known_bug}"] if found.known_bug else []
    lines += [f"consistent up to event {seq} of {track}" for track, seq in cut(found).items()]
    return "\n".join([*lines, *(event.at for event in found.events if event.at)])
