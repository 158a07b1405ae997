"""The four functions over values: canonical form and hash, permutation, fitness, and what people see."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from dataclasses import dataclass
from enum import Enum, Flag, IntEnum, StrEnum
from itertools import permutations
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.strategies import IDS, Ballot, Colour, values
from zabcheck.checker import Id
from zabcheck.checker.values import canonical, content_hash, permute, render, unfit

RENAMINGS = [dict(zip(IDS, image, strict=True)) for image in permutations(IDS)]
SETTINGS = settings(max_examples=300, derandomize=True, database=None)


class Number(IntEnum):
    ONE = 1


class Word(StrEnum):
    A = "a"


class Other(Enum):
    RED = "red"


class Rights(Flag):
    READ = 1
    WRITE = 2


class Pair(NamedTuple):
    a: int
    b: int


@dataclass(frozen=True)
class Remark:
    text: str
    author: str = dataclasses.field(default="", compare=False)


def again(value: Any) -> Any:
    """An equal value made of other objects, sets in another order of insertion."""
    if isinstance(value, tuple):
        return tuple([again(item) for item in value])
    if isinstance(value, frozenset):
        return frozenset(reversed([again(item) for item in value]))
    if isinstance(value, Ballot):
        return Ballot(value.number, again(value.voter))
    if isinstance(value, Id):
        return Id(str(value.name))
    return value


@SETTINGS
@given(values(), values())
@example((), frozenset())
@example(("a", "b"), ("ab",))
@example((("a",), "b"), (("a", "b"),))
@example("1", 1)
@example("1", b"1")
@example(Id("a"), "a")
@example(None, "")
@example(0, None)
@example(True, 1)
@example(False, 0)
@example((True,), (1,))
@example(Colour.RED, Other.RED)
@example(Colour.RED, "RED")
@example(Colour.RED, Colour.BLUE)
@example(Number.ONE, 1)
@example(Word.A, "a")
@example(Rights.READ, Rights.READ | Rights.WRITE)
@example(Rights(0), Rights.READ)
@example(Pair(1, 2), (1, 2))
@example(Ballot(1, 2), (1, 2))
@example(Ballot(1, 2), Ballot(2, 1))
@example(Remark("so", "p"), Remark("so", "q"))
@example(frozenset({1, (2,)}), frozenset({(2,), 1}))
@example("s:1:a", "a")
@example(10**30, 10**30 + 1)
def test_canonical_forms_are_equal_exactly_for_equal_values(one: Any, other: Any) -> None:
    assert (canonical(one) == canonical(other)) == (one == other)


@SETTINGS
@given(values())
def test_the_canonical_form_does_not_depend_on_how_a_value_was_made(value: Any) -> None:
    assert canonical(again(value)) == canonical(value)
    assert render(again(value)) == render(value)


@SETTINGS
@given(st.tuples(values(), values()))
def test_the_canonical_form_of_a_tuple_can_be_taken_apart(value: Any) -> None:
    """A tuple's form is that of its items, each with its length: nothing can be shifted from one to the other."""
    one, other = value
    assert canonical(value).endswith(canonical(one) + canonical(other))


def test_content_hashes_are_the_same_on_every_machine() -> None:
    """These numbers are in checkpoints; when they change, so must the version of those."""
    value = (1, "two", b"three", None, Colour.BLUE, Id("s1"), frozenset({True, ()}), Ballot(2, -5))
    path = canonical(("servers", Id("s1"), "log"))
    assert content_hash(path, value) == PINNED
    assert 0 <= content_hash(path, value) < 2**128


PINNED = 9350294780303587397546586624616382008


