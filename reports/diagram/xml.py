"""Elements of a picture. Every text of a model or recording goes through here, and is escaped here."""

from __future__ import annotations

from xml.sax.saxutils import escape


def inside(content: str) -> str:
    """``content`` as it may stand between two tags."""
    return escape(content)


def element(tag: str, kind: str, content: str = "", **attributes: str | float) -> str:
    """An element of a class; ``content`` is XML already."""
    given = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<{tag} class="{kind}"{given}>{content}</{tag}>' if content else f'<{tag} class="{kind}"{given}/>'


def text(x: float, y: float, content: str, kind: str = "", *, anchor: str = "start") -> str:
    """A line of text; ``anchor`` says which part of it is at ``x``."""
    return f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{inside(content)}</text>'
