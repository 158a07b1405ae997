"""What is expected of a cell, and whether a result is that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from zabcheck.checker.errors import UsageError

Status = Literal["passed", "failed", "undecided", "mistaken"]
"""``undecided`` is never a pass; ``mistaken`` could not be asked."""

FORMS = {
    "check": {"holds": "holds", "violated by P": r"violated by (\S+)", "reaches G": r"reaches (\S+)"},
    "validate": {"conforms": "conforms", "violates P": r"violates (\S+)"},
}
"""For each command what can be expected: as it is written, and the pattern."""


@dataclass(frozen=True)
class Expectation:
    """What a cell must come to; ``name`` is of a property or goal, where one is named."""

    form: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.form.rpartition(' ')[0]} {self.name}" if self.name else self.form

    @property
    def arguments(self) -> tuple[str, ...]:
        """What the command is asked for this: of a model only the property, and for a goal a run that reaches it."""
        if self.form == "violated by P":
            return ("--property", self.name)
        if self.form == "reaches G":
            return ("--property", self.name, "--witness", self.name)
        return ()

    def judge(self, result: dict[str, Any]) -> tuple[Status, str]:
        """Whether ``result``, the JSON of the command, is what was expected, and in a few words what it is."""
        verdict, properties = result["verdict"], result["properties"]
        of_name = properties.get(self.name)
        if verdict == self.form or (of_name in ("violated", "unreached") and self._wants_violation):
            return "passed", str(verdict) if verdict == self.form else f"{self.name} is {of_name}"
        if self.form == "reaches G" and of_name == "reached":
            return "passed", f"{self.name} is reached"
        if verdict in ("incomplete", "inconclusive"):
            return "undecided", result["reason"] or verdict
        violated = [name for name, found in properties.items() if found in ("violated", "unreached")]
        if verdict in ("violated", "violates") and violated:
            return "failed", f"{', '.join(violated)} violated"
        return "failed", f"{verdict}: {self.name} is {of_name}" if of_name else str(verdict)

    @property
    def _wants_violation(self) -> bool:
        return self.form in ("violated by P", "violates P")


def expectation(command: str, text: object) -> Expectation:
    """What ``text`` says is expected of a ``command``."""
    for form, pattern in FORMS[command].items():
        if isinstance(text, str) and (found := re.fullmatch(pattern, text)):
            return Expectation(form, *found.groups())
    forms = ", ".join(f'"{form}"' for form in FORMS[command])
    raise UsageError(f"expect is one of {forms}, with a name for the capital, not {text!r}")
