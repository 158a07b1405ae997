"""The releases of ZooKeeper as sets of switches, read from the tags of its repository."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from zabcheck.model.zookeeper.switches import (
    NEWLEADER,
    NL_340,
    NL_2678,
    NL_3911,
    NL_4785,
    LogThread,
    Switches,
    VoteEquality,
    VoteOrder,
)


@dataclass(frozen=True)
class Release:
    """A release, by the switches in which it differs from the latest with every known bug mended."""

    name: str
    changes: tuple[tuple[str, Any], ...]

    def but(self, **changes: Any) -> Switches:
        """Its switches, with these changes."""
        return dataclasses.replace(Switches(), **{**dict(self.changes), **changes})


def _releases() -> dict[str, Release]:
    """Every release that behaves differently from the one before it in its line, oldest first."""
    master: dict[str, Any] = {
        "clears_partial_trunc": False,
        "truncs_snapshots": False,
        "sends_whole_log": False,
    }
    v394 = master
    v393 = {**master, "sync_feeds_committed_log": False}
    v392 = {**master, "newleader": NL_4785, "log_thread": LogThread.SURVIVES}
    v390 = {**v392, "newleader": NL_3911}
    v363 = v390
    v3510 = {**v363, "joins_log": False}
    v370 = {**v363, "epoch_marker": False}
    v361 = {
        **v370,
        "newleader": NL_2678,
        "log_thread": LogThread.STOPPED_AFTER,
        "clears_partial_snap": False,
        "writes_epoch_first": False,
    }
    v360 = {**v361, "ignores_cut_votes": False}
    v355 = {**v360, "joins_log": False}
    v358 = {**v361, "joins_log": False, "writes_epoch_first": True}
    v354 = {**v355, "vote_equality": VoteEquality.STRICT}
    v353 = {**v354, "fast_forwards": False, "diff_sets_zxid": True}
    v350 = {**v353, "newleader": NL_340, "diff_takes_snapshot": True, "retains_database": False}
    v3412 = {
        **v360,
        "respects_epochs": False,
        "epoch_marker": True,
        "sends_log": False,
        "saves_before_leading": False,
    }
    v3410 = {**v3412, "fast_forwards": False, "diff_sets_zxid": True}
    v346 = {**v3410, "newleader": NL_340, "diff_takes_snapshot": True, "retains_database": False}
    v344 = {
        **v346,
        "vote_equality": VoteEquality.STRICT,
        "epoch_marker": False,
        "logs_informs": False,
        "saves_before_leading": True,
    }
    v340 = {
        **v344,
        "vote_order": VoteOrder.SID_WITHOUT_EPOCH,
        "checks_round": False,
        "empty_diff_always": False,
        "guards_rollover": False,
    }
    named: dict[str, dict[str, Any]] = {
        "3.4.0": v340,
        "3.4.4": v344,
        "3.4.6": v346,
        "3.4.10": v3410,
        "3.4.12": v3412,
        "3.4.14": v3412,
        "3.5.0": v350,
        "3.5.3": v353,
        "3.5.4": v354,
        "3.5.5": v355,
        "3.5.8": v358,
        "3.5.10": v3510,
        "3.6.0": v360,
        "3.6.1": v361,
        "3.6.3": v363,
        "3.7.0": v370,
        "3.7.1": v363,
        "3.7.2": v363,
        "3.8.0": v390,
        "3.8.4": v390,
        "3.8.5": v392,
        "3.8.6": v392,
        "3.9.0": v390,
        "3.9.1": v390,
        "3.9.2": v392,
        "3.9.3": v393,
        "3.9.4": v394,
        "master": master,
        "mended": {},
    }
    return {name: Release(name, tuple(changes.items())) for name, changes in named.items()}


RELEASES = _releases()
DEFAULT = "3.9.4"


def shown(value: Any) -> str:
    """A switch's value in a word or a few, as it is typed and listed."""
    if isinstance(value, tuple):
        return next(
            (name for name, steps in NEWLEADER.items() if steps == value), " ".join(s.name for s in value)
        )
    return (
        {True: "yes", False: "no"}[value] if isinstance(value, bool) else value.name.lower().replace("_", "-")
    )


def described() -> list[dict[str, Any]]:
    """Every release as plain data: all its switches, those that differ, and the first release that is the same."""
    mended, first, listed = Switches(), dict[Switches, str](), []
    for name, release in RELEASES.items():
        switches = release.but()
        values = {f.name: getattr(switches, f.name) for f in dataclasses.fields(switches)}
        listed.append(
            {
                "name": name,
                "same_as": first.get(switches),
                "differs": {k: shown(v) for k, v in values.items() if v != getattr(mended, k)},
                "switches": {k: shown(v) for k, v in values.items()},
            }
        )
        first.setdefault(switches, name)
    return listed
