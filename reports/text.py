"""Text of models and recordings, made harmless: what every format for machines does before its own escaping."""

from __future__ import annotations

LONGEST = 20_000
"""Characters of one text that a report takes; a value may be of any length."""


def clean(text: str, longest: int = LONGEST) -> str:
    """``text`` with control and other invisible characters written as escapes, cut where it is too long.

    Line feeds and tabs stay. What is left can be told by every encoding and is allowed in XML.
    """
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in cut)
