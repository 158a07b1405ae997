"""Results as an engine would report them, for reports to show."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import pytest

from zabcheck.checker.result import Change, CheckResult, Coverage, PropertyResult, Step, Trace

TRACE = Trace(
    property="Agreement",
    arguments={"one": "s1", "other": "s2"},
    clause="s1 has delivered 1.1, which s2 has not, and s2 has delivered 2.1",
    evidence=(("servers[s1].delivered", "⟨1.1⟩"), ("servers[s2].delivered", "⟨2.1⟩")),
    initial=(
        ("servers[s1].role", "LOOKING"),
        ("servers[s1].delivered", "⟨⟩"),
        ("servers[s2].role", "LOOKING"),
        ("servers[s2].delivered", "⟨⟩"),
        ("channels[s1][s2]", "⟨⟩"),
        ("voters", "{}"),
    ),
    steps=(
        Step(
            "elect",
            {"leader": "s1"},
            (Change("servers[s1].role", "LOOKING", "LEADING"), Change("voters", "{}", "{s1}")),
        ),
        Step(
            "propose",
            {"leader": "s1", "follower": "s2"},
            (
                Change("servers[s1].delivered", "⟨⟩", "⟨1.1⟩"),
                Change("channels[s1][s2]", "⟨⟩", "⟨Propose(zxid=1.1, value=0, sender=s1), Commit(zxid=1.1)⟩"),
            ),
        ),
        Step(
            "receive_the_head_of_the_channel_and_handle_it",
            {"leader": "s1", "follower": "s2"},
            (
                Change("servers[s2].role", "LOOKING", "FOLLOWING"),
                Change("servers[s2].delivered", "⟨⟩", "⟨2.1⟩"),
                Change(
                    "channels[s1][s2]",
                    "⟨Propose(zxid=1.1, value=0, sender=s1), Commit(zxid=1.1)⟩",
                    "⟨Commit(zxid=1.1)⟩",
                ),
            ),
        ),
        Step("stutter", {}, ()),
    ),
)

HOLDS = CheckResult(
    model="zab",
    scope={"servers": 3, "max_epochs": 2},
    variants=(),
    engine="native",
    workers=2,
    store="fingerprint",
    verdict="holds",
    reason="",
    distinct_states=1_282_949,
    generated_states=2_600_000,
    depth=3,
    states_by_depth=(1, 82_948, 1_200_000),
    transitions={
        "elect": Coverage(12, 3, "A server becomes leader."),
        "propose": Coverage(1_234_567, 200, "A leader proposes."),
        "sleep": Coverage(
            0, 1, "Nothing happens.", "reads servers[s1].log whole in 812 situations; read less"
        ),
    },
    properties={
        "Agreement": PropertyResult(
            "holds", "invariant", "Servers that deliver, deliver the same, whatever else happens."
        ),
        "Monotone": PropertyResult("holds", "step property", "No epoch falls."),
        "Elected": PropertyResult("reached", "goal", "Some server leads.", 2),
        "Asleep": PropertyResult("unreached", "goal", "Some server sleeps."),
        "P1s": PropertyResult("not checked", "invariant", "The headline.", note="needs --ghosts 1"),
    },
    counterexample=None,
    witness=None,
    terminal_states=7,
    deadlocks=0,
    seconds=1.5,
    peak_memory_bytes=64 * 2**20,
    bytes_per_state=21.75,
    collision_bound=2.4e-27,
    evaluations=4_321,
    notes=("something to know",),
)

VIOLATED = dataclasses.replace(
    HOLDS,
    verdict="violated",
    variants=("amnesia",),
    counterexample=TRACE,
    properties={
        **HOLDS.properties,
        "Agreement": PropertyResult("violated", "invariant", "Servers that deliver, deliver the same.", 5),
        "Monotone": PropertyResult("incomplete", "step property", "No epoch falls."),
        "Asleep": PropertyResult("incomplete", "goal", "Some server sleeps."),
    },
)

INCOMPLETE = dataclasses.replace(
    HOLDS,
    verdict="incomplete",
    reason="the limit of 10 seconds was reached",
    properties={
        name: dataclasses.replace(outcome, verdict="incomplete")
        if outcome.verdict in ("holds", "unreached")
        else outcome
        for name, outcome in HOLDS.properties.items()
    },
)


@dataclass(frozen=True)
class Samples:
    """One result of each verdict, and a trace."""

    holds: CheckResult = HOLDS
    violated: CheckResult = VIOLATED
    incomplete: CheckResult = INCOMPLETE
    trace: Trace = TRACE


@pytest.fixture(name="samples")
def _samples() -> Samples:
    return Samples()
