"""A proof on the terminal: a line for each transition as it is decided, then the verdict, and what refutes it."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from rich.text import Text

from zabcheck.reports.layout import cut, flow, heading, say
from zabcheck.reports.quantities import count, duration

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from zabcheck.checker.proof.result import Judged, ProofResult, Refutation, Replay, Rows

STYLES = {"proved": "green", "refuted": "bold red", "unknown": "yellow"}
_NAME = 24


class Stages:
    """Prints a line for each stage of a proof, once its last obligation is decided."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stage: list[Judged] = []

    def add(self, judged: Judged) -> None:
        """Take note of an obligation."""
        if self._stage and self._stage[0].stage != judged.stage:
            self.finish()
        self._stage.append(judged)

    def finish(self) -> None:
        """Print what is left."""
        if self._stage:
            _show_stage(self._console, self._stage)
        self._stage = []


def _show_stage(console: Console, judged: list[Judged]) -> None:
    counts = Counter(j.verdict for j in judged)
    worst = next(v for v in ("refuted", "unknown", "proved") if counts[v])
    line = Text(f"  {judged[0].stage:<{_NAME}}", style="cyan")
    line.append(f"{counts['proved']:>4} of {len(judged):<4}", style="none")
    line.append(f"{worst:<8}", style=STYLES[worst])
    line.append(f"{duration(sum(j.seconds for j in judged)):>8}", style="dim")
    if worst != "proved":
        line.append(f"  {', '.join(j.claim for j in judged if j.verdict == worst)}", style=STYLES[worst])
    cut(console, line)


def show_proof(console: Console, result: ProofResult) -> None:
    """Print what a proof came to."""
    title = result.theory + (f", mutant {result.mutant}" if result.mutant else "")
    console.print()
    verdict = Text(result.verdict, style=STYLES[result.verdict]).append(f": {title}", style="bold")
    say(console, verdict, indent=0, hanging=2)
    say(console, Text(result.mutant_sentence or result.sentence))
    if result.servers:
        say(console, Text(f"only for ensembles of at most {count(result.servers, 'server')}", style="yellow"))
    counts = result.counts
    asked = len(result.judged)
    flow(
        console,
        f"{counts['proved']:,} of {count(asked, 'obligation')} proved",
        f"{counts['refuted']:,} refuted" if counts["refuted"] else "",
        f"{counts['unknown']:,} unknown" if counts["unknown"] else "",
        f"not asked for: {result.total - asked:,}" if asked < result.total else "",
        duration(result.seconds),
    )
    _show_open(console, [j for j in result.judged if j.verdict == "unknown"])
    if result.refutation:
        _show_refutation(console, result.refutation)
    if result.replay:
        _show_replay(console, result.replay)


def _show_open(console: Console, unknown: list[Judged]) -> None:
    """Why what is unknown is; unknown is never proved."""
    for reason, some in groupby(sorted(unknown, key=lambda j: j.reason), key=lambda j: j.reason):
        names = [f"{j.stage}/{j.claim}" for j in some]
        rest = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
        say(console, Text(f"unknown ({reason}): {', '.join(names[:3])}{rest}", style="yellow"), hanging=2)


def _show_refutation(console: Console, found: Refutation) -> None:
    claim = found.judged.claim
    heading(console, f"Counterexample: {claim}", "a state in which it fails; it need not be reachable")
    say(console, Text(found.judged.sentence), hanging=2)
    sizes = ", ".join(count(size, sort) for sort, size in found.size.items())
    say(console, Text(f"the smallest that was found: {sizes}"))
    if found.step:
        say(console, Text("step: ").append(found.step, style="bold"))
    for sort in found.individuals:
        _show_table(console, found, sort)
    if found.false_for:
        say(console, Text(f"{claim} is false for {', '.join(found.false_for)}", style="bold red"), hanging=2)


def _show_table(console: Console, found: Refutation, sort: str) -> None:
    """For each individual of a sort, what holds of it; what the step makes true or false is marked."""
    for individual in found.individuals[sort]:
        facts = [
            fact
            for relation, domain in found.domains.items()
            if domain[0] == sort
            for fact in _facts(relation, individual, found.before[relation], found.after[relation])
        ]
        if facts:
            line = Text(f"{sort} {individual}  ", style="cyan")
            for i, (text, style) in enumerate(facts):
                line.append(("" if i == 0 else " · ") + text, style=style)
            say(console, line, hanging=4)


def _facts(relation: str, individual: str, before: Rows, after: Rows) -> Iterable[tuple[str, str]]:
    kept, new, gone = before & after, after - before, before - after
    for rows, mark, style in ((kept, "", "none"), (new, "+", "green"), (gone, "-", "red")):
        mine = sorted(row[1:] for row in rows if row[0] == individual)
        if mine:
            inside = ", ".join("/".join(row) for row in mine)
            yield f"{mark}{relation}" + (f" {{{inside}}}" if inside else ""), style


def _show_replay(console: Console, replay: Replay) -> None:
    heading(console, "A run of the mutant", f"violates {', '.join(replay.violated)}")
    wide = len(str(len(replay.steps)))
    for number, step in enumerate(replay.steps, start=1):
        cut(console, Text(f"  {number:>{wide}}  {step}"))
    say(
        console,
        Text(f"{' and '.join(replay.violated)}: violated after step {len(replay.steps)}", style="bold red"),
    )
