"""A user's model that breaks the contract: one line with file, line and remedy, status 2, no traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from zabcheck.checker import native_available

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INITIAL = """
@model.initial
def initial(scope):
    return State(scope)
"""

BROKEN = {
    "mutable value": (
        INITIAL
        + """
@model.transition()
def step(s):
    s.items = [s.n]  # here
""",
        "items was given a mutable list (use",
    ),
    "mutable value inside": (
        INITIAL
        + """
@model.transition()
def step(s):
    s.items = ((1, {2}),)  # here
""",
        "items was given a mutable set (use",
    ),
    "unhashable value": (
        INITIAL
        + """
class Odd:
    __hash__ = None

@model.transition()
def step(s):
    s.items = Odd()  # here
""",
        "items was given a Odd, which is not a value the checker knows (use",
    ),
    "hidden state": (
        INITIAL
        + """
@model.transition()
def step(s):
    s.secret = 1  # here
""",
        "State.secret cannot be assigned",
    ),
    "exception in transition": (
        INITIAL
        + """
@model.transition()
def step(s):
    s.n = 1 / s.n  # here
""",
        "step raised ZeroDivisionError: division by zero (guard with require()",
    ),
    "transition that answers": (
        INITIAL
        + """
@model.transition()  # here
def step(s):
    return s.n == 0
""",
        "step returned True (a transition returns nothing; state guards with require(condition))",
    ),
    "exception in property": (
        INITIAL
        + """
@model.transition()
def step(s):
    require(s.n < 3)
    s.n += 1

@model.invariant()
def small(s):
    return s.items[s.n] == 0  # here
""",
        "small raised IndexError: tuple index out of range",
    ),
    "property that writes": (
        INITIAL
        + """
@model.transition()
def step(s):
    require(s.n < 3)
    s.n += 1

@model.invariant()
def small(s):
    s.n = 0  # here
    return True
""",
        "small raised TypeError: a property may not change the state",
    ),
    "exception in initial": (
        """
@model.initial
def initial(scope):
    return State(scope, n=1 / 0)  # here

@model.transition()
def step(s):
    s.n = 1
""",
        "the initial state raised ZeroDivisionError",
    ),
}


def line_marked(path: Path) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.endswith("# here"))


@pytest.mark.parametrize("engine", ["interpreted", "native"])
@pytest.mark.parametrize("fault", BROKEN)
def test_broken_contract(
    zabcheck: Callable[..., Any], model_file: Callable[..., Path], fault: str, engine: str
) -> None:
    if engine == "native" and not native_available():
        pytest.skip("the core was not built")
    source, message = BROKEN[fault]
    path = model_file(source)
    outcome = zabcheck("check", path, "--engine", engine)
    assert outcome.status == 2
    assert outcome.out == ""
    assert outcome.err.startswith(f"zabcheck: {path}:{line_marked(path)}: ")
    assert message in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.skipif(not native_available(), reason="only learned tables can tell")
@pytest.mark.parametrize(
    ("body", "prelude"),
    [
        ("s.n = next(COUNTER)", "import itertools\nCOUNTER = itertools.count()"),
        ("KEPT.append(s.n)\n    s.n = len(KEPT) % 7", "KEPT = []"),
        ("s.n = random.randrange(1000)", "import random"),
    ],
    ids=["counter outside the state", "list outside the state", "random"],
)
def test_nondeterminism(
    zabcheck: Callable[..., Any], model_file: Callable[..., Path], body: str, prelude: str
) -> None:
    path = model_file(f"{prelude}\n{INITIAL}\n@model.transition()\ndef step(s):\n    {body}\n")
    outcome = zabcheck("check", path, "--engine", "native", "--max-states", 10_000)
    assert outcome.status == 2
    assert outcome.err.startswith(f"zabcheck: {path}:")
    assert "step" in outcome.err
    assert outcome.err.count("\n") == 1


def test_no_initial_state(zabcheck: Callable[..., Any], model_file: Callable[..., Path]) -> None:
    path = model_file("@model.transition()\ndef step(s):\n    s.n = 1\n")
    outcome = zabcheck("check", path)
    assert outcome.status == 2
    assert (
        "there is no initial state (decorate the function that makes it with @model.initial)" in outcome.err
    )
    assert outcome.err.count("\n") == 1


def test_no_transition(zabcheck: Callable[..., Any], model_file: Callable[..., Path]) -> None:
    outcome = zabcheck("check", model_file(INITIAL))
    assert outcome.status == 2
    assert "there is no transition" in outcome.err


def test_declared_twice(zabcheck: Callable[..., Any], model_file: Callable[..., Path]) -> None:
    path = model_file(INITIAL + "\n@model.transition()\ndef step(s):\n    s.n = 1\n" * 2)
    outcome = zabcheck("check", path)
    assert outcome.status == 2
    assert outcome.err.startswith(f"zabcheck: {path}:")
    assert "step is declared twice" in outcome.err


def test_scope_without_defaults(zabcheck: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    path.write_text(
        "from dataclasses import dataclass\n"
        "from zabcheck.checker import Model\n"
        "@dataclass(frozen=True)\n"
        "class Scope:\n"
        "    most: int\n"
        "model = Model('m', 'm', Scope)\n",
        encoding="utf-8",
    )
    outcome = zabcheck("check", path)
    assert outcome.status == 2
    assert "Scope.most needs a default: declare it with option(...)" in outcome.err


def test_scope_option_that_means_something_else(zabcheck: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    path.write_text(
        "from dataclasses import dataclass\n"
        "from zabcheck.checker import Model, option\n"
        "@dataclass(frozen=True)\n"
        "class Scope:\n"
        "    workers: int = option(1, 'clash')\n"
        "model = Model('m', 'm', Scope)\n",
        encoding="utf-8",
    )
    outcome = zabcheck("check", path)
    assert outcome.status == 2
    assert "--workers means something else: rename the field" in outcome.err
