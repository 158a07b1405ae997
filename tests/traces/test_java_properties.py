"""The syntax of property files, in the corners where it surprises."""

from __future__ import annotations

import pytest

from zabcheck.checker import UsageError
from zabcheck.traces.java_properties import parse, split


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=b", {"a": "b"}),
        ("a:b", {"a": "b"}),
        ("a b", {"a": "b"}),
        ("  a \t = \f b", {"a": "b"}),
        ("a = = b", {"a": "= b"}),
        ("a=b ", {"a": "b "}),
        ("a", {"a": ""}),
        ("=b", {"": "b"}),
        ("# a=b\n! c=d\n\n  # e=f\\\ng=h", {"g": "h"}),
        ("a=b\\\n  c\\\r\n\td", {"a": "bcd"}),
        ("a=b\\\\\nc=d", {"a": "b\\", "c": "d"}),
        ("a=b\\", {"a": "b"}),
        ("\\\n# a=b\n\\\nc=d", {"c": "d"}),
        ("a\\=\\:\\ b=c\\td\\q", {"a=: b": "c\tdq"}),
        ("a=\\u0041\\u00e9", {"a": "A\u00e9"}),
        ("a=1\ra=2", {"a": "2"}),
        ("server.1=host:2888:3888", {"server.1": "host:2888:3888"}),
    ],
)
def test_as_java_reads_it(text: str, expected: dict[str, str]) -> None:
    assert {key: line.value for key, line in parse(text, "zoo.cfg").items()} == expected


def test_lines_are_counted() -> None:
    found = parse("# one\na=\\\n  b\n\nc=d\n", "zoo.cfg")
    assert (found["a"].where, found["c"].where) == ("zoo.cfg:2", "zoo.cfg:5")


def test_broken_escape() -> None:
    with pytest.raises(UsageError, match=r"^zoo.cfg:2: .*four hexadecimal digits"):
        parse("a=b\nc=\\u12\n", "zoo.cfg")


@pytest.mark.parametrize(
    "text", ["", "x", "3 ", "1_000", "9223372036854775808", "0x1", "--1", "1.0", "1" * 5000]
)
def test_no_number(text: str) -> None:
    line = parse("weight.1=1", "zoo.cfg")["weight.1"]
    with pytest.raises(UsageError, match=r"^zoo.cfg:1: weight.1: expected a whole number"):
        line.integer(text)
    assert [line.integer(t) for t in ("+7", "-7", "007")] == [7, -7, 7]
    assert line.integer("fF", base=16) == 255


@pytest.mark.parametrize(
    ("text", "parts"),
    [("", [""]), (":", []), ("a:", ["a"]), (":a", ["", "a"]), ("a::b::", ["a", "", "b"])],
)
def test_split(text: str, parts: list[str]) -> None:
    assert split(text, ":") == parts
