"""A search that was interrupted and resumed ends with the very numbers of one that was not."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.checker import protocols
from tests.checker.agreement import (
    CONFIGURATIONS,
    STORES,
    TWO_PHASE_COMMIT,
    facts,
    native,
    needs_core,
)
from zabcheck.checker import CheckpointError, Limits, Model, Options, UsageError, check, option, require
from zabcheck.checker.search import Stop
from zabcheck.model import models

if TYPE_CHECKING:
    from zabcheck.checker import CheckResult
    from zabcheck.checker.result import Progress

pytestmark = needs_core


@dataclass(frozen=True)
class Scope:
    most: int = option(5, "where each number ends")
    step: int = option(99, "the sum that no step may lead to")
    sum: int = option(99, "the sum that no state may have")


@dataclass
class Numbers:
    scope: Scope
    a: int = 0
    b: int = 0
    c: int = 0
    d: int = 0

    @property
    def sum(self) -> int:
        return self.a + self.b + self.c + self.d


numbers = Model("numbers", "four numbers that grow", Scope)


@numbers.initial
def zeros(scope: Scope) -> Numbers:
    return Numbers(scope)


@numbers.transition(over=lambda _: "abcd")
def grow(s: Numbers, name: str) -> None:
    value = getattr(s, name)
    require(value < s.scope.most)
    setattr(s, name, value + 1)


@numbers.transition()
def start_again(s: Numbers) -> None:
    require(s.sum % 7 == 5)
    s.a = s.b = s.c = s.d = 0


@numbers.goal()
def ten(s: Numbers) -> bool:
    """Reached by 146 states of the same level; which one is shown must not depend on interruptions."""
    return s.sum == 10


@numbers.invariant()
def sums(s: Numbers) -> bool:
    return s.sum != s.scope.sum


@numbers.step_property()
def steps(before: Numbers, after: Numbers) -> bool:
    return after.sum != after.scope.step or before.sum == after.sum


@numbers.final
def full(s: Numbers) -> bool:
    return s.sum != 4 * s.scope.most


def stopping_at(report: int) -> Any:
    """A progress listener that ends the search when it is called for the n-th time."""
    left = [report]

    def listen(progress: Progress) -> None:
        left[0] -= 1
        if not left[0]:
            raise Stop

    return listen


def resumed(path: Path, limits: list[Limits], model: Model[Any], scope: Any, **options: Any) -> CheckResult:
    """Search from one limit to the next, each time from the last checkpoint, and then to the end."""
    native(model, scope, checkpoint=path, limits=limits[0], **options)
    for limit in limits[1:]:
        result = native(model, scope, checkpoint=path, resume=path, limits=limit, **options)
        assert result.reason
    return native(model, scope, resume=path, witness="ten", **options)


@pytest.mark.parametrize(("workers", "store"), CONFIGURATIONS)
@pytest.mark.parametrize("states", [1, 200, 580, 650, 715, 1_294])
def test_interrupted_by_a_limit_on_states(tmp_path: Path, workers: int, store: str, states: int) -> None:
    whole = native(numbers, Scope(), witness="ten")
    assert (whole.verdict, whole.distinct_states, whole.deadlocks) == ("violated", 1_296, 1)
    limits = [Limits(states=states)]
    again = resumed(tmp_path / "checkpoint", limits, numbers, Scope(), workers=workers, store=store)
    assert facts(again) == facts(whole)


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("depth", [1, 2, 10, 11, 12, 20, 21])
def test_interrupted_between_two_levels(tmp_path: Path, store: str, depth: int) -> None:
    whole = native(numbers, Scope(), witness="ten")
    again = resumed(tmp_path / "checkpoint", [Limits(depth=depth)], numbers, Scope(), store=store)
    assert facts(again) == facts(whole)


@pytest.mark.parametrize("name", ["zab", "zookeeper"])
def test_a_search_of_a_shipped_model_goes_on(tmp_path: Path, name: str) -> None:
    model = models()[name]
    scope = model.scope(servers=2, transactions=1, epochs=2)
    whole, path = native(model, scope), tmp_path / "checkpoint"
    part = native(model, scope, checkpoint=path, limits=Limits(depth=6))
    assert part.distinct_states < whole.distinct_states
    assert facts(native(model, scope, resume=path)) == facts(whole)


@pytest.mark.parametrize(("workers", "store"), CONFIGURATIONS)
def test_interrupted_again_and_again(tmp_path: Path, workers: int, store: str) -> None:
    whole = native(numbers, Scope(), witness="ten")
    limits = [Limits(states=states) for states in range(100, 1_290, 110)]
    again = resumed(tmp_path / "checkpoint", limits, numbers, Scope(), workers=workers, store=store)
    assert facts(again) == facts(whole)


@pytest.mark.parametrize("scope", [Scope(step=11), Scope(sum=11), Scope(step=10, sum=10)], ids=str)
@pytest.mark.parametrize("store", STORES)
def test_a_violation_is_found_at_its_level_and_shown_by_the_same_run(
    tmp_path: Path, scope: Scope, store: str
) -> None:
    whole = native(numbers, scope, witness="ten", store=store)
    assert whole.verdict == "violated"
    for states in range(550, whole.distinct_states, 40):
        again = resumed(tmp_path / "checkpoint", [Limits(states=states)], numbers, scope, store=store)
        assert facts(again) == facts(whole), states


@pytest.mark.parametrize(("workers", "store"), CONFIGURATIONS)
def test_stopped_by_the_progress_listener(tmp_path: Path, workers: int, store: str) -> None:
    """Wherever it is called: also in the middle of a level, with a goal reached in it."""
    scope, path = TWO_PHASE_COMMIT.scope(rms=3), tmp_path / "checkpoint"
    whole = native(TWO_PHASE_COMMIT, scope, witness="all_committed")
    stops = 0
    for report in range(1, 1_000):
        path.unlink(missing_ok=True)
        listener = stopping_at(report)
        options: dict[str, Any] = {"workers": workers, "store": store}
        first = native(TWO_PHASE_COMMIT, scope, checkpoint=path, on_progress=listener, **options)
        if first.verdict == "holds":
            break
        assert (first.verdict, first.reason) == ("incomplete", "interrupted")
        assert first.notes == (f"checkpoint written to {path}",)
        again = native(TWO_PHASE_COMMIT, scope, resume=path, witness="all_committed", **options)
        assert facts(again) == facts(whole), report
        stops += 1
    assert stops > 5


def test_with_symmetry(tmp_path: Path) -> None:
    scope, path = TWO_PHASE_COMMIT.scope(rms=5), tmp_path / "checkpoint"
    whole = native(TWO_PHASE_COMMIT, scope, symmetry=True)
    native(TWO_PHASE_COMMIT, scope, symmetry=True, checkpoint=path, limits=Limits(states=100))
    again = native(TWO_PHASE_COMMIT, scope, symmetry=True, resume=path)
    assert facts(again) == facts(whole)
    assert again.symmetric_states == whole.symmetric_states == 8_832


@pytest.mark.parametrize("store", STORES)
def test_wide_levels_shared_between_workers(tmp_path: Path, store: str) -> None:
    scope, path = protocols.Scope(6), tmp_path / "checkpoint"
    whole = native(protocols.odometer, scope, workers=2, store=store, variant="endless")
    options: dict[str, Any] = {"workers": 2, "store": store, "variant": "endless"}
    native(protocols.odometer, scope, checkpoint=path, limits=Limits(states=300_000), **options)
    assert facts(native(protocols.odometer, scope, resume=path, **options)) == facts(whole)


def test_another_number_of_workers(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    native(numbers, Scope(), workers=1, checkpoint=path, limits=Limits(states=650))
    assert facts(native(numbers, Scope(), workers=2, resume=path)) == facts(native(numbers, Scope()))


def test_a_finished_search_leaves_no_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    assert native(TWO_PHASE_COMMIT, TWO_PHASE_COMMIT.scope(), checkpoint=path).notes == ()
    assert list(tmp_path.iterdir()) == []


def test_what_was_learned_before_is_not_learned_again(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    whole = native(numbers, Scope())
    native(numbers, Scope(), checkpoint=path, limits=Limits(states=1_200))
    again = native(numbers, Scope(), resume=path)
    assert again.evaluations == whole.evaluations  # of both parts together


def test_the_interpreted_engine_has_no_checkpoints(tmp_path: Path) -> None:
    for options in (Options(checkpoint=tmp_path / "x"), Options(resume=tmp_path / "x")):
        with pytest.raises(UsageError, match="needs the native engine"):
            check(numbers, Scope(), options, engine="interpreted")


# -- files that are no good --


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("good") / "checkpoint"
    native(TWO_PHASE_COMMIT, TWO_PHASE_COMMIT.scope(), checkpoint=path, limits=Limits(depth=5))
    return path.read_bytes()


def refusal(path: Path, model: Model[Any] = TWO_PHASE_COMMIT, scope: Any = None, **options: Any) -> str:
    """The line with which a checkpoint is refused."""
    with pytest.raises(CheckpointError) as refused:
        native(model, scope or model.scope(), resume=path, **options)
    message = str(refused.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_a_flipped_byte_is_noticed_wherever_it_is(tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "checkpoint"
    for offset in [0, 5, 22, 23, 29, 30, 31, *range(40, len(good), 97), len(good) - 32, len(good) - 1]:
        path.write_bytes(good[:offset] + bytes([good[offset] ^ 0x40]) + good[offset + 1 :])
        message = refusal(path)
        assert (
            "is damaged; start the search anew" in message or "is not a checkpoint of this version" in message
        )


def test_a_truncated_file_is_noticed_wherever_it_ends(tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "checkpoint"
    for size in [0, 1, 21, 22, 29, 30, 31, 62, 63, *range(70, len(good), 211), len(good) - 33, len(good) - 1]:
        path.write_bytes(good[:size])
        message = refusal(path)
        assert (
            "is damaged; start the search anew" in message or "is not a checkpoint of this version" in message
        )


def test_something_appended_is_noticed(tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "checkpoint"
    path.write_bytes(good + b"\0")
    assert "is damaged" in refusal(path)


def test_a_file_that_is_something_else(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    path.write_text("dear diary\n" * 100, encoding="utf-8")
    assert refusal(path) == f"{path} is not a checkpoint of this version"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    assert refusal(path) == f"cannot read the checkpoint {path}: No such file or directory"


def test_a_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"cannot read the checkpoint {tmp_path}: Is a directory"


FOREIGN: dict[str, dict[str, Any]] = {
    "scope": {"scope": TWO_PHASE_COMMIT.scope(rms=4)},
    "variant": {"variant": "hasty"},
    "model": {"model": numbers},
    "properties": {"properties": ("consistent",)},
    "store": {"store": "exact"},
    "symmetry": {"symmetry": True},
}


@pytest.mark.parametrize("what", FOREIGN)
def test_a_checkpoint_of_another_question(tmp_path: Path, good: bytes, what: str) -> None:
    path = tmp_path / "checkpoint"
    path.write_bytes(good)
    message = refusal(path, **FOREIGN[what])
    assert message.startswith(f"the checkpoint {path} is of another model, scope, set of properties")
    assert message.endswith("resume it with the options it was made with")


def test_a_checkpoint_of_a_model_that_has_been_edited_since(tmp_path: Path) -> None:
    """Among other things, a value in it is no longer there."""
    source = Path(__file__).parents[1] / "models/two_phase_commit.py"
    text = source.read_text(encoding="utf-8")
    path = tmp_path / "checkpoint"
    file = tmp_path / "edited_model.py"
    for old, new in (("", ""), ('PREPARED = "prepared"', 'PREPARED = "promised"'), ("PREPARED", "PROMISED")):
        file.write_text(text.replace(old, new) if old else text, encoding="utf-8")
        spec = importlib.util.spec_from_file_location("edited_model", file)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules["edited_model"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        if not old:
            native(module.model, module.Scope(), checkpoint=path, limits=Limits(depth=5))
        else:
            refusal(path, module.model)
    del sys.modules["edited_model"]


@pytest.mark.parametrize("where", ["missing/checkpoint", "file/checkpoint"])
def test_a_checkpoint_that_cannot_be_written(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    path = tmp_path / where
    with pytest.raises(CheckpointError) as refused:
        native(numbers, Scope(), checkpoint=path, limits=Limits(depth=3))
    assert str(refused.value).startswith(f"cannot write the checkpoint {path}: No")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["file"]


def test_an_old_checkpoint_stays_when_the_new_one_cannot_be_written(tmp_path: Path) -> None:
    """It is written beside the old one and then put in its place."""
    path = tmp_path / "checkpoint"
    path.mkdir()
    with pytest.raises(CheckpointError, match=r"cannot write the checkpoint .*: Is a directory"):
        native(numbers, Scope(), checkpoint=path, limits=Limits(depth=3))
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint"]
