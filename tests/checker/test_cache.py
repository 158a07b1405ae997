"""Learned tables are kept for the next run of the same model, and only for that."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pickle
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.checker.agreement import TWO_PHASE_COMMIT, facts, native, needs_core
from zabcheck.checker import Limits, Model, Options, Simulation, check, option, require, saved, simulate
from zabcheck.checker.search import Problem
from zabcheck.model import models

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.checker import CheckResult

pytestmark = needs_core

SCOPE = TWO_PHASE_COMMIT.scope(rms=4)

SOURCE = """
from dataclasses import dataclass
from zabcheck.checker import Model, option, require

MOST = 5

@dataclass(frozen=True)
class Scope:
    step: int = option(1, "how far at a time")

@dataclass
class State:
    n: int = 0

model = Model("counter", "counts", Scope)

@model.initial
def initial(scope):
    return State()

@model.transition(over=lambda scope: (scope.step,))
def count(s, step):
    require(s.n + step <= MOST)
    s.n += step
"""


def cached(model: Model[Any], scope: Any, *, variant: str | None = None, **options: Any) -> CheckResult:
    return check(model, scope, Options(**options), engine="native", variant=variant)


def tables(own_cache: Path) -> list[Path]:
    return sorted(path for path in own_cache.rglob("*") if path.is_file())


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Model[Any]]:
    """Write a model file and import it."""

    def load(source: str, name: str = "model_of_a_test", **files: str) -> Model[Any]:
        for other, text in files.items():
            (tmp_path / f"{other}.py").write_text(text, encoding="utf-8")
            monkeypatch.setitem(sys.modules, other, imported(other))
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
        module = imported(name)
        model: Model[Any] = module.model
        return model

    def imported(name: str) -> Any:
        spec = importlib.util.spec_from_file_location(name, tmp_path / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
        spec.loader.exec_module(module)
        sys.dont_write_bytecode = before
        return module

    return load


def test_the_second_run_learns_nothing(own_cache: Path) -> None:
    first, second = cached(TWO_PHASE_COMMIT, SCOPE), cached(TWO_PHASE_COMMIT, SCOPE)
    assert first.evaluations > 100
    assert second.evaluations == 0
    assert facts(first) == facts(second) == facts(native(TWO_PHASE_COMMIT, SCOPE))
    assert len(tables(own_cache)) == 1


def test_without_a_cache_nothing_is_kept(own_cache: Path) -> None:
    native(TWO_PHASE_COMMIT, SCOPE)
    assert tables(own_cache) == []


def test_tables_serve_any_store_any_number_of_workers_and_random_walks() -> None:
    cached(TWO_PHASE_COMMIT, SCOPE)
    assert cached(TWO_PHASE_COMMIT, SCOPE, store="exact", workers=2).evaluations == 0
    walks = simulate(TWO_PHASE_COMMIT, SCOPE, Simulation(0, 100, 30), Options(), engine="native")
    alone = simulate(TWO_PHASE_COMMIT, SCOPE, Simulation(0, 100, 30), Options(cache=False), engine="native")
    assert facts(walks) == facts(alone)


def test_what_random_walks_have_learned_serves_a_check() -> None:
    simulate(TWO_PHASE_COMMIT, SCOPE, Simulation(0, 200, 30), Options(), engine="native")
    rest, whole = cached(TWO_PHASE_COMMIT, SCOPE), native(TWO_PHASE_COMMIT, SCOPE)
    assert rest.evaluations < whole.evaluations / 2
    assert facts(rest) == facts(whole)


def test_what_an_unfinished_run_has_learned_serves_the_next() -> None:
    part = cached(TWO_PHASE_COMMIT, SCOPE, limits=Limits(depth=8))
    rest, whole = cached(TWO_PHASE_COMMIT, SCOPE), native(TWO_PHASE_COMMIT, SCOPE)
    assert part.evaluations + rest.evaluations <= whole.evaluations
    assert 0 < rest.evaluations < whole.evaluations
    assert facts(rest) == facts(whole)


def test_a_counterexample_is_the_same_from_tables() -> None:
    first, second = (cached(TWO_PHASE_COMMIT, SCOPE, variant="hasty") for _ in range(2))
    assert first.counterexample == second.counterexample is not None


@pytest.mark.parametrize(
    "question",
    [
        {"scope": TWO_PHASE_COMMIT.scope(rms=3)},
        {"variant": "hasty"},
        {"properties": ("consistent",)},
        {"symmetry": True},
    ],
    ids=str,
)
def test_another_question_has_other_tables(own_cache: Path, question: dict[str, Any]) -> None:
    cached(TWO_PHASE_COMMIT, SCOPE)
    question = {"scope": SCOPE} | question
    assert facts(cached(TWO_PHASE_COMMIT, **question)) == facts(native(TWO_PHASE_COMMIT, **question))
    assert len(tables(own_cache)) == 2


def test_an_edited_model_is_learned_anew(loaded: Callable[..., Model[Any]]) -> None:
    model = loaded(SOURCE)
    assert cached(model, model.scope()).distinct_states == 6
    assert cached(model, model.scope()).evaluations == 0
    model = loaded(SOURCE.replace("MOST = 5", "MOST = 8"))
    again = cached(model, model.scope())
    assert again.distinct_states == 9
    assert again.evaluations > 0
    model = loaded(SOURCE)
    assert cached(model, model.scope()).evaluations == 0


def test_an_edited_module_beside_the_model_counts_too(loaded: Callable[..., Model[Any]]) -> None:
    source = SOURCE.replace("MOST = 5", "from most_of_a_test import MOST")
    model = loaded(source, most_of_a_test="MOST = 5")
    assert cached(model, model.scope()).distinct_states == 6
    model = loaded(source, most_of_a_test="MOST = 9")
    assert cached(model, model.scope()).distinct_states == 10


def test_what_a_model_imports_from_elsewhere_counts_too(
    loaded: Callable[..., Model[Any]],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.syspath_prepend(elsewhere)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (elsewhere / "first_of_a_test.py").write_text("from second_of_a_test import MOST", encoding="utf-8")
    source = SOURCE.replace("MOST = 5", "from first_of_a_test import MOST")
    found = []
    for most in (5, 9, 5):
        (elsewhere / "second_of_a_test.py").write_text(f"MOST = {most}", encoding="utf-8")
        for name in ("first_of_a_test", "second_of_a_test"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        model = loaded(source)
        result = cached(model, model.scope())
        found.append((result.distinct_states, result.evaluations > 0))
    assert found == [(6, True), (10, True), (6, False)]


@pytest.mark.parametrize("name", ["zab", "zookeeper"])
def test_the_second_run_of_a_shipped_model_learns_nothing(name: str) -> None:
    model = models()[name]
    scope = model.scope(servers=2, transactions=1, epochs=1)
    first, second = cached(model, scope), cached(model, scope)
    assert (first.evaluations > 100, second.evaluations) == (True, 0)
    assert facts(first) == facts(second)


@pytest.mark.parametrize(
    ("name", "imported"),
    [
        ("zookeeper", "zookeeper.learner"),
        ("zookeeper", "transaction"),
        ("zookeeper", "quorums"),
        ("zab", "transaction"),
    ],
)
def test_a_key_depends_on_every_module_that_a_shipped_model_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, imported: str
) -> None:
    model = models()[name]
    problem = Problem(model, model.scope(), Options())
    before, _ = saved.key(problem, 1)
    module = sys.modules[f"zabcheck.model.{imported}"]
    assert module.__file__ is not None
    edited = tmp_path / "edited.py"
    edited.write_bytes(Path(module.__file__).read_bytes() + b"\n# edited\n")
    monkeypatch.setattr(module, "__file__", str(edited))
    assert saved.key(problem, 1)[0] != before


@dataclass(frozen=True)
class Scope:
    step: int = option(1, "how far at a time")


@dataclass
class State:
    n: int = 0


class Below:
    def __init__(self, most: int) -> None:
        self.most = most

    def check(self, n: int) -> bool:
        return n < self.most


def counter(enabled: Callable[[int], bool]) -> Model[Scope]:
    """A model whose meaning is in a closure."""
    model = Model("counter", "counts", Scope)

    @model.initial
    def initial(scope: Scope) -> State:
        return State()

    @model.transition()
    def count(s: State) -> None:
        require(enabled(s.n))
        s.n += 1

    return model


def below(most: int) -> Callable[[int], bool]:
    return lambda n: n < most


def counter_of_defaults(limit: int) -> Model[Scope]:
    model = counter(below(0))

    def more(s: State, most: int = limit) -> None:
        require(s.n < most)
        s.n += 1

    model.transition()(more)
    return model


@pytest.mark.parametrize(
    "make",
    [
        lambda most: counter(below(most)),
        lambda most: counter(lambda n: n < most),
        lambda most: counter(Below(most).check),
        counter_of_defaults,
    ],
    ids=["closure in a closure", "lambda", "method", "default"],
)
def test_models_that_differ_in_a_closure_do_not_share_tables(make: Callable[[int], Model[Scope]]) -> None:
    assert [cached(make(most), Scope()).distinct_states for most in (3, 6, 3)] == [4, 7, 4]


def test_a_model_without_a_file_has_no_tables(own_cache: Path) -> None:
    space: dict[str, Any] = {"__name__": "nowhere"}
    sys.modules["nowhere"] = type(sys)("nowhere")
    try:
        for most in (5, 8):
            exec(SOURCE.replace("MOST = 5", f"MOST = {most}"), space)  # noqa: S102 - as a notebook does
            assert cached(space["model"], space["Scope"]()).distinct_states == most + 1
    finally:
        del sys.modules["nowhere"]
    assert tables(own_cache) == []


# -- sets of strings, which Python goes through in another order in every process --

SETS = """
import sys
from dataclasses import dataclass
from enum import Enum
from zabcheck.checker import Limits, Model, Options, check, choose, option, require

