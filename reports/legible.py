"""Text that comes from models and recordings, made harmless: the one place where it is done.

Characters that control rather than show (of terminals, of XML, of the direction of writing) are replaced one by one by
a character that shows, so that lengths stay and nothing can be hidden. What means something in HTML, XML or Mermaid is
escaped by whoever writes those.
"""

from __future__ import annotations

import unicodedata

LONGEST = 2_000
"""Characters of a value in a page; the JSON report has all of them."""
LONGEST_NAME = 200
"""Characters of a name in a page."""
LONGEST_PASSAGE = 20_000
"""Characters of a passage."""


class _Shown(dict[int, int]):
    """Every character, by its number, as it is shown."""

    def __missing__(self, number: int) -> int:
        if number < 0x20:
            shown = 0x2400 + number
        elif number == 0x7F:
            shown = 0x2421
        elif unicodedata.category(chr(number)) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
            shown = 0xFFFD
        else:
            shown = number
        self[number] = shown
        return shown


_SHOWN = _Shown()


def legible(text: str) -> str:
    """``text`` on one line, with a visible character for each that controls something."""
    return text if text.isascii() and text.isprintable() else text.translate(_SHOWN)


def bounded(text: str, longest: int = LONGEST) -> str:
    """``text``, legible, and cut with a remark if it is very long."""
    if len(text) <= longest:
        return legible(text)
    return f"{legible(text[:longest])}… ({len(text):,} characters)"


def named(text: str) -> str:
    """The same of a name, which is very long much earlier."""
    return bounded(text, LONGEST_NAME)


def passage(text: str, longest: int = LONGEST_PASSAGE) -> str:
    """``text`` of several lines, each legible, for formats that keep them; cut with a remark if it is very long."""
    shown = "\n".join(map(legible, text[:longest].split("\n")))
    return shown if len(text) <= longest else f"{shown}… ({len(text):,} characters)"
