"""A counterexample read back from the JSON document that `json` made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from zabcheck.checker.result import Change, Step, Trace

Count = Annotated[int, msgspec.Meta(ge=0)]


class _Step(msgspec.Struct):
    transition: str
    arguments: dict[str, str]
    changes: list[Change]
    choices: list[int] = []


class _Trace(msgspec.Struct):
    property: str
    arguments: dict[str, str]
    clause: str
    evidence: dict[str, str]
    initial: dict[str, str]
    steps: list[_Step]
    since: Count | None = None
    cycle_from: Count | None = None


class _Result(msgspec.Struct):
    model: str
    scope: dict[str, int | str]
    variants: list[str]
    counterexample: _Trace | None


@dataclass(frozen=True)
class Written:
    """What was found, and in which model and scope."""

    model: str
    scope: dict[str, int | str]
    variants: tuple[str, ...]
    counterexample: Trace | None


def read_back(data: bytes) -> Written:
    """What a document says; raises `ValueError` if it is none of ours."""
    try:
        read = msgspec.json.decode(data, type=_Result)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from error
    trace = None if read.counterexample is None else _trace(read.counterexample)
    return Written(read.model, read.scope, tuple(read.variants), trace)


def _trace(read: _Trace) -> Trace:
    return Trace(
        property=read.property,
        arguments=read.arguments,
        clause=read.clause,
        evidence=tuple(read.evidence.items()),
        initial=tuple(read.initial.items()),
        steps=tuple(
            Step(step.transition, step.arguments, tuple(step.changes), tuple(step.choices))
            for step in read.steps
        ),
        since=read.since,
        cycle_from=read.cycle_from,
    )
