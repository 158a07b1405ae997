"""Writing to standard output and to report files, with every failure turned into one line."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, TextIO

from zabcheck.checker.errors import UsageError
from zabcheck.reports.destination import Destination
from zabcheck.reports.json import encode

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def printing() -> Iterator[TextIO]:
    """Standard output, flushed at the end. A reader that went away (``| head``) is not an error."""
    if sys.stdout is None:
        raise UsageError("cannot write the result: standard output is closed")
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_the_rest()
    except OSError as error:
        _discard_the_rest()
        raise UsageError(f"cannot write to standard output: {error.strerror or error}") from error


def _discard_the_rest() -> None:
    """Point standard output at nothing, so that the interpreter does not fail again when it ends."""
    try:
        if sys.stdout.fileno() == 1:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except (OSError, ValueError):
        pass


def destination(name: str | None, option: str) -> Destination | None:
    """Where the report named by ``option`` goes, after making sure that it can be written."""
    if name is None:
        return None
    where = Destination(name)
    try:
        where.check()
    except (OSError, ValueError) as error:
        raise UsageError(f"{option}: cannot write {name}: {_reason(error)}") from error
    return where


def write_json(where: Destination | None, document: object) -> None:
    """Write ``document``, if that was asked for."""
    if where is not None:
        write_bytes(where, encode(document))


def write_bytes(where: Destination, data: bytes) -> None:
    """Write a report."""
    if where.is_standard_output:
        with printing():
            where.write(data)
        return
    try:
        where.write(data)
    except OSError as error:
        raise UsageError(f"cannot write {where.name}: {_reason(error)}") from error


@contextmanager
def streaming(where: Destination) -> Iterator[BinaryIO]:
    """A stream to ``where``, for what is too long to be made first."""
    try:
        with where.writing() as stream:
            yield stream
    except BrokenPipeError:
        _discard_the_rest()
    except OSError as error:
        raise UsageError(f"cannot write {where.name}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
