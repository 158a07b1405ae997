"""The worked examples: what each claims, and that it takes the decisions it explains to make that so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from zabcheck.checker import Act, Do, Let, Script, play
from zabcheck.model.zookeeper import Scope, model
from zabcheck.model.zookeeper.examples import EXAMPLES, PROVOKED
from zabcheck.model.zookeeper.switches import NL_2678, VoteOrder


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_all_claims_hold(example: Script) -> None:
    performance = play(model, example)
    assert performance.stopped == ""
    assert [claim.sentence for claim in performance.claims if not claim.holds] == []
    assert performance.holds


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_every_remark_but_the_first_is_on_some_steps(example: Script) -> None:
    first, *others = play(model, example).acts
    assert all(act.steps for act in others)
    assert first.remark


def test_what_an_orphan_must_not_survive_is_a_trunc() -> None:
    steps = [step for act in play(model, EXAMPLES["orphan-discarded"]).acts for step in act.steps]
    (trunc,) = [step for step in steps if step.transition == "learner_process_trunc"]
    disk = next(change for change in trunc.changes if change.field == "servers[3].disk")
    assert (disk.before, disk.after) == ("⟨1.1=1, 1.2=2⟩", "⟨1.1=1⟩")


def changed(example: Script, **switches: Any) -> Scope:
    """The scope of an example with a decision broken."""
    scope: Scope = replace(example.scope, changed=tuple(switches.items()))
    return scope


@pytest.mark.parametrize(
    ("name", "switches", "stopped"),
    [
        ("startup-election", {"decides_by_quorum": False}, "finalize_election(2) is not possible"),
        ("runtime-election", {"vote_order": VoteOrder.SID}, "process_notification(1, 3) is not possible"),
        ("runtime-election-epoch", {"vote_order": VoteOrder.ZXID_SID}, "(3, 1) is not possible"),
        ("leader-dies-after-c2", {"fast_forwards": False}, "elect(1, (1, 2)) is not possible"),
        ("orphan-discarded", {"truncs": False}, "learner_process_trunc(3, 2) is not possible"),
        ("orphan-survives", {"newleader": NL_2678}, "AckDurability is false"),
    ],
)
def test_where_a_decision_is_broken_the_example_goes_no_further(
    name: str, switches: dict[str, Any], stopped: str
) -> None:
    performance = play(model, EXAMPLES[name], changed(EXAMPLES[name], **switches))
    assert stopped in performance.stopped
    assert not performance.claims[0].holds
    assert not performance.holds


def freely(example: Script, *servers: int) -> Script:
    """The same after the leader has died, with nobody who says what happens next."""
    return replace(example, acts=(*example.acts[:3], Act("", (Let(frozenset(servers), PROVOKED),))))


@pytest.mark.parametrize(
    ("name", "order"),
    [("runtime-election", VoteOrder.SID), ("runtime-election-epoch", VoteOrder.ZXID_SID)],
)
def test_votes_that_compare_otherwise_elect_another(name: str, order: VoteOrder) -> None:
    example = freely(EXAMPLES[name], 1, 3)
    example = replace(example, scope=replace(example.scope, phases="election"))
    assert play(model, example).holds
    other = play(model, example, changed(example, vote_order=order))
    assert not other.stopped
    assert not other.claims[0].holds


def test_an_orphan_is_kept_where_the_new_leader_has_later_proposals_and_cuts_nothing() -> None:
    example = EXAMPLES["orphan-discarded"]
    everybody = Let(frozenset({1, 2, 3}), PROVOKED)
    writes = Act("2 writes before 3 returns.", (Do("leader_process_request", (2,)), everybody))
    returns = Act("3 returns.", (Do("restart", (3,)), Do("join", (3, 2)), everybody))
    example = replace(example, acts=(*example.acts[:4], writes, returns))
    assert play(model, example).stopped == ""
    kept = play(model, example, model.variants["ZOOKEEPER-1154"].apply(example.scope))
    assert "1.2=2" in kept.stopped
    assert kept.stopped.startswith(("P2 is false", "ProcessConsistency is false"))


def test_p3_survives_where_one_of_the_others_has_logged_it() -> None:
    example = EXAMPLES["leader-dies-after-c2"]
    logs = Act(
        "1 gets C1 and logs P3.",
        (Do("learner_process_commit", (1, 3)), Do("learner_process_proposal", (1, 3))),
    )
    performance = play(model, replace(example, acts=(*example.acts[:4], logs, *example.acts[4:])))
    assert performance.stopped == ""
    survives_without, serve, never_committed = (claim.holds for claim in performance.claims)
    assert (survives_without, serve, never_committed) == (False, True, False)