def test_content_hashes_do_not_depend_on_the_hash_seed() -> None:
    program = (
        "from zabcheck.checker import Id\n"
        "from zabcheck.checker.values import content_hash\n"
        "print(content_hash(b'x', (frozenset({'a', 'b', 'c', Id('d'), Id('e')}), Id('f'))))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1


@SETTINGS
@given(values(), st.sampled_from(RENAMINGS), st.sampled_from(RENAMINGS))
def test_permuting_is_a_group_action(value: Any, first: dict[Id, Id], then: dict[Id, Id]) -> None:
    both = {name: then[first[name]] for name in IDS}
    back = {image: name for name, image in first.items()}
    assert permute(permute(value, first), then) == permute(value, both)
    assert permute(permute(value, first), back) == value
    assert permute(value, RENAMINGS[0]) == permute(value, {}) == value


@SETTINGS
@given(values(ids=False), st.sampled_from(RENAMINGS))
def test_permuting_leaves_values_without_ids_alone(value: Any, names: dict[Id, Id]) -> None:
    assert permute(value, names) == value


def test_permuting_goes_all_the_way_down() -> None:
    p, q, r = IDS
    value = (p, frozenset({p, (q, 1)}), Ballot(1, (p, Ballot(2, q))), {r: 1}.get(r), r)
    swapped = (q, frozenset({q, (p, 1)}), Ballot(1, (q, Ballot(2, p))), 1, r)
    assert permute(value, {p: q, q: p}) == swapped


@SETTINGS
@given(values())
def test_all_values_of_the_grammar_are_fit(value: Any) -> None:
    assert unfit(value) is None


@dataclass
class Mutable:
    n: int = 0


@dataclass(frozen=True, eq=False)
class Anonymous:
    n: int = 0


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([], "a mutable list"),
        (set(), "a mutable set"),
        ({}, "a mutable dict"),
        (bytearray(), "a mutable bytearray"),
        (Mutable(), "a mutable Mutable"),
        (1.5, "a float, which is not a value the checker knows"),
        (1j, "a complex, which is not a value the checker knows"),
        (object(), "a object, which is not a value the checker knows"),
        (len, "a builtin_function_or_method, which is not a value the checker knows"),
        (int, "a type, which is not a value the checker knows"),
        (Ballot, "a type, which is not a value the checker knows"),
        (range(3), "a range, which is not a value the checker knows"),
        (Anonymous(), "a Anonymous, which compares by identity"),
        ((1, (2, [])), "a mutable list"),
        (frozenset({(1, 2.0)}), "a float, which is not a value the checker knows"),
        (Ballot(1, []), "Ballot.voter is a mutable list"),
        (Ballot(1, Ballot(2, (3, {}))), "Ballot.voter is Ballot.voter is a mutable dict"),
    ],
    ids=lambda given: given if isinstance(given, str) else type(given).__name__,
)
def test_what_may_not_be_held_by_a_field(value: Any, reason: str) -> None:
    assert unfit(value) == reason


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "None"),
        (True, "True"),
        (-3, "-3"),
        ("text", "text"),
        (b"raw", "b'raw'"),
        (Id("s1"), "s1"),
        (Colour.RED, "RED"),
        (Rights.READ, "READ"),
        ((), "⟨⟩"),
        ((1, (Id("s1"),)), "⟨1, ⟨s1⟩⟩"),
        (frozenset(), "{}"),
        (frozenset({Id("s2"), Id("s1")}), "{s1, s2}"),
        (Ballot(1, Id("s2")), "Ballot(number=1, voter=s2)"),
    ],
)
def test_what_people_see(value: Any, shown: str) -> None:
    assert render(value) == shown


def test_a_flag_without_a_name_is_shown() -> None:
    assert isinstance(render(Rights(0)), str)


def test_ids_have_no_order() -> None:
    p, q, _ = IDS
    with pytest.raises(TypeError):
        sorted([p, q])  # type: ignore[type-var]


def test_ids_with_the_same_name_are_equal_but_not_equal_to_the_name() -> None:
    assert Id("s1") == Id("s1")
    assert Id("s1") != "s1"
    assert len({Id("s1"), Id("s1"), Id("s2"), "s1"}) == 3
