"""Scripts: steps that are named, steps that happen by themselves, and what ends a script early."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from zabcheck.checker import Act, Claim, Do, Let, Model, Script, option, play, require


@dataclass(frozen=True)
class Scope:
    jars: int = option(2, "how many jars", minimum=1)


@dataclass
class State:
    scope: Scope
    coins: dict[int, int]


model = Model("jars", "coins in jars", Scope)
robbed = model.assertion("Robbed", "Nobody takes a coin from an empty jar.")


def jar(scope: Scope) -> range:
    return range(scope.jars)


@model.initial
def initial(scope: Scope) -> State:
    return State(scope, dict.fromkeys(jar(scope), 0))


@model.transition(over=jar)
def put(state: State, jar: int) -> None:
    """Somebody puts a coin in."""
    require(state.coins[jar] < 3)
    state.coins[jar] += 1


@model.transition(over=jar)
def take(state: State, jar: int) -> None:
    """Somebody takes a coin out."""
    robbed.check(state.coins[jar] > 0)
    state.coins[jar] -= 1


@model.invariant(name="Few")
def few(state: State) -> bool:
    """There are few coins."""
    return sum(state.coins.values()) < 5


@model.goal(name="Never")
def never(state: State) -> bool:
    """Nobody ever reaches this."""
    return state.coins[0] > 3


def script(*moves: Do | Let) -> Script:
    """A script of one act, from a coin in the first jar, that claims to end with three there."""

    def prepare(state: State) -> None:
        state.coins[0] = 1

    claims = (Claim("There are three coins in the first jar.", lambda state: state.coins[0] == 3),)
    return Script(
        "saving", "Coins are saved.", Scope(), prepare, (Act("Once.", moves), Act("Later.")), claims
    )


def test_named_steps_are_taken_from_the_prepared_state() -> None:
    performance = play(model, script(Do("put", (0,)), Do("put", (0,))))
    assert performance.holds
    assert dict(performance.initial) == {"coins[0]": "1", "coins[1]": "0"}
    first, later = performance.acts
    assert [(step.transition, step.arguments) for step in first.steps] == [("put", {"jar": "0"})] * 2
    assert [(change.before, change.after) for step in first.steps for change in step.changes] == [
        ("1", "2"),
        ("2", "3"),
    ]
    assert (later.remark, later.steps) == ("Later.", ())


def test_what_happens_by_itself_happens_until_nothing_can() -> None:
    performance = play(model, script(Let(frozenset({0}), frozenset({"take"}))))
    assert performance.holds
    assert [step.transition for step in performance.acts[0].steps] == ["put", "put"]


def test_a_claim_that_is_false() -> None:
    performance = play(model, script(Do("put", (1,))))
    assert not performance.stopped
    assert not performance.claims[0].holds
    assert not performance.holds


@pytest.mark.parametrize(
    ("moves", "stopped"),
    [
        ((Do("put", (0,)),) * 3, "put(0) is not possible after step 2"),
        ((Do("put", (7,)),), "there is no put(7)"),
        ((Do("pit", (0,)),), "there is no pit(0)"),
        ((Do("take", (1,)),), "Robbed is false in step 1"),
        ((Do("put", (0,)), Do("put", (0,)), Do("put", (1,)), Do("put", (1,))), "Few is false after step 4"),
        ((Let(frozenset({0}), frozenset()),), "it does not come to rest in 1,000 steps"),
    ],
)
def test_what_ends_a_script(moves: tuple[Do | Let, ...], stopped: str) -> None:
    performance = play(model, script(*moves))
    assert performance.stopped == stopped
    assert [act.remark for act in performance.acts] == ["Once."]
    assert not performance.holds


def test_a_script_in_another_scope() -> None:
    assert play(model, script(Do("put", (2,))), Scope(jars=3)).stopped == ""
