"""A counterexample or witness on the terminal: one line per step, and at the end what is false, for whom."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.text import Text

from zabcheck.reports.differences import difference, fold, shorten, without_before
from zabcheck.reports.layout import cut, say
from zabcheck.reports.legible import bounded, named
from zabcheck.reports.quantities import count

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from zabcheck.checker.result import Change, Step, Trace

MOST_EVIDENCE = 12
"""How many of the fields that a property looked at are listed."""

LEAST_CHANGE = 8
"""Columns below which a value is not folded."""


class Labels:
    """Shorter names for fields: ``servers[s1].role`` is ``s1.role`` where no other field could be meant."""

    def __init__(self, fields: Iterable[str]) -> None:
        fields = list(fields)
        shortened = Counter(map(self._without_family, fields))
        self._short = {
            field: short
            for field in fields
            if (short := self._without_family(field)) != field and shortened[short] == 1
        }

    @staticmethod
    def _without_family(field: str) -> str:
        family, bracket, rest = field.partition("[")
        key, closed, below = rest.partition("].")
        return f"{key}.{below}" if family and bracket and closed and key.isidentifier() else field

    def __getitem__(self, field: str) -> str:
        return named(self._short.get(field, field))


def show_steps(console: Console, trace: Trace) -> None:
    """Print the steps of ``trace``, one line each."""
    labels = Labels(name for name, _ in trace.initial)
    lines = step_lines(trace.steps, labels, console.width)
    if trace.cycle_from is not None:
        stops = trace.cycle_from == len(lines)
        lines.insert(
            trace.cycle_from, Text("  then nothing more has to happen" if stops else "  then for ever:")
        )
    for line in lines:
        cut(console, line)


def show_clause(console: Console, trace: Trace, sentence: str, what: str) -> None:
    """Print ``what`` (such as "is false") becomes of the property after the last step, for whom, on what evidence.

    For liveness, that is what becomes of it after the step since which it is demanded.
    """
    labels = Labels(name for name, _ in trace.initial)
    line = Text(clause_of(trace, sentence, what))
    line.stylize("bold", 0, len(trace.property))
    console.print()
    say(console, line)
    shown = trace.evidence[:MOST_EVIDENCE]
    wide = max((len(labels[name]) for name, _ in shown), default=0)
    for name, value in shown:
        fact = Text(f"    {labels[name]:<{wide}} = ", style="dim")
        fact.append(shorten(bounded(value), max(console.width - fact.cell_len, 8)), style="not dim")
        cut(console, fact)
    if more := len(trace.evidence) - len(shown):
        say(console, Text(f"and {count(more, 'more field')}, all in the JSON report", style="dim"), indent=4)


def clause_of(trace: Trace, sentence: str, what: str) -> str:
    """What becomes of the property at the end of ``trace``, as a sentence."""
    line = f"{trace.property} {what}"
    if trace.arguments:
        line += f" for {_named(trace.arguments)}"
    step = len(trace.steps) if trace.since is None else trace.since
    at_first = " in the initial state" if trace.since is None else " from the initial state on"
    line += f" after step {step}" if step else at_first
    if trace.clause or sentence:
        line += f": {trace.clause or sentence}"
    return line


def _named(arguments: dict[str, str]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in arguments.items())


def step_lines(steps: tuple[Step, ...], labels: Labels, width: int) -> list[Text]:
    """A line for each step, in columns: number, name, who takes it, and what changes."""
    if not steps:
        return []
    number = len(str(len(steps)))
    name = min(max(len(step.transition) for step in steps), max(width // 3, 12))
    who = [" ".join(f"{key}={value}" for key, value in step.arguments.items()) for step in steps]
    if 2 + number + 2 + name + 2 + max(map(len, who)) > width // 2:
        who = [" ".join(step.arguments.values()) for step in steps]
    arguments = min(max(map(len, who)), width // 4)
    lines = []
    for i, step in enumerate(steps):
        line = Text("  ")
        line.append(f"{i + 1:>{number}}", style="dim")
        line.append(f"  {_middle_cut(named(step.transition), name):<{name}}", style="cyan")
        if arguments:
            line.append(f"  {shorten(bounded(who[i]), arguments):<{arguments}}", style="magenta")
        line.append("  ")
        line.append_text(_changes(step.changes, labels, width - len(line.plain)))
        lines.append(line)
    return lines


def _middle_cut(name: str, width: int) -> str:
    """``name`` in at most ``width`` columns, without its middle if need be: names differ at both ends."""
    if len(name) <= width:
        return name
    end = width // 3
    return f"{name[: width - end - 1]}…{name[-end:]}"


def _changes(changes: tuple[Change, ...], labels: Labels, width: int) -> Text:
    """The changes of one step in ``width`` columns.

    What does not fit loses, in this order: what was there before, the inside of long values, whole changes
    (they are counted), and the front of a label.
    """
    if not changes:
        return Text("nothing changes", style="dim")
    whole = [
        (labels[change.field], difference(bounded(change.before), bounded(change.after)))
        for change in changes
    ]
    if (line := _joined(whole)).cell_len <= width:
        return line
    brief = [(label, without_before(change)) for label, change in whole]
    kept = _fitting([(label, fold(change, 0)) for label, change in brief], width)
    more = f" · {len(brief) - len(kept)} more" if len(kept) < len(brief) else ""
    for most in range(width, -1, -1):
        line = _joined([(brief[i][0], fold(brief[i][1], most)) for i in kept]).append(more, style="dim")
        if line.cell_len <= width:
            return line
    label, change = brief[0]
    change = shorten(change, max(width - len(more) - 6, LEAST_CHANGE))
    label = "…" + label[max(len(label) + len(change) + len(more) + 2 - width, 1) :]
    return _joined([(label, change)]).append(more, style="dim")


def _fitting(shortest: list[tuple[str, str]], width: int) -> list[int]:
    """Which changes fit beside each other at their shortest: the first, and of the others as many as do."""
    kept: list[int] = []
    for i in range(len(shortest)):
        more = len(f" · {len(shortest) - len(kept) - 1} more") if len(kept) + 1 < len(shortest) else 0
        if not kept or _joined([shortest[k] for k in (*kept, i)]).cell_len + more <= width:
            kept.append(i)
    return kept


def _joined(pairs: list[tuple[str, str]]) -> Text:
    """Labelled changes on one line."""
    line = Text()
    for i, (label, change) in enumerate(pairs):
        if i:
            line.append(" · ", style="dim")
        line.append(f"{label} ", style="dim").append(change)
    return line