class Name(Enum):
    A = 1
    B = 2
    C = 3
    D = 4

@dataclass(frozen=True)
class Scope:
    size: int = option(1, "nothing")

@dataclass
class State:
    seen: dict
    chosen: frozenset = frozenset()
    last: object = None

model = Model("sets", "reads in the order of a set", Scope)

@model.initial
def initial(scope):
    return State({name: 0 for name in Name})

@model.transition(over=lambda scope: tuple(Name))
def add(s, name):
    require(name not in s.chosen)
    s.chosen = s.chosen | {name}

@model.transition(over=lambda scope: tuple(Name))
def see(s, name):
    require(s.seen[name] < 1)
    s.seen[name] = 1

@model.transition()
def pick(s):
    require(len(s.chosen) > 2 and s.last is None)
    require(all(s.seen[name] == 1 for name in s.chosen))
    s.last = choose(s.chosen)

@model.invariant()
def claim(s):
    return s.last is not Name.D or len(s.chosen) < 4

if __name__ == "__main__":
    limits = Limits(depth=int(sys.argv[1]) or None)
    result = check(model, Scope(), Options(limits=limits), engine="native")
    steps = result.counterexample and len(result.counterexample.steps)
    print(result.verdict, result.distinct_states, steps, result.evaluations)
"""


def run(path: Path, seed: int, depth: int) -> list[str]:
    done = subprocess.run(
        [sys.executable, path, str(depth)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": ":".join(sys.path)},
    )
    return done.stdout.split()


def test_another_order_of_sets_does_not_meet_old_tables(tmp_path: Path) -> None:
    path = tmp_path / "sets.py"
    path.write_text(SETS, encoding="utf-8")
    run(path, 1, 5)
    found = [run(path, seed, 0)[:3] for seed in (2, 3, 1, 2)]
    assert found == [found[0]] * 4
    assert found[0][0] == "violated"


def test_tables_serve_the_next_process_with_the_same_order(tmp_path: Path) -> None:
    path = tmp_path / "sets.py"
    path.write_text(SETS, encoding="utf-8")
    *first, learned = run(path, 1, 0)
    *second, nothing = run(path, 1, 0)
    assert first == second
    assert (int(learned) > 50, nothing) == (True, "0")


# -- files that are no good --


@pytest.mark.parametrize("offset", [0, 31, 32, 33, 100, -1])
def test_a_damaged_table_is_ignored_and_replaced(own_cache: Path, offset: int) -> None:
    cached(TWO_PHASE_COMMIT, SCOPE)
    (path,) = tables(own_cache)
    good = bytearray(path.read_bytes())
    good[offset] ^= 1
    path.write_bytes(good)
    again = cached(TWO_PHASE_COMMIT, SCOPE)
    assert facts(again) == facts(native(TWO_PHASE_COMMIT, SCOPE))
    assert again.evaluations > 100
    assert cached(TWO_PHASE_COMMIT, SCOPE).evaluations == 0


@pytest.mark.parametrize("content", [b"", b"\0" * 31, b"\0" * 64, b"hello"], ids=str)
def test_something_else_in_the_place_of_a_table_is_ignored(own_cache: Path, content: bytes) -> None:
    cached(TWO_PHASE_COMMIT, SCOPE)
    (path,) = tables(own_cache)
    path.write_bytes(content)
    assert cached(TWO_PHASE_COMMIT, SCOPE).verdict == "holds"


@pytest.mark.parametrize("content", [1, (1, 2, 3), ([], "x", 1), {"a": 1}], ids=str)
def test_a_whole_file_with_something_else_in_it_is_ignored(own_cache: Path, content: object) -> None:
    cached(TWO_PHASE_COMMIT, SCOPE)
    (path,) = tables(own_cache)
    raw = pickle.dumps(content)
    path.write_bytes(hashlib.sha256(raw).digest() + raw)
    assert cached(TWO_PHASE_COMMIT, SCOPE).verdict == "holds"


class Command:
    """When unpickled, runs a command through a class that the model's module happens to have imported."""

    def __init__(self, where: str, name: str, command: list[str]) -> None:
        self.where, self.name, self.command = where, name, command

    def pickled(self) -> bytes:
        module, name = (text.encode() for text in (self.where, self.name))
        return b"".join(
            (
                b"\x80\x04",
                *(b"\x8c" + bytes([len(text)]) + text for text in (module, name)),
                b"\x93",
                pickle.dumps((self.command,), protocol=2)[2:-1],
                b"R.",
            )
        )


