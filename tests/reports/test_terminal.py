"""A result on the terminal, at several widths, in full."""

from __future__ import annotations

import dataclasses
import io
import re
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from zabcheck.checker.result import PropertyResult
from zabcheck.reports.console import console_for
from zabcheck.reports.terminal import show_result

if TYPE_CHECKING:
    from zabcheck.checker.result import CheckResult


def shown(result: CheckResult, width: int = 80, walks: str = "") -> str:
    stream = io.StringIO()
    show_result(console_for(stream, width), result, walks=walks)
    return stream.getvalue()


def test_holds(samples: Any) -> None:
    assert shown(samples.holds) == dedent("""\
        holds: zab --servers 3 --max-epochs 2
          every reachable state within these bounds was explored
          1,282,949 distinct states in 3 levels · 2,600,000 generated
          1.5 s · 855 k states/s · 2 workers
          native engine · fingerprint store · 64.0 MiB peak · 21.8 bytes per state
          4,321 evaluations in Python
          probability that two states were taken for one: below 1e-26
          7 terminal states · 0 deadlocks
          note: something to know

        Invariants  true in every state
          holds  Agreement  Servers that deliver, deliver the same, whatever else happe…

        Step properties  true of every step
          holds  Monotone  No epoch falls.

        Goals  true in some state
          reached    Elected  level 2: Some server leads.
          unreached  Asleep   Some server sleeps.
          reached in no state of this scope: Asleep

        Undecided
          needs --ghosts 1: P1s

        Transitions  how often each fired
          elect           12  propose  1,234,567  sleep            0
          never fired in this scope: sleep
          sleep: reads servers[s1].log whole in 812 situations; read less
        """)


def test_violated(samples: Any) -> None:
    assert shown(samples.violated) == dedent("""\
        violated: zab --servers 3 --max-epochs 2 --variant amnesia
          Agreement is violated; the shortest run that shows it has 4 steps
          1,282,949 distinct states in 3 levels · 2,600,000 generated
          1.5 s · 855 k states/s · 2 workers
          native engine · fingerprint store · 64.0 MiB peak · 21.8 bytes per state
          4,321 evaluations in Python
          probability that two states were taken for one: below 1e-26
          7 terminal states · 0 deadlocks
          note: something to know

        Invariants  true in every state
          violated  Agreement  level 5: Servers that deliver, deliver the same.

        Goals  true in some state
          reached  Elected  level 2: Some server leads.

        Undecided
          the search ended with the violation: Monotone, Asleep
          needs --ghosts 1: P1s

        Counterexample: Agreement  4 steps from an initial state
          1  elect                       s1     s1.role LOOKING → LEADING · voters +{s1}
          2  propose                     s1 s2  s1.delivered +⟨1.1⟩ · 1 more
          3  receive_the_head_…andle_it  s1 s2  s2.role → FOLLOWING · 2 more
          4  stutter                            nothing changes

          Agreement is false for one = s1, other = s2 after step 4: s1 has delivered
          1.1, which s2 has not, and s2 has delivered 2.1
            s1.delivered = ⟨1.1⟩
            s2.delivered = ⟨2.1⟩
        """)


def test_steps_with_room(samples: Any) -> None:
    lines = shown(samples.violated, 140).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("Counterexample"))
    assert "\n".join(lines[start + 1 : start + 5]) == (
        "  1  elect                                          s1     s1.role LOOKING → LEADING"
        " · voters +{s1}\n"
        "  2  propose                                        s1 s2  s1.delivered +⟨1.1⟩"
        " · channels[s1][s2] +⟨Propose(…), Commit(…)⟩\n"
        "  3  receive_the_head_of_the_channel_and_handle_it  s1 s2  s2.role → FOLLOWING · s2.delivered "
        "+⟨2.1⟩ · channels[s1][s2] -⟨Propose(…)⟩\n"
        "  4  stutter                                               nothing changes"
    )


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
@pytest.mark.parametrize("verdict", ["holds", "violated", "incomplete"])
def test_nothing_is_wider_than_the_terminal(samples: Any, verdict: str, width: int) -> None:
    lines = shown(getattr(samples, verdict), width).splitlines()
    assert max(map(len, lines)) <= width
    assert [line for line in lines if line != line.rstrip()] == []


def test_incomplete(samples: Any) -> None:
    text = shown(samples.incomplete, 120)
    assert text.startswith(
        "incomplete: zab --servers 3 --max-epochs 2\n"
        "  the limit of 10 seconds was reached; no violation up to there, which is not a proof\n"
    )
    assert "Undecided\n  not violated so far: Agreement, Monotone\n  not reached so far: Asleep\n" in text
    assert "never fired so far: sleep" in text


