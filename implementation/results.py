"""Answers to requests that became transactions, from what became of those (``FinalRequestProcessor``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.implementation import encoder as jute
from zabcheck.implementation.operations import CREATED_WITH_STAT, Op
from zabcheck.implementation.reads import END_OF_RESULTS, failed_part, result_header

if TYPE_CHECKING:
    from zabcheck.implementation.database import Result

_STAT_ONLY = frozenset({Op.SET_DATA, Op.SET_ACL})


def code_of(result: Result) -> int:
    """What the header of the answer says; of a multi, each part has its own."""
    return 0 if result.type == Op.MULTI else result.code


def record_of(result: Result) -> bytes:
    """The record behind the header; nothing if the request was refused."""
    if result.type == Op.MULTI:
        return b"".join(map(_part, result.parts)) + END_OF_RESULTS
    if result.code:
        return b""
    if result.type == Op.CREATE:
        return jute.text(result.path)
    if result.type in CREATED_WITH_STAT:
        return jute.text(result.path) + result.stat
    return result.stat if result.type in _STAT_ONLY else b""


def _part(result: Result) -> bytes:
    if result.type == Op.ERROR:
        return failed_part(result.code)
    return result_header(result.type) + record_of(result)