@pytest.mark.parametrize(
    "name", ["Popen", "subprocess.Popen"], ids=["class imported", "class of a module imported"]
)
def test_a_table_cannot_run_commands(
    own_cache: Path, tmp_path: Path, loaded: Callable[..., Model[Any]], name: str
) -> None:
    model = loaded("import subprocess\nfrom subprocess import Popen\n" + SOURCE)
    cached(model, model.scope())
    (path,) = tables(own_cache)
    mark = tmp_path / "mark"
    raw = Command("model_of_a_test", name, [sys.executable, "-c", f"open({str(mark)!r}, 'w')"]).pickled()
    path.write_bytes(hashlib.sha256(raw).digest() + raw)
    again = cached(model, model.scope())
    assert (again.verdict, again.evaluations > 0) == ("holds", True)
    assert not mark.exists()


def test_a_cache_that_cannot_be_written_is_no_reason_to_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert cached(TWO_PHASE_COMMIT, SCOPE).verdict == "holds"


def test_the_oldest_tables_go_first(own_cache: Path, loaded: Callable[..., Model[Any]]) -> None:
    model = loaded(SOURCE)
    for step in range(1, 67):
        cached(model, model.scope(step))
        newest = max(tables(own_cache), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, (step, step))
    assert len(tables(own_cache)) == 64
    assert cached(model, model.scope(66)).evaluations == 0
    assert cached(model, model.scope(3)).evaluations == 0
    assert cached(model, model.scope(1)).evaluations > 0
