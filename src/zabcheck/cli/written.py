"""A result that ``check --json`` or ``simulate --json`` wrote, as far as it says which run of which model it shows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zabcheck.checker.errors import UsageError
from zabcheck.checker.result import step_name

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Written:
    """The question that a result answers, and the run that it shows: its counterexample, or else its witness."""

    model: str
    options: tuple[str, ...]
    """scope and variants, as one types them"""
    initial: tuple[tuple[str, str], ...]
    steps: tuple[str, ...]
    """by name"""


def read_result(path: Path) -> Written:
    """Read a result; a `UsageError` if it is none, or shows no run."""
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: this is not JSON: {error}") from error
    try:
        return _written(document)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UsageError(f"{path}: this is no result of zabcheck check --json that shows a run") from error


def _written(document: Any) -> Written:
    shown = document["counterexample"] or document["witness"]
    scope = [f"--{name.replace('_', '-')}={value}" for name, value in document["scope"].items()]
    return Written(
        str(document["model"]),
        (*scope, *(f"--variant={name}" for name in document["variants"])),
        tuple((str(field), str(value)) for field, value in shown["initial"].items()),
        tuple(
            step_name(step["transition"], map(str, step["arguments"].values()), tuple(step["choices"]))
            for step in shown["steps"]
        ),
    )