def test_walks_prove_nothing(samples: Any) -> None:
    reason = "10 random walks with 50 steps are not a proof"
    walked = dataclasses.replace(
        samples.incomplete, reason=reason, distinct_states=0, depth=0, generated_states=50
    )
    text = shown(walked, walks="seed 7, walks of at most 6 states")
    assert text.startswith(
        "incomplete: zab --servers 3 --max-epochs 2\n"
        "  no violation found; 10 random walks with 50 steps are not a proof (seed 7,\n"
        "  walks of at most 6 states)\n"
        "  50 steps · 1.5 s · 33 steps/s\n"
        "  native engine · 64.0 MiB peak\n"
    )


def test_exact_store_and_symmetry(samples: Any) -> None:
    text = shown(
        dataclasses.replace(samples.holds, store="exact", collision_bound=0.0, symmetric_states=7_000_000)
    )
    assert "probability" not in text
    assert "1,282,949 orbits in 3 levels, standing for 7,000,000 distinct states\n" in text


def test_goal_that_was_asked_for_and_not_reached(samples: Any) -> None:
    goals = {"Asleep": PropertyResult("unreached", "goal", "Some server sleeps.")}
    text = shown(dataclasses.replace(samples.holds, verdict="violated", properties=goals))
    assert "Asleep is reached in no state" in text
    assert "Transitions" in text


def test_nothing_reaches_the_terminal_that_controls_it(samples: Any) -> None:
    hostile = "\x1b[2J\x1b]0;x\x07\u202e\x9b31m"
    steps = (dataclasses.replace(samples.trace.steps[0], transition=hostile, arguments={hostile: hostile}),)
    trace = dataclasses.replace(samples.trace, clause=hostile, evidence=((hostile, hostile),), steps=steps)
    text = shown(dataclasses.replace(samples.violated, model=hostile, counterexample=trace, notes=(hostile,)))
    assert not set("\x1b\x07\u202e\x9b") & set(text)
    assert "␛[2J␛]0;x␇" in text


def test_witness(samples: Any) -> None:
    witness = dataclasses.replace(samples.holds, witness=samples.trace)
    text = shown(witness)
    assert "Witness: Agreement  4 steps from an initial state\n" in text
    assert "Agreement is reached for one = s1, other = s2 after step 4" in text


def living(samples: Any, kind: str, **ending: int) -> str:
    trace = dataclasses.replace(samples.trace, evidence=(), arguments={}, clause="", **ending)
    outcome = dataclasses.replace(samples.violated.properties["Agreement"], kind=kind)
    properties = {**samples.violated.properties, "Agreement": outcome}
    return shown(dataclasses.replace(samples.violated, counterexample=trace, properties=properties))


def test_a_run_that_goes_on_for_ever(samples: Any) -> None:
    text = living(samples, "eventually", since=1, cycle_from=2)
    assert re.search(r"^  2  .*\n  then for ever:\n  3  ", text, re.MULTILINE)
    assert "\n  Agreement stays false for ever after step 1: Servers that" in text
    assert "Agreement is violated; a run that shows it has 4 steps" in text
    assert "\nLiveness  becomes true on every fair run without faults\n  violated  Agreement" in text


def test_a_run_that_may_stop(samples: Any) -> None:
    text = living(samples, "eventually", since=0, cycle_from=4)
    assert re.search(r"^  4  .*\n  then nothing more has to happen\n\n  Agreement stays", text, re.MULTILINE)
    assert "\n  Agreement stays false for ever from the initial state on: Servers that" in text


def test_a_state_without_return(samples: Any) -> None:
    text = living(samples, "recovery", since=4)
    assert "\n  Agreement cannot become true without faults after step 4: Servers that" in text
    assert "the shortest run that shows it has 4 steps" in text


def test_violation_in_an_initial_state(samples: Any) -> None:
    short = dataclasses.replace(samples.trace, steps=(), evidence=(), arguments={}, clause="")
    text = shown(dataclasses.replace(samples.violated, counterexample=short))
    assert "Agreement is false in the initial state: Servers that deliver, deliver the" in text


def test_much_evidence_is_cut_short(samples: Any) -> None:
    much = dataclasses.replace(samples.trace, evidence=tuple((f"field{i}", "x" * 200) for i in range(20)))
    text = shown(dataclasses.replace(samples.violated, counterexample=much))
    assert text.endswith(" and 8 more fields, all in the JSON report\n")
    assert max(map(len, text.splitlines())) == 80


def test_colour_only_on_a_terminal_that_wants_it(samples: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def written() -> str:
        stream = Terminal()
        show_result(console_for(stream, 80), samples.holds)
        return stream.getvalue()

    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[32mholds" in written()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in written()
    assert "\x1b[9" not in written()
