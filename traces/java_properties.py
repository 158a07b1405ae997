"""The syntax of Java's property files, in which ZooKeeper is configured.

As ``java.util.Properties`` reads it: bytes are Latin-1, ``key=value``, ``key: value`` or ``key value``, comments
after ``#`` or ``!``, lines that go on after a backslash, escapes. White space after a value belongs to it. Any bytes
at all are such a file, except that a Unicode escape must have four digits. Of two lines with one key, the last counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zabcheck.checker import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLANKS = " \t\f"
LARGEST_FILE = 2**20
"""Bytes; what has more is something else, such as a device without an end."""

_DIGITS = {10: re.compile(r"[+-]?[0-9]{1,100}"), 16: re.compile(r"[+-]?[0-9a-fA-F]{1,100}")}
_PARTS = re.compile(r"((?:\\.|[^\\=: \t\f])*)[ \t\f]*[=:]?[ \t\f]*(.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_CONTROL = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


@dataclass(frozen=True)
class Property:
    """A key with its value, and where it was read."""

    key: str
    value: str
    where: str
    """``file:line``"""

    def refusal(self, message: str) -> UsageError:
        """The error that says what is wrong here."""
        return UsageError(f"{self.where}: {self.key}: {message}")

    def integer(self, text: str, *, bits: int = 64, base: int = 10) -> int:
        """The number that Java's ``parseLong`` or ``parseInt`` makes of a part of the key or value."""
        if _DIGITS[base].fullmatch(text) and -(2 ** (bits - 1)) <= (number := int(text, base)) < 2 ** (
            bits - 1
        ):
            return number
        kind = "whole" if base == 10 else "hexadecimal"
        blank = "; remove the white space" if text != text.strip() else ""
        raise self.refusal(f"expected a {kind} number of {bits} bits, not {text!r}{blank}")

    def boolean(self) -> bool:
        """Whether the value says true."""
        if (word := self.value.strip().lower()) not in ("true", "false"):
            raise self.refusal(f"expected true or false, not {self.value!r}")
        return word == "true"


def load(path: Path) -> dict[str, Property]:
    """The properties in the file at ``path``."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise UsageError(f"cannot read {path}: {reason}") from error
    if len(content) > LARGEST_FILE:
        raise UsageError(f"cannot read {path}: it is larger than 1 MiB, so it is no configuration")
    return parse(content.decode("latin-1"), str(path))


def parse(text: str, name: str) -> dict[str, Property]:
    """The properties in a text; ``name`` is what errors call it."""
    found = {}
    for number, line in _logical_lines(text):
        where = f"{name}:{number}"
        match = _PARTS.fullmatch(line)
        if match is None:
            raise AssertionError(line)
        key, value = (_unescaped(part, where) for part in match.groups())
        found[key] = Property(key, value, where)
    return found


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with what they go on with, each with the number of its first; without comments and empty ones."""
    lines = enumerate(re.split(r"\r\n|\r|\n", text), 1)
    for number, first in lines:
        line = first.lstrip(BLANKS)
        if line.startswith(("#", "!")):
            continue
        while line != "\\" and (len(line) - len(line.rstrip("\\"))) % 2:
            line = line[:-1] + next(lines, (0, ""))[1].lstrip(BLANKS)
        if line not in ("", "\\"):  # a backslash alone is no beginning yet
            yield number, line


def _unescaped(text: str, where: str) -> str:
    def character(match: re.Match[str]) -> str:
        code = match[1]
        if len(code) > 1:
            return chr(int(code[1:], 16))
        if code == "u":
            raise UsageError(f"{where}: \\u needs four hexadecimal digits after it")
        return _CONTROL.get(code, code)

    return _ESCAPE.sub(character, text)


def split(text: str, separator: str) -> list[str]:
    """As Java's ``split``: empty parts at the end are left out, but an empty text is one part."""
    parts = text.split(separator)
    while parts and not parts[-1] and text:
        parts.pop()
    return parts
