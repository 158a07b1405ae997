"""Traces of a model in the ITF format of Apalache and Quint, as steps.

A trace is a list of states, each a record of the variables. Which transition led to a state is said in a variable or
in the ``#meta`` of the state. Numbers, tuples, sets and maps are wrapped in objects with ``#`` in the key
(ADR 015 of Apalache).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from zabcheck.traces.errors import UnreadableError
from zabcheck.traces.event import Step
from zabcheck.traces.track import Track

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("mbt::actionTaken", "action_taken", "_action", "action", "actionTaken")
"""Variables, or fields of ``#meta``, that say which transition was taken."""
PICKS = "mbt::nondetPicks"
"""What was chosen in the step, by name: an option each (``--mbt`` of Quint)."""
DEEPEST = 200
FIRST = "init"


class _Trace(msgspec.Struct):
    states: list[dict[str, Any]]
    vars: list[str] = []


def read(text: bytes, name: str) -> Iterator[Step]:
    """The steps of the trace ``text`` of the file ``name``; the first one leads to the initial state."""
    try:
        trace = msgspec.json.decode(text, type=_Trace)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UnreadableError(name, None, f"this is no ITF trace: {error}") from error
    track = Track("model")
    for number, state in enumerate(trace.states):
        try:
            yield _step(track, state, number, f"{name}, state {number}")
        except (ValueError, TypeError) as error:
            raise UnreadableError(name, f"state {number}", str(error)) from error


def _step(track: Track, state: dict[str, Any], number: int, at: str) -> Step:
    meta = state.get("#meta")
    places = (state, meta if isinstance(meta, dict) else {})
    taken = next((place[key] for key in NAMES for place in places if place.get(key)), None)
    seen = {
        key: shown(value)
        for key, value in state.items()
        if key not in (*NAMES, PICKS) and not key.startswith("#")
    }
    transition, arguments = _transition(taken)
    choices = tuple(f"{key}={value}" for key, value in _picks(state.get(PICKS)))
    if not transition:
        transition = FIRST if number == 0 else ""
    return track.event(Step, at, transition=transition, arguments=arguments, choices=choices, seen=seen)


def _transition(taken: Any) -> tuple[str, tuple[int, ...]]:
    """Name and arguments: a text, or a variant, record or tuple that has them."""
    if isinstance(taken, dict) and "#tup" in taken:
        taken = taken["#tup"]
    if isinstance(taken, dict):
        name = taken.get("tag", taken.get("name", ""))
        rest = [value for key, value in taken.items() if key not in ("tag", "name")]
        return str(name), tuple(_numbers(rest))
    if isinstance(taken, list) and taken:
        return str(taken[0]), tuple(_numbers(taken[1:]))
    return ("" if taken is None else str(taken)), ()


def _numbers(value: Any, depth: int = 0) -> Iterator[int]:
    """The numbers in a value, from left to right."""
    if depth > DEEPEST:
        raise ValueError("a value is nested too deeply")
    if isinstance(value, dict) and "#bigint" in value:
        yield _big(value["#bigint"])
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _numbers(each, depth + 1)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield value


def _picks(picks: Any) -> Iterator[tuple[str, str]]:
    """What was chosen, by name; Quint wraps each in an option, and names all that the model ever chooses."""
    for key, value in picks.items() if isinstance(picks, dict) else ():
        if isinstance(value, dict) and "tag" in value:
            if value["tag"] == "Some":
                yield key, shown(value.get("value"))
        else:
            yield key, shown(value)


def _big(text: Any) -> int:
    if isinstance(text, str) and len(text) <= 4000:
        return int(text)
    raise ValueError("#bigint must hold a decimal number as text")


def shown(value: Any, depth: int = 0) -> str:
    """A value as text, the same for equal ones: sets and maps are sorted."""
    if depth > DEEPEST:
        raise ValueError("a value is nested too deeply")

    def each(values: Any) -> list[str]:
        if not isinstance(values, list):
            raise ValueError("#tup, #set and #map must hold a list")  # noqa: TRY004 - the file is wrong, not the code
        return [shown(v, depth + 1) for v in values]

    if isinstance(value, dict):
        if "#bigint" in value:
            return str(_big(value["#bigint"]))
        if "#tup" in value:
            return f"({', '.join(each(value['#tup']))})"
        if "#set" in value:
            return f"{{{', '.join(sorted(each(value['#set'])))}}}"
        if "#map" in value:
            pairs = [each(pair) for pair in value["#map"]]
            if any(len(pair) != 2 for pair in pairs):
                raise ValueError("#map must hold pairs")
            return f"{{{', '.join(sorted(f'{key}: {item}' for key, item in pairs))}}}"
        if "#unserializable" in value:
            return str(value["#unserializable"])
        return f"{{{', '.join(f'{key}: {shown(item, depth + 1)}' for key, item in sorted(value.items()))}}}"
    if isinstance(value, list):
        return f"[{', '.join(each(value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
