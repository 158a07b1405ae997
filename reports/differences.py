"""What changed between two shown values, in as few characters as say it.

Values arrive as text, as a trace stores them: tuples in ``⟨⟩``, sets in ``{}``, records as
``Name(field=value)``. A tuple that grew is shown as what was added, a set as what came and went, a record as
the fields that differ.
"""

from __future__ import annotations

from dataclasses import dataclass

OPENING, CLOSING = "⟨{([", "⟩})]"


@dataclass(frozen=True)
class Group:
    """A value with parts: what stands before its bracket, the brackets, and the parts."""

    head: str
    brackets: str
    parts: tuple[str, ...]

    def of(self, parts: tuple[str, ...]) -> str:
        """``parts`` in these brackets."""
        return self.brackets[0] + ", ".join(parts) + self.brackets[1]


def parse(text: str) -> Group | None:
    """The group that ``text`` is, or ``None`` when it is not exactly one balanced group."""
    start = next((i for i, character in enumerate(text) if character in OPENING), None)
    if start is None:
        return None
    depth, begin, parts = 0, start + 1, []
    for i in range(start, len(text)):
        character = text[i]
        if character in OPENING:
            depth += 1
        elif character in CLOSING:
            depth -= 1
            if depth == 0:
                if i != len(text) - 1:
                    return None
                if text[begin:i]:
                    parts.append(text[begin:i])
                return Group(text[:start], text[start] + character, tuple(parts))
        elif depth == 1 and text.startswith(", ", i):
            parts.append(text[begin:i])
            begin = i + 2
    return None


def difference(before: str, after: str) -> str:
    """How ``before`` became ``after``."""
    old, new = parse(before), parse(after)
    if old and new and (old.head, old.brackets) == (new.head, new.brackets):
        shown = None
        if old.brackets == "⟨⟩":
            shown = _of_tuples(old, new)
        elif old.brackets == "{}":
            shown = _of_sets(old, new)
        elif old.brackets == "()" and len(old.parts) == len(new.parts) > 1:
            shown = _of_records(old, new)
        if shown:
            return shown
    return f"{before} → {after}"


def _of_tuples(old: Group, new: Group) -> str | None:
    """What left at the front and came at the end."""
    for gone in range(len(old.parts) + 1):
        kept = old.parts[gone:]
        if new.parts[: len(kept)] == kept and (kept or not old.parts or not new.parts):
            come = new.parts[len(kept) :]
            return " ".join([f"-{old.of(old.parts[:gone])}"] * bool(gone) + [f"+{new.of(come)}"] * bool(come))
    if len(old.parts) == len(new.parts):
        return _of_positions(old, new)
    return None


def _of_positions(old: Group, new: Group) -> str | None:
    changed = [i for i, (a, b) in enumerate(zip(old.parts, new.parts, strict=True)) if a != b]
    if len(changed) > 1:
        return None
    (i,) = changed
    return f"#{i + 1} {difference(old.parts[i], new.parts[i])}"


def _of_sets(old: Group, new: Group) -> str | None:
    gone = tuple(part for part in old.parts if part not in new.parts)
    come = tuple(part for part in new.parts if part not in old.parts)
    if come and gone and len(gone) == len(old.parts):
        return None
    return " ".join([f"-{old.of(gone)}"] * bool(gone) + [f"+{new.of(come)}"] * bool(come))


def _of_records(old: Group, new: Group) -> str | None:
    changed = []
    for a, b in zip(old.parts, new.parts, strict=True):
        if a != b:
            name, equals, value = a.partition("=")
            if not equals or not b.startswith(name + "="):
                return None
            changed.append(f"{name}: {difference(value, b[len(name) + 1 :])}")
    return f"{new.head}({', '.join(changed)})"


def without_before(change: str) -> str:
    """``→ new`` for ``old → new``; what is shown by what came or went stays as it is."""
    place, _, rest = change.partition(" ") if change.startswith("#") else ("", "", change)
    before, arrow, after = rest.partition(" → ")
    if not arrow or _deepest(before) < 0 or before.startswith(("+", "-")):
        return change
    return f"{place} → {after}".lstrip()


def shorten(text: str, width: int) -> str:
    """``text`` in at most ``width`` characters: inner groups give way first, then the end."""
    text = fold(text, width)
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def fold(text: str, width: int) -> str:
    """``text`` with ``…`` for as many inner groups as it takes to come down to ``width``, or for all."""
    for depth in range(_deepest(text) - 1, -1, -1):
        if len(text) <= width:
            break
        text = _collapsed(text, depth)
    return text


def _deepest(text: str) -> int:
    """How deep the groups in ``text`` are nested; -1 when it is a part cut out of one."""
    deepest = depth = 0
    for character in text:
        depth += (character in OPENING) - (character in CLOSING)
        deepest = max(deepest, depth)
    return -1 if depth else deepest


def _collapsed(text: str, limit: int) -> str:
    """``text`` with ``…`` for the content of every group more than ``limit`` deep."""
    shown, depth = [], 0
    for i, character in enumerate(text):
        if character in OPENING:
            depth += 1
            if depth <= limit + 1:
                shown.append(character)
                if depth == limit + 1 and text[i + 1 : i + 2] not in CLOSING:
                    shown.append("…")
        elif character in CLOSING:
            if depth <= limit + 1:
                shown.append(character)
            depth -= 1
        elif depth <= limit:
            shown.append(character)
    return "".join(shown)
