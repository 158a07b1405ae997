"""The quorums of an ensemble on the terminal: the verdict first, then the servers, and what the ensemble survives."""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

from rich.text import Text

from zabcheck.model.quorums import Hierarchical
from zabcheck.reports.layout import cut, flow, heading, say
from zabcheck.reports.quantities import count, duration

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from zabcheck.checker.result import QuorumAnalysis
    from zabcheck.traces.ensemble import Ensemble, Server

_STYLES = {"holds": "green", "violated": "bold red", "incomplete": "yellow"}
_SHOWN = 12
"""Losses that are shown one by one; the JSON report has the others."""


def show_quorums(console: Console, ensemble: Ensemble, analysis: QuorumAnalysis) -> None:
    """Print what is known of the quorums of an ensemble."""
    verdict = Text(analysis.verdict, style=_STYLES[analysis.verdict])
    verdict.append(f": {' + '.join(ensemble.files)}", style="bold")
    say(console, verdict, indent=0, hanging=2)
    say(console, Text(_explained(analysis)))
    say(console, Text(f"a quorum is {rule(ensemble)}"))
    if analysis.smallest:
        size = count(len(analysis.smallest), "server")
        flow(console, f"the smallest has {size}, such as {_set(analysis.smallest)}", _time(analysis))
    for warning in ensemble.warnings:
        say(console, Text(f"warning: {warning}", style="yellow"), hanging=2)
    _show_servers(console, ensemble)
    if analysis.smallest:
        _show_losses(console, analysis)


def _explained(analysis: QuorumAnalysis) -> str:
    """What the verdict means, in words."""
    if analysis.disjoint:
        one, other = map(_set, analysis.disjoint)
        return f"two quorums have no server in common: {one} and {other}"
    if analysis.verdict == "violated":
        return "there is no quorum: all servers together are none, so no leader is ever elected"
    if analysis.verdict == "incomplete":
        return f"not decided: {analysis.reason}"
    return "any two quorums have a server in common"


def rule(ensemble: Ensemble) -> str:
    """What is a quorum, in words."""
    if not isinstance(ensemble.quorums, Hierarchical):
        return f"more than half of {count(len(ensemble.voters), 'voter')}"
    counting = [g.number for g in ensemble.quorums.groups if ensemble.quorums.group_weight(g)]
    if len(counting) == 1:
        return f"more than half of the weight of group {counting[0]}"
    return f"more than half of the weight in more than half of {count(len(counting), 'group')}"


def _time(analysis: QuorumAnalysis) -> str:
    return f"z3 took {duration(analysis.seconds)}"


def _show_servers(console: Console, ensemble: Ensemble) -> None:
    """The voters by group, and the observers, each with where it is."""
    quorums = ensemble.quorums
    if isinstance(quorums, Hierarchical):
        for group in quorums.groups:
            whole = quorums.group_weight(group)
            half = "more than half of it decides" if whole else "it does not count"
            heading(console, f"Group {group.number}", f"weight {whole}; {half}")
            _show_rows(console, (s for s in ensemble.voters if s.sid in group.sids), ensemble)
    else:
        heading(console, "Voters")
        _show_rows(console, ensemble.voters, ensemble)
    if ensemble.observers:
        heading(console, "Observers", "in no quorum")
        _show_rows(console, ensemble.observers, None)


def _show_rows(console: Console, servers: Iterable[Server], ensemble: Ensemble | None) -> None:
    servers = list(servers)
    wide = max((len(str(s.sid)) for s in servers), default=0)
    for s in servers:
        line = Text(f"  {s.sid:>{wide}}", style="cyan")
        if ensemble and isinstance(ensemble.quorums, Hierarchical):
            weight = ensemble.quorums.weight(s.sid)
            line.append(f"  weight {weight}", style="" if weight else "yellow")
        line.append(f"  {' | '.join(map(str, s.addresses))}", style="dim")
        cut(console, line)


def _show_losses(console: Console, analysis: QuorumAnalysis) -> None:
    """What stops the ensemble: single servers first, then the sets without those."""
    heading(console, "Losses that stop the ensemble", "no quorum is left without these servers")
    single = [loss for loss in analysis.losses if len(loss) == 1]
    for sid in sorted(frozenset().union(*single)):
        say(console, Text(f"server {sid} alone", style="bold red"))
    larger = analysis.losses[len(single) :]
    if larger and not single:
        survived = len(larger[0]) - 1
        say(
            console,
            Text("no server alone" + (f", nor any {survived} together" if survived > 1 else ""), "green"),
        )
    if analysis.losses_complete and (any_of := _any_of(larger)):
        say(console, Text(any_of), hanging=2)
        return
    if larger:
        flow(console, *map(_set, larger[:_SHOWN]))
    _say_rest(console, analysis, len(larger) - _SHOWN)


def _any_of(losses: tuple[frozenset[int], ...]) -> str:
    """``any 2 of 1, 2, 3``, when the losses are just these."""
    if len(losses) < 2:
        return ""
    servers, size = sorted(frozenset().union(*losses)), len(losses[0])
    if comb(len(servers), size) != len(losses) or set(losses) != set(
        map(frozenset, combinations(servers, size))
    ):
        return ""
    return f"any {size} of {', '.join(map(str, servers))}"


def _say_rest(console: Console, analysis: QuorumAnalysis, hidden: int) -> None:
    """What is not shown, or not known."""
    if analysis.losses_complete and hidden > 0:
        say(console, Text(f"… and {hidden} more, which --json FILE lists", style="dim"))
    elif not analysis.losses_complete:
        why = analysis.reason or f"the first {len(analysis.losses)} are in --json FILE"
        say(console, Text(f"… and more: {why}", style="dim"))


def _set(sids: frozenset[int]) -> str:
    return "{" + ", ".join(map(str, sorted(sids))) + "}"
