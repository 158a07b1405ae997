"""What is asked of a model: scope, properties and variant, as `check` and `simulate` take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zabcheck.checker.errors import UsageError
from zabcheck.checker.model import Kind, meets, options
from zabcheck.cli.arguments import given_scope, make_scope
from zabcheck.cli.ensemble import given_ensemble, remarks_on, with_ensemble
from zabcheck.cli.guess import require_known

if TYPE_CHECKING:
    import argparse

    from zabcheck.checker.model import Model
    from zabcheck.cli.arguments import Parser


@dataclass(frozen=True)
class Question:
    """A model, a scope, and the properties asked for."""

    model: Model[Any]
    scope: Any
    properties: tuple[str, ...]
    variants: tuple[str, ...]
    remarks: tuple[str, ...]
    """what was switched on without being asked for"""
    configuration: str | None = None
    """the file that says who votes and what is a quorum, if one was named"""

    @property
    def named(self) -> dict[str, str]:
        """What belongs to the scope and is named by a file."""
        return {"quorum": self.configuration} if self.configuration else {}

    @property
    def title(self) -> str:
        """The question in a line."""
        bounds = {f.name: getattr(self.scope, f.name) for f in options(self.model.scope)} | self.named
        numbers = [f"--{name.replace('_', '-')} {value}" for name, value in bounds.items()]
        variants = [f"--variant {name}" for name in self.variants]
        return " ".join([self.model.name, *numbers, *variants])


def add_question(parser: Parser) -> None:
    """Add the options that make a `Question`."""
    parser.add_argument(
        "model", metavar="MODEL", help="a model's name (zabcheck models), or the path of a .py file"
    )
    parser.add_argument(
        "--property",
        metavar="NAME",
        action="append",
        default=[],
        help="decide this property alone (repeatable; default: all)",
    )
    parser.add_argument(
        "--variant",
        "--bug",
        metavar="NAME",
        action="append",
        default=[],
        help="change the model: a known ambiguity, a bug or a mutant (zabcheck variants; repeatable)",
    )
    parser.reserve_scope()


def question(model: Model[Any], parsed: argparse.Namespace, witness: str | None = None) -> Question:
    """The question that the arguments put to ``model``."""
    properties = tuple(dict.fromkeys(parsed.property))
    for name in properties:
        require_known(name, model.properties, "property", f"model {model.name}")
    if witness is not None:
        goals = [p.name for p in model.properties.values() if p.kind is Kind.GOAL]
        require_known(witness, goals, "goal", f"model {model.name}")
    variants = tuple(dict.fromkeys(parsed.variant))
    for name in variants:
        require_known(name, model.variants, "variant", f"model {model.name}")
    given = given_scope(model, parsed)
    ensemble = given_ensemble(parsed, given)
    remarks = _show_variants(model, given, variants)
    remarks += _meet_needs(model, given, _deciding(model, properties, variants, witness))
    scope = make_scope(model, given)
    if ensemble is None:
        return Question(model, scope, properties, variants, tuple(remarks))
    name = ensemble.files[0]
    remarks += remarks_on(name, ensemble)
    return Question(model, with_ensemble(scope, ensemble), properties, variants, tuple(remarks), name)


def _show_variants(model: Model[Any], given: dict[str, int | str], variants: tuple[str, ...]) -> list[str]:
    """Widen the bounds in ``given``, where they were not typed, so far that the variants show; say so."""
    remarks = []
    typed = set(given)
    for name in variants:
        for needed, value in model.variants[name].needs.items():
            if needed not in typed and not meets(getattr(make_scope(model, given), needed), value):
                given[needed] = value
                remarks.append(
                    f"--{needed.replace('_', '-')} {value} is set, because {name} needs it to show"
                )
    return remarks


def _deciding(
    model: Model[Any], properties: tuple[str, ...], variants: tuple[str, ...], witness: str | None
) -> list[str]:
    """The properties without which the question cannot be answered."""
    names = list(properties)
    if not names:
        caught = (name for variant in variants for name in model.variants[variant].caught_by)
        names += [name for name in caught if name in model.properties]
    return names + ([witness] if witness is not None else [])


def _meet_needs(model: Model[Any], given: dict[str, int | str], names: list[str]) -> list[str]:
    """Switch on, in ``given``, the scope options that the named properties need; say so."""
    remarks = []
    defaults = make_scope(model, given)
    typed = set(given)
    for name in names:
        for needed, value in model.properties[name].needs.items():
            flag = f"--{needed.replace('_', '-')}"
            if meets(given.get(needed, getattr(defaults, needed)), value):
                continue
            if needed in typed:
                raise UsageError(
                    f"property {name} needs {flag} {value}, but {flag} {given[needed]} was asked for"
                )
            given[needed] = value
            remarks.append(f"{flag} {value} is switched on, because property {name} needs it")
    return remarks
