"""``zabcheck check``: verdicts, exit statuses and what is said on the way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from zabcheck.checker import native_available

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TWO_PHASE_COMMIT = "tests/models/two_phase_commit.py"

NEEDY = """
import dataclasses

@dataclass(frozen=True)
class Ghostly:
    ghosts: int = option(0, "1 adds ghosts")
    wild: bool = False

model = Model("needy", "a model with a property that needs an option", Ghostly)

@model.initial
def initial(scope):
    return State(scope)

@model.transition()
def count(s):
    require(s.n < 3)
    s.n += 1

@model.invariant(needs={"ghosts": 1})
def haunted(s):
    \"\"\"Only ghosts can tell.\"\"\"
    return not (s.scope.wild and s.n == 2)

@model.goal(needs={"ghosts": 1})
def scared(s):
    \"\"\"A ghost was seen.\"\"\"
    return s.n == 3

@model.variant("wild", "ghosts run wild", caught_by=("haunted",))
def wild(scope):
    return dataclasses.replace(scope, wild=True)
"""


def test_holds(zabcheck: Callable[..., Any]) -> None:
    outcome = zabcheck("check", TWO_PHASE_COMMIT)
    assert outcome.status == 0
    lines = outcome.out.splitlines()
    assert lines[0] == "holds: two-phase-commit --rms 3"
    assert lines[2] == "  288 distinct states in 11 levels · 1,146 generated"
    assert "  holds  consistent  No manager has committed while another has aborted." in lines
    assert "  reached  all_committed  level 11: Every manager has committed." in lines


@pytest.mark.parametrize("engine", ["interpreted", "native"])
def test_violated(zabcheck: Callable[..., Any], engine: str) -> None:
    if engine == "native" and not native_available():
        pytest.skip("the core was not built")
    outcome = zabcheck("check", TWO_PHASE_COMMIT, "--rms", 2, "--variant", "hasty", "--engine", engine)
    assert outcome.status == 1
    assert outcome.out.startswith(
        "violated: two-phase-commit --rms 2 --variant hasty\n"
        "  consistent is violated; the shortest run that shows it has 5 steps\n"
    )
    assert "  consistent is false for a = rm" in outcome.out


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        (("--max-depth", 4), "the depth limit of 4 was reached"),
        (("--max-states", 100), "the limit of 100 states was reached"),
        (("--max-seconds", "0.000001"), "the limit of 1e-06 seconds was reached"),
        (("--max-memory", "1M"), "the limit of 1,048,576 bytes of memory was reached"),
    ],
    ids=["depth", "states", "seconds", "memory"],
)
def test_limits_leave_it_undecided(
    zabcheck: Callable[..., Any], limit: tuple[object, ...], reason: str
) -> None:
    outcome = zabcheck("check", TWO_PHASE_COMMIT, "--rms", 5, "--engine", "interpreted", *limit)
    assert outcome.status == 3
    assert outcome.out.startswith("incomplete: two-phase-commit --rms 5\n")
    assert f"{reason}; no violation up to there" in outcome.out


def test_unreached_goal_that_was_asked_for_is_a_violation(
    zabcheck: Callable[..., Any], model_file: Callable[..., Path]
) -> None:
    path = model_file(
        """
        @model.initial
        def initial(scope):
            return State(scope)

        @model.transition()
        def count(s):
            require(s.n < 3)
            s.n += 1

        @model.goal()
        def far(s):
            return s.n == 9
        """
    )
    assert zabcheck("check", path).status == 0
    asked = zabcheck("check", path, "--property", "far")
    assert asked.status == 1
    assert "far is reached in no state" in asked.out


def test_deadlock_is_a_violation(
    zabcheck: Callable[..., Any], model_file: Callable[..., Path], counter: Path
) -> None:
    fine = zabcheck("check", counter)
    assert fine.status == 0
    assert "1 terminal state" in fine.out
    path = model_file(counter.read_text() + "\n@model.final\ndef done(s):\n    return s.n > 5\n", "final.py")
    stuck = zabcheck("check", path)
    assert stuck.status == 1
    assert "1 terminal state · 1 deadlock" in stuck.out
    assert "Deadlock is false after step 3" in stuck.out
    assert zabcheck("check", path, "--most", 6).status == 0


def test_transition_that_never_fires_is_pointed_out(
    zabcheck: Callable[..., Any], model_file: Callable[..., Path], counter: Path
) -> None:
    never = "\n@model.transition()\ndef leap(s):\n    require(s.n > 100)\n    s.n = 0\n"
    outcome = zabcheck("check", model_file(counter.read_text() + never))
    assert "  never fired in this scope: leap\n" in outcome.out


def test_what_a_property_needs_is_switched_on(
    zabcheck: Callable[..., Any], model_file: Callable[..., Path]
) -> None:
    path = model_file(NEEDY)
    assert "  needs --ghosts 1: haunted, scared\n" in zabcheck("check", path).out
    outcome = zabcheck("check", path, "--property", "haunted")
    assert outcome.status == 0
    assert outcome.out.startswith("holds: needy --ghosts 1\n")
    assert "zabcheck: --ghosts 1 is switched on, because property haunted needs it\n" in outcome.err
    assert zabcheck("check", path, "--property", "haunted", "--quiet").err == ""


def test_what_catches_a_variant_is_switched_on(
    zabcheck: Callable[..., Any], model_file: Callable[..., Path]
) -> None:
    outcome = zabcheck("check", model_file(NEEDY), "--variant", "wild")
    assert outcome.status == 1
    assert "--ghosts 1 is switched on" in outcome.err


def test_what_a_witness_needs_is_switched_on(
    zabcheck: Callable[..., Any], model_file: Callable[..., Path]
) -> None:
    outcome = zabcheck("check", model_file(NEEDY), "--witness", "scared")
    assert outcome.status == 0
    assert "Witness: scared  3 steps from an initial state\n" in outcome.out


def test_a_need_that_was_denied(zabcheck: Callable[..., Any], model_file: Callable[..., Path]) -> None:
    outcome = zabcheck("check", model_file(NEEDY), "--property", "haunted", "--ghosts", 0)
    assert outcome.status == 2
    assert outcome.err == "zabcheck: property haunted needs --ghosts 1, but --ghosts 0 was asked for\n"


def test_scope_options_may_come_first(zabcheck: Callable[..., Any]) -> None:
    assert zabcheck("check", "--rms", 4, TWO_PHASE_COMMIT).out.startswith("holds: two-phase-commit --rms 4\n")
    assert zabcheck("check", "--rms=4", TWO_PHASE_COMMIT).out.startswith("holds: two-phase-commit --rms 4\n")


def test_help_lists_the_scope(zabcheck: Callable[..., Any]) -> None:
    outcome = zabcheck("check", TWO_PHASE_COMMIT, "--help")
    assert outcome.status == 0
    assert "--rms N               resource managers (default 3)" in outcome.out
    assert zabcheck("check", "--help").status == 0


def test_json_alone_on_standard_output(zabcheck: Callable[..., Any]) -> None:
    outcome = zabcheck("check", TWO_PHASE_COMMIT, "--rms", 2, "--variant", "hasty", "--json", "-")
    assert outcome.status == 1
    result = json.loads(outcome.out)
    assert result["verdict"] == "violated"
    assert result["counterexample"]["property"] == "consistent"
    assert [step["transition"] for step in result["counterexample"]["steps"]][-1] == "hear_commit"


def test_json_in_a_file(zabcheck: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text("old")
    path.chmod(0o640)
    outcome = zabcheck("check", TWO_PHASE_COMMIT, "--json", path)
    assert outcome.out.startswith("holds")
    result = json.loads(path.read_text(encoding="utf-8"))
    assert list(result)[:2] == ["model", "scope"]
    assert result["scope"] == {"rms": 3}
    assert result["states_by_depth"] == [1, 7, 21, 38, 50, 54, 49, 36, 21, 9, 2]
    assert path.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in tmp_path.iterdir() if p.name != "cache"] == ["result.json"]


def test_user_file_may_import_its_neighbours(
    zabcheck: Callable[..., Any], tmp_path: Path, counter: Path
) -> None:
    (tmp_path / "bounds_of_mine.py").write_text("MOST = 2\n")
    source = counter.read_text().replace("s.scope.most", "MOST")
    counter.write_text("from bounds_of_mine import MOST\n" + source)
    assert "3 distinct states" in zabcheck("check", counter).out


def test_checkpoint_and_resume(zabcheck: Callable[..., Any], tmp_path: Path) -> None:
    if not native_available():
        pytest.skip("the core was not built")
    path = tmp_path / "search"
    stopped = zabcheck("check", TWO_PHASE_COMMIT, "--rms", 5, "--max-depth", 8, "--checkpoint", path)
    assert stopped.status == 3
    assert f"zabcheck: to go on, repeat the command with --resume {path}\n" in stopped.err
    resumed = zabcheck("check", TWO_PHASE_COMMIT, "--rms", 5, "--resume", path)
    assert resumed.status == 0
    assert "8,832 distinct states in 17 levels · 58,146 generated" in resumed.out


LIVING = """
@model.initial
def initial(scope):
    return State(scope)

