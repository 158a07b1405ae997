"""What a claim says when it is met and when it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.models import two_phase_commit
from zabcheck.checker import native_available
from zabcheck.testing.checking import Check

HERE = Path(__file__).parent
STEPS = ("prepare(rm3)", "choose_to_abort(rm2)", "hear_prepared(rm3)", "decide_commit()", "hear_commit(rm3)")


@pytest.fixture
def ask(request: pytest.FixtureRequest) -> Check:
    return Check(HERE, request.node)


def failure(caught: pytest.ExceptionInfo[BaseException]) -> str:
    assert isinstance(caught.value, pytest.fail.Exception)
    assert caught.value.pytrace is False
    return str(caught.value)


FAILED = pytest.fail.Exception


@pytest.mark.parametrize(
    "model",
    [
        "../models/two_phase_commit.py",
        Path("../models/two_phase_commit.py"),
        two_phase_commit,
        two_phase_commit.model,
    ],
)
def test_models_by_path_module_and_object(ask: Check, model: object) -> None:
    assert ask(model, rms=2).holds().scope == {"rms": 2}  # type: ignore[arg-type]


def test_a_model_by_name_with_words_and_lists(ask: Check) -> None:
    claims = ask("zab", servers=2, variant=["leader-keeps-its-history"], no_liveness=True, workers=1)
    assert claims.holds().variants == ("leader-keeps-its-history",)


def test_a_violation_shows_the_run(ask: Check) -> None:
    with pytest.raises(FAILED) as caught:
        ask(two_phase_commit, variant="hasty").holds()
    text = failure(caught)
    assert "test_claims.py:" in text.splitlines()[0]
    assert "it does not hold: consistent is violated; the shortest run that shows it has 5 steps" in text
    assert "two-phase-commit --rms 3 --variant hasty" in text
    assert "  4  decide_commit " in text
    assert "has committed" in text


def test_violated_by(ask: Check) -> None:
    assert ask(two_phase_commit, variant="hasty").violated_by("consistent").verdict == "violated"
    with pytest.raises(FAILED) as caught:
        ask(two_phase_commit).violated_by("consistent")
    assert "it does not violate consistent: every reachable state" in failure(caught)


def test_reaches(ask: Check) -> None:
    assert ask(two_phase_commit).reaches("all_committed").witness
    with pytest.raises(FAILED) as caught:
        ask("zab", servers=2, transactions=1, epochs=1).reaches("TwoEpochsEstablished")
    assert "it does not reach TwoEpochsEstablished" in failure(caught)


@pytest.mark.skipif(not native_available(), reason="the limit of the interpreted engine is another")
def test_unfinished_is_a_failure_that_says_so(ask: Check) -> None:
    few = ask(two_phase_commit, max_states=10)
    with pytest.raises(FAILED, match=r"not decided whether it does hold: the limit of") as caught:
        few.holds()
    with pytest.raises(FAILED, match=r"not decided whether it does violate consistent: the limit of"):
        few.violated_by("consistent")
    with pytest.raises(FAILED, match=r"not decided whether it does reach all_committed: the limit of"):
        few.reaches("all_committed")
    failure(caught)


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        ("zab", {"sevrers": 3}, "unknown option --sevrers, did you mean --servers?"),
        ("zab", {"servers": "many"}, "servers"),
        ("zab", {"json": "x.json"}, "check() takes no json"),
        ("zba", {}, "unknown model zba, did you mean zab?"),
        ("./nothing.py", {}, "cannot read"),
        ("zab", {"variant": "nonsense"}, "no variant nonsense"),
        ("zookeeper", {"quorum": "nothing.cfg"}, str(HERE / "nothing.cfg")),
    ],
)
def test_mistakes_are_a_line(ask: Check, model: str, options: dict[str, object], said: str) -> None:
    with pytest.raises(FAILED) as caught:
        ask(model, **options).holds()
    assert said in failure(caught)
    assert "\n" not in failure(caught)


def test_a_schedule_that_violates(ask: Check) -> None:
    bad = ask(two_phase_commit, variant="hasty").along(*STEPS)
    bad.violates("consistent")
    with pytest.raises(FAILED) as caught:
        bad.keeps("consistent")
    assert "it does not keep consistent: after step 5, consistent is false for a = rm3" in failure(caught)


def test_a_schedule_that_is_not_possible_any_more(ask: Check, request: pytest.FixtureRequest) -> None:
    good = ask(two_phase_commit).along(*STEPS)
    good.keeps("consistent")
    (section,) = (text for _, name, text in request.node._report_sections if name == "zabcheck")  # noqa: SLF001
    assert "step 4 of 5 is not possible any more: decide_commit(): require(promised" in section
    with pytest.raises(FAILED) as caught:
        good.violates("consistent")
    assert "it does not violate consistent: step 4 is not possible: decide_commit(): require" in failure(
        caught
    )


def test_a_schedule_without_a_violation(ask: Check) -> None:
    short = ask(two_phase_commit, variant="hasty").along(*STEPS[:4])
    short.keeps("consistent")
    with pytest.raises(FAILED) as caught:
        short.violates("consistent")
    assert "true after all 4 steps" in failure(caught)


def test_a_schedule_that_says_nothing_is_a_mistake(ask: Check) -> None:
    for claim, said in (
        (
            lambda: ask(two_phase_commit).along(*STEPS, "prepare(rm9)").keeps("consistent"),
            "no step prepare(rm9)",
        ),
        (lambda: ask(two_phase_commit).along(*STEPS).keeps("nonsense"), "nonsense cannot be decided"),
        (lambda: ask(two_phase_commit).along(*STEPS, initial=1), "no initial state 1"),
    ):
        with pytest.raises(FAILED) as caught:
            claim()
        assert said in failure(caught)
