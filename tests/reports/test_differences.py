"""Changes of a value in few characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zabcheck.reports.differences import CLOSING, OPENING, Group, difference, parse, shorten, without_before


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("LOOKING", "LEADING", "LOOKING → LEADING"),
        ("None", "Vote(1, 2)", "None → Vote(1, 2)"),
        ("⟨⟩", "⟨a⟩", "+⟨a⟩"),
        ("⟨a⟩", "⟨a, b, c⟩", "+⟨b, c⟩"),
        ("⟨a, b⟩", "⟨b⟩", "-⟨a⟩"),
        ("⟨a, b⟩", "⟨b, c⟩", "-⟨a⟩ +⟨c⟩"),
        ("⟨a⟩", "⟨⟩", "-⟨a⟩"),
        ("⟨a, b, c⟩", "⟨a, x, c⟩", "#2 b → x"),
        ("⟨a, b, c⟩", "⟨x, y, c⟩", "⟨a, b, c⟩ → ⟨x, y, c⟩"),
        ("⟨a, b, c⟩", "⟨a, b⟩", "⟨a, b, c⟩ → ⟨a, b⟩"),
        ("⟨a, ⟨b⟩⟩", "⟨a, ⟨b, c⟩⟩", "#2 +⟨c⟩"),
        ("{a}", "{a, b}", "+{b}"),
        ("{a, b}", "{b, c}", "-{a} +{c}"),
        ("{a}", "{}", "-{a}"),
        ("{a}", "{b}", "{a} → {b}"),
        ("V(id=1, zxid=2)", "V(id=1, zxid=3)", "V(zxid: 2 → 3)"),
        ("V(a=1, b=⟨x⟩)", "V(a=2, b=⟨x, y⟩)", "V(a: 1 → 2, b: +⟨y⟩)"),
        ("V(id=1)", "W(id=1)", "V(id=1) → W(id=1)"),
        ("1 (s1)", "1 (s1, s2)", "1 (s1) → 1 (s1, s2)"),
        ("a) (b", "c", "a) (b → c"),
    ],
)
def test_difference(before: str, after: str, shown: str) -> None:
    assert difference(before, after) == shown


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("⟨V(id=1), V(id=2)⟩", 20, "⟨V(id=1), V(id=2)⟩"),
        ("⟨V(id=1), V(id=2)⟩", 15, "⟨V(…), V(…)⟩"),
        ("⟨V(id=1), V(id=2)⟩", 8, "⟨…⟩"),
        ("⟨V(), V(id=2)⟩", 13, "⟨V(), V(…)⟩"),
        ("COMMITTED", 5, "COMM…"),
        ("old → ⟨a, b, c⟩", 11, "old → ⟨…⟩"),
    ],
)
def test_shorten(text: str, width: int, shown: str) -> None:
    assert shorten(text, width) == shown


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ("old → new", "→ new"),
        ("V(a=1) → None", "→ None"),
        ("V(a: 1 → 2)", "V(a: 1 → 2)"),
        ("+⟨a → b⟩", "+⟨a → b⟩"),
        ("-⟨a⟩ +⟨b⟩", "-⟨a⟩ +⟨b⟩"),
        ("#2 1 (a) → 1 (a, b)", "#2 → 1 (a, b)"),
    ],
)
def test_without_before(change: str, shown: str) -> None:
    assert without_before(change) == shown


def test_parse() -> None:
    assert parse("V(a=⟨1, 2⟩, b=)") == Group("V", "()", ("a=⟨1, 2⟩", "b="))
    assert parse("⟨⟩") == Group("", "⟨⟩", ())
    assert parse("plain") is None
    assert parse("⟨a⟩, ⟨b⟩") is None
    assert parse("⟨a") is None


texts = st.text(alphabet=[*OPENING, *CLOSING, *"ab=, →"], max_size=30)


@given(texts, texts)
def test_any_text_will_do(before: str, after: str) -> None:
    assert difference(before, after)


@given(texts, st.integers(1, 40))
def test_shortened_text_fits(text: str, width: int) -> None:
    assert len(shorten(text, width)) <= width


items = st.lists(st.sampled_from("abc"), max_size=5)


@given(items, items)
def test_queue_changes_can_be_undone(before: list[str], after: list[str]) -> None:
    """What is shown of a tuple, applied to the old one, gives the new one."""

    def written(values: list[str]) -> str:
        return f"⟨{', '.join(values)}⟩"

    shown = difference(written(before), written(after))
    if shown[0] in "+-" and before != after:
        rebuilt = list(before)
        for word in shown.replace("⟨", "").replace(", ", ",").split("⟩"):
            sign, values = word.strip()[:1], word.strip()[1:].split(",")
            if sign == "-":
                assert rebuilt[: len(values)] == values
                del rebuilt[: len(values)]
            elif sign == "+":
                rebuilt += values
        assert rebuilt == after