@model.transition()
def tick(s):
    require(s.n < 2)
    s.n = 1 - s.n

@model.transition(fair=False)
def leave(s):
    require(s.n < 2)
    s.n = 2

@model.transition(fault=True)
def sink(s):
    s.n = 3

@model.eventually(when=lambda s: s.n < 2)
def left(s):
    \"\"\"It is left.\"\"\"
    return s.n == 2

@model.recoverable()
def can_leave(s):
    return s.n == 2
"""


@pytest.mark.parametrize("engine", ["interpreted", "native"])
def test_liveness(zabcheck: Callable[..., Any], model_file: Callable[..., Path], engine: str) -> None:
    if engine == "native" and not native_available():
        pytest.skip("the core was not built")
    path = model_file(LIVING)
    outcome = zabcheck("check", path, "--engine", engine, "--property", "left")
    assert outcome.status == 1
    assert outcome.out.endswith(
        "Counterexample: left  2 steps from an initial state\n"
        "  then for ever:\n"
        "  1  tick  n 0 → 1\n"
        "  2  tick  n 1 → 0\n"
        "\n"
        "  left stays false for ever from the initial state on: It is left.\n"
        "    n = 0\n"
    )
    outcome = zabcheck("check", path, "--engine", engine, "--json", "-")
    result = json.loads(outcome.out)
    assert result["properties"] == {"left": "violated", "can_leave": "violated"}
    assert (result["counterexample"]["since"], result["counterexample"]["cycle_from"]) == (0, 0)
    assert result["property_details"]["can_leave"]["depth"] == 2


def test_liveness_that_is_left_out(zabcheck: Callable[..., Any], model_file: Callable[..., Path]) -> None:
    path = model_file(LIVING)
    outcome = zabcheck("check", path, "--no-liveness")
    assert outcome.status == 0
    assert "\n  --no-liveness leaves it out: left, can_leave\n" in outcome.out
    outcome = zabcheck("check", path, "--no-liveness", "--property", "left")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err == "zabcheck: property left cannot be decided: --no-liveness leaves it out\n"


def test_bounds_that_a_bug_needs_are_set(zabcheck: Callable[..., Any]) -> None:
    """Typed bounds are left as they are."""
    outcome = zabcheck("check", "zookeeper", "--bug", "ZOOKEEPER-4643", "--max-depth", 2)
    assert "zabcheck: --crashes 2 is set, because ZOOKEEPER-4643 needs it to show\n" in outcome.err
    outcome = zabcheck("check", "zookeeper", "--bug", "ZOOKEEPER-4643", "--crashes", 0, "--max-depth", 2)
    assert "is set" not in outcome.err


def test_words_and_several_variants(zabcheck: Callable[..., Any]) -> None:
    outcome = zabcheck("check", "zookeeper", "--grain", "medium")
    assert outcome.status == 2
    assert outcome.err.startswith("zabcheck: --grain: invalid choice: 'medium' (choose from ")
    arguments = (
        "--release",
        "3.8.0",
        "--bug",
        "ZOOKEEPER-4882",
        "--variant",
        "fast-forwards=no",
        "--max-depth",
        2,
    )
    result = json.loads(zabcheck("check", "zookeeper", *arguments, "--json", "-").out)
    assert (result["release"], result["grain"]) == ("3.8.0", "fine")
    assert result["variants"] == ["ZOOKEEPER-4882", "fast-forwards=no"]


def test_a_test_is_written_to_a_file_of_its_own(zabcheck: Callable[..., Any], tmp_path: Path) -> None:
    for arguments, said in (
        (["--write-test", "-"], "--write-test: name a file"),
        (["--write-test", tmp_path], "cannot write"),
        (["--write-test", tmp_path / "x", "--json", tmp_path / "x"], "name the same file"),
    ):
        outcome = zabcheck("check", TWO_PHASE_COMMIT, *arguments)
        assert outcome.status == 2
        assert said in outcome.err
        assert outcome.err.count("\n") == 1
        assert outcome.out == ""
