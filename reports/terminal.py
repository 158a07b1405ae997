"""A result on the terminal: the verdict first, then what it rests on, and a counterexample last.

Every line fits the width of the console: what is too long ends in ``…`` and is whole in the JSON report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from zabcheck.reports.layout import cut, flow, heading, say
from zabcheck.reports.quantities import count, duration, probability_below, rate, size
from zabcheck.reports.trace import show_clause, show_steps

if TYPE_CHECKING:
    from rich.console import Console

    from zabcheck.checker.result import CheckResult, PropertyResult, Trace

_STYLES = {
    "holds": "green",
    "reached": "green",
    "violated": "bold red",
    "unreached": "bold red",
    "incomplete": "yellow",
    "not checked": "yellow",
}
_OPEN = ("incomplete", "not checked")
_KINDS = {
    "invariant": ("Invariants", "true in every state"),
    "step property": ("Step properties", "true of every step"),
    "assertion": ("Assertions", "true where a step checks them"),
    "final": ("Final states", "true where no step is possible"),
    "goal": ("Goals", "true in some state"),
    "recovery": ("Recovery", "can become true from every state, without faults"),
    "eventually": ("Liveness", "becomes true on every fair run without faults"),
}
"""How the kinds of properties are headed, and what each means."""

_FAULTS = {
    "recovery": "cannot become true without faults",
    "eventually": "stays false for ever",
}
"""What is wrong at the end of a counterexample, where it is not just that a property is false."""


def show_result(console: Console, result: CheckResult, *, walks: str = "") -> None:
    """Print ``result``; ``walks`` says which random walks it comes from, if not from an exhaustive search."""
    _show_verdict(console, result, walks)
    if walks:
        _show_walking(console, result)
    else:
        _show_search(console, result)
    if result.terminal_states or result.deadlocks:
        flow(console, count(result.terminal_states, "terminal state"), count(result.deadlocks, "deadlock"))
    for note in result.notes:
        say(console, Text(f"note: {note}"), hanging=2)
    _show_properties(console, result)
    if not result.counterexample:
        _show_transitions(console, result)
    if result.witness:
        _show_run(console, "Witness", result.witness, result)
    show_counterexample(console, result)


def show_counterexample(console: Console, result: CheckResult) -> None:
    """Print the run that violates a property, if there is one, and what is false at its end."""
    if result.counterexample:
        _show_run(console, "Counterexample", result.counterexample, result)


def what_becomes(trace: Trace, result: CheckResult) -> str:
    """What becomes of the property at the end of a run that shows it."""
    if trace is result.witness:
        return "is reached"
    return _FAULTS.get(result.properties[trace.property].kind, "is false")


def described(result: CheckResult) -> str:
    """The question as one would type it: model, scope and variants."""
    words = [result.model]
    words += [f"--{name.replace('_', '-')} {value}" for name, value in result.scope.items()]
    words += [f"--variant {name}" for name in result.variants]
    return " ".join(words)


def _show_verdict(console: Console, result: CheckResult, walks: str) -> None:
    line = Text()
    line.append(result.verdict, style=_STYLES[result.verdict])
    line.append(f": {described(result)}", style="bold")
    say(console, line, indent=0, hanging=2)
    say(console, Text(explained(result, walks)))


def explained(result: CheckResult, walks: str = "") -> str:
    """What the verdict means, in words."""
    if result.verdict == "violated":
        faults = []
        for name, outcome in result.properties.items():
            if outcome.verdict == "violated":
                faults.append(f"{name} is violated")
            elif outcome.verdict == "unreached" and not result.counterexample:
                faults.append(f"{name} is reached in no state")
        if result.counterexample and not walks:
            a = "a" if result.counterexample.cycle_from is not None else "the shortest"
            faults[-1] += f"; {a} run that shows it has {count(len(result.counterexample.steps), 'step')}"
        return ", ".join(faults) + (f" ({walks})" if walks else "")
    if walks:
        return f"no violation found; {result.reason} ({walks})"
    if result.verdict == "incomplete":
        return f"{result.reason}; no violation up to there, which is not a proof"
    return "every reachable state within these bounds was explored"


def _show_search(console: Console, result: CheckResult) -> None:
    levels = count(result.depth, "level")
    if result.symmetric_states is None:
        states = f"{count(result.distinct_states, 'distinct state')} in {levels}"
    else:
        orbits = count(result.distinct_states, "orbit")
        states = f"{orbits} in {levels}, standing for {count(result.symmetric_states, 'distinct state')}"
    flow(console, states, f"{count(result.generated_states)} generated")
    workers = count(result.workers, "worker") if result.workers > 1 else ""
    flow(console, duration(result.seconds), rate(result.distinct_states, result.seconds, "states"), workers)
    bytes_each = f"{result.bytes_per_state:.1f} bytes per state" if result.bytes_per_state else ""
    peak = f"{size(result.peak_memory_bytes)} peak"
    flow(console, f"{result.engine} engine", f"{result.store} store", peak, bytes_each)
    if result.evaluations:
        flow(console, f"{count(result.evaluations, 'evaluation')} in Python")
    if result.collision_bound:
        odds = probability_below(result.collision_bound)
        flow(console, f"probability that two states were taken for one: below {odds}")


def _show_walking(console: Console, result: CheckResult) -> None:
    steps = count(result.generated_states, "step")
    flow(console, steps, duration(result.seconds), rate(result.generated_states, result.seconds, "steps"))
    flow(console, f"{result.engine} engine", f"{size(result.peak_memory_bytes)} peak")


def _show_properties(console: Console, result: CheckResult) -> None:
    """The decided properties by kind, and the others in a line for each reason."""
    decided = {name: outcome for name, outcome in result.properties.items() if outcome.verdict not in _OPEN}
    present = {outcome.kind for outcome in decided.values()}
    for kind in sorted(present, key=[*_KINDS, *sorted(present)].index):
        _show_kind(
            console, kind, {name: outcome for name, outcome in decided.items() if outcome.kind == kind}
        )
    if unreached := [name for name, outcome in decided.items() if outcome.verdict == "unreached"]:
        line = Text("reached in no state of this scope: ", style="yellow")
        say(console, line.append(", ".join(unreached)), hanging=2)
    undecided: dict[str, list[str]] = {}
    for name, outcome in result.properties.items():
        if outcome.verdict in _OPEN:
            undecided.setdefault(_why_undecided(outcome, result), []).append(name)
    if undecided:
        heading(console, "Undecided")
    for why, names in undecided.items():
        say(console, Text(f"{why}: ").append(", ".join(names), style="dim"), hanging=2)


def _why_undecided(outcome: PropertyResult, result: CheckResult) -> str:
    if outcome.verdict == "not checked":
        return outcome.note
    if result.counterexample:
        return "the search ended with the violation"
    return "not reached so far" if outcome.kind == "goal" else "not violated so far"


def _show_kind(console: Console, kind: str, outcomes: dict[str, PropertyResult]) -> None:
    heading(console, *_KINDS.get(kind, (kind, "")))
    verdict_wide = max(len(outcome.verdict) for outcome in outcomes.values())
    name_wide = max(map(len, outcomes))
    for name, outcome in outcomes.items():
        line = Text("  ")
        line.append(f"{outcome.verdict:<{verdict_wide}}", style=_STYLES[outcome.verdict])
        line.append(f"  {name:<{name_wide}}  ", style="bold" if outcome.verdict == "violated" else "")
        if outcome.depth is not None:
            line.append(f"level {outcome.depth}: ")
        line.append(outcome.note or outcome.sentence, style="" if outcome.note else "dim")
        cut(console, line)


def _show_transitions(console: Console, result: CheckResult) -> None:
    """How often each transition fired, in as many columns as fit."""
    if not result.transitions:
        return
    heading(console, "Transitions", "how often each fired")
    names = max(map(len, result.transitions))
    numbers = max(len(count(c.fired)) for c in result.transitions.values())
    cells = [
        Text(f"  {name:<{names}}  ").append(
            f"{count(coverage.fired):>{numbers}}", style="cyan" if coverage.fired else "bold yellow"
        )
        for name, coverage in result.transitions.items()
    ]
    columns = max(console.width // (names + numbers + 4), 1)
    rows = -(-len(cells) // columns)
    for row in range(rows):
        cut(console, Text().join(cells[row::rows]))
    if never := [name for name, coverage in result.transitions.items() if not coverage.fired]:
        where = "so far" if result.verdict == "incomplete" else "in this scope"
        say(console, Text(f"never fired {where}: ", style="yellow").append(", ".join(never)), hanging=2)
    for name, coverage in result.transitions.items():
        if coverage.advice:
            say(console, Text().append(name, style="bold").append(f": {coverage.advice}"), hanging=2)


def _show_run(console: Console, title: str, trace: Trace, result: CheckResult) -> None:
    steps = count(len(trace.steps), "step")
    heading(console, f"{title}: {trace.property}", f"{steps} from an initial state")
    show_steps(console, trace)
    show_clause(console, trace, result.properties[trace.property].sentence, what_becomes(trace, result))
