"""The JSON Schema of a gate file, for editors and validators: what the command line declares, said in another language.

Draft 7, which the editors' plugins for TOML read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.cli.loading import shipped
from zabcheck.gate.expectation import FORMS
from zabcheck.gate.options import NOT_OF_CELLS, SUBJECTS, is_repeatable, options, value

if TYPE_CHECKING:
    import argparse

    from zabcheck.checker.model import Model

Schema = dict[str, Any]

ABOUT = {
    "check": "a check of a model: options of `zabcheck check`; a list makes a cell for each of its values",
    "validate": "recordings, each held against the model: options of `zabcheck validate`",
}
FILE = r"\.py$|/"
"""Of the words that mean a model, those that are paths."""


def schema() -> Schema:
    """The schema, as ``docs/gate.schema.json`` has it."""
    tables = {
        command: {
            "description": ABOUT[command],
            "type": "array",
            "items": {"$ref": f"#/definitions/{command}"},
        }
        for command in SUBJECTS
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "zabcheck.toml",
        "description": "what `zabcheck gate` asks, and what is expected of each answer",
        "type": "object",
        "properties": tables,
        "additionalProperties": False,
        "anyOf": [{"required": [command], "properties": {command: {"minItems": 1}}} for command in SUBJECTS],
        "definitions": {
            "check": _check(),
            "validate": {**_table("validate", {"type": "string"}), "additionalProperties": False},
            **{name: part for model in shipped().values() for name, part in _of(model).items()},
        },
    }


def _table(command: str, subject: Schema) -> Schema:
    forms = [{"type": "string", "pattern": f"^{pattern}$"} for pattern in FORMS[command].values()]
    return {
        "type": "object",
        "required": [SUBJECTS[command], "expect"],
        "properties": {
            SUBJECTS[command]: _some(subject),
            "expect": {"description": ", ".join(FORMS[command]), "anyOf": forms},
            **{key: _key(option) for key, option in options(command).items()},
        },
    }


def _check() -> Schema:
    """A check; which other options there are depends on its models."""
    known = shipped()
    word = {"type": "string", "anyOf": [{"enum": list(known)}, {"pattern": FILE}]}
    anything = _several({"type": ["boolean", "number", "string"]})
    ruled = [
        {
            "if": {
                "properties": {
                    "model": {"anyOf": [{"const": name}, {"type": "array", "contains": {"const": name}}]}
                }
            },
            "then": {"$ref": f"#/definitions/{name}"},
        }
        for name in known
    ]
    others = {"not": {"enum": sorted(name.replace("_", "-") for name in NOT_OF_CELLS)}}
    return {
        **_table("check", word),
        "propertyNames": others,
        "additionalProperties": anything,
        "allOf": ruled,
    }


def _of(model: Model[Any]) -> dict[str, Schema]:
    """Definitions of what a model adds to a check: its scope, and the names of its properties and variants."""
    common, all_of_it = options("check"), options("check", model)
    names = {"property": list(model.properties), "variant": list(model.variants)}
    kinds = {"property": "property", "variant": "variant", "bug": "variant"}
    return {
        **{f"{model.name}-{kind}": {"type": "string", "enum": known} for kind, known in names.items()},
        model.name: {
            "description": model.sentence,
            "properties": {
                **{
                    key: _several({"$ref": f"#/definitions/{model.name}-{kind}"})
                    for key, kind in kinds.items()
                },
                **{key: _key(option) for key, option in all_of_it.items() if key not in common},
            },
            "propertyNames": {"enum": ["model", "expect", *all_of_it]},
        },
    }


def _key(option: argparse.Action) -> Schema:
    one = value(option)
    described = _several(one) if is_repeatable(option) else _some(one)
    return {"description": (option.help or "").replace("%%", "%"), **described}


def _some(one: Schema) -> Schema:
    """A value, or a list that multiplies."""
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def _several(one: Schema) -> Schema:
    """A value of an option that can be given several times: in a list that multiplies, a list is one value."""
    each = {"anyOf": [one, {"type": "array", "items": one}]}
    return {"anyOf": [one, {"type": "array", "items": each, "minItems": 1}]}
