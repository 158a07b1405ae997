"""What following a model with the abstract protocol came to, on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from zabcheck.reports.layout import flow, heading, say
from zabcheck.reports.quantities import count, duration
from zabcheck.reports.trace import show_steps

if TYPE_CHECKING:
    from rich.console import Console

    from zabcheck.checker.proof.result import Misstep, RefinementResult

STYLES = {"holds": "green", "violated": "bold red", "incomplete": "yellow"}


def show_refinement(console: Console, result: RefinementResult) -> None:
    """Print the verdict, what was seen, and the run that leads to a wrong step."""
    if result.misstep:
        heading(console, "The way to the wrong step", count(len(result.misstep.trace.steps), "step"))
        show_steps(console, result.misstep.trace)
        console.print()
    verdict = Text(result.verdict, style=STYLES[result.verdict])
    say(console, verdict.append(f": {claim(result)}", style="bold"), indent=0, hanging=2)
    if result.misstep:
        _show_reasons(console, result.misstep)
    elif result.reason:
        say(console, Text(result.reason, style="yellow"))
    flow(
        console,
        count(result.edges, "step"),
        f"{count(result.pairs, 'state')} with what the protocol remembers" if result.pairs else "",
        f"{count(result.structures, 'state')} of the protocol",
        duration(result.seconds),
    )
    taken = (f"{name} {times:,}" for name, times in sorted(result.taken.items()))
    say(console, Text(f"steps of the protocol: {', '.join(taken)}", style="dim"), hanging=2)


def claim(result: RefinementResult) -> str:
    """What was asked, in a line."""
    variants = "".join(f", {name}" for name in result.variants)
    return f"every step of {result.model}{variants} is one that abstract Zab allows"


def _show_reasons(console: Console, misstep: Misstep) -> None:
    where = f"not allowed: step {len(misstep.trace.steps)}, {misstep.step}"
    say(console, Text(where, style="bold red"), hanging=2)
    for reason in misstep.reasons:
        say(console, Text(reason), indent=4, hanging=2)
