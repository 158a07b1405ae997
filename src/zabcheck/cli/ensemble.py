"""``--quorum zoo.cfg``: the servers, weights and groups of a user's ensemble as the scope of a model.

A model takes it if its scope has the fields `FIELDS`; what is a quorum is a value and no number, so it cannot be typed.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zabcheck.checker.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from zabcheck.checker.model import Model
    from zabcheck.traces.ensemble import Ensemble

FIELDS = {"servers", "observers", "quorum_system", "observer_numbers"}
"""what an ensemble decides in a scope: the first two as numbers, which `option` declares, the others beside them"""
DEST = "ensemble"


def takes_ensemble(model: Model[Any]) -> bool:
    """Whether the scope of a model can be that of a user's ensemble."""
    return {f.name for f in dataclasses.fields(model.scope)} >= FIELDS


def add_quorum(group: argparse._ArgumentGroup) -> None:
    """Add the option."""
    group.add_argument(
        "--quorum",
        dest=DEST,
        metavar="FILE",
        help="a zoo.cfg: its servers, observers, weights and groups (default: a majority decides)",
    )


def given_ensemble(parsed: argparse.Namespace, given: dict[str, int | str]) -> Ensemble | None:
    """The ensemble of the file that was named, if one was; its numbers are noted in ``given``."""
    name = getattr(parsed, DEST, None)
    if name is None:
        return None
    from zabcheck.traces.zoo_cfg import read

    ensemble = read(Path(name))
    for option, members in (("servers", ensemble.voters), ("observers", ensemble.observers)):
        if given.setdefault(option, len(members)) != len(members):
            what = "voters" if option == "servers" else "observers"
            raise UsageError(
                f"--{option} {given[option]} contradicts --quorum {name}, which has {len(members)} {what}: "
                "leave one of them out"
            )
    return ensemble


def with_ensemble(scope: Any, ensemble: Ensemble) -> Any:
    """The scope, with the numbers of the servers in the file and with its quorums."""
    return dataclasses.replace(
        scope,
        quorum_system=ensemble.quorums,
        observer_numbers=tuple(sorted(server.sid for server in ensemble.observers)),
    )


def remarks_on(name: str, ensemble: Ensemble) -> list[str]:
    """What the file says about quorums, and what ZooKeeper would warn of."""
    from zabcheck.reports.quorums import rule

    return [f"{name}: a quorum is {rule(ensemble)}", *(f"{name}: warning: {w}" for w in ensemble.warnings)]
