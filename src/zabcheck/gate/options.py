"""The keys of a table, which are options of its command, and their values: read off the declarations of those.

Values are described in JSON Schema. The gate itself looks at the type alone: the command says the rest, and better.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.cli import check, validate
from zabcheck.cli.numbers import LARGEST, MEMORY, memory, seconds, whole
from zabcheck.cli.session import REPORTING

if TYPE_CHECKING:
    import argparse

    from zabcheck.checker.model import Model

PARSERS = {"check": check.parser, "validate": validate.parser}
SUBJECTS = {"check": "model", "validate": "recordings"}
"""For each command, the key that says what it is asked about."""

NOT_OF_CELLS = {*REPORTING, "help", "each"}
"""The options, as they are parsed, that the gate itself decides."""

TYPES: dict[str, type | tuple[type, ...]] = {
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "string": str,
}
"""Types of JSON Schema in Python."""


def options(command: str, model: Model[Any] | None = None) -> dict[str, argparse.Action]:
    """The options of a command by their keys, with those of the scope of a model."""
    made = PARSERS[command]()
    if model is not None:
        made.add_scope(model)
    return {
        name.removeprefix("--"): action
        for action in made.declared
        for name in action.option_strings
        if action.dest not in NOT_OF_CELLS
    }


def is_repeatable(option: argparse.Action) -> bool:
    """Whether an option adds to what it was given before."""
    return isinstance(option.default, list)


def value(option: argparse.Action) -> dict[str, Any]:
    """What one value of an option is, in JSON Schema."""
    if option.nargs == 0:
        return {"type": "boolean"}
    if option.choices:
        return {"type": "string", "enum": list(option.choices)}
    if isinstance(option.type, whole):
        most = {} if option.type.maximum == LARGEST else {"maximum": option.type.maximum}
        return {"type": "integer", "minimum": option.type.minimum, **most}
    if option.type is seconds:
        return {"type": "number", "exclusiveMinimum": 0}
    if option.type is memory:
        return {"type": "string", "pattern": f"^{MEMORY}$"}
    return {"type": "string"}


def is_of_type(given: object, described: dict[str, Any]) -> bool:
    """Whether a value has the type that is described; true and false are no numbers."""
    name = described["type"]
    return isinstance(given, TYPES[name]) and isinstance(given, bool) == (name == "boolean")
