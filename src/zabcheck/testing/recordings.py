"""Claims about a recording: that it conforms to the model, or that the validator rejects it."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zabcheck.cli import validate as command
from zabcheck.reports.validation import show_validation
from zabcheck.testing.verdicts import one_line_for_mistakes, refuse
from zabcheck.traces.coverage import Coverage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zabcheck.traces.outcome import Outcome


def matching(folder: Path, patterns: Sequence[str]) -> list[Path]:
    """The files and folders that ``patterns`` name, each pattern at least one: no tests would be no failure."""
    found: dict[Path, None] = {}
    for pattern in patterns:
        matched = sorted(path for path in folder.glob(pattern) if not path.name.startswith("."))
        if not matched:
            raise pytest.Collector.CollectError(f"no recording matches {pattern} in {folder}")
        found |= dict.fromkeys(matched)
    if not found:
        raise pytest.Collector.CollectError("@pytest.mark.recordings names no recording")
    return list(found)


class Recording:
    """A recording, which is read when something is claimed about it."""

    def __init__(self, path: Path, options: Mapping[str, object]) -> None:
        self.path = Path(os.path.normpath(path))
        self._options = options

    @cached_property
    def outcome(self) -> Outcome:
        """What ``zabcheck validate`` says of it."""
        with one_line_for_mistakes():
            arguments = [f"--{name.replace('_', '-')}={value}" for name, value in self._options.items()]
            parsed = command.parser().read([str(self.path), *arguments])
            return command.validated(parsed, (str(self.path),), Coverage())[1]

    def conforms(self) -> Outcome:
        """The recording is one that the model allows."""
        self._require(met=self.outcome.verdict == "conforms", claim="conform")
        return self.outcome

    def rejected_by(self, name: str) -> Outcome:
        """The property ``name`` is violated in the recording, beyond doubt."""
        found = {finding.property for finding in self.outcome.findings if not finding.doubt}
        self._require(met=name in found, claim=f"violate {name}")
        return self.outcome

    def _require(self, *, met: bool, claim: str) -> None:
        if not met:
            undecided = self.outcome.verdict == "inconclusive"
            what = f"not decided whether it does {claim}" if undecided else f"it does not {claim}"
            names = (self.path.name,)
            refuse(what, self.outcome.reason, show=lambda c: show_validation(c, self.outcome, names))
